"""Why `sparrow new` chose what it chose: the comments of the spec that it writes, by key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from accel.schedule.proposals import Proposal
from accel.spec import Spec
from accel.spec.network import GATES, Head
from training.automatic.formats import Chosen
from training.importing.network import FloatNetwork
from training.importing.source import Wishes


@dataclass(frozen=True)
class Asked:
    """What a person asks of a spec beside the model file."""

    data: Path | None = None
    board: str | None = None
    error: float = 0.02
    sparsity: float = 0.0
    when: str | None = None
    """When a head answers, where the file does not say."""
    name: str | None = None
    wishes: Wishes = field(default_factory=Wishes)
    cut: tuple[str | None, str | None] = (None, None)
    """Tensors of a graph between which the part for the accelerator lies; None for its input and its output."""
    longest: int | None = None
    """Steps that a mean over time counts, or that buffers of bidirectional layers hold; by default those of the longest
    sequence of `data`."""
    last: str | None = None
    """Which last step a head of bidirectional layers reads, `states` or `output`, where the module does not say."""
    states: bool = False
    """Whether h_0 and c_0 come in and h_n and c_n leave, though the file has no inputs for them."""


def told(head: Head) -> str:
    """The linear layers and their pool in short."""
    pool = [] if head.pool == "none" else [f"{head.pool} over time"]
    layers = [f"{one.outputs} {one.activation}" for one in head.layers]
    return ", ".join([*pool, *layers, f"{head.kind} of {head.outputs}"])


def reasons(spec: Spec, network: FloatNetwork, chosen: Chosen, asked: Asked, lanes: Proposal) -> dict[str, str]:
    """A comment for each choice, by the path of its key."""
    return dict([*_model(spec, network, asked), *_formats(chosen, asked), *_engine(lanes, asked), *_rest(spec)])


def _model(spec: Spec, network: FloatNetwork, asked: Asked) -> Iterator[tuple[str, str]]:
    yield "source", "The trained network. Paths are relative to this file; another file than these is refused."
    names = ", ".join(f"{layer.name} ({layer.tensors[0]}, {layer.tensors[1]})" for layer in network.layers)
    both = f" Sequences have at most {spec.model.longest} steps (--longest)." if spec.model.bidirectional else ""
    yield "model", f"As in the file: {names}.{both}"
    if network.window is not None:
        yield (
            "model.window",
            "x are frames; `predict` and the others form the windows that a convolution reads of them.",
        )
    if network.before:
        yield "model.before", f"{', '.join(one.name for one in network.before)}, in front of the first layer."
    if between := network.feeding[len(network.before) :]:
        yield "model.between", f"With {', '.join(one.name for one in between)}, linear layers between recurrent ones."
    head = spec.model.head
    if head is not None and network.head is not None:
        kind = f"it ends with {network.ending}" if network.ending else "the file ends with its sums"
        when = "as the file answers" if network.when else "the file does not say when: last or step"
        names = ", ".join(one.name for one in (*network.linear, network.head))
        mean = f" A mean counts {head.longest} steps at most (--longest)." if head.pool == "mean" else ""
        after = "the last" if head.when == "last" else "every"
        yield "model.head", f"{names}; {kind}; after {after} step, {when}.{mean}"
    if asked.sparsity:
        yield "sparsity", "Pruned without retraining, by magnitude; training.api prunes while training goes on."
    else:
        yield "sparsity", "All weights stay. --sparsity 0.5 would remove half of each row: less memory, fewer cycles."


def _formats(chosen: Chosen, asked: Asked) -> Iterator[tuple[str, str]]:
    reached = ", ".join(f"{name} {error:.2%}" for name, error in chosen.errors.items())
    count, steps = chosen.data.x.shape[:2]
    some = f"{count} sequences of up to {steps} steps of"
    on = f"{some} {chosen.data.origin}" if asked.data else "RANDOM x: real data may need other formats, give --data"
    rows = " Each row has a scale, which saves more bits than it takes."
    scales = rows if chosen.spec.weights.per_row else ""
    if chosen.spec.weights.by_gate:
        order = ", ".join(GATES[chosen.spec.model.cell])
        scales += f" Where an entry is a list, each gate has a width of its own: {order}."
    if chosen.kept:
        which = (
            "" if len(chosen.kept) == len(chosen.spec.model.hidden) else f" of layer {', '.join(map(str, chosen.kept))}"
        )
        scales = f" The weights{which} come as integers, and stay these very ones."
    yield (
        "weights",
        f"{chosen.bits:.3g} bits a weight on average, the fewest found with which h_t of each layer, and the sums "
        f"of the head, stay within {asked.error:g} of the float network (relative rms error), on {on}. "
        f"Reached: {reached}. Lists have an entry for each layer.{scales}",
    )
    clipped = sum(sum(counts.values()) for counts in chosen.saturations.values())
    yield "formats", f"[width, frac]. Ranges are those of the data with a quarter to spare; {clipped} values saturated."
    yield "tables", "As few entries as leave two thirds of the bound to the formats."


def _engine(lanes: Proposal, asked: Asked) -> Iterator[tuple[str, str]]:
    where = f"the most for which {asked.board} has room" if asked.board else "a modest number, as no board is named"
    yield (
        "engine",
        f"{lanes.lanes} lanes, {where}: about {lanes.cycles_per_step:,} cycles a step, {lanes.utilisation:.0%} of the "
        "lanes at work. `sparrow check --lanes N` proposes others.",
    )


def _rest(spec: Spec) -> Iterator[tuple[str, str]]:
    yield "verify", "How many of the sequences every engine runs; each must compute the same bits in the same cycles."
    if spec.target.board is not None:
        family = "a clock that designs have met on chips of this kind"
        yield "target", f"{family}; `sparrow build` says what this one reaches."
