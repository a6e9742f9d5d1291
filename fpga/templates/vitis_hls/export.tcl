# The RTL as an IP of the Vivado catalogue.
cd [file dirname [file normalize [info script]]]
source settings.tcl
source phase.tcl
source project.tcl

phase export {
    open_design
    export_design -format ip_catalog -output [file join [pwd] ip.zip]
}
