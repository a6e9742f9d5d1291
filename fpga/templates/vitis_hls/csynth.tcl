# C++ to RTL.
cd [file dirname [file normalize [info script]]]
source settings.tcl
source phase.tcl
source project.tcl

phase csynth {
    open_design
    csynth_design
}
