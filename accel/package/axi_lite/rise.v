// Tells in which cycle one of some flags rises.
// Ports: clk, flags (WIDTH bits) in, rose out, 1 bit. Latency: rose in the cycle of the rise.
`default_nettype none
module sparrow_rise #(
    parameter WIDTH = 1
) (
    input wire clk,
    input wire [WIDTH-1:0] flags,
    output wire rose
);
    reg [WIDTH-1:0] was = 0;
    assign rose = |(flags & ~was);
    always @(posedge clk) was <= flags;
endmodule
`default_nettype wire
