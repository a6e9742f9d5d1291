# Processing system, DMA and reset as a block design with two streams and a clock as its ports. The accelerator stands
# beside it in plain Verilog (board_top.v), so nothing has to be packaged.

proc make_block_design {} {
    global mhz
    create_bd_design system
    make_processor $mhz
    make_dma
    make_reset
    make_interconnect memory 2 1 [list dma/M_AXI_MM2S dma/M_AXI_S2MM] $::ps_memory
    make_interconnect control 1 1 [list $::ps_control] dma/S_AXI_LITE
    connect_clock
    make_ports
    assign_bd_address
    validate_bd_design
    save_bd_design
    use_block_design
}

proc make_dma {} {
    global input_bytes output_bytes
    create_bd_cell -type ip -vlnv xilinx.com:ip:axi_dma dma
    set_property -dict [list \
        CONFIG.c_include_sg 0 \
        CONFIG.c_sg_length_width 26 \
        CONFIG.c_m_axis_mm2s_tdata_width [expr {8 * $input_bytes}] \
        CONFIG.c_s_axis_s2mm_tdata_width [expr {8 * $output_bytes}] \
    ] [get_bd_cells dma]
}

proc make_reset {} {
    create_bd_cell -type ip -vlnv xilinx.com:ip:proc_sys_reset reset
    connect_bd_net [get_bd_pins $::ps_reset] [get_bd_pins reset/ext_reset_in]
    connect_bd_net [get_bd_pins reset/peripheral_aresetn] [get_bd_pins dma/axi_resetn]
}

proc make_interconnect {name sides_in sides_out from to} {
    create_bd_cell -type ip -vlnv xilinx.com:ip:smartconnect $name
    set_property -dict [list CONFIG.NUM_SI $sides_in CONFIG.NUM_MI $sides_out] [get_bd_cells $name]
    set number 0
    foreach source $from {
        connect_bd_intf_net [get_bd_intf_pins $source] [get_bd_intf_pins [format %s/S%02d_AXI $name $number]]
        incr number
    }
    connect_bd_intf_net [get_bd_intf_pins $name/M00_AXI] [get_bd_intf_pins $to]
    connect_bd_net [get_bd_pins reset/peripheral_aresetn] [get_bd_pins $name/aresetn]
}

proc connect_clock {} {
    set inputs [list reset/slowest_sync_clk dma/s_axi_lite_aclk dma/m_axi_mm2s_aclk dma/m_axi_s2mm_aclk \
        memory/aclk control/aclk]
    foreach pin [concat $inputs $::ps_clock_inputs] {
        connect_bd_net [get_bd_pins $::ps_clock] [get_bd_pins $pin]
    }
}

proc make_ports {} {
    global output_bytes
    make_bd_intf_pins_external -name to_accelerator [get_bd_intf_pins dma/M_AXIS_MM2S]
    make_bd_intf_pins_external -name from_accelerator [get_bd_intf_pins dma/S_AXIS_S2MM]
    set_property -dict [list CONFIG.TDATA_NUM_BYTES $output_bytes CONFIG.HAS_TKEEP 1 CONFIG.HAS_TLAST 1] \
        [get_bd_intf_ports from_accelerator]
    make_bd_pins_external -name aclk [get_bd_pins $::ps_clock]
    make_bd_pins_external -name aresetn [get_bd_pins reset/peripheral_aresetn]
    make_bd_pins_external -name dma_resetn [get_bd_pins dma/mm2s_prmry_reset_out_n]
    set_property CONFIG.ASSOCIATED_BUSIF to_accelerator:from_accelerator [get_bd_ports aclk]
}

proc use_block_design {} {
    set design [get_files system.bd]
    # Synthesised together with the rest: a non-project flow has no runs for the parts.
    set_property synth_checkpoint_mode None $design
    generate_target all $design
    read_verilog [make_wrapper -files $design -top]
    file copy -force [find_below [pwd] system.hwh] system.hwh
}

# Vivado has moved generated files between versions.
proc find_below {folder name} {
    foreach path [glob -nocomplain -directory $folder -types {f d} * .gen .srcs] {
        if {[file isdirectory $path]} {
            if {![catch {find_below $path $name} found]} {
                return $found
            }
        } elseif {[file tail $path] eq $name} {
            return $path
        }
    }
    error "no $name below $folder"
}
