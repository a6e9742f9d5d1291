"""The one test bench of the hardware engines: what it drives, and what it records.

A run that a reset cuts short comes first: nothing of it may be seen in what follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from accel.engines.engine import EngineFailed
from accel.schedule.turns import Turn

RESET_CYCLES = 16
"""Longer than any pipeline of valid bits that reset does not reach at once."""
IDLE_AFTER = 64
"""Cycles watched after the last expected result, for results that should not come."""


@dataclass(frozen=True)
class Beat:
    """One input beat: cycles to wait before it is presented, its word, its `tlast`, and its `tuser` if it has one."""

    wait: int
    word: int
    last: bool
    filler: bool = False


Sources = dict[str, tuple[Beat, ...]]
"""Beats of input streams."""


@dataclass(frozen=True)
class Script:
    """Everything a bench drives and expects to count.

    `turns` are the steps in the order of the input. `sources` are what comes in, `sinks` maps output streams
    to the cycles that they are not ready before each word; the first `free` turns run freely; `limit` bounds the run.
    `before` is what comes in, without a wait, in the `cut_after` cycles before the reset, in which no output is taken.
    """

    turns: tuple[Turn, ...]
    sources: Sources
    sinks: dict[str, tuple[int, ...]]
    free: int
    limit: int
    threshold: int
    """Where the column dataflow has one: what counts as zero of h, given under reset."""
    before: Sources
    cut_after: int
    watched: bool
    """Whether all ports are recorded in every cycle."""

    @property
    def uncut(self) -> Script:
        """The same without a run before."""
        return replace(self, before={}, cut_after=0)


@dataclass
class Record:
    """What a bench saw. Cycles count from the first one after reset; words are unsigned.

    `unknown` tells whether an unknown value reached a port (where the simulator knows such values). `taken` maps
    an input stream to how many beats it gave, `ends` to the cycles of those with `tlast`, `sinks` an output stream to
    (cycle, word, `tlast`) of what left it.
    `layers` maps layer name to `begin` (cycles), `gates`, `c` (what cells keep) and `h` (words in order) and `queued`
    (most entries in the queue of h), `logits` are the words of the head, `linear` maps the name of a linear layer in
    front of it to its sums (`logit`) and what leaves it (`out`), words in order, `status` maps the parts of the status
    word to what they were in the last cycle, number `cycles`. `flags` maps its flags to the (cycle, value) of every
    change. `ports` are all `outputs`, (cycle, text) of every change, as `accel.engines.engine.Ports` has them.
    """

    unknown: bool = False
    taken: dict[str, int] = field(default_factory=dict)
    ends: dict[str, list[int]] = field(default_factory=dict)
    sinks: dict[str, list[tuple[int, int, bool]]] = field(default_factory=dict)
    layers: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    logits: list[int] = field(default_factory=list)
    linear: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    flags: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    ports: list[tuple[int, str]] = field(default_factory=list)
    status: dict[str, int] = field(default_factory=dict)
    cycles: int = 0


def blank(layers: Sequence[str], driven: Script) -> Record:
    """A record of nothing yet."""
    return Record(
        taken=dict.fromkeys(driven.sources, 0),
        ends={name: [] for name in driven.sources},
        sinks={name: [] for name in driven.sinks},
        layers={name: {"begin": [], "gates": [], "c": [], "h": [], "queued": []} for name in layers},
    )


def unseen() -> dict[str, list[int]]:
    """What is recorded of a linear layer in front of the head's last one: nothing yet."""
    return {"logit": [], "out": []}


def complete(record: Record, driven: Script) -> bool:
    """Whether everything was taken, and everything came that was expected."""
    return next(_missing(record, driven), None) is None


def require_results(record: Record, driven: Script) -> None:
    """Raises EngineFailed where results stayed away until the limit, or an input stream was not taken to its end."""
    for missing in _missing(record, driven):
        raise EngineFailed(f"{missing} after {driven.limit} cycles")


def _missing(record: Record, driven: Script) -> Iterator[str]:
    for name, pauses in driven.sinks.items():
        if len(record.sinks[name]) < len(pauses):
            what = "result words" if name == "m_axis" else f"words of {name}"
            yield f"{len(record.sinks[name])} of {len(pauses)} {what}"
    for name, beats in driven.sources.items():
        if record.taken[name] < len(beats):
            yield f"{record.taken[name]} of {len(beats)} beats of {name}"
