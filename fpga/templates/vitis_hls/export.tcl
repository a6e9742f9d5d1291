# The RTL as an IP of the Vivado catalogue.
cd [file dirname [file normalize [info script]]]
source settings.tcl
source project.tcl

phase export {
    export_design -format ip_catalog -output [file join [pwd] ip.zip]
}
