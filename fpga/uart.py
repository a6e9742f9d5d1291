"""The accelerator on a board with a serial line: Verilog of the whole chip, and the facts that its host needs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from accel.base.faults import Fault, Refused
from accel.base.templates import read, render
from accel.engines.ports import STATUS
from accel.hls.beats import result_values
from accel.model.design import Design
from fpga import pll
from fpga.board import Board
from fpga.frames import VERSION
from fpga.host import Facts
from fpga.packing import Packing
from fpga.rtl import Rtl
from fpga.status import Parts, length

LONGEST_BEAT = 255
"""Bytes that the bridge stores at once."""
GAP_BYTES = 20
"""Silence within a frame, in byte times, after which it counts as cut short."""
PARTS = ("uart_rx.v", "uart_tx.v", "crc16.v", "frame_receiver.v", "frame_sender.v", "frame_bridge.v")
WEIGHTS = "s_weights_tdata"
"""A port of designs whose weights are loaded."""


@dataclass(frozen=True)
class Serial:
    """The serial line of a chip."""

    baud: int = 115200
    buffer_bits: int = 11
    """The longest payload is 2**buffer_bits bytes."""
    run_seconds: float = 0.5
    """Patience with the accelerator."""

    @property
    def buffer(self) -> int:
        """Bytes of the longest payload."""
        return int(1 << self.buffer_bits)


def packing(design: Design, rtl: Rtl) -> Packing:
    """How vectors lie in frames, as the generated Verilog has them in its beats."""
    given, last, head = design.spec.incoming, design.net.arrays[-1], design.spec.model.head
    return Packing(
        inputs=given.values,
        input_words=given.words,
        input_bytes=rtl.width("s_axis_tdata") // given.words // 8,
        input_format=(given.fmt.width, given.fmt.frac),
        values=result_values(design.net),
        output_words=last.cells,
        output_bytes=rtl.width("m_axis_tdata") // last.cells // 8,
        signed=head is None or head.kind == "logits",
        every_step=head is None or head.when == "step",
        longest=design.spec.model.longest,
        vocabulary=design.spec.model.vocabulary,
        window=None if (window := design.spec.model.window) is None else window.numbers,
    )


def status_parts(rtl: Rtl) -> Parts:
    """The parts of the status word, as the generated Verilog declares their ports. Refused where there are none."""
    found = tuple((port.removeprefix(STATUS), bits) for port, bits in rtl.ports.items() if port.startswith(STATUS))
    if not found:
        raise Refused([Fault(f"module {rtl.top}", f"ports {STATUS}...", "none")])
    return found


def host_facts(design: Design, rtl: Rtl, serial: Serial = Serial()) -> Facts:
    """What the host has to know of a design behind such a line."""
    return Facts(serial.baud, serial.buffer, packing(design, rtl), status_parts(rtl))


def facts_text(facts: Facts) -> str:
    """What `fpga.host.connect` reads, as JSON text."""
    return json.dumps(asdict(facts), indent=2) + "\n"


def serial_of(board: Board) -> Serial:
    """The serial line that `build` gives a board."""
    return Serial(buffer_bits=board.buffer_bits)


def has_serial_line(board: Board) -> bool:
    """Whether a board's pins have a clock and a serial line."""
    return board.clock.pin is not None and {"uart_rx", "uart_tx"} <= set(board.pins)


def board_rtl(rtl: Rtl, board: Board, mhz: float, serial: Serial | None = None) -> Rtl:
    """The whole chip at a clock in MHz, made from the board's oscillator.

    Refused where the board has no serial line, or where its PLL cannot make the clock.
    """
    serial = serial or serial_of(board)
    if not has_serial_line(board):
        raise Refused([Fault(f"{board.name}: pins", "a clock, uart_rx and uart_tx", ", ".join(board.pins) or "none")])
    cycles = round(mhz * 1e6 / serial.baud)
    if cycles < 8:
        raise Refused([Fault("baud", f"at most {int(mhz * 1e6 / 8)} with this clock", f"{serial.baud}")])
    status = _status_of_one_reply(rtl, serial)
    top = render(
        "fpga",
        "templates/uart/board_top.v.j2",
        top=rtl.top,
        baud=serial.baud,
        mhz=mhz,
        cycles=cycles,
        tied=rtl.tied,
        input_bytes=rtl.width("s_axis_tdata") // 8,
        vector_bytes=rtl.vector_beats * rtl.width("s_axis_tdata") // 8,
        output_bytes=rtl.width("m_axis_tdata") // 8,
        version=VERSION,
        status=status,
        status_bits=sum(bits for _, bits in status),
        loadable=WEIGHTS in rtl.ports,
        buffer_bits=serial.buffer_bits,
        gap_cycles=GAP_BYTES * 10 * cycles,
        run_cycles=round(serial.run_seconds * mhz * 1e6),
    )
    parts = {name: read("fpga", f"templates/uart/{name}") for name in PARTS}
    clock = {"board_clock.v": board_clock(board, mhz)}
    return Rtl("board_top", "oscillator", {**rtl.files, **parts, **clock, "board_top.v": top})


def _status_of_one_reply(rtl: Rtl, serial: Serial) -> Parts:
    parts, room = status_parts(rtl), min(serial.buffer, LONGEST_BEAT)
    if length(parts) > room:
        raise Refused([Fault("status word", f"at most {room} bytes, which a reply holds", f"{length(parts)}")])
    return parts


def board_clock(board: Board, mhz: float) -> str:
    """Verilog of the module that makes the clock from the oscillator: a PLL, or a wire where they are the same."""
    made = pll.setting(board, mhz)
    if made is None:
        return read("fpga", "templates/clock/oscillator.v")
    return render(
        "fpga",
        f"templates/clock/{made.family}.v.j2",
        mhz=f"{float(made.mhz):g}",
        oscillator_mhz=f"{board.clock.mhz:g}",
        vco_mhz=f"{float(made.vco):g}",
        dividers=made.dividers,
        near_pll=board.clock.near_pll,
    )
