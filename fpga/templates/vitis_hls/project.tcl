# Opens the project, or makes it.

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
