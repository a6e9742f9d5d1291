# Stands for Vitis HLS: records every command, refuses names and options it does not know, leaves the files the real
# one would leave. Started as: tclsh vitis_hls.tcl SCRIPT

set options {
    open_project {}
    set_top {}
    add_files {-cflags -tb}
    open_solution {-flow_target}
    set_part {}
    create_clock {-period -name}
    csim_design {-argv}
    csynth_design {}
    cosim_design {-rtl -argv}
    export_design {-format -output}
}
set calls [open $::env(STUB_CALLS) a]

proc record {name arguments} {
    foreach word $arguments {
        if {[regexp {^-[a-z_]+$} $word] && $word ni [dict get $::options $name]} {
            error "$name: unknown option $word"
        }
    }
    puts $::calls [list $name {*}$arguments]
    flush $::calls
    if {[info exists ::env(STUB_FAILS)] && $::env(STUB_FAILS) eq $name} {
        error "$name fails as asked"
    }
    if {[llength [info procs leave_$name]]} {
        leave_$name {*}$arguments
    }
}

dict for {name allowed} $options {
    proc $name args "record $name \$args"
}

proc leave_set_top {name} {
    set ::top_name $name
}

proc leave_add_files args {
    foreach path [lindex $args end] {
        if {![file exists $path]} {
            error "add_files: no file $path"
        }
    }
}

proc leave_csynth_design {} {
    file mkdir project/solution/syn/report
    close [open project/solution/syn/report/${::top_name}_csynth.xml w]
}

proc leave_export_design args {
    close [open [dict get $args -output] w]
}

proc unknown {name args} {
    error "unknown command $name"
}

source [lindex $argv 0]
