// Keeps a reset up for CYCLES cycles of clk after `ask`, and while it lasts.
// Ports: clk, ask in, held out, 1 bit each. Latency: held follows ask in the same cycle.
`default_nettype none
module sparrow_held_reset #(
    parameter CYCLES = 16
) (
    input wire clk,
    input wire ask,
    output wire held
);
    localparam WIDTH = $clog2(CYCLES + 1);
    reg [WIDTH-1:0] left = CYCLES;
    assign held = ask || left != 0;
    always @(posedge clk)
        if (ask) left <= CYCLES;
        else if (left != 0) left <= left - 1'b1;
endmodule
`default_nettype wire
