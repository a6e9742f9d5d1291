"""The spec: decisions are written in it, everything computable is derived (`accel.architecture`)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated

from pydantic import Field, PrivateAttr

from accel.base.fixed import Fixed
from accel.spec.by_layer import LayerFormats, of_layer
from accel.spec.dataflow import BANKED, ROWS, Flow, Traversal
from accel.spec.engine import Engine
from accel.spec.incoming import Incoming, elements, tokens
from accel.spec.network import Formats, Linear, Link, Model, Sparsity, Tables, Weights
from accel.spec.reserved import identifier
from accel.spec.source import Source
from accel.spec.training import Training
from accel.spec.types import Count, Engines, Section, plain

TABLED = ("tanh", "sigmoid")
"""Activations of linear layers that are tables."""


class Verify(Section):
    """What `verify` runs."""

    sequences: Count = 32
    """Test sequences of the task, besides the corners."""
    engines: Engines = ("golden", "torch", "myhdl", "icarus", "verilator", "hls")
    """Engines that are compared with the golden model."""
    slow_steps: Count = 64
    """Steps given to the slow engines (native MyHDL, Icarus)."""


class Target(Section):
    """Where it shall run."""

    board: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")] | None = None
    """Name of a board."""
    part: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")] = "xcku9p-ffve900-2-i"
    """Part for the Vitis HLS scripts."""
    clock_mhz: Annotated[float, Field(ge=0.001, le=10000.0)] = 100.0
    """Clock that the tools are asked for."""


class Spec(Section):
    """One accelerator, from network to board."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")]
    """Names the work folder and, with `_` for `-`, the top module; a word of Verilog gets `_top` behind it."""
    source: Source | None = None
    """The file that the weights come from, in place of `training.task`."""
    model: Model
    sparsity: Sparsity
    weights: Weights = Weights()
    formats: Formats
    tables: Tables = Tables()
    engine: Engine
    training: Training = Training()
    verify: Verify = Verify()
    target: Target = Target()
    _folder: Path = PrivateAttr(default=Path())

    def lying_in(self, folder: Path) -> Spec:
        """The spec with the folder that its file lies in. No part of its contents: a copy elsewhere is the same."""
        found = self.model_copy()
        found._folder = folder
        return found

    def beside(self, name: str) -> Path:
        """A path that the spec gives relative to its own folder."""
        return self._folder / name

    @property
    def identifier(self) -> str:
        """The name as a word of Verilog and Tcl, and of file names."""
        return identifier(self.name)

    @property
    def flows(self) -> tuple[Flow, ...]:
        """The dataflow of each layer; rows have banks where the pattern has."""
        given = self.engine.dataflow
        each = given if isinstance(given, tuple) else (given,) * len(self.model.hidden)
        flows = (one if isinstance(one, Flow) else Flow(input=one, recurrent=one) for one in each)
        banked = self.sparsity.pattern == "bank"
        return tuple(BANKED if banked and flow == ROWS else flow for flow in flows)

    @property
    def units(self) -> tuple[int, ...]:
        """P of each layer."""
        return tuple(of_layer(self.engine.units, number) for number in range(len(self.model.hidden)))

    @property
    def banks(self) -> int:
        """Banks of the columns in which a row keeps as many weights; 1 where the pattern has none."""
        return self.engine.lanes_per_row if self.sparsity.pattern == "bank" else 1

    @property
    def traversals(self) -> set[Traversal]:
        """The ways in which matrices are traversed."""
        return {traversal for flow in self.flows for traversal in (flow.input, flow.recurrent)}

    @property
    def by_lane(self) -> bool:
        """Whether the pattern of a layer depends on P, which divides its hidden units."""
        return any(flow.by_lane for flow in self.flows)

    @property
    def skips_states(self) -> bool:
        """Whether a layer skips states, so that cycles depend on zeros."""
        return any(flow.skips_states for flow in self.flows)

    @property
    def levels(self) -> int:
        """Times that a step goes through the lanes: of a GRU that resets first once for each of its gates."""
        return 3 if self.model.cell == "gru_reset_first" else self.model.depth or 1

    @property
    def initial_states(self) -> bool:
        """Whether every sequence begins with an h_0 and c_0 that come with the weights."""
        return self.model.initial == "constant"

    def made(self, layer: Linear, number: int = -1) -> Fixed:
        """What a linear layer gives; its formats are those of a recurrent layer: of the one that it stands in front of,
        behind all of the last one.
        """
        signals = self.formats.signals(number)
        made = signals.activation if layer.activation in TABLED else signals.linear
        assert made is not None
        return made

    @property
    def incoming(self) -> Incoming:
        """What the input stream brings in a step."""
        if self.model.vocabulary is not None:
            return tokens(self.model.vocabulary)
        return elements(self.model.inputs, self.engine.input_words, self.formats.input)

    @property
    def sizes(self) -> tuple[tuple[int, int], ...]:
        """Inputs and hidden units of each layer, of each of its directions where it has two."""
        return tuple((self._reads(number), hidden) for number, hidden in enumerate(self.model.hidden))

    def _reads(self, number: int) -> int:
        chain = self.ahead(number)
        return chain[-1].outputs if chain else self.comes_to(number)

    def comes_to(self, number: int) -> int:
        """Values of a step that come to a recurrent layer, or to the linear ones in front of it."""
        return self.directions * self.model.hidden[number - 1] if number else self.model.inputs

    @property
    def directions(self) -> int:
        """Directions in which each layer reads a sequence."""
        return 2 if self.model.bidirectional else 1

    @property
    def own_lanes(self) -> bool:
        """Whether each of two directions has lanes of its own."""
        return self.engine.directions == "own"

    def ahead(self, number: int) -> tuple[Linear, ...]:
        """The linear layers in front of a recurrent layer, counted from 0, in the order data takes."""
        if not number:
            return self.model.before
        link = self.link(number - 1)
        return tuple(one for one in link if one != "residual") if isinstance(link, tuple) else ()

    @property
    def linear(self) -> dict[str, Linear]:
        """Every linear layer in front of another layer by its key, in the order data takes."""
        head = () if self.model.head is None else self.model.head.layers
        found = {f"model.before.{place}": layer for place, layer in enumerate(self.model.before)}
        for number in range(1, len(self.model.hidden)):
            chain = enumerate(self.ahead(number), self.adds_input(number - 1))
            found |= {f"model.between.{number - 1}.{place}": layer for place, layer in chain}
        return found | {f"model.head.layers.{place}": layer for place, layer in enumerate(head)}

    @property
    def read_by_linear(self) -> tuple[Fixed, ...]:
        """The format of what each of these layers reads, and behind them of what the head's last one does."""
        found = list[Fixed]()
        for number in range(len(self.model.hidden)):
            if chain := self.ahead(number):
                found += [self.came_in(number), *(self.made(layer, number) for layer in chain[:-1])]
        if self.model.head is not None:
            found += [self.read_behind_format, *map(self.made, self.model.head.layers)]
        return tuple(found)

    def words_read(self, number: int) -> int:
        """Elements of a beat of what a recurrent layer reads, counted from 0; a linear layer gives one at a time."""
        if self.ahead(number):
            return 1
        return self.engine.cells_per_cycle if number else self.engine.input_words

    @property
    def read_behind(self) -> int:
        """Values of what the last layer gives for a step, those of both directions where it has two."""
        return self.directions * self.model.hidden[-1]

    def link(self, number: int) -> Link:
        """What stands behind a recurrent layer, counted from 0; `none` where nothing is said."""
        return next(iter(self.model.between[number : number + 1]), "none")

    def adds_input(self, number: int) -> bool:
        """Whether the layer behind one, counted from 0, reads its h_t and its x_t together."""
        link = self.link(number)
        return (link if isinstance(link, str) else link[0]) == "residual"

    @property
    def has_residual(self) -> bool:
        """Whether some layer's h_t and x_t are read together."""
        return any(map(self.adds_input, range(len(self.model.between))))

    def came_in(self, number: int) -> Fixed:
        """The format of what comes to a recurrent layer, or to the linear ones in front of it; with the number of
        layers, to what is behind them.
        """
        if not number:
            return self.formats.input
        if self.adds_input(number - 1):
            assert self.formats.residual is not None
            return self.formats.residual
        return self.formats.signals(number - 1).state

    @property
    def read_behind_format(self) -> Fixed:
        """What the head, or its pool, reads."""
        return self.came_in(len(self.model.hidden))

    def layer_formats(self, number: int) -> LayerFormats:
        """The formats of one layer, counted from 0."""
        w_x, w_h = self.weights.of_layer(number)
        signals, chain = self.formats.signals(number), self.ahead(number)
        x = self.made(chain[-1], number) if chain else self.came_in(number)
        scale = None if self.formats.scale is None else of_layer(self.formats.scale, number)
        return LayerFormats(x, w_x, w_h, of_layer(self.formats.bias, number), scale, signals)

    @property
    def digest(self) -> str:
        """SHA-256 of the resolved spec."""
        return hashlib.sha256(self.resolved().encode()).hexdigest()

    def resolved(self) -> str:
        """The spec with every default written out, as JSON that is the same for the same spec."""
        return json.dumps(plain(self), indent=2, sort_keys=True) + "\n"
