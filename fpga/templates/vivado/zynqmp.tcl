# The processing system of Zynq UltraScale+, and the names of its pins.

set ps_clock ps/pl_clk0
set ps_reset ps/pl_resetn0
set ps_control ps/M_AXI_HPM0_FPD
set ps_memory ps/S_AXI_HP0_FPD
set ps_clock_inputs {ps/maxihpm0_fpd_aclk ps/saxihp0_fpd_aclk}
set ps_interrupt ps/pl_ps_irq0
set ps_pin ps/emio_gpio_o

proc make_processor {} {
    create_bd_cell -type ip -vlnv [ip zynq_ultra_ps_e 3] ps
    apply_bd_automation -rule xilinx.com:bd_rule:zynq_ultra_ps_e -config {apply_board_preset "1"} [get_bd_cells ps]
    set_property -dict [list \
        CONFIG.PSU__USE__M_AXI_GP0 1 \
        CONFIG.PSU__USE__M_AXI_GP1 0 \
        CONFIG.PSU__USE__M_AXI_GP2 0 \
        CONFIG.PSU__USE__S_AXI_GP2 1 \
        CONFIG.PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ $::ps_mhz \
        CONFIG.PSU__USE__IRQ0 1 \
        CONFIG.PSU__GPIO_EMIO__PERIPHERAL__ENABLE 1 \
        CONFIG.PSU__GPIO_EMIO__PERIPHERAL__IO 1 \
    ] [get_bd_cells ps]
}
