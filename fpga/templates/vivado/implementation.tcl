# Netlist to a placed and routed design. A clock that is missed is a failure, unless that is allowed.
cd [file dirname [file normalize [info script]]]
source settings.tcl
source phase.tcl

phase implementation {
    open_checkpoint synthesised.dcp
    opt_design
    place_design
    phys_opt_design
    route_design
    write_checkpoint -force routed.dcp
    report_utilization -file routed_utilization.rpt
    report_timing_summary -file routed_timing.rpt
    report_power -file routed_power.rpt
    report_drc -file routed_drc.rpt
    foreach kind {setup hold} {
        set slack [get_property SLACK [get_timing_paths -max_paths 1 -$kind]]
        puts "$kind slack: $slack ns"
        if {$slack < 0 && !$allow_slow} {
            error "$kind slack is $slack ns; see routed_timing.rpt"
        }
    }
}
