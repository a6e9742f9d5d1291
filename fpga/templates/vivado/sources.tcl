# Everything that synthesis reads, in a project that lives in memory only.

proc read_sources {} {
    global part board_part sources contents
    create_project -in_memory -part $part
    if {$board_part ne ""} {
        set_property board_part $board_part [current_project]
    }
    read_verilog -sv $sources
    # Vivado finds what $readmemh names only where the file is known as memory contents.
    add_files $contents
    set_property file_type "Memory Initialization Files" [get_files $contents]
    read_xdc clock.xdc
}
