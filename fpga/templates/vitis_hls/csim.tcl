# C simulation with the generated bench, on the vendor's types.
cd [file dirname [file normalize [info script]]]
source settings.tcl
source project.tcl

phase csim {
    csim_design -argv $bench_arguments
}
