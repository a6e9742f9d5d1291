// An output stream of a bench: demands the words of a file, in order, and pauses before each as the file says.
//
// A word of the file is {pause, tlast, used, tdata}, `pause` in 16 bits; bits of tdata that are not `used` mean nothing.
// Faults: another word, another tlast, one word more, a word that changes or is withdrawn while it waits, an unknown
// tvalid.
`default_nettype none

module sparrow_stream_sink #(
    parameter NAME = "",
    parameter FILE = "",
    parameter COUNT = 1,
    parameter WIDTH = 8
) (
    input wire clk,
    input wire reset,
    input wire [WIDTH-1:0] tdata,
    input wire tvalid,
    output wire tready,
    input wire tlast,
    output wire done,
    output reg failed
);
    reg [2*WIDTH+16:0] words [0:COUNT-1];
    reg [WIDTH:0] held;
    reg waits;
    integer got, paused, file;
    wire [WIDTH-1:0] wanted = words[got][WIDTH-1:0], used = words[got][2*WIDTH-1:WIDTH];
    wire ends = words[got][2*WIDTH];

    initial begin
        failed = 0;
        file = $fopen(FILE, "r");
        if (file == 0) begin
            $display("FAILED: %0s: wanted the file %0s, got none", NAME, FILE);
            failed = 1;
        end
        $readmemh(FILE, words);
    end

    assign tready = got >= COUNT || paused == words[got][2*WIDTH+16:2*WIDTH+1];
    assign done = got >= COUNT;

    always @(posedge clk) begin
        if (reset) begin
            got <= 0;
            paused <= 0;
            waits <= 0;
        end
        else begin
            waits <= tvalid && !tready;
            held <= {tlast, tdata};
            paused <= tvalid && tready ? 0 : tready ? paused : paused + 1;
            if (tvalid !== 0 && tvalid !== 1) begin
                $display("FAILED: %0s: wanted 0 or 1 as tvalid, got %b", NAME, tvalid);
                failed <= 1;
            end
            if (waits && {tvalid, tlast, tdata} !== {1'b1, held}) begin
                $display("FAILED: %0s: word %0d was changed or withdrawn while it waited", NAME, got);
                failed <= 1;
            end
            if (tvalid && tready) begin
                got <= got + 1;
                if (got >= COUNT) begin
                    $display("FAILED: %0s: wanted %0d words, got one more, %h", NAME, COUNT, tdata);
                    failed <= 1;
                end
                else if ({tlast, tdata & used} !== {ends, wanted}) begin
                    $display("FAILED: %0s: word %0d: wanted %h with tlast %b, got %h with %b", NAME, got,
                        wanted, ends, tdata & used, tlast);
                    failed <= 1;
                end
            end
        end
    end
endmodule

`default_nettype wire
