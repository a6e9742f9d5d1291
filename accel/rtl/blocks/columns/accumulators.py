"""Accumulators of the lanes by columns: two banks of sums, and additions that may follow each other on the same row."""

from __future__ import annotations

from typing import Any

from myhdl import always, block

from accel.rtl.blocks.lanes.fetch import carry
from accel.rtl.blocks.primitives.signals import bits, flag, signed_list
from accel.rtl.blocks.primitives.widths import fit_all, widened

BANK = """
genvar ${read}_lane;
generate
for (${read}_lane = 0; ${read}_lane < $lanes; ${read}_lane = ${read}_lane + 1) begin: ${read}_copy
    reg [$width-1:0] memory [0:$depth-1];
    wire [$high-1:0] place = $drained ? $group : $rows[${read}_lane];
    wire [$high-1:0] written = $clear ? $clear_group : $written_rows[${read}_lane];
    wire [$width-1:0] sum = $clear ? {$width{1'b0}} : {$sums[${read}_lane]};
    always @(posedge $clk) begin
        if ($clear || $write) memory[written] <= sum;
        $read[${read}_lane] <= $$signed(memory[place]);
    end
end
endgenerate
"""


class Steering:
    """What all lanes do with their accumulators; each signal is aligned to the stage that uses it."""

    def __init__(self, high: int) -> None:
        self.bank = flag()
        """Bank of the step that the lanes work on."""
        self.near = flag()
        """The product before is added to the same bank."""
        self.middle = flag()
        """The one two before is."""
        self.far = flag()
        """The one three before is."""
        self.write_lower = flag()
        self.write_upper = flag()
        self.group = bits(high)
        """Group that the drain reads."""
        self.drain_lower = flag()
        self.drain_upper = flag()
        self.drain_bank = flag()
        self.clear_lower = flag()
        self.clear_upper = flag()
        self.clear_group = bits(high)
        self.capture = flag()
        """A group's sums go to the shift register."""


@block
def bank_memory(
    clk: Any,
    drained: Any,
    rows: Any,
    group: Any,
    write: Any,
    written_rows: Any,
    sums: Any,
    clear: Any,
    clear_group: Any,
    read: Any,
    depth: int,
) -> Any:
    """One bank of sums, a memory a lane: read by the drain at its group, else by the lanes.

    In: clk, drained (1 bit), rows (number of a row of a lane, one a lane), group (number of a group), write (1 bit),
    written_rows (number of a row of a lane, one a lane), sums (signed, a sum a lane), clear (1 bit), clear_group
    (number of a group). Out: read (signed, total_width bits a lane). Latency: 1.
    """
    lanes, width, high = len(read), len(read[0]), len(group)
    bank_memory.verilog_code = BANK
    for signal in (clk, drained, group, write, clear, clear_group, *rows, *written_rows, *sums):
        signal.read = True
    for value in read:
        value.driven = "reg"
    store = [[0] * (1 << high) for _ in range(lanes)]

    @always(clk.posedge)
    def accessing():
        for n in range(lanes):
            read[n].next = store[n][int(group) if drained else int(rows[n])]
        if clear or write:
            for n in range(lanes):
                store[n][int(clear_group) if clear else int(written_rows[n])] = 0 if clear else int(sums[n])

    return accessing


@block
def carry_parts(clk: Any, of_h: Any, products: Any, parts: Any) -> Any:
    """Products, one cycle later; the last lane's to the last but one part, or to the last one where it is `of_h`.

    In: clk, of_h (1 bit), products (signed, one a lane). Out: parts (signed, one a sum). Latency: 1.
    """
    whole = len(products) - 1

    @always(clk.posedge)
    def carrying():
        for n in range(whole):
            parts[n].next = products[n]

    @always(clk.posedge)
    def parting():
        if of_h:
            parts[whole].next = 0
            parts[whole + 1].next = products[whole]
        else:
            parts[whole].next = products[whole]
            parts[whole + 1].next = 0

    return carrying, parting


class Passing:
    """The numbers of the rows whose products are on their way, stage by stage behind the reading of their sums."""

    def __init__(self, lanes: int, high: int) -> None:
        self.read, self.added, self.summed, self.written = (unsigned_list(lanes, high) for _ in range(4))


class Sums:
    """The sums of each lane: as they lie in the two banks, and as they are added to."""

    def __init__(self, lanes: int, width: int) -> None:
        self.lower, self.upper = signed_list(lanes, width), signed_list(lanes, width)
        self.latest = signed_list(lanes, width)
        self.before = signed_list(lanes, width)
        """The latest ones, a cycle later."""


@block
def pass_rows(clk: Any, rows: Any, passing: Passing) -> Any:
    """`rows` (in) on their way through the stages.

    In: clk, rows (number of a row of a lane, one a lane). Out: passing. Latency: 1 a stage.
    """
    stages = [rows, passing.read, passing.added, passing.summed, passing.written]
    return [carry(clk, stages[n], stages[n + 1]) for n in range(4)]


@block
def add_to_sums(clk: Any, steering: Steering, passing: Passing, late: Any, sums: Sums, width: int) -> Any:
    """Products (`late`, in) added to the latest sums of their rows, wherever these are on their way.

    In: clk, steering, passing, late (signed, product_width bits a lane), sums. Out: sums.latest. Latency: 2.
    """
    lanes = len(late)
    read, added, summed, written = passing.read, passing.added, passing.summed, passing.written
    lower, upper, latest, before = sums.lower, sums.upper, sums.latest, sums.before
    near, middle, far, upper_worked = steering.near, steering.middle, steering.far, steering.bank
    old, follows = signed_list(lanes, width), [flag() for _ in range(lanes)]
    added_now = widened(late, width)
    widening = fit_all(late, added_now)

    @always(clk.posedge)
    def following():
        for n in range(lanes):
            follows[n].next = near and read[n] == added[n]

    @always(clk.posedge)
    def recalling():
        for n in range(lanes):
            if middle and read[n] == summed[n]:
                old[n].next = latest[n]
            elif far and read[n] == written[n]:
                old[n].next = before[n]
            elif upper_worked:
                old[n].next = upper[n]
            else:
                old[n].next = lower[n]

    @always(clk.posedge)
    def adding():
        for n in range(lanes):
            if follows[n]:
                latest[n].next = latest[n] + added_now[n]
            else:
                latest[n].next = old[n] + added_now[n]

    return widening, following, recalling, adding


@block
def leave(clk: Any, upper_drained: Any, sums: Sums, leaving: Any) -> Any:
    """The sums that the drain reads (`leaving`, out), of the bank that it drains.

    In: clk, upper_drained (1 bit), sums. Out: leaving (signed, total_width bits a lane). Latency: 1.
    """
    lanes, lower, upper = len(leaving), sums.lower, sums.upper

    @always(clk.posedge)
    def draining():
        for n in range(lanes):
            if upper_drained:
                leaving[n].next = upper[n]
            else:
                leaving[n].next = lower[n]

    return draining


@block
def accumulators(clk: Any, steering: Steering, rows: Any, products: Any, of_h: Any, leaving: Any, depth: int) -> Any:
    """A lane's products added to the sums of their rows; `leaving` are those of the group that the drain reads.

    Where the last lane's rows have two sums, `of_h` tells which one a product is for, and `rows` names its row twice;
    else it is None.

    A sum is written three cycles after it was read, so the three products before may be on their way to the same row:
    their sums are taken from where they are.

    In: clk, steering, rows (number of a row of a lane, one a lane), products (signed, one a lane), of_h
    (1 bit, or None). Out: leaving (signed, total_width bits a lane). Latency: 4 from a row's number to its sum, 2 from
    a group to `leaving`.
    """
    lanes, width, s = len(rows), len(leaving[0]), steering
    passing, sums, late = Passing(lanes, len(s.group)), Sums(lanes, width), signed_list(lanes, len(products[0]))
    moving = [
        pass_rows(clk, rows, passing),
        carry(clk, products, late) if of_h is None else carry_parts(clk, of_h, products, late),
        carry(clk, sums.latest, sums.before),
    ]
    adding = add_to_sums(clk, s, passing, late, sums, width)
    leaves = leave(clk, s.drain_bank, sums, leaving)
    lower_bank = bank_memory(
        *(clk, s.drain_lower, rows, s.group, s.write_lower, passing.summed, sums.latest),
        *(s.clear_lower, s.clear_group, sums.lower, depth),
    )
    upper_bank = bank_memory(
        *(clk, s.drain_upper, rows, s.group, s.write_upper, passing.summed, sums.latest),
        *(s.clear_upper, s.clear_group, sums.upper, depth),
    )
    return moving, adding, leaves, lower_bank, upper_bank


def unsigned_list(count: int, width: int) -> list[Any]:
    """`count` unsigned words of one width, which a generator may loop over."""
    return [bits(width) for _ in range(count)]
