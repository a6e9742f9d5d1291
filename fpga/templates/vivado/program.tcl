# Bitstream into the first board of the part that is connected to this machine.
cd [file dirname [file normalize [info script]]]
source settings.tcl
source phase.tcl

phase program {
    open_hw_manager
    connect_hw_server
    open_hw_target
    # A connected chip is known without its package and speed.
    regexp {^(xc7[a-z]+[0-9]+t?|[^-]+)} $part chip
    set device [lindex [get_hw_devices -filter "PART =~ $chip*"] 0]
    if {$device eq ""} {
        error "no device of the part $part is connected"
    }
    current_hw_device $device
    set_property PROGRAM.FILE deploy/$top.bit $device
    program_hw_devices $device
    close_hw_manager
}
