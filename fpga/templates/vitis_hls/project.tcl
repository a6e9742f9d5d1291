# Opens the project and runs a phase so that a failure becomes the exit status.

proc phase {name body} {
    if {[catch {
        open_design
        uplevel 1 $body
    } message options]} {
        puts stderr "phase $name failed: $message"
        puts stderr [dict get $options -errorinfo]
        exit 1
    }
    # A mark of our own: the tool leaves files behind even where it failed.
    close [open "$name.done" w]
    exit 0
}

proc open_design {} {
    global top part period design_files bench_files flags
    open_project project
    set_top $top
    add_files -cflags $flags $design_files
    add_files -tb -cflags $flags $bench_files
    open_solution -flow_target vivado solution
    set_part $part
    create_clock -period $period -name default
}
