// An input stream of a bench: beats from a file, each offered after the cycles that it waits, until it is taken.
//
// A word of the file is {wait, tuser, tlast, tdata}, `wait` in 16 bits. An X in it, or a missing file, is a fault.
`default_nettype none

module sparrow_stream_source #(
    parameter NAME = "",
    parameter FILE = "",
    parameter COUNT = 1,
    parameter WIDTH = 8
) (
    input wire clk,
    input wire reset,
    output reg [WIDTH-1:0] tdata,
    output reg tvalid,
    input wire tready,
    output reg tlast,
    output reg tuser,
    output wire done,
    output reg failed
);
    reg [WIDTH+17:0] beats [0:COUNT-1];
    integer sent, waited, file;

    initial begin
        failed = 0;
        file = $fopen(FILE, "r");
        if (file == 0) begin
            $display("FAILED: %0s: wanted the file %0s, got none", NAME, FILE);
            failed = 1;
        end
        $readmemh(FILE, beats);
    end

    wire moves = tvalid && tready;
    assign done = sent == COUNT && !tvalid;

    always @(posedge clk) begin
        if (reset) begin
            tdata <= 0;
            tvalid <= 0;
            tlast <= 0;
            tuser <= 0;
            sent <= 0;
            waited <= 0;
        end
        else if (moves || !tvalid) begin
            tvalid <= sent < COUNT && waited == beats[sent][WIDTH+17:WIDTH+2];
            if (sent < COUNT && waited == beats[sent][WIDTH+17:WIDTH+2]) begin
                {tuser, tlast, tdata} <= beats[sent][WIDTH+1:0];
                sent <= sent + 1;
                waited <= 0;
            end
            else waited <= waited + 1;
        end
    end
endmodule

`default_nettype wire
