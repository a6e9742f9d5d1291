"""What is proved of each stream module: assumptions on whoever drives it, and what holds then, in words and in Verilog.

The text goes into the module, before its end, so that invariants may name its registers. Ghost signals begin with `f_`.
`@NAME@` stands for a number that is read off the module.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

BEGIN = """
    reg f_begun = 0;
    always @(posedge clk) begin
        f_begun <= 1;
        if (!f_begun) assume (reset);
    end
"""


@dataclass(frozen=True)
class Property:
    """Of modules of a kind: claims in words, where its numbers stand, the Verilog, and changes that it must refute.

    `without` names a module within, for which ghost signals stand: what it does has been proved by itself. `where` has
    claims that need a register that not every form of the module has.
    """

    kind: str
    assumes: str
    claims: tuple[str, ...]
    numbers: Mapping[str, str]
    text: str
    faults: tuple[tuple[str, str], ...]
    without: str = ""
    where: Mapping[str, str] = field(default_factory=dict)

    def verilog(self, module: str) -> str:
        """The text for a module, given with the one within. Raises ValueError where a number is not found in it."""
        text = self.text
        for register, claim in self.where.items():
            text = text.replace(f"@{register}@", claim if f"reg {register};" in module else "")
        for name, pattern in self.numbers.items():
            found = re.search(pattern, module)
            if found is None:
                raise ValueError(f"{self.kind}: no {name} in the module")
            text = text.replace(f"@{name}@", found[1])
        return BEGIN + text


FIFO = Property(
    kind="fifo",
    assumes="no push while `depth` words are inside",
    claims=(
        "it never holds more than `depth` words, and counts them exactly",
        "any word that is pushed leaves unchanged, once, behind exactly those that were inside before it",
        "`valid` and the word stay until `ready`",
    ),
    numbers={"DEPTH": r"end_word_memory \[0:(\d+)-1\]"},
    text="""
    (* anyseq *) reg f_chosen;
    reg f_waits = 0, f_shown = 0;
    integer f_place = 0, f_ahead = 0, f_inside = 0;
    reg [$bits(entry)-1:0] f_word;
    wire f_pop = end_valid && end_ready;
    wire [31:0] f_distance = f_place >= head ? f_place - head : f_place + @DEPTH@ - head;
    always @(posedge clk) begin
        if (push) assume (f_inside < @DEPTH@);
        if (reset) begin
            f_inside <= 0; f_waits <= 0; f_shown <= 0;
        end else begin
            f_inside <= f_inside + push - f_pop;
            if (push && f_chosen && !f_waits && !f_shown) begin
                f_waits <= 1; f_place <= tail; f_word <= entry; f_ahead <= f_inside - f_pop;
            end else begin
                f_ahead <= f_ahead - f_pop;
                if (f_waits && fetching && head == f_place) begin f_waits <= 0; f_shown <= 1; end
                if (f_shown && f_pop) f_shown <= 0;
            end
        end
        if (f_begun) begin
            assert (head < @DEPTH@ && tail < @DEPTH@ && end_held <= @DEPTH@);
            assert (tail == (head + end_held >= @DEPTH@ ? head + end_held - @DEPTH@ : head + end_held));
            assert (f_inside == end_held + end_valid);
            if (f_waits) begin
                assert (f_place >= 0 && f_place < @DEPTH@ && f_distance < end_held);
                assert (end_word_memory[f_place] == f_word && f_ahead == f_distance + end_valid);
            end
            if (f_shown) assert (end_valid && end_word == f_word && f_ahead == 0);
            assert (!(f_waits && f_shown));
            if ($past(f_begun) && !$past(reset) && $past(end_valid && !end_ready))
                assert (end_valid && $stable(end_word));
        end
    end
""",
    faults=(
        (r"\(end_ready \|\| \(!end_valid\)\)", "1'b1"),
        (r"if \(\(push && \(!fetching\)\)\)", "if (push)"),
        (r"if \(\(head == (\d+)\)\)", r"if ((head == (\1 - 1)))"),
        (r"else if \(end_ready\)", "else if (!end_ready)"),
        (r"if \(fetching\) end_word <= ", "end_word <= "),
    ),
)

EMIT = Property(
    kind="output_fifo",
    assumes="room is reserved for a step only while there is `room`; then come exactly its words, the last one "
    "closing; the FIFO within does what is proved of it",
    claims=(
        "reserved steps are those whose words are still to come, inside, or half gone; never more than fit",
        "the FIFO is never given more words than it holds",
        "`valid` and what goes with it stay until `ready`",
    ),
    numbers={
        "STEPS": r"reserved < (\d+)\)",
        "DEPTH": r"end_word_memory \[0:(\d+)-1\]",
        "CLOSING": r"entering\[(\d+)\] = results_closing",
    },
    text="""
    localparam f_words = @DEPTH@ / @STEPS@;
    (* anyseq *) reg f_valid;
    (* anyseq *) reg [$bits(end_word)-1:0] f_end;
    assign end_valid = f_valid;
    assign end_word = f_end;
    integer f_due = 0, f_inside = 0, f_gone = 0;
    wire f_pop = end_valid && end_ready;
    always @(posedge clk) begin
        if (results_reserve) assume (results_room);
        if (results_valid) assume (f_due > 0 && results_closing == (f_due % f_words == 1 || f_words == 1));
        assume (!(f_valid && f_inside == 0));
        assume (f_end[@CLOSING@] == (f_gone == f_words - 1));
        if (f_begun && $past(f_begun) && !$past(reset) && $past(end_valid && !end_ready))
            assume (f_valid && $stable(f_end));
        if (reset) begin
            f_due <= 0; f_inside <= 0; f_gone <= 0;
        end else begin
            f_due <= f_due + (results_reserve ? f_words : 0) - results_valid;
            f_inside <= f_inside + results_valid - f_pop;
            if (f_pop) f_gone <= f_gone == f_words - 1 ? 0 : f_gone + 1;
        end
        if (f_begun) begin
            assert (f_due >= 0 && f_due <= @DEPTH@ && f_inside >= 0 && f_gone >= 0 && f_gone < f_words);
            assert (credit0_reserved <= @STEPS@ && credit0_reserved * f_words == f_due + f_inside + f_gone);
            assert (f_inside + (results_valid ? 1 : 0) <= @DEPTH@);
            assert (results_room == (credit0_reserved < @STEPS@));
            if ($past(f_begun) && !$past(reset) && $past(stream_valid && !stream_ready))
                assert (stream_valid && $stable(stream_word) && $stable(stream_last));
        end
    end
""",
    faults=(
        (r"reserved < (\d+)\)", r"reserved <= \1)"),
        (r"stream_ready && end_word", "end_word"),
        (r"if \(\(results_reserve && \(!released\)\)\)", "if (results_reserve)"),
        (r"assign end_ready = stream_ready;", "assign end_ready = 1'b1;"),
    ),
    without="fifo",
)

LINK = Property(
    kind="stream_adapter",
    assumes="room is reserved for a step only while there is `room`; a bank is released only where one is taken",
    claims=("room is told exactly while fewer than two steps are under way to the next layer",),
    numbers={},
    text="""
    integer f_taken = 0;
    always @(posedge clk) begin
        if (results_reserve) assume (results_room);
        if (released) assume (f_taken > 0);
        if (reset) f_taken <= 0;
        else f_taken <= f_taken + results_reserve - released;
        if (f_begun) begin
            assert (f_taken >= 0 && f_taken <= 2 && credit0_reserved == f_taken);
            assert (results_room == (f_taken < 2));
        end
    end
""",
    faults=(
        (r"reserved < (\d+)\)", r"reserved <= \1)"),
        (r"else if \(\(released && \(!results_reserve\)\)\)", "else if (released && results_reserve)"),
    ),
)

SURPLUS = """if (surplus) assert (number == 0 && !filling && !f_ended);
            if (!f_ended && number == 0) assert (surplus);"""
"""Behind a vector that ended without its `last`, all is dropped up to it."""

RESYNCHRONISE = Property(
    kind="resynchronise",
    assumes="AXI4-Stream at its input: `valid`, the word and `last` stay until `ready`",
    claims=(
        "every vector that leaves has as many beats as it should; zeros fill up one that is cut short",
        "what comes behind a `last` begins a vector, and where every vector has its `last`, only that",
        "`valid` and the word stay until `ready`",
    ),
    numbers={"LAST": r"assign ending = \(number == (\d+)\);"},
    text="""
    reg f_ended = 1;
    integer f_beat = 0;
    wire f_taken = arriving_valid && arriving_ready;
    always @(posedge clk) begin
        if (f_begun && $past(f_begun) && !$past(reset) && $past(arriving_valid && !arriving_ready))
            assume (arriving_valid && $stable(arriving_word) && $stable(arriving_last));
        if (reset) begin
            f_ended <= 1; f_beat <= 0;
        end else begin
            if (f_taken) f_ended <= arriving_last;
            if (beats_valid && beats_ready) f_beat <= f_beat == @LAST@ ? 0 : f_beat + 1;
        end
        if (f_begun) begin
            assert (number <= @LAST@ && f_beat == number);
            if (filling) assert (f_ended && beats_valid && beats_word == 0 && number > 0 && !arriving_ready);
            if (f_ended) assert (number == 0 || filling);
            @surplus@
            if (f_ended && f_taken) assert (number == 0);
            if ($past(f_begun) && !$past(reset) && $past(beats_valid && !beats_ready))
                assert (beats_valid && $stable(beats_word));
        end
    end
""",
    faults=(
        (r"filling <= \(([^;]*?_last) && \(!ending\)\);", r"filling <= (\1 && ending);"),
        (r"assign ending = \(number == (\d+)\);", r"assign ending = (number == (\1 - 1));"),
        (r"beats_ready && \(!filling\)", "beats_ready"),
        (r"surplus <= \(!arriving_last\);", "surplus <= 1'b0;"),
    ),
    where={"surplus": SURPLUS},
)

PROPERTIES = {one.kind: one for one in (FIFO, EMIT, LINK, RESYNCHRONISE)}
