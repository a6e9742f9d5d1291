// Counts the cycles from each step's begin to the next one's, as far as the file of predicted ones goes.
`default_nettype none

module sparrow_step_watch #(
    parameter FILE = "",
    parameter COUNT = 1
) (
    input wire clk,
    input wire reset,
    input wire begins,
    output wire done,
    output reg failed
);
    reg [31:0] cycles [0:COUNT-1];
    integer seen, since, file;

    initial begin
        failed = 0;
        file = $fopen(FILE, "r");
        if (file == 0) begin
            $display("FAILED: steps: wanted the file %0s, got none", FILE);
            failed = 1;
        end
        $readmemh(FILE, cycles);
    end

    assign done = seen > COUNT;

    always @(posedge clk) begin
        if (reset) begin
            seen <= 0;
            since <= 1;
        end
        else if (begins) begin
            seen <= seen + 1;
            since <= 1;
            if (seen > 0 && seen <= COUNT && since !== cycles[seen-1]) begin
                $display("FAILED: step %0d: wanted %0d cycles, got %0d", seen - 1, cycles[seen-1], since);
                failed <= 1;
            end
        end
        else since <= since + 1;
    end
endmodule

`default_nettype wire
