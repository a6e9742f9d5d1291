"""The memories of x and h that lanes read, full of numbers, in the first cycles of a plan."""

from __future__ import annotations

import random
from typing import Any

from accel.architecture.array import Array
from accel.architecture.latencies import fetch_to_select
from accel.architecture.vector import Vector
from accel.rtl.blocks.lanes.fetch import Reading
from accel.rtl.blocks.streams.ping_pong import Write
from tests.rtl.cycles import Plan, numbers, packed


class Copies:
    """Numbers in all banks of x and of h, written in the first cycles of a plan, and where a lane finds which."""

    def __init__(self, array: Array, rng: random.Random, plan: Plan) -> None:
        self.array, self.rng = array, rng
        self.reading = Reading(array)
        self.x, self.h = Write(array.x_vector), Write(array.h_vector) if array.recurrent else None
        self.of_x, cycles = self._write(plan, self.x, array.x_vector)
        self.of_h, more = self._write(plan, self.h, array.h_vector) if array.recurrent else ([], 0)
        self.ready = max(cycles, more)
        """The first cycle behind all writes."""

    def _write(self, plan: Plan, write: Any, vector: Vector) -> tuple[list[list[int]], int]:
        held = [numbers(self.rng, vector.width, vector.beats * vector.words) for _ in range(vector.banks)]
        places = [(bank, place) for bank in range(vector.banks) for place in range(vector.beats)]
        for cycle, (bank, place) in enumerate(places):
            word = packed(held[bank][place * vector.words : (place + 1) * vector.words], vector.width)
            plan.at(cycle, (write.enable, 1), (write.bank, bank), (write.place, place), (write.word, word))
        plan.at(len(places), (write.enable, 0))
        return held, len(places)

    def read(self, plan: Plan, cycle: int, lanes: int) -> tuple[list[int], list[int], int]:
        """Plan what `lanes` read of a word that comes in a cycle.

        Returns their indices, their operands, and which lanes of a row read h.
        """
        array, rng, per_row = self.array, self.rng, self.array.lanes_per_row
        from_h = rng.getrandbits(per_row) if array.recurrent else 0
        clear, x_bank, late = (
            rng.getrandbits(per_row) & rng.getrandbits(per_row),
            rng.randrange(2),
            fetch_to_select(array),
        )
        held = [self.of_x[x_bank], []]
        plan.at(cycle, (self.reading.x_bank, x_bank))
        plan.at(cycle + late, (self.reading.clear, clear))
        if array.recurrent:
            h_bank = rng.randrange(array.h_vector.banks)
            held[1] = self.of_h[h_bank]
            plan.at(cycle, (self.reading.h_bank, h_bank))
            plan.at(cycle + late, (self.reading.from_h, from_h))
        indices, operands = [], []
        for lane in range(lanes):
            of_h = from_h >> lane % per_row & 1
            column = rng.randrange(lane % array.column_banks, (array.inputs, array.outputs)[of_h], array.column_banks)
            vector, number = (array.x_copy, array.h_copy)[of_h], column // array.column_banks
            indices.append((number // vector.words << vector.low) + number % vector.words)
            dropped = clear >> lane % per_row & 1
            operands.append(0 if dropped else held[of_h][column] << (array.x_shift, array.h_shift)[of_h])
        return indices, operands, from_h
