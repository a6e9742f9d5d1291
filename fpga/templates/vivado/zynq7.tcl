# The processing system of Zynq-7000, and the names of its pins.

set ps_clock ps/FCLK_CLK0
set ps_reset ps/FCLK_RESET0_N
set ps_control ps/M_AXI_GP0
set ps_memory ps/S_AXI_HP0
set ps_clock_inputs {ps/M_AXI_GP0_ACLK ps/S_AXI_HP0_ACLK}
set ps_interrupt ps/IRQ_F2P
set ps_pin ps/GPIO_O

proc make_processor {} {
    create_bd_cell -type ip -vlnv [ip processing_system7 5] ps
    apply_bd_automation -rule xilinx.com:bd_rule:processing_system7 \
        -config {make_external "FIXED_IO, DDR" apply_board_preset "1" Master "Disable" Slave "Disable"} [get_bd_cells ps]
    set_property -dict [list \
        CONFIG.PCW_USE_M_AXI_GP0 1 \
        CONFIG.PCW_USE_S_AXI_HP0 1 \
        CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ $::ps_mhz \
        CONFIG.PCW_USE_FABRIC_INTERRUPT 1 \
        CONFIG.PCW_IRQ_F2P_INTR 1 \
        CONFIG.PCW_GPIO_EMIO_GPIO_ENABLE 1 \
        CONFIG.PCW_GPIO_EMIO_GPIO_IO 1 \
    ] [get_bd_cells ps]
}
