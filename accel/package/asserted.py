"""Assertions in the modules of a design: of each kind of module what is given to it, and what holds then.

`assertions/KIND.v.j2` says both, in words and in Verilog; numbers in it are read off the module that it goes into. A
tool that does not define `FORMAL` skips all of it. What is given to a module is assumed where that module is proved
(`PROVED_` and its name), and asserted where it stands within a larger one. Invariants, which name a module's registers,
are left out with `CLAIMS_ONLY`. Names of signals that only assertions have begin with `f_`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from accel.base.templates import render
from accel.engines.bench import RESET_CYCLES
from accel.engines.stored import instances, modules
from accel.rtl.verilog_text import folded

Fact = Callable[[str], Any]
"""A number, a list of them, or whether there is something, read off a module's text."""


class NotThere(ValueError):
    """A module has not the text that a number is read off."""


@dataclass(frozen=True)
class Asserted:
    """A module of a design of which something is asserted: its name and text, its kind, the text with assertions."""

    name: str
    kind: str
    module: str
    assertions: str
    cut: tuple[str, ...]
    """Modules within, which are cut: what they do is given."""

    @property
    def given(self) -> list[str]:
        """What whoever drives the module has to keep, in words."""
        return re.findall(r"^// Given: (.*)$", self.assertions, re.MULTILINE)

    @property
    def claims(self) -> dict[str, str]:
        """What holds then, in words, by the names of the assertions."""
        return dict(re.findall(r"^// (\w+): (.*)$", "\n".join(self._heads()), re.MULTILINE))

    def _heads(self) -> list[str]:
        return [line for line in self.assertions.splitlines() if line.startswith("//") and "Given: " not in line]

    def whole(self, module: str | None = None) -> str:
        """The module with its assertions; `module` is a text in place of its own."""
        text = self.module if module is None else module
        return text.replace("endmodule", self.assertions)


def number(pattern: str) -> Fact:
    """The first number that the pattern's group finds. The fact raises NotThere where there is none."""

    def found(text: str) -> int:
        if one := re.search(pattern, text):
            return int(one[1])
        raise NotThere(pattern)

    return found


def word(pattern: str) -> Fact:
    """The word that the pattern's group finds. The fact raises NotThere where there is none."""

    def found(text: str) -> str:
        if one := re.search(pattern, text):
            return one[1]
        raise NotThere(pattern)

    return found


def numbers(pattern: str, *others: str) -> Fact:
    """All numbers of the first pattern that finds any. The fact raises NotThere where none does."""

    def found(text: str) -> list[int]:
        for one in (pattern, *others):
            if every := re.findall(one, text):
                return [int(value) for value in every]
        raise NotThere(pattern)

    return found


def has(pattern: str) -> Fact:
    """Whether the text has something."""
    return lambda text: re.search(pattern, text) is not None


def streams(direction: str, begins: str) -> Fact:
    """The streams of a direction, each with the signals that stay until `tready`."""

    def found(text: str) -> list[tuple[str, list[str]]]:
        names = re.findall(rf"^{direction} .*\b({begins}_\w+)_tvalid;", text, re.MULTILINE)
        signals = {
            name: re.findall(rf"^{direction} .*\b{name}_(t(?:data|last|user));", text, re.MULTILINE) for name in names
        }
        return list(signals.items())

    return found


def count(pattern: str) -> Fact:
    """How often the text has something."""
    return lambda text: len(re.findall(pattern, text))


AXI_INPUT = {"last": number(r"assign ending = \(number == (\d+)\);"), "framed": has(r"reg surplus;")}
RECEIVE = {
    "last": number(r"fill0_number == (\d+)\)"),
    "in_turn": has(r"fill0_number <= \(fill0_number \+ 2\);"),
    "ready": has(r"output beats_ready;"),
    "available": has(r"output ping_pong_available;"),
    "final": has(r"output ping_pong_final;"),
    "write_bank": has(r"output \[\d+:0\] ping_pong_write_bank;"),
    "streams": lambda text: int(one[1]) if (one := re.search(r"age_\w+0_ages \[0:(\d+)-1\]", text)) else 0,
    "turns": has(r"age_turns0_ages"),
    "fresh": has(r"output ping_pong_fresh;"),
    "once": has(r"fresh_once0_awake"),
    "weight_set": has(r"output ping_pong_weight_set;"),
}
SEQUENCE = {
    "levels": lambda text: 1 + number(r"issue_next_level == (\d+)\)")(text) if "issue_next_level" in text else 1,
    "address": numbers(r"ends_address = (\d+);", r"_ending = \(issue_going && \(issue_address == (\d+)\)\)"),
    "following": lambda text: [int(value) for value in re.findall(r"ends_following = (\d+);", text)] or [0],
    "cycle": numbers(r"ends_cycle = (\d+);", r"issue_last = \(issue_going && \(issue_position == (\d+)\)\)"),
    "release": number(r"ping_pong_release <= \(issue_going && \(issue_address == (\d+)\)"),
    "banks": lambda text: 1 + number(r"\(issue_read_bank == (\d+)\)")(text),
    "streams": lambda text: 1 + number(r"\(issue_stream == (\d+)\)")(text),
    "steps": has(r"reg issue_given;"),
    "streamed": has(r"input wire issue_streamed;"),
    "ahead": has(r"issue_resume"),
    "apart": has(r"if \(ping_pong_take\) begin\s+issue_opening <= "),
    "latched": lambda text: re.findall(r"issue_(\w+) <= ping_pong_(\w+);", text),
    "event": lambda text: "ping_pong_take" if "issue_next_level" in text else "ping_pong_turn",
}
CHECK_FRAME = {
    "beats": lambda text: 1 + number(r"arriving_closing = \(count_words0_number == (\d+)\)")(text),
    "digest": lambda text: (
        number(r"arriving_word\[32-1:16\] != (\d+)")(text) << 16 | number(r"arriving_word\[16-1:0\] != (\d+)")(text)
    ),
}
FILL = {
    "parts": lambda text: 1 + number(r"place_part == (\d+)\)")(text),
    "depth": lambda text: 1 + number(r"place_address == (\d+)\)")(text),
    "memories": lambda text: 1 + number(r"place_memory == (\d+)\)")(text),
    "bits": number(r"assign address\[(\d+)\] = loading_idle;"),
    "several": has(r"output \[\d+:0\] store_memory;"),
    "tells": has(r"output ended;"),
    "begins": lambda text: "begins" if "input wire begins;" in text else "loading_restart",
}
STREAMED_WEIGHTS = {
    "room": number(r"beats_ready = \(reserved < (\d+)\)"),
    "parts": lambda text: 1 + number(r"collect0_part == (\d+)\)")(text),
    "beat": lambda text: 1 + number(r"input wire \[(\d+):0\] beats_word;")(text),
    "units": lambda text: range(count(r"output \[\d+:0\] words\d+;")(text)),
}
LAYER = {
    "rest": word(r"reg (\w+_rest\d+)_rested;"),
    "last": numbers(r"\w+_rest_last = (\d+);", r"_counted == (\d+)\)"),
    "address": SEQUENCE["address"],
    "following": SEQUENCE["following"],
    "opens": has(r"input wire ping_pong_opens;"),
    "level": has(r"issue_next_level"),
    "waits": has(r"wire issue_waiting;"),
    "quiet": has(r"assign results_reserve = \(ping_pong_take && ping_pong_final\);"),
}
TOP = {"inputs": streams("input", "s"), "outputs": streams("output", "m"), "reset_cycles": lambda text: RESET_CYCLES}
DEPTH = number(r"end_word_memory \[0:(\d+)-1\]")
OUTPUT_FIFO = {
    "steps": number(r"reserved < (\d+)\)"),
    "depth": DEPTH,
    "closing": number(r"entering\[(\d+)\] = results_closing"),
}
BOUNDED = "top"
"""The kind of a whole design, of which every assertion is tried from reset for some cycles, and none is proved."""
KINDS: Mapping[str, Mapping[str, Fact]] = {
    BOUNDED: TOP,
    "fifo": {"depth": DEPTH},
    "output_fifo": OUTPUT_FIFO,
    "stream_adapter": {},
    "resynchronise": AXI_INPUT,
    "receive": RECEIVE,
    "sequence": SEQUENCE,
    "watch_vectors": {"last": number(r"number == (\d+)\)")},
    "withhold": {"last": number(r"number == (\d+)\)")},
    "check_frame": CHECK_FRAME,
    "fill": FILL,
    "count_uses": {},
    "choose_set": {"streams": number(r"reg kept \[0:(\d+)-1\];")},
    "streamed_weights": STREAMED_WEIGHTS,
    "recurrent_layer": LAYER,
    "head_layer": LAYER,
}
"""Kinds of modules, and what is read off their texts."""
ALIKE = {"recurrent_layer": "row_layer", "head_layer": "row_layer"}
"""Kinds of which the same is asserted, and the name of that."""


def asserted(verilog: str, top: str) -> Iterator[Asserted]:
    """The modules of a design of which something is asserted. Raises NotThere where a number is not found in one."""
    known = modules(verilog)
    for name, module in known.items():
        kind = BOUNDED if name == top else re.sub(r"_\d+$", "", name.removeprefix(f"{top}_"))
        if kind in KINDS:
            within = tuple(dict.fromkeys(instances(module, known)))
            yield Asserted(name, kind, module, assertions(name, kind, module, [known[one] for one in within]), within)


def with_assertions(verilog: str, top: str) -> str:
    """The Verilog of a design, each module with its assertions in it."""
    for one in asserted(verilog, top):
        verilog = verilog.replace(one.module, one.whole())
    return verilog


def assertions(name: str, kind: str, module: str, within: list[str]) -> str:
    """What stands at the end of a module of a kind. Raises NotThere, with the kind, where a number is not found."""
    text = "\n".join([module, *within])
    try:
        facts = {fact: find(text) for fact, find in KINDS[kind].items()}
    except NotThere as error:
        raise NotThere(f"{kind}: not in the module: {error}") from None
    inner = render("accel", f"package/assertions/{ALIKE.get(kind, kind)}.v.j2", **facts)
    made = render("accel", "package/assertions/module.v.j2", name=name, kind=kind, text=inner)
    return "\n".join(part for line in made.splitlines() for part in folded(line))
