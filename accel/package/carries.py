"""What each port carries, in a sentence for the people who connect it; `docs/interface.md` has the whole of it."""

from __future__ import annotations

import re

from accel.engines.ports import Port, listed
from accel.engines.ports import ports as named
from accel.model.design import Design
from accel.rtl.convert import load_top, top_signals

SENTENCES = (
    (r"clk", "everything happens at its rising edge"),
    (r"reset", "active high, synchronous; at least 16 cycles"),
    (r"s_axis_tdata", "x_t, or a token"),
    (r"s_axis_tlast", "with the last beat of a sequence"),
    (r"s_axis_tuser", "with the last beat of an x_t: it is a filler"),
    (r"m_axis_tdata", "results"),
    (r"m_axis_tlast", "with the last word of a sequence"),
    (r"s_weights_tdata", "frames of weights"),
    (r"s_weights_\w+_tdata", "values and indices of an array, once a turn"),
    (r"s_state_\w+_tdata", "the state that a sequence begins with, a frame each"),
    (r"m_state_\w+_tdata", "the state that a sequence ends with, a frame each"),
    (r"s_\w+_tlast|m_\w+_tlast", "with the last beat of a frame"),
    (r"\w+_tvalid|\w+_tready", "handshake"),
    (r"states_threshold", "h counts as zero below this magnitude; steady from reset on"),
    (r"status_steps", "steps that began"),
    (r"status_cycles", "clock cycles since reset"),
    (r"status_torn", "a `tlast` cut an x_t short, or a number was no token"),
    (r"status_loaded", "there are weights"),
    (r"status_load_\w+", "what was wrong with the last frame of weights"),
    (r"status_\w+_(state|weights)_torn", "a vector of this stream had another length"),
    (r"status_\w+_(gate|cell|state)", "values of this signal that narrowing clipped"),
    (r"\w+_(begin|gates|c|h|logit|out|queued)(_valid)?", "for benches; leave it open"),
)


def carries(port: str) -> str:
    """The sentence of a port. Raises ValueError for one that nobody knows."""
    for pattern, sentence in SENTENCES:
        if re.fullmatch(pattern, port):
            return sentence
    raise ValueError(f"nobody knows what the port {port} carries")


def ports(design: Design) -> list[tuple[Port, str, str]]:
    """Every port of the top, clock and reset first: itself, `in` or `out`, what it carries."""
    signals = top_signals(load_top(design.work, design.spec.identifier))
    inputs, outputs = listed(signals)
    order = {name: place for place, name in enumerate(named(signals))}
    given = [(Port("clk", 1), "in"), (Port("reset", 1), "in")]
    ends = sorted([*((p, "in") for p in inputs), *((p, "out") for p in outputs)], key=lambda end: order[end[0].name])
    return [(port, end, carries(port.name)) for port, end in given + ends]
