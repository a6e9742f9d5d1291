"""A PYNQ board for tests: memory behind a cache, a DMA engine by its registers, an accelerator that obeys or not."""

from __future__ import annotations

import asyncio
from types import ModuleType
from typing import Any

import numpy as np

RUN, RESET = 1 << 0, 1 << 2
HALTED, IDLE, INTERNAL_ERROR, DONE = 1 << 0, 1 << 1, 1 << 4, 1 << 12
OLD = 77
"""What is left in the memory that programs are given: the results of somebody else."""


class Buffer(np.ndarray):
    """What the processor sees of a piece of memory: its cache. `memory` is what the DMA engine sees."""

    memory: bytearray
    physical_address: int
    owner: Board

    def flush(self) -> None:
        self.memory[:] = self.tobytes()

    def invalidate(self) -> None:
        self[:] = np.frombuffer(bytes(self.memory), dtype=self.dtype)

    def freebuffer(self) -> None:
        assert not self.owner.busy, "memory given back while the engine may write to it"
        del self.owner.memory[self.physical_address]


class Board:
    """An accelerator that answers each step of four 16-bit inputs with its doubled and its negated first one.

    `fault` names what goes wrong; `resets` counts those of engine and accelerator.
    """

    def __init__(self) -> None:
        self.memory: dict[int, Buffer] = {}
        self.registers = dict.fromkeys((base + n for base in (0x00, 0x30) for n in range(0, 0x30, 4)), 0)
        self.fault, self.resets, self.stuck = "", 0, False
        self.waits, self.pin = 0, [0]
        self._halt()

    @property
    def busy(self) -> bool:
        """Whether a transfer is under way."""
        return any(self.started.values())

    def module(self) -> ModuleType:
        """The library `pynq`, as far as the driver uses it."""
        found = ModuleType("pynq")
        where = {"dma": {"phys_addr": 0x40000000, "addr_range": 0x10000}}
        found.Overlay = lambda path: type("Overlay", (), {"path": path, "ip_dict": where})  # type: ignore[attr-defined]
        found.MMIO = lambda base, length: self  # type: ignore[attr-defined]
        found.allocate = self.allocate  # type: ignore[attr-defined]
        found.Interrupt = lambda name: type("Interrupt", (), {"wait": lambda _: self.interrupt(name)})()  # type: ignore[attr-defined]
        pin = type("GPIO", (), {"write": lambda _, value: self.pin.append(value)})
        found.GPIO = lambda number, way: pin()  # type: ignore[attr-defined]
        found.GPIO.get_gpio_pin = lambda user: 54 + user  # type: ignore[attr-defined]
        return found

    async def interrupt(self, name: str) -> None:
        """Ends when the engine raises the interrupt of results, if that is wired to the processor and enabled."""
        assert name == "dma/s2mm_introut"
        self.waits += 1
        while not self.registers[0x34] & self.registers[0x30] & DONE:
            await asyncio.sleep(0.001)

    def allocate(self, shape: tuple[int, ...], dtype: Any) -> Buffer:
        """Memory with old contents, above the first four gigabytes."""
        found = np.full(shape, OLD, dtype=dtype).view(Buffer)
        found.memory, found.owner = bytearray(found.tobytes()), self
        found.physical_address = (5 << 32) + (len(self.memory) << 20)
        self.memory[found.physical_address] = found
        return found

    def read(self, offset: int) -> int:
        return self.registers[offset]

    def write(self, offset: int, value: int) -> None:
        base, register = (0x30, offset - 0x30) if offset >= 0x30 else (0x00, offset)
        if register == 0x00 and value & RESET:
            self._halt()
            self.resets += 1
            self.registers[base] = RESET if self.fault == "stays in reset" else 0
        elif register == 0x00:
            self.registers[base] = value
            if value & RUN and self.fault != "stays halted":
                self.registers[base + 4] &= ~HALTED
        elif register == 0x04:
            self.registers[offset] &= ~(value & DONE)  # written ones clear
        else:
            self.registers[offset] = value
            if register == 0x28:
                self._start(base)

    def _halt(self) -> None:
        self.registers.update(dict.fromkeys(self.registers, 0))
        self.registers[0x04] = self.registers[0x34] = HALTED
        self.started, self.stuck = {0x00: False, 0x30: False}, False

    def _start(self, base: int) -> None:
        assert not self.registers[base + 4] & HALTED
        self.registers[base + 4] &= ~IDLE
        self.started[base] = True
        if base == 0x00 and not self.stuck:
            self._answer(np.frombuffer(bytes(self._memory(base)), dtype=np.int16).reshape(-1, 4)[:, 0].astype(np.int16))

    def _memory(self, base: int) -> bytearray:
        return self.memory[self.registers[base + 0x18] | self.registers[base + 0x1C] << 32].memory

    def _answer(self, first: np.ndarray) -> None:
        self.stuck = self.fault in ("takes nothing", "gives nothing")  # until it is reset
        if self.fault == "takes nothing":
            return
        self._finish(0x00)
        if self.fault == "gives nothing":
            return
        results = np.stack([2 * first, -first], axis=1).astype(np.int16).tobytes()
        results = {"cut": results[:-4], "odd": results[:-1], "more": results + bytes(4)}.get(self.fault, results)
        room, memory = self.registers[0x30 + 0x28], self._memory(0x30)
        if len(results) > room:
            self.registers[0x34] |= INTERNAL_ERROR | HALTED
            return
        if self.fault != "writes nothing":
            memory[: len(results)] = results
        self.registers[0x30 + 0x28] = len(results)
        self._finish(0x30)

    def _finish(self, base: int) -> None:
        self.registers[base + 4] |= IDLE | DONE
        self.started[base] = False
