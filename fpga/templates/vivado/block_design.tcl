# Processing system, clock, DMA and reset as a block design with two streams and a clock as its ports. The accelerator
# stands beside it in plain Verilog (board_top.v), so nothing has to be packaged.

# The processor's clock, out of which the clock wizard makes the design's: the processor's own dividers miss most.
set ps_mhz 100
# How far the design's clock may be from the one that was asked for, relatively.
set clock_tolerance 0.001

proc make_block_design {} {
    create_bd_design system
    make_processor
    make_clock
    make_dma
    make_reset
    make_interconnect memory 2 1 [list dma/M_AXI_MM2S dma/M_AXI_S2MM] $::ps_memory
    make_interconnect control 1 1 [list $::ps_control] dma/S_AXI_LITE
    connect_clock
    connect_bd_net [get_bd_pins dma/s2mm_introut] [get_bd_pins $::ps_interrupt]
    make_ports
    assign_bd_address
    take_frequency
    validate_bd_design
    save_bd_design
    use_block_design
}

# The newest version of an IP that this Vivado has. Its properties are those of a major version, which has to be the same.
proc ip {name major} {
    set newest [lindex [lsort -dictionary [get_ipdefs -quiet xilinx.com:ip:$name:*]] end]
    if {![string match xilinx.com:ip:$name:$major.* $newest]} {
        error "IP $name: wanted version $major, the catalogue of this Vivado has [expr {$newest eq "" ? "none" : $newest}]"
    }
    puts "IP: $newest"
    return $newest
}

proc make_clock {} {
    global mhz
    create_bd_cell -type ip -vlnv [ip clk_wiz 6] clock
    set_property -dict [list \
        CONFIG.PRIM_SOURCE No_buffer \
        CONFIG.CLKOUT1_REQUESTED_OUT_FREQ $mhz \
        CONFIG.USE_LOCKED true \
        CONFIG.USE_RESET false \
    ] [get_bd_cells clock]
    connect_bd_net [get_bd_pins $::ps_clock] [get_bd_pins clock/clk_in1]
}

proc make_dma {} {
    global input_bytes output_bytes input_memory_bits output_memory_bits
    create_bd_cell -type ip -vlnv [ip axi_dma 7] dma
    set_property -dict [list \
        CONFIG.c_include_sg 0 \
        CONFIG.c_sg_length_width 26 \
        CONFIG.c_m_axi_mm2s_data_width $input_memory_bits \
        CONFIG.c_m_axis_mm2s_tdata_width [expr {8 * $input_bytes}] \
        CONFIG.c_m_axi_s2mm_data_width $output_memory_bits \
        CONFIG.c_s_axis_s2mm_tdata_width [expr {8 * $output_bytes}] \
    ] [get_bd_cells dma]
}

proc make_reset {} {
    create_bd_cell -type ip -vlnv [ip proc_sys_reset 5] reset
    connect_bd_net [get_bd_pins $::ps_reset] [get_bd_pins reset/ext_reset_in]
    connect_bd_net [get_bd_pins clock/locked] [get_bd_pins reset/dcm_locked]
    connect_bd_net [get_bd_pins reset/peripheral_aresetn] [get_bd_pins dma/axi_resetn]
}

proc make_interconnect {name sides_in sides_out from to} {
    create_bd_cell -type ip -vlnv [ip smartconnect 1] $name
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
        connect_bd_net [get_bd_pins clock/clk_out1] [get_bd_pins $pin]
    }
}

proc make_ports {} {
    global output_bytes
    make_bd_intf_pins_external -name to_accelerator [get_bd_intf_pins dma/M_AXIS_MM2S]
    make_bd_intf_pins_external -name from_accelerator [get_bd_intf_pins dma/S_AXIS_S2MM]
    set_property -dict [list CONFIG.TDATA_NUM_BYTES $output_bytes CONFIG.HAS_TKEEP 1 CONFIG.HAS_TLAST 1] \
        [get_bd_intf_ports from_accelerator]
    make_bd_pins_external -name aclk [get_bd_pins clock/clk_out1]
    make_bd_pins_external -name aresetn [get_bd_pins reset/peripheral_aresetn]
    make_bd_pins_external -name dma_resetn [get_bd_pins dma/mm2s_prmry_reset_out_n]
    make_bd_pins_external -name asked_reset [get_bd_pins $::ps_pin]
    set_property CONFIG.ASSOCIATED_BUSIF to_accelerator:from_accelerator [get_bd_ports aclk]
}

# A stream's port has to say the frequency of its clock, hertz for hertz. The wizard's output knows it once a validation has
# carried the processor's real clock through the wizard; that validation may find the ports' first guess wrong.
proc take_frequency {} {
    global mhz clock_tolerance
    catch {validate_bd_design}
    set hz [get_property CONFIG.FREQ_HZ [get_bd_pins clock/clk_out1]]
    if {abs($hz / 1e6 - $mhz) > $clock_tolerance * $mhz} {
        error "clock: wanted $mhz MHz, the clock wizard makes [expr {$hz / 1e6}]"
    }
    foreach port {to_accelerator from_accelerator} {
        set_property CONFIG.FREQ_HZ $hz [get_bd_intf_ports $port]
    }
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
