"""Boards as data: one YAML file each, checked like a spec. A board of one's own is a file of one's own."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from accel.base.faults import Fault, Refused
from accel.spec import Section, checked
from accel.spec.yaml_file import read

Pin = Annotated[str, Field(pattern=r"^[A-Z]{0,2}[0-9]{1,3}$")]
Signal = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:/-]*$")]
Amount = Annotated[int, Field(ge=0)]


class Clock(Section):
    """The oscillator."""

    pin: Pin | None = None
    """Where it enters the chip; none where the processing system or a differential pair brings the clock."""
    mhz: Annotated[float, Field(gt=0.0)]
    near_pll: bool = True
    """iCE40: whether the pin is the one that a PLL is fed from; else the clock gets to it through the fabric."""


class Resources(Section):
    """What the chip has, in the vendor's own units."""

    luts: Amount
    registers: Amount
    block_rams: Amount
    """Block memories of `block_ram_bits` each."""
    block_ram_bits: Annotated[int, Field(ge=1)]
    multipliers: Amount
    """DSP slices, or multipliers of 16 or 18 bits."""
    large_rams: Amount = 0
    """Larger memories that a bitstream cannot initialise: UltraRAM, single-port RAM."""
    large_ram_bits: Amount = 0

    @property
    def memory_bits(self) -> int:
        """Bits that the contents of weights can be in: those a bitstream initialises."""
        return self.block_rams * self.block_ram_bits


class Board(Section):
    """A board, or a chip alone."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    """As in the spec's `target.board`, and the file's name."""
    title: str
    family: Literal["ecp5", "ice40", "gowin", "xc7", "xcup"]
    """Decides the tools."""
    part: Word
    """The chip, as its vendor orders it."""
    device: Word | None = None
    """The chip, as the open place-and-route tool calls it."""
    package: Word | None = None
    """The package, as the open place-and-route tool calls it."""
    speed: Literal["6", "7", "8"] | None = None
    """Speed grade, for the open place-and-route tool."""
    board_part: Word | None = None
    """The board in Vivado's catalogue, which knows how its processing system is set up."""
    processor: Literal["zynq7", "zynqmp"] | None = None
    """The processing system that feeds the accelerator."""
    clock: Clock
    standard: Annotated[str, Field(pattern=r"^[A-Z0-9]+$")] | None = None
    """Voltage standard of the pins."""
    buffer_bits: Annotated[int, Field(ge=4, le=15)] = 11
    """A sequence, its results and a piece of weights have at most 2**buffer_bits bytes on the serial line."""
    pins: dict[Signal, Pin] = Field(default_factory=dict)
    """Pins by signal: uart_rx (into the chip), uart_tx, led, button."""
    loader: Word | None = None
    """The board, as openFPGALoader calls it (its doc/boards.yml)."""
    resources: Resources
    source: str
    """Where pins and sizes are written down."""

    def loading(self, bitstream: Path) -> str | None:
        """The command that puts a bitstream into a connected board; None where openFPGALoader does not know it."""
        return None if self.loader is None else shlex.join(["openFPGALoader", "-b", self.loader, str(bitstream)])


def names() -> list[str]:
    """Boards that come with the project."""
    found = resources.files("fpga").joinpath("boards").iterdir()
    return sorted(path.name.removesuffix(".yaml") for path in found if path.name.endswith(".yaml"))


def find(name: str) -> Board:
    """A board that comes with the project; Refused with the names there are."""
    if name not in names():
        raise Refused([Fault("target.board", f"one of {', '.join(names())}, or a file", name)])
    with resources.as_file(resources.files("fpga").joinpath("boards", f"{name}.yaml")) as path:
        return load(path)


def load(path: Path) -> Board:
    """Read and check a board file. Raises Refused with every fault: key path, wanted, got."""
    return checked(Board, read(path), _rules)


def _rules(board: Board) -> Iterator[tuple[str, str, Any]]:
    """Contradictions between keys: (key path, what is wanted, what came)."""
    used = {"clock.pin": board.clock.pin} | {f"pins.{name}": pin for name, pin in board.pins.items()}
    taken = Counter(pin for pin in used.values() if pin is not None)
    for key, pin in used.items():
        if pin is not None and taken[pin] > 1:
            yield key, "a pin that nothing else has", pin
    if board.pins and board.standard is None:
        yield "standard", "the voltage standard of the pins", None
    if board.family in ("ecp5", "ice40", "gowin"):
        for key in ("device",) if board.family == "gowin" else ("device", "package"):
            if getattr(board, key) is None:
                yield key, f"the name that place and route for {board.family} knows", None
    if board.family == "ecp5" and board.speed is None:
        yield "speed", "a speed grade", None
    if board.processor is not None and board.board_part is None:
        yield "board_part", "the board in Vivado's catalogue, which sets up its processing system", None
