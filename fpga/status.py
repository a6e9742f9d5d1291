"""The status of a board, by name: counters of its bridge, and the accelerator's status word as it was in one cycle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fpga.frames import VERSION, BoardError

Parts = tuple[tuple[str, int], ...]
"""Names and bits of the parts of an accelerator's status word, the lowest first."""

BRIDGE: Parts = (("version", 8), ("runs", 16), ("errors", 16))
"""What the bridge puts before it."""

SATURATIONS = ("gate", "cell", "state")
LOAD_ERRORS = {
    "load_short": "they are fewer words than they should be",
    "load_long": "they are more words than they should be",
    "load_shape": "they are weights of another shape",
    "load_checksum": "their checksum is wrong",
}


@dataclass(frozen=True)
class Status:
    """What happened so far. A counter goes on from zero after its largest value (16 bits for `runs` and `errors`, 32
    for the others); what the accelerator counts, it counts since its last reset.
    """

    runs: int
    """Sequences that were taken since the board woke up."""
    errors: int
    """Requests that were answered with an error."""
    steps: int
    """Steps that began in the first layer."""
    cycles: int
    """Clock cycles."""
    saturations: Mapping[str, Mapping[str, int]]
    """By layer and signal (gate, cell, state): values that narrowing clipped."""
    loaded: bool
    """There are weights; always so where they are in the bitstream."""
    torn: bool
    """A vector was cut short: the rest of it counted as zeros, and its sequence ended with it."""
    load_errors: tuple[str, ...]
    """What was wrong with the last frame of weights that ended, which then changed nothing."""


def length(parts: Parts) -> int:
    """Bytes of a status on the line."""
    return -(-sum(bits for _, bits in BRIDGE) // 8) + -(-sum(bits for _, bits in parts) // 8)


def read_status(payload: bytes, parts: Parts) -> Status:
    """A status from the line. Raises BoardError for that of another bitstream or another version of the bridge."""
    if len(payload) != length(parts):
        raise BoardError(f"a status of {len(payload)} bytes, wanted {length(parts)}: is it another bitstream?")
    word, seen = int.from_bytes(payload, "little"), {}
    for name, bits in (*BRIDGE, *parts):
        seen[name], word = word & (1 << bits) - 1, word >> bits
    if seen["version"] != VERSION:
        raise BoardError(f"the board speaks version {seen['version']} of the frames, this host {VERSION}")
    layers = [name.removesuffix("_gate") for name, _ in parts if name.endswith("_gate")]
    return Status(
        runs=seen["runs"],
        errors=seen["errors"],
        steps=seen["steps"],
        cycles=seen["cycles"],
        saturations={layer: {signal: seen[f"{layer}_{signal}"] for signal in SATURATIONS} for layer in layers},
        loaded=bool(seen.get("loaded", 1)),
        torn=bool(seen.get("torn", 0)),
        load_errors=tuple(sentence for flag, sentence in LOAD_ERRORS.items() if seen.get(flag)),
    )
