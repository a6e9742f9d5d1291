# Everything that synthesis reads, in a project that lives in memory only.

proc read_sources {} {
    global part board_part sources contents core
    create_project -in_memory -part $part
    if {$board_part ne ""} {
        set_property board_part [newest_board_part $board_part] [current_project]
    }
    read_verilog -sv $sources
    if {[llength $contents]} {
        # Vivado finds what $readmemh names only where the file is known as memory contents.
        add_files $contents
        set_property file_type "Memory Initialization Files" [get_files $contents]
    }
    if {$core ne ""} {
        read_core
    }
    read_xdc clock.xdc
}

# A board by its newest file: they come with other versions than Vivado's.
proc newest_board_part {name} {
    regexp {^(.*):[^:]*$} $name -> board
    set newest [lindex [lsort -dictionary [get_board_parts -quiet $board:*]] end]
    if {$newest eq ""} {
        error "board files: wanted $board:*, this Vivado has none; install them (Tools, Vivado Store, Boards; or\
            xhub::install with xhub::get_xitems), or name their folder: set_param board.repoPaths"
    }
    return $newest
}

# The core that Vitis HLS has exported.
proc read_core {} {
    global core
    file mkdir ip
    set_property ip_repo_paths ip [current_project]
    update_ip_catalog -add_ip vitis_hls/ip.zip -repo_path ip
    create_ip -vlnv xilinx.com:hls:$core -module_name accelerator_core
    # Synthesised together with the rest: a non-project flow has no runs for the parts.
    set_property generate_synth_checkpoint false [get_files accelerator_core.xci]
    generate_target all [get_ips accelerator_core]
}
