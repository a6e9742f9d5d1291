# Stands for Vivado: records every command that changes something, refuses names and options it does not know, leaves the
# files the real one would leave. Started as: tclsh vivado.tcl SCRIPT

set options {
    create_project {-in_memory -part}
    current_project {}
    set_property {-dict}
    get_property {}
    read_verilog {-sv}
    read_xdc {}
    add_files {}
    get_files {}
    synth_design {-top -part -mode}
    opt_design {}
    place_design {}
    phys_opt_design {}
    route_design {}
    open_checkpoint {}
    write_checkpoint {-force}
    write_bitstream {-force}
    write_hw_platform {-fixed -include_bit -force -file}
    report_utilization {-file}
    report_timing_summary {-file}
    report_power {-file}
    report_drc {-file}
    update_ip_catalog {-add_ip -repo_path}
    create_ip {-vlnv -module_name}
    get_ips {}
    get_ipdefs {-quiet}
    get_board_parts {-quiet}
    get_timing_paths {-max_paths -setup -hold}
    create_bd_design {}
    create_bd_cell {-type -vlnv}
    apply_bd_automation {-rule -config}
    get_bd_cells {}
    get_bd_pins {}
    get_bd_ports {}
    get_bd_intf_pins {}
    get_bd_intf_ports {}
    connect_bd_net {}
    connect_bd_intf_net {}
    make_bd_pins_external {-name}
    make_bd_intf_pins_external {-name}
    assign_bd_address {}
    validate_bd_design {}
    save_bd_design {}
    generate_target {}
    make_wrapper {-files -top}
    open_hw_manager {}
    connect_hw_server {}
    open_hw_target {}
    get_hw_devices {-filter}
    current_hw_device {}
    program_hw_devices {}
    close_hw_manager {}
}
set calls [open $::env(STUB_CALLS) a]

proc record {name arguments} {
    foreach word $arguments {
        if {[regexp {^-[a-z_]+$} $word] && $word ni [dict get $::options $name]} {
            error "$name: unknown option $word"
        }
    }
    if {![string match get_* $name]} {
        puts $::calls [list $name {*}$arguments]
        flush $::calls
    }
    if {[info exists ::env(STUB_FAILS)] && $::env(STUB_FAILS) eq $name} {
        error "$name fails as asked"
    }
    if {[llength [info procs leave_$name]]} {
        return [leave_$name {*}$arguments]
    }
    return [lindex $arguments end]
}

dict for {name allowed} $options {
    proc $name args "record $name \$args"
}

proc leave_file {path} {
    close [open $path w]
}

proc leave_read_verilog args {
    foreach path [lindex $args end] {
        if {![file exists $path]} {
            error "read_verilog: no file $path"
        }
    }
}

foreach name {write_checkpoint write_bitstream write_hw_platform report_utilization report_timing_summary report_power report_drc} {
    proc leave_$name args {
        leave_file [lindex $args end]
    }
}

proc leave_open_checkpoint {path} {
    if {![file exists $path]} {
        error "open_checkpoint: no file $path"
    }
}

proc leave_generate_target args {
    file mkdir .gen/sources_1/bd/system/hw_handoff
    leave_file .gen/sources_1/bd/system/hw_handoff/system.hwh
}

proc leave_make_wrapper args {
    leave_file .gen/sources_1/bd/system/system_wrapper.v
    return .gen/sources_1/bd/system/system_wrapper.v
}

proc leave_get_timing_paths args {
    return path
}

set catalogue {
    xilinx.com:ip:axi_dma:7.1 xilinx.com:ip:clk_wiz:6.0 xilinx.com:ip:proc_sys_reset:5.0 xilinx.com:ip:smartconnect:1.0
    xilinx.com:ip:processing_system7:5.5 xilinx.com:ip:zynq_ultra_ps_e:3.4 xilinx.com:ip:zynq_ultra_ps_e:3.5
}

proc leave_get_ipdefs args {
    set found [lsearch -all -inline $::catalogue [lindex $args end]]
    return [expr {[info exists ::env(STUB_IP)] ? [string map $::env(STUB_IP) $found] : $found}]
}

proc leave_get_board_parts args {
    if {[info exists ::env(STUB_NO_BOARDS)]} {
        return {}
    }
    return [list [string map {* 1.0} [lindex $args end]] [string map {* 1.10} [lindex $args end]]]
}

proc leave_get_property {name what} {
    if {$name eq "CONFIG.FREQ_HZ"} {
        return [expr {[info exists ::env(STUB_HZ)] ? $::env(STUB_HZ) : 79999200}]
    }
    if {$name ne "SLACK"} {
        error "get_property: unknown property $name"
    }
    return [expr {[info exists ::env(STUB_SLACK)] ? $::env(STUB_SLACK) : 0.125}]
}

proc unknown {name args} {
    error "unknown command $name"
}

source [lindex $argv 0]
