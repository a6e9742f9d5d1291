# The RTL under the same bench: it compares every result with the golden model's.
cd [file dirname [file normalize [info script]]]
source settings.tcl
source phase.tcl
source project.tcl

phase cosim {
    open_design
    cosim_design -rtl verilog -argv $bench_arguments
}
