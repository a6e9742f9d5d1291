# C++ to RTL.
cd [file dirname [file normalize [info script]]]
source settings.tcl
source project.tcl

phase csynth {
    csynth_design
}
