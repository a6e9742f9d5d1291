"""Engine: the rendered HLS C++, compiled by g++ and run on its own checked integers and streams."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from accel.architecture.cells.activations import OUT, SUM
from accel.base.files import write_text
from accel.base.fixed import Integers
from accel.engines.engine import LOGITS, EngineFailed, Observed, ProgramFailed, ToolMissing, generated
from accel.engines.hls_script import Flags, chosen_frames, flags_by_step, inputs_text
from accel.engines.observe import ordered
from accel.engines.program import finished, product
from accel.engines.shared import by_layer
from accel.engines.status import status_of
from accel.hls.beats import input_beat, output_beat, result_values
from accel.hls.render import SOURCES
from accel.model.design import Design
from accel.model.samples import Samples
from accel.schedule.turns import Turn, all_turns, in_order

FLAGS = ("-std=c++14", "-O2", "-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas", "-Wno-unused-label")
"""What every build is made with: pragmas and the loop labels that HLS reports use mean nothing to g++."""

WRONG = (1, -signal.SIGABRT)
"""How the bench ends where a stream ends at the wrong place, and where a value leaves its range."""

COPIES = ("-DSPARROW_COPIES",)
"""A copy of the operand memories for each reader, as hardware has them; C simulation keeps one."""
MOST_COPIED = 1 << 18
"""Values up to which all copies of an operand memory are kept: 2 MiB, on the stack."""


def hls(design: Design, samples: Samples, flags: Sequence[str] = ()) -> Observed:
    """Run samples through the C++ in the folder `hls` of the work folder, which `generate` has rendered."""
    program = compiled(design.work / "hls", (*copies(design), *flags))
    first = design.net.layers[0]
    order = all_turns(samples.lengths.tolist(), first.streams, first.initial_state)
    taken, frames = [turn for turn in order if turn.is_step], chosen_frames(design, order)
    with tempfile.TemporaryDirectory(dir=design.work, prefix="hls-run-") as name:
        folder = Path(name)
        write_text(folder / "inputs", inputs_text(design, samples, order, frames))
        told = _run([str(program), "inputs", "outputs", "signals"], folder)
        outputs = np.array((folder / "outputs").read_text().split(), dtype=np.int64)
        signals = np.fromfile(folder / "signals", dtype=np.int64)
    results = _whole(outputs, result_values(design.net), "results")
    answered = [turn for turn in taken if gives_result(design, turn)]
    printed = [line.split() for line in told.splitlines()]
    _check_ports(design, [line[1:] for line in printed if line[0] == "port"])
    _check_flags(flags_by_step(design, samples, order, frames), [line[1:] for line in printed if line[0] == "flag"])
    counted = {line[0]: int(line[1]) for line in printed if line[0] not in ("state", "port", "flag")}
    return Observed(
        _by_layer(design, signals, taken),
        ordered(results, answered),
        status=status_of(design, taken, counted),
        last_states=_last_states(design, taken, [line[1:] for line in printed if line[0] == "state"]),
    )


def copies(design: Design) -> tuple[str, ...]:
    """Flags: every reader reads its own copy, as in hardware, unless the operand memories would be huge."""
    values = (max(1, array.copies) * max(array.inputs, array.outputs) for array in design.in_hardware.net.arrays)
    return COPIES if max(values) <= MOST_COPIED else ()


def _check_ports(design: Design, printed: Sequence[Sequence[str]]) -> None:
    """The elements of a beat at either end have the width, and are as many, as the interface says."""
    beats = {"in": input_beat(design.net), "out": output_beat(design.net)}
    wanted = {name: [str(beat.width), str(beat.words)] for name, beat in beats.items()}
    if (got := {line[0]: line[1:] for line in printed}) != wanted:
        raise EngineFailed(f"ports (width of an element, elements): wanted {wanted}, got {got}")


def _last_states(design: Design, taken: Sequence[Turn], printed: Sequence[Sequence[str]]) -> Integers | None:
    """The states of every layer, laid out as `Samples.states`."""
    if not design.spec.engine.state_streams:
        return None
    ends = [turn for turn in taken if turn.final and turn.real]
    layers = [
        np.array([line[1:] for line in printed if line[0] == str(number)], dtype=np.int64)
        for number in range(len(design.net.layers))
    ]
    if any(len(layer) != len(ends) for layer in layers):
        raise EngineFailed(f"wanted {len(ends)} states of each layer, got {[len(layer) for layer in layers]}")
    return np.concatenate(layers, axis=1)[in_order(ends)]


def _check_flags(wanted: Flags, printed: Sequence[Sequence[str]]) -> None:
    """Every flag changed behind the step that it tells of, and not otherwise."""
    got: Flags = {}
    for step, name, value in printed:
        got.setdefault(name, []).append((int(step), int(value)))
    if got != wanted:
        raise EngineFailed(f"status word (step and value of every change): wanted {wanted}, got {got}")


def gives_result(design: Design, turn: Turn) -> bool:
    """Whether a result leaves the accelerator after this step."""
    head = design.spec.model.head
    return turn.real and (head is None or head.when == "step" or turn.final)


def compiled(folder: Path, flags: Sequence[str] = ()) -> Path:
    """The bench of a rendered folder; built unless this g++ built the very same text with these flags before."""
    generated(folder / SOURCES[0])
    made, reads = folder / "build" / "bench", sorted(path for path in folder.iterdir() if path.is_file())
    command = [compiler(), *FLAGS, *flags, *SOURCES, "-o", str(made.relative_to(folder))]
    return product(command, folder, made, reads)


def vendor_integers() -> tuple[str, ...]:
    """Flags that build with the vendor's open ap_int headers; ToolMissing where there are none.

    They are looked for in the folder that SPARROW_AP_TYPES_INCLUDE names, then in an installed hls4ml. Sign extension
    in these headers reads what it is about to write, which g++ warns of at the place of use.
    """
    given = os.environ.get("SPARROW_AP_TYPES_INCLUDE")
    folder = Path(given) if given else _installed_headers()
    if folder is None or not (folder / "ap_int.h").is_file():
        wanted = given or "SPARROW_AP_TYPES_INCLUDE, or an installed hls4ml"
        raise ToolMissing(f"ap_int.h not found ({wanted}); it is for C simulation with vendor integers")
    return ("-DSPARROW_AP_TYPES", "-isystem", str(folder), "-Wno-uninitialized", "-Wno-maybe-uninitialized")


def _installed_headers() -> Path | None:
    found = importlib.util.find_spec("hls4ml")  # does not import it, which would take seconds
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / "templates" / "vivado" / "ap_types"


def compiler() -> str:
    """Path of g++; ToolMissing without one."""
    found = shutil.which("g++")
    if found is None:
        raise ToolMissing("g++ not found; it compiles the generated C++")
    return found


def _by_layer(design: Design, flat: Integers, taken: Sequence[Turn]) -> dict[str, dict[str, Integers]]:
    """[turn][layer][signal][unit], behind them linear layers in front, then those behind and logits, to layer name to
    signal name to [step][unit], or [result][output].
    """
    layers = design.in_hardware.net.layers
    names = list(layers[0].cell.signals)
    sizes = [len(names) * array.outputs for array in layers]
    every = [array.outputs for array in design.net.feeding for _ in (SUM, OUT)]
    linear = every + [array.outputs for array in design.net.linear for _ in (SUM, OUT)]
    turns = _whole(flat, sum(sizes + linear) + (design.net.head.outputs if design.net.head else 0), "signals")
    if len(turns) != len(taken):
        raise EngineFailed(f"signals of {len(turns)} steps, not of {len(taken)}")
    *parts, logits = np.split(turns, np.cumsum(sizes + linear), axis=1)
    found = {}
    for array, part in zip(layers, parts, strict=False):
        found[array.name] = dict(zip(names, np.split(part[in_order(taken)], len(names), axis=1), strict=True))
    found = by_layer(design, found)
    shown = iter(parts[len(sizes) :])
    for array in design.net.feeding:
        found[array.name] = {name: next(shown)[in_order(taken)] for name in (SUM, OUT)}
    if design.net.head is None:
        return found
    answered = [place for place, turn in enumerate(taken) if gives_result(design, turn)]
    order = in_order([taken[place] for place in answered])
    for array in design.net.linear:
        found[array.name] = {name: next(shown)[answered][order] for name in (SUM, OUT)}
    return found | {design.net.head.name: {LOGITS: logits[answered][order]}}


def _whole(flat: Integers, size: int, what: str) -> Integers:
    """Values as rows of a given length. EngineFailed where one is cut short."""
    if flat.size % size:
        raise EngineFailed(f"{flat.size} values of {what}, {size} a row: one is cut short")
    return flat.reshape(-1, size)


def _run(command: Sequence[str], folder: Path) -> str:
    """What the bench prints. Raises EngineFailed where it ends with a status that says that the design is wrong."""
    done = finished(command, folder)
    if done.returncode != 0:
        last = (done.stdout + done.stderr).strip().splitlines()[-12:]
        log = "\n".join(line[:200] for line in last)
        failed = EngineFailed if done.returncode in WRONG else ProgramFailed
        raise failed(f"the bench stopped with status {done.returncode}:\n{log}")
    return done.stdout
