# Verilog to a netlist.
cd [file dirname [file normalize [info script]]]
source settings.tcl
source phase.tcl
source sources.tcl
if {$processor ne ""} {
    source processor.tcl
    source block_design.tcl
}

phase synthesis {
    read_sources
    if {$processor ne ""} {
        make_block_design
    }
    if {$whole} {
        synth_design -top board_top -part $part
    } else {
        # No pins: the accelerator alone, measured as it would be inside another design.
        synth_design -top $top -part $part -mode out_of_context
    }
    write_checkpoint -force synthesised.dcp
    report_utilization -file synthesised_utilization.rpt
    report_timing_summary -file synthesised_timing.rpt
}
