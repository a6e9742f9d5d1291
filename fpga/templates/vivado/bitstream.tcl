# Routed design to a bitstream; where there is a processor, with the description of the hardware that PYNQ reads, under
# the same name. Tools for Zynq UltraScale+ (device trees, platforms of Vitis) want both in one archive; it comes last.
cd [file dirname [file normalize [info script]]]
source settings.tcl
source phase.tcl

phase bitstream {
    open_checkpoint routed.dcp
    file mkdir deploy
    write_bitstream -force deploy/$top.bit
    if {$processor ne ""} {
        file copy -force system.hwh deploy/$top.hwh
    }
    if {$processor eq "zynqmp"} {
        write_hw_platform -fixed -include_bit -force -file deploy/$top.xsa
    }
}
