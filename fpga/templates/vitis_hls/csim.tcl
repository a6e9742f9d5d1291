# C simulation with the generated bench, on the vendor's types.
cd [file dirname [file normalize [info script]]]
source settings.tcl
source phase.tcl
source project.tcl

phase csim {
    open_design
    csim_design -argv $bench_arguments
}
