"""The network in plain Python integers, written from `docs/arithmetic.md` alone.

Nothing of `accel` is imported here; it reads the two files that everybody has.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

Format = Sequence[int]
Row = Sequence[int]
Label = int | tuple[int, int]
"""Recurrent layer n, or (n, k): linear layer k in front of that; with the number of recurrent layers, behind them."""


def narrow(value: int, frac: int, to: Format) -> int:
    width, own = to
    shift = frac - own
    rounded = value << -shift if shift <= 0 else (value + (1 << shift - 1)) >> shift
    return min(max(rounded, -(1 << width - 1)), (1 << width - 1) - 1)


def quantised(real: float, to: Format) -> int:
    width, frac = to
    return min(max(math.floor(real * 2.0**frac + 0.5), -(1 << width - 1)), (1 << width - 1) - 1)


def sigmoid(x: float) -> float:
    return 0.5 * (1 + math.tanh(0.5 * x))


def table(function: Callable[[float], float], given: Format, span: int, spec: dict[str, Any]) -> Callable[[int], int]:
    width, frac = given
    within = min(width, frac + 1 + int(math.log2(span)))
    address = min(spec["tables"]["address"], within)
    shift, half = within - address, 1 << address - 1
    output = spec["formats"]["activation"]
    bins = range(-half, half)
    entries = {k: quantised(function(((k << shift) + (2**shift - 1) / 2) / 2**frac), output) for k in bins}
    return lambda value: entries[min(max(value >> shift, -half), half - 1)]


class Network:
    """A spec as JSON data and the arrays of `weights.npz`."""

    def __init__(self, spec: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        self.spec, self.formats, self.model = spec, spec["formats"], spec["model"]
        self.arrays = {key: array.tolist() for key, array in arrays.items()}
        gate, cell, spans = self.formats["gate"], self.formats["cell"], spec["tables"]
        self.sigmoid = table(sigmoid, gate, spans["sigmoid"], spec)
        self.tanh = table(math.tanh, gate, spans["tanh"], spec)
        self.cell_tanh = table(math.tanh, cell, spans["tanh"], spec)
        self.places: dict[Label, int] = {}
        self.fine: dict[Label, int] = {}
        self.reads: list[int] = []
        for n, chain in enumerate(self.chains()):
            self.follow(n, chain)

    def chains(self) -> list[list[dict[str, Any]]]:
        """The linear layers in front of each recurrent one, then those behind."""
        links, head = self.model["between"], self.model["head"]
        found = [link if isinstance(link, list) else [] for link in links[: len(self.model["hidden"]) - 1]]
        found += [[]] * (len(self.model["hidden"]) - 1 - len(found))
        return [self.model["before"], *found, [*head["layers"], {}] if head else []]

    def follow(self, n: int, chain: list[dict[str, Any]]) -> None:
        """The numbers of the arrays of recurrent layer n and of the linear ones in front of it, fraction bits of the
        products of these, and of what layer n reads.
        """
        read = self.formats["input" if n == 0 else self.read_as(n)][1]
        for k, layer in enumerate(chain):
            own = layer.get("frac")
            self.places[n, k] = len(self.places)
            self.fine[n, k] = (self.spec["weights"]["head_frac"] if own is None else own) + read
            tabled = layer.get("activation") in ("tanh", "sigmoid")
            read = (self.formats["activation" if tabled else "linear"] or [0, 0])[1]
        self.reads.append(read)
        self.places[n] = len(self.places)

    def given(self, size: int, values: Iterator[int]) -> tuple[Row, Row]:
        """What is read and what is carried on of a layer's state."""
        first = [next(values) for _ in range(size)]
        if self.model["cell"] == "gru":
            return [narrow(value, self.formats["cell"][1], self.formats["state"]) for value in first], first
        return first, [next(values) for _ in range(size)]

    def row(
        self, label: Label, r: int, x: Row | None, h: Row | None, w_h: int, own: int | None = None
    ) -> tuple[int, int]:
        """A row's sum and its fraction bits; `w_h` is the row of W_h, `own` that of the bias and of the scale."""
        own, n = w_h if own is None else own, self.places[label]
        kinds, head = self.spec["weights"], isinstance(label, tuple)
        fine_x = kinds["input_frac"] + self.reads[label] if isinstance(label, int) else self.fine[label]
        fine_h = fine_x if head else kinds["recurrent_frac"] + self.formats["state"][1]
        frac = max(fine_x, fine_h)
        total = 0
        if x is not None:
            total += sum(w * v for w, v in zip(self.arrays[f"{n}.w_x"][r], x, strict=True)) << frac - fine_x
        if not head and h is not None:
            total += sum(w * v for w, v in zip(self.arrays[f"{n}.w_h"][w_h], h, strict=True)) << frac - fine_h
        if f"{n}.scale" in self.arrays:
            total, frac = total * self.arrays[f"{n}.scale"][own], frac + self.formats["scale"][1]
        return total + (self.arrays[f"{n}.bias"][own] << frac - self.formats["bias"][1]), frac

    def read_as(self, n: int) -> str:
        """The format of what recurrent layer n reads, which is not the first, or of what is behind the last one."""
        return "residual" if n and self.model["between"][n - 1 : n] == ["residual"] else "state"

    def entering(self, x: Row) -> Row:
        """What the first recurrent layer reads of what comes in for a step."""
        if self.model["vocabulary"] is not None:
            x = self.arrays["embedding"][x[0] if 0 <= x[0] < self.model["vocabulary"] else 0]
        return self.through(0, x)

    def through(self, n: int, x: Row) -> Row:
        """What recurrent layer n reads of what comes to the linear layers in front of it."""
        for k, layer in enumerate(self.chains()[n]):
            x = self.linear((n, k), layer, x)
        return x

    def between(self, n: int, h: Row, x: Row) -> Row:
        """What the next recurrent layer, or the linear layers in front of it, read of h of layer n and of its x."""
        kinds, one = self.model["between"], 1 << self.formats["state"][1]
        if kinds[n : n + 1] == ["residual"]:
            of_x = self.reads[n]
            frac = max(self.formats["state"][1], of_x)
            pairs = ((a << frac - self.formats["state"][1], b << frac - of_x) for a, b in zip(h, x, strict=True))
            return [narrow(a + b, frac, self.formats["residual"]) for a, b in pairs]
        ends = {"relu": (0, None), "hard_tanh": (-one, one), "hard_sigmoid": (0, one)}
        if n >= len(kinds) or kinds[n] == "none" or isinstance(kinds[n], list):
            return h
        least, most = ends[kinds[n]]
        return [max(least, value if most is None else min(value, most)) for value in h]

    def pooled(self, head: dict[str, Any], seen: Sequence[Row]) -> Row:
        """What the first linear layer reads; `seen` are h of every step, the last one twice."""
        steps, state = seen[:-1], self.formats[self.read_as(len(self.model["hidden"]))]
        if head["pool"] == "none":
            return seen[-1]
        if head["pool"] == "max":
            return [max(unit) for unit in zip(*steps, strict=True)]
        longest = head["longest"]
        bits = state[0] + longest.bit_length()
        count = min(len(steps), longest)
        factor = (2 ** (bits + 1) + count) // (2 * count)
        return [narrow(sum(unit) * factor, state[1] + bits, state) for unit in zip(*steps[:count], strict=True)]

    def linear(self, n: Label, layer: dict[str, Any], x: Row) -> Row:
        """A linear layer with an activation."""
        found, kind = [], layer["activation"]
        for k in range(layer["outputs"]):
            total, frac = self.row(n, k, x, [], k)
            if kind in ("tanh", "sigmoid"):
                pre = narrow(total, frac, self.formats["gate"])
                found.append(self.tanh(pre) if kind == "tanh" else self.sigmoid(pre))
                continue
            value, one = narrow(total, frac, self.formats["linear"]), 1 << self.formats["linear"][1]
            ends = {"none": (value, value), "relu": (0, value), "hard_tanh": (-one, one), "hard_sigmoid": (0, one)}[
                kind
            ]
            found.append(min(max(value, ends[0]), max(ends)))
        return found

    def lstm(self, n: int, x: Row, h: Row, c: Row, by_columns: bool) -> tuple[list[int], list[int]]:
        act, cell, units = self.formats["activation"], self.formats["cell"], self.model["hidden"][n]
        if by_columns:
            h = [0 if abs(value) < self.arrays["threshold"] else value for value in h]
        c_t, h_t = [], []
        for unit in range(units):
            pre = []
            for gate in range(4):
                r = gate * units + unit
                total, frac = self.row(n, r, x, h, r)
                pre.append(narrow(total, frac, self.formats["gate"]))
            i, f, o = (self.sigmoid(pre[gate]) for gate in (0, 1, 3))
            g = self.tanh(pre[2])
            q = max(act[1] + cell[1], 2 * act[1])
            kept = (f * c[unit] << q - act[1] - cell[1]) + (i * g << q - 2 * act[1])
            c_t.append(narrow(kept, q, cell))
            h_t.append(narrow(o * self.cell_tanh(c_t[-1]), 2 * act[1], self.formats["state"]))
        return h_t, c_t

    def gru(self, n: int, x: Row, h: Row, p: Row, by_columns: bool) -> tuple[list[int], list[int]]:
        act, cell, gate = self.formats["activation"], self.formats["cell"], self.formats["gate"]
        units, kept = self.model["hidden"][n], []
        if by_columns:
            h = [0 if abs(value) < self.arrays["threshold"] else value for value in h]
        for unit in range(units):
            pre = []
            for number, (row, of_x, of_h) in enumerate(((0, x, h), (1, x, h), (2, x, None), (2, None, h))):
                own = row * units + unit
                total, frac = self.row(n, own, of_x, of_h, own, number * units + unit)
                pre.append(narrow(total, frac, gate))
            r, z = self.sigmoid(pre[0]), self.sigmoid(pre[1])
            new = self.tanh(narrow((pre[2] << act[1]) + r * pre[3], gate[1] + act[1], gate))
            q = act[1] + max(act[1], cell[1])
            total = (p[unit] * z << q - act[1] - cell[1]) + (new * ((1 << act[1]) - z) << q - 2 * act[1])
            kept.append(narrow(total, q, cell))
        return [narrow(value, cell[1], self.formats["state"]) for value in kept], kept

    def gru_reset_first(self, n: int, x: Row, h: Row, p: Row) -> tuple[list[int], list[int]]:
        act, cell, units = self.formats["activation"], self.formats["cell"], self.model["hidden"][n]

        def gate(row: int, read: Row, table: Callable[[int], int]) -> list[int]:
            sums = (self.row(n, row * units + u, x, read, row * units + u) for u in range(units))
            return [table(narrow(total, frac, self.formats["gate"])) for total, frac in sums]

        z, r = gate(0, h, self.sigmoid), gate(1, h, self.sigmoid)
        m = [narrow(a * b, act[1] + cell[1], self.formats["state"]) for a, b in zip(r, p, strict=True)]
        new, q = gate(2, m, self.tanh), act[1] + max(act[1], cell[1])
        kept = []
        for u in range(units):
            total = (p[u] * z[u] << q - act[1] - cell[1]) + (new[u] * ((1 << act[1]) - z[u]) << q - 2 * act[1])
            kept.append(narrow(total, q, cell))
        return [narrow(value, cell[1], self.formats["state"]) for value in kept], kept

    def highway(self, n: int, x: Row, r: Row, s: Row) -> tuple[list[int], list[int]]:
        act, cell, units = self.formats["activation"], self.formats["cell"], self.model["hidden"][n]
        for level in range(self.model["depth"]):
            s_l = []
            for unit in range(units):
                pre = []
                for gate in range(2):
                    own = gate * units + unit
                    read = x if level == 0 else None
                    total, frac = self.row(n, own, read, r, 2 * units * level + own)
                    pre.append(narrow(total, frac, self.formats["gate"]))
                h, t = self.tanh(pre[0]), self.sigmoid(pre[1])
                q = act[1] + max(act[1], cell[1])
                kept = (h * t << q - 2 * act[1]) + (s[unit] * ((1 << act[1]) - t) << q - act[1] - cell[1])
                s_l.append(narrow(kept, q, cell))
            s, r = s_l, [narrow(value, cell[1], self.formats["state"]) for value in s_l]
        return list(r), list(s)

    def sequence(self, x: Sequence[Row], states: list[tuple[Row, Row]], columns: Sequence[bool]) -> list[Row]:
        """Results of a sequence; `states` are h and c of every layer, and become those of its last step."""
        head, results, seen = self.model["head"], [], []
        for step, x_t in enumerate(x):
            value = read = list(self.entering(x_t))
            for n, (h, c) in enumerate(states):
                value = self.through(n, self.between(n - 1, value, read)) if n else value
                read = list(value)
                if self.model["cell"] == "highway":
                    value, kept = self.highway(n, value, h, c)
                elif self.model["cell"] == "gru_reset_first":
                    value, kept = self.gru_reset_first(n, value, h, c)
                elif self.model["cell"] == "gru":
                    value, kept = self.gru(n, value, h, c, columns[n])
                else:
                    value, kept = self.lstm(n, value, h, c, columns[n])
                states[n] = (value, kept)
            value = self.between(len(states) - 1, value, read)
            seen.append(value)
            if head is None:
                results.append(value)
            elif head["when"] == "step" or step == len(x) - 1:
                value = self.pooled(head, [*seen, value])
                for number, layer in enumerate(head["layers"]):
                    value = list(self.linear((len(states), number), layer, value))
                last = len(states), len(head["layers"])
                logits = [self.row(last, k, value, [], k)[0] for k in range(head["outputs"])]
                results.append(logits if head["kind"] == "logits" else [logits.index(max(logits))])
        return results
