"""The spec: one YAML file, read once at the border into frozen objects; every rule is checked here.

Decisions are written in the file, everything computable is derived (`accel.architecture`). Below this module are no
dicts.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
)
from pydantic.json_schema import GenerateJsonSchema

from accel.base.faults import Fault, Refused
from accel.base.fixed import Fixed
from accel.spec.reserved import identifier
from accel.spec.yaml_file import Document, dotted


def _fixed(value: Any) -> Any:
    if isinstance(value, Fixed):
        return value
    whole = isinstance(value, (list, tuple)) and len(value) == 2 and all(type(part) is int for part in value)
    if not whole or not 2 <= value[0] <= 32 or not 0 <= value[1] <= 40:
        raise ValueError("[width, frac] with 2 <= width <= 32 and 0 <= frac <= 40")
    return Fixed(value[0], value[1])


def _power_of_two(value: int) -> int:
    if value & (value - 1):
        raise ValueError("a power of two")
    return value


def _state_threshold(value: Any) -> Any:
    if value != "found" and not (isinstance(value, float) and 0.0 < value < 1.0):
        raise ValueError("found, or a number above 0 and below 1")
    return value


FORMAT_SCHEMA = {
    "type": "array",
    "prefixItems": [{"type": "integer"}, {"type": "integer"}],
    "minItems": 2,
    "maxItems": 2,
}
Format = Annotated[Fixed, BeforeValidator(_fixed), WithJsonSchema(FORMAT_SCHEMA)]
Count = Annotated[int, Field(ge=1, le=1 << 20)]
Share = Annotated[float, Field(ge=0.0, lt=1.0)]
Hidden = Annotated[
    tuple[Count, ...], BeforeValidator(lambda v: tuple(v) if isinstance(v, list) else v), Field(min_length=1)
]
EngineName = Literal["golden", "torch", "myhdl", "icarus", "verilator", "netlist", "chip", "hls"]
Engines = Annotated[tuple[EngineName, ...], BeforeValidator(lambda v: tuple(v) if isinstance(v, list) else v)]
Shares = Annotated[tuple[Share, ...], BeforeValidator(lambda v: tuple(v) if isinstance(v, list) else v)]
Threshold = Annotated[float, Field(gt=0.0, lt=1.0)]
StateThreshold = Annotated[Threshold | Literal["found"], BeforeValidator(_state_threshold)]
LowBit = Annotated[str, Field(pattern=r"^(binary|ternary)-(row|(none|weight|batch|layer)(-rounded)?)$")]
LowBits = Annotated[tuple[LowBit, ...], BeforeValidator(lambda v: tuple(v) if isinstance(v, list) else v)]
Width = Annotated[int, Field(ge=2, le=18)]
Widths = Annotated[tuple[Width, ...], BeforeValidator(lambda v: tuple(v) if isinstance(v, list) else v)]
Strength = Annotated[float, Field(gt=0.0)]
Strengths = Annotated[tuple[Strength, ...], BeforeValidator(lambda v: tuple(v) if isinstance(v, list) else v)]
Depth = Annotated[int, Field(ge=1, le=32)]
Depths = Annotated[tuple[Depth, ...], BeforeValidator(lambda v: tuple(v) if isinstance(v, list) else v)]
Baseline = Literal["unstructured", "bank", "block", "column", "targeted", "shared", "dense"]
Baselines = Annotated[tuple[Baseline, ...], BeforeValidator(lambda v: tuple(v) if isinstance(v, list) else v)]
TaskName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Section(BaseModel):
    """Part of a spec: frozen, strict types, unknown keys refused."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


Walk = Literal["row", "column"]
WALKS: tuple[Walk, ...] = ("row", "column")


class Flow(Section):
    """How the lanes of a layer walk through its two matrices."""

    input: Walk
    """W_x."""
    recurrent: Walk
    """W_h."""

    @property
    def by_columns(self) -> bool:
        """Whether states are skipped: h that is not zero is given to all lanes, column by column."""
        return self.recurrent == "column"

    def __str__(self) -> str:
        if self.input == self.recurrent:
            return self.input
        return f"{{input: {self.input}, recurrent: {self.recurrent}}}"


def _flow(value: Any) -> Any:
    """A word, or the words of both matrices apart."""
    if isinstance(value, dict) and set(value) == {"input", "recurrent"} and all(v in WALKS for v in value.values()):
        return Flow(**value)
    if value not in WALKS and not isinstance(value, Flow):
        raise ValueError(f"row, column, {MIXED}, or a list of them, one a layer")
    return value


def _dataflow(value: Any) -> Any:
    return tuple(map(_flow, value)) if isinstance(value, (list, tuple)) and value else _flow(value)


MIXED = Flow(input="row", recurrent="column")
WALK_SCHEMA: dict[str, Any] = {"enum": list(WALKS)}
FLOW_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"input": WALK_SCHEMA, "recurrent": WALK_SCHEMA},
    "required": ["input", "recurrent"],
    "additionalProperties": False,
}
DATAFLOW_SCHEMA = {
    "anyOf": [
        *(WALK_SCHEMA, FLOW_SCHEMA),
        {"type": "array", "items": {"anyOf": [WALK_SCHEMA, FLOW_SCHEMA]}, "minItems": 1},
    ]
}
Dataflow = Annotated[Walk | Flow | tuple[Walk | Flow, ...], BeforeValidator(_dataflow), WithJsonSchema(DATAFLOW_SCHEMA)]


class Head(Section):
    """Linear layer behind the last LSTM layer."""

    outputs: Count
    """Rows of the head."""
    kind: Literal["argmax", "logits"] = "argmax"
    """What leaves the accelerator: the index of the largest logit (the lowest on a tie), or every exact logit."""
    when: Literal["last", "step"] = "last"
    """After the last step of a sequence only, or after every step."""
    units: Count | None = None
    """Multipliers of the head; by default as few as keep pace with the LSTM."""


class Model(Section):
    """The network."""

    cell: Literal["lstm", "highway"] = "lstm"
    """Kind of recurrent cell; `highway`: of a recurrent highway network (arXiv 1607.03474), its gates coupled."""
    depth: Depth | None = None
    """Levels of a highway cell, which a step goes through one after the other; x_t is read in the first."""
    inputs: Count
    """Elements of x_t."""
    hidden: Hidden
    """Hidden units of each recurrent layer."""
    bias: bool = True
    """Whether gates have a bias."""
    stateful: bool = False
    """A sequence begins with the h and c that the one before left, not with zeros; reset clears them."""
    head: Head | None = None
    """Linear layer behind the last LSTM layer; without one, h_t leaves the accelerator."""


class Search(Section):
    """Dual-ratio search of BRDS (arXiv 2101.02667): the cost is fixed, nonzeros are shared out between W_x and W_h."""

    total: Share
    """Share of all weights of a layer that is removed; with `cost: cycles`, in the even split that sets the cycles."""
    steps: Count = 4
    """Steps along the line of equal cost, in each direction."""
    cost: Literal["nonzeros", "cycles"] = "nonzeros"
    """What all splits have in common: nonzeros of a row, or at most the cycles of a step that the even split needs on
    the lanes of `engine` (each W_h then keeps as many weights as fit)."""


class Sparsity(Section):
    """Which weights are removed. Ratios are shares of zeros."""

    pattern: Literal["dense", "row", "column", "balanced"] = "row"
    """`row`: every row of a matrix keeps the same number of weights; `column`: in every column each lane of the column
    dataflow keeps the same number of its rows; `balanced`: one of the two, as `engine.dataflow` has it where it is not
    the same for all matrices; `dense`: all weights stay."""
    input: Share | None = None
    """Share of W_x that is removed (without search)."""
    recurrent: Share | None = None
    """Share of W_h that is removed (without search)."""
    search: Search | None = None
    """Finds the two ratios, in place of giving them."""
    head: Share = 0.0
    """Share of the head's weights that is removed, as many in each row."""
    shared_by_gates: bool = False
    """The four rows of a unit keep the same columns: a quarter of the indices and of the operand reads."""
    threshold: Annotated[float, Field(ge=0.0)] | None = None
    """In the recurrence of layers by columns h_t counts as 0 where |h_t| is below this, and is skipped; 0 keeps all."""
    states: Share | None = None
    """Share of h_t that shall be below the threshold: training draws so many of them to zero."""


class Weights(Section):
    """Integer formats of the weights."""

    kind: Literal["fixed", "ternary", "binary"] = "fixed"
    """Of the LSTM layers: `fixed` point; `ternary`: -1, 0, 1 in two bits; `binary`: -1, 1 in one. The last two need no
    multiplier."""
    per_row: bool = False
    """Each row's sum is multiplied by a scale of its own (`formats.scale`), into which a normalisation folds."""
    width: Annotated[int, Field(ge=2, le=18)] = 8
    """Bits of a fixed weight; the head's are always fixed."""
    input_frac: Annotated[int, Field(ge=0, le=24)] = 6
    """Fraction bits of W_x."""
    recurrent_frac: Annotated[int, Field(ge=0, le=24)] = 6
    """Fraction bits of W_h."""
    head_frac: Annotated[int, Field(ge=0, le=24)] = 6
    """Fraction bits of the head's weights."""


class Formats(Section):
    """Fixed-point formats [width, frac] of the signals (design: where narrowing happens)."""

    input: Format
    """x_t"""
    bias: Format = Fixed(16, 10)
    """b_ih + b_hh, and the head's bias"""
    gate: Format
    """Pre-activation of a gate."""
    activation: Format
    """Result of sigmoid and tanh."""
    cell: Format
    """c_t; of a highway cell s_l as it is carried on"""
    state: Format
    """h_t; of a highway cell s_l as lanes, next layer and head read it"""
    scale: Format | None = None
    """What a row's sum is multiplied with; for `weights.per_row`."""


class Tables(Section):
    """Sigmoid and tanh tables: 2**address entries over -span..span."""

    address: Annotated[int, Field(ge=2, le=14)] = 10
    """Address bits; fewer are built where the input has no more inside the span."""
    sigmoid: Annotated[Count, AfterValidator(_power_of_two)] = 8
    """Span of the sigmoid table, a power of two."""
    tanh: Annotated[Count, AfterValidator(_power_of_two)] = 4
    """Span of the tanh table, a power of two."""


class Engine(Section):
    """The lanes: units x 4 gates x lanes per row multipliers."""

    dataflow: Dataflow = "row"
    """`row`: each row reads its operands one after another; `column`: each operand that is not zero is given to all
    lanes, which add its column to their rows' sums, so that zeros of x_t and h_t cost nothing; `{input: row, recurrent:
    column}`: W_x by rows, whose x is dense, and W_h by columns. One for all layers, or a list, one a layer."""
    units: Count
    """P: hidden units computed together; by columns, lanes of a gate, which must divide the hidden units."""
    lanes_per_row: Count = 1
    """M: multipliers of one row."""
    lanes: Literal["shared", "split"] = "shared"
    """`shared`: each lane takes x and h products; `split`: some serve W_x alone, the rest W_h alone (as BRDS)."""
    input_lanes: Count | None = None
    """M_x of split lanes: lanes of a row for W_x; the rest of lanes_per_row serves W_h."""
    cells_per_cycle: Count = 1
    """E: units the cell stage takes per cycle; divides `units`. A dense layer needs no indices where E and
    `input_words` are powers of two."""
    input_words: Count = 1
    """Elements of x_t in one beat of the input stream."""
    streams: Annotated[int, Field(ge=1, le=16)] = 1
    """S: independent sequences that take turns on the lanes, a step each, so that none waits for its own h."""
    operand_memory: Literal["auto", "block"] = "auto"
    """Where synthesis puts the operand memories of the lanes: `auto` leaves it to the tool, which may spread them over
    lookup tables; `block` asks for block RAM."""
    operand_register: bool = False
    """A register behind the operand memories: a step's latency grows by a cycle, and the clock is no longer bounded by
    a block RAM's output that passes the choice between x and h."""
    target_cycles: Count | None = None
    """Most cycles that a step may take. `check` refuses lanes that are too few, and says which would do; `generate`
    refuses a pattern whose exact count is higher."""
    state_streams: bool = False
    """h_0 and c_0 of every sequence come through a stream of each LSTM layer, h_n and c_n leave through another, as
    PyTorch's `lstm(x, (h_0, c_0))` has them; without, a sequence begins with zeros. Costs a step a sequence."""
    memory: Literal["rom", "scratchpad", "stream"] = "rom"
    """Where weights live: `rom`, in the bitstream; `scratchpad`, loaded through a stream of their own at the start or
    while sequences run, into the half of a double memory that no sequence reads; `stream`, outside, from where values
    and indices come in every step through a stream of each layer, held two groups ahead; the lanes wait for them."""
    memory_width: Annotated[int, Field(ge=8, le=4096)] | None = None
    """Bits of a beat of weights, whole bytes (memory: stream)."""

    @property
    def split(self) -> tuple[int, int] | None:
        """M_x and M_h of split lanes."""
        if self.input_lanes is None:
            return None
        return self.input_lanes, self.lanes_per_row - self.input_lanes


class Studies(Section):
    """Methods tried beside the main way and compared with it in the record; the accelerator is not built from them."""

    totals: Shares = ()
    """Other shares of zeros (in place of `sparsity.search.total`) for the dual-ratio search and the baselines."""
    equal_cycles: bool = False
    """The dual-ratio search among splits of as many cycles, where `sparsity.search` has those of as many nonzeros."""
    states: Shares = ()
    """State pruning: wanted shares of zeros in h, each fine-tuned from the dense and from the pruned network."""
    state_threshold: StateThreshold = 0.2
    """|h| below which a state counts as 0 in the recurrence; `found`: that below which 85 % of the wanted share of the
    states lie before the network is trained with it."""
    low_bit: LowBits = ()
    """Weights of -1, 0, 1: `binary` or `ternary`, from scratch with `none`, `weight`, `batch` or `layer` normalisation
    (such as `ternary-weight`), drawn at random while training or, with `-rounded` behind it, rounded; or with a learned
    scale a row from the dense network (`ternary-row`)."""
    widths: Widths = ()
    """Weights of so many bits, fraction bits chosen from the weights: without and with fine-tuning."""
    row_widths: Widths = ()
    """The same with a scale a row, 16 bits each."""
    lasso: Strengths = ()
    """Removal of units: strengths of the group Lasso; each result is made compact and fine-tuned."""
    lasso_reweighted: bool = False
    """Shrink short groups by more and long ones by less, in inverse proportion to their length: for networks whose
    groups are large, such as those of a decoder of many words."""
    highway: Depths = ()
    """Recurrent highway networks of so many levels, with as many units, trained from scratch as long."""
    highway_lasso: Strengths = ()
    """Removal of their units."""


class Training(Section):
    """How the network is made."""

    task: TaskName
    """Name of a task in `training/tasks`; `seeded` makes random row-balanced weights without training."""
    seed: Annotated[int, Field(ge=0)] = 1
    """Makes a run repeatable: initial weights and the order of samples follow from it."""
    batch: Count = 64
    """Sequences of one gradient step."""
    learning_rate: Annotated[float, Field(gt=0.0)] = 0.005
    """Largest learning rate of each stage."""
    gradient_clip: Annotated[float, Field(gt=0.0)] = 1.0
    """Largest norm of the gradient of all weights together."""
    steps: Count = 64
    """Steps through which the gradient goes back in a running text (truncated back-propagation)."""
    dropout: Share = 0.0
    """Share of x_t and of the last layer's h_t that is dropped while training, never inside the recurrence."""
    share: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    """Share of the training split that is used: its first part."""
    epochs: Count = 20
    """Dense training."""
    baselines: Baselines = ()
    """Other patterns that are pruned to the same number of weights and fine-tuned as long, to compare with; `dense` is
    the dense network, trained on as long."""
    studies: Studies = Studies()
    """Methods tried beside the main way."""
    gradual: bool = False
    """Remove weights in steps over the first half of `prune_epochs`, instead of all at once."""
    prune_epochs: Count = 6
    """Fine-tuning of each pruned candidate."""
    quantize_epochs: Count = 6
    """Quantisation-aware fine-tuning of the winner."""


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
    clock_mhz: Annotated[float, Field(gt=0.0)] = 100.0
    """Clock that the tools are asked for."""


class Spec(Section):
    """One accelerator, from network to board."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,40}$")]
    """Names the work folder and, with `_` for `-`, the top module; a word of Verilog gets `_top` behind it."""
    model: Model
    sparsity: Sparsity
    weights: Weights = Weights()
    formats: Formats
    tables: Tables = Tables()
    engine: Engine
    training: Training
    verify: Verify = Verify()
    target: Target = Target()

    @property
    def identifier(self) -> str:
        """The name as a word of Verilog and Tcl, and of file names."""
        return identifier(self.name)

    @property
    def flows(self) -> tuple[Flow, ...]:
        """The dataflow of each layer."""
        given = self.engine.dataflow
        each = given if isinstance(given, tuple) else (given,) * len(self.model.hidden)
        return tuple(one if isinstance(one, Flow) else Flow(input=one, recurrent=one) for one in each)

    @property
    def walks(self) -> set[Walk]:
        """The ways in which matrices are walked through."""
        return {walk for flow in self.flows for walk in (flow.input, flow.recurrent)}

    @property
    def by_columns(self) -> bool:
        """Whether a layer skips states, so that cycles depend on zeros."""
        return any(flow.by_columns for flow in self.flows)

    @property
    def sizes(self) -> tuple[tuple[int, int], ...]:
        """Inputs and hidden units of each layer."""
        hidden = self.model.hidden
        return tuple(zip((self.model.inputs, *hidden), hidden, strict=False))

    @property
    def digest(self) -> str:
        """SHA-256 of the resolved spec."""
        return hashlib.sha256(self.resolved().encode()).hexdigest()

    def resolved(self) -> str:
        """The spec with every default written out, as JSON that is the same for the same spec."""
        return json.dumps(plain(self), indent=2, sort_keys=True) + "\n"


def plain(value: Any) -> Any:
    """Sections and formats as JSON data."""
    if isinstance(value, Section):
        return {key: plain(getattr(value, key)) for key in type(value).model_fields}
    if isinstance(value, Fixed):
        return [value.width, value.frac]
    if isinstance(value, tuple):
        return [plain(part) for part in value]
    return value


S = TypeVar("S", bound=Section)
Rules = Callable[[S], Iterable[tuple[str, str, Any]]]
"""Contradictions between the keys of a section: (key path, what is wanted, what came)."""


def checked(section: type[S], document: Document, rules: Rules[S]) -> S:
    """A document as a section. Raises Refused with every fault: place, wanted, got."""
    source, lines, faults = document.source, document.lines, list(document.faults)

    def place(key: tuple[str | int, ...]) -> str:
        known = next((lines[key[:n]] for n in range(len(key), 0, -1) if key[:n] in lines), None)
        return f"{source}{f':{known}' if known else ''}: {dotted(key) or 'top level'}"

    if not isinstance(document.data, dict):
        raise Refused([*faults, Fault(source, "a mapping of sections", _show(document.data))])
    try:
        found = section.model_validate(document.data)
    except ValidationError as error:
        raise Refused([*faults, *(_fault(place, item) for item in error.errors(include_url=False))]) from None
    faults += [Fault(place(tuple(key.split("."))), wanted, _show(got)) for key, wanted, got in rules(found)]
    if faults:
        raise Refused(faults)
    return found


class _Schema(GenerateJsonSchema):
    """Defaults as they are written in a spec."""

    def encode_default(self, dft: Any) -> Any:
        return plain(dft)


def schema() -> dict[str, Any]:
    """JSON Schema of the spec, for editors."""
    return Spec.model_json_schema(schema_generator=_Schema) | {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "sparrow spec",
    }


_WANTED = {
    "missing": "a value (the key is missing)",
    "extra_forbidden": "no such key",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "text",
    "model_type": "a mapping",
    "tuple_type": "a list",
}


def _fault(place: Any, item: Any) -> Fault:
    wanted = _WANTED.get(item["type"])
    if wanted is None:
        wanted = re.sub(r"^(Value error, )?(Input should be )?", "", item["msg"])
    missing = item["type"] == "missing"
    return Fault(place(tuple(item["loc"])), wanted, "nothing" if missing else _show(item["input"]))


def _show(value: Any) -> str:
    text = json.dumps(plain(value), default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """Contradictions between keys: (key path, what is wanted, what came)."""
    yield from structural_rules(spec)
    yield from _training_rules(spec)


def structural_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """Those without which no sizes can be derived."""
    yield from _cell_rules(spec)
    yield from _sparsity_rules(spec)
    yield from _engine_rules(spec)
    yield from _format_rules(spec)


def _cell_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """What goes with which cell: the highway cell is built by rows, with lanes that serve both operands."""
    model = spec.model
    if (model.cell == "highway") != (model.depth is not None):
        wanted = "a number of levels for cell: highway" if model.depth is None else "nothing but for cell: highway"
        yield "model.depth", wanted, model.depth
    if model.cell == "lstm":
        return
    only = "for model.cell: highway"
    for key, fits in HIGHWAY_ONLY.items():
        section, name = key.split(".")
        got = getattr(getattr(spec, section), name)
        if got != fits:
            yield key, f"{plain(fits) if fits is not None else 'nothing'} {only}", got
    studies = spec.training.studies
    for key in type(studies).model_fields:
        if (
            key not in ("lasso", "lasso_reweighted")
            and getattr(studies, key) != type(studies).model_fields[key].default
        ):
            yield f"training.studies.{key}", f"nothing {only}", getattr(studies, key)


HIGHWAY_ONLY: dict[str, Any] = {
    "sparsity.shared_by_gates": False,
    "weights.kind": "fixed",
    "weights.per_row": False,
    "engine.dataflow": "row",
    "engine.lanes": "shared",
    "engine.streams": 1,
    "engine.memory": "rom",
    "engine.state_streams": False,
    "training.baselines": (),
    "training.gradual": False,
}
"""Keys that have one value beside a highway cell."""


def _sparsity_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    sparsity = spec.sparsity
    given = [key for key in ("input", "recurrent", "search") if getattr(sparsity, key) is not None]
    if sparsity.pattern == "dense" and given:
        yield f"sparsity.{given[0]}", "nothing beside pattern: dense", getattr(sparsity, given[0])
    if sparsity.pattern == "row" and given not in (["input", "recurrent"], ["search"]):
        yield "sparsity", "either input and recurrent, or search", given
        return
    if sparsity.pattern in ("column", "balanced") and given != ["input", "recurrent"]:
        yield "sparsity", f"input and recurrent for pattern: {sparsity.pattern}", given
    if spec.model.head is None and sparsity.head:
        yield "sparsity.head", "nothing without model.head", sparsity.head
    if kept(sparsity.head, spec.model.hidden[-1]) < 1:
        yield "sparsity.head", "a share that leaves a weight in each row", sparsity.head
    yield from _flow_rules(spec)
    if spec.by_columns:
        yield from _column_rules(spec)
    else:
        yield from _row_rules(spec)
    for flow, (inputs, hidden) in zip(spec.flows, spec.sizes, strict=False):
        yield from _layer_rules(spec, flow, inputs, hidden)


def _flow_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """The dataflow of each layer, and the pattern that suits them all."""
    dataflow, pattern, layers = spec.engine.dataflow, spec.sparsity.pattern, len(spec.model.hidden)
    if len(spec.flows) != layers:
        yield "engine.dataflow", f"as many as the {layers} layers of model.hidden", dataflow
        return
    if any(flow.input == "column" and flow.recurrent == "row" for flow in spec.flows):
        yield "engine.dataflow", f"row, column or {MIXED} (W_h by rows waits for all of h_t, and so may W_x)", dataflow
    wanted = min(spec.walks) if len(spec.walks) == 1 else "balanced"
    if pattern == "column" and wanted == "row":
        yield "engine.dataflow", "column for sparsity.pattern: column", dataflow
    elif pattern not in (wanted, "dense"):
        shown = f"[{', '.join(map(str, spec.flows))}]" if isinstance(dataflow, tuple) else spec.flows[0]
        yield "sparsity.pattern", f"{wanted} or dense for engine.dataflow: {shown}", pattern


def _row_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """What is only for columns."""
    for key in ("threshold", "states"):
        if getattr(spec.sparsity, key) is not None:
            wanted = "nothing beside engine.dataflow: row, which reads every h"
            yield f"sparsity.{key}", wanted, getattr(spec.sparsity, key)


def _layer_rules(spec: Spec, flow: Flow, inputs: int, hidden: int) -> Iterator[tuple[str, str, Any]]:
    """Lanes that divide the rows of a layer by columns, and weights enough for every row or lane."""
    sparsity, units = spec.sparsity, spec.engine.units
    if flow.by_columns and hidden % units:
        fitting = ", ".join(str(count) for count in range(1, hidden + 1) if hidden % count == 0)
        yield "engine.units", f"a divisor of {hidden} hidden units for dataflow: column ({fitting})", units
    of_lane = max(1, hidden // units)
    for key, columns in (("input", inputs), ("recurrent", hidden)):
        ratio, by_rows = getattr(sparsity, key), getattr(flow, key) == "row"
        among = columns if by_rows else of_lane
        if ratio is not None and kept(ratio, among) < 1:
            limit = math.floor((1 - 0.5 / among) * 10000) / 10000
            what = f"row of {columns} columns is empty" if by_rows else f"lane of {of_lane} rows is without a weight"
            yield f"sparsity.{key}", f"at most {limit} so that no {what}", ratio
    levels = spec.model.depth or 1
    if sparsity.search is not None and kept(sparsity.search.total, inputs + levels * hidden) < 1 + levels:
        each = f"one for W_x and {levels} for the levels of W_h" if levels > 1 else "one for each matrix"
        count = "two" if levels == 1 else str(1 + levels)
        wanted = f"a ratio that leaves {count} nonzeros a row, {each}"
        yield "sparsity.search.total", wanted, sparsity.search.total


def _training_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """Studies that the spec's own network does not allow."""
    search, studies = spec.sparsity.search, spec.training.studies
    for key in ("widths", "row_widths"):
        if getattr(studies, key) and spec.weights.kind != "fixed":
            yield f"training.studies.{key}", "nothing beside digits (weights.kind)", getattr(studies, key)
    if studies.highway_lasso and not studies.highway:
        yield "training.studies.highway_lasso", "nothing without training.studies.highway", studies.highway_lasso
    if studies.equal_cycles and (search is None or search.cost == "cycles"):
        yield "training.studies.equal_cycles", "nothing without sparsity.search for cost: nonzeros", True
    if studies.lasso_reweighted and not studies.lasso:
        yield "training.studies.lasso_reweighted", "nothing without training.studies.lasso", True
    if studies.totals and search is None:
        yield "training.studies.totals", "nothing without sparsity.search", studies.totals
        return
    for total in studies.totals:
        least = min(inputs + hidden for inputs, hidden in spec.sizes)
        if kept(total, least) < 2:
            yield "training.studies.totals", "ratios that leave two nonzeros a row, one for each matrix", total


def _column_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """What the column dataflow wants of the whole spec: one kind of lane, weights on the chip, a threshold."""
    sparsity, engine, state = spec.sparsity, spec.engine, spec.formats.state
    if sparsity.shared_by_gates:
        yield "sparsity.shared_by_gates", "false for engine.dataflow: column", True
    if engine.operand_register:
        yield "engine.operand_register", "false for engine.dataflow: column", True
    if engine.state_streams:
        yield "engine.state_streams", "false for engine.dataflow: column", True
    if engine.operand_memory != "auto":
        yield "engine.operand_memory", "auto for engine.dataflow: column", engine.operand_memory
    if engine.memory == "stream":
        yield "engine.memory", "rom or scratchpad for engine.dataflow: column", engine.memory
    if engine.target_cycles is not None:
        yield (
            "engine.target_cycles",
            "nothing beside engine.dataflow: column, whose cycles depend on zeros",
            engine.target_cycles,
        )
    for key in ("widths", "totals", "equal_cycles"):
        if getattr(spec.training.studies, key):
            yield (
                f"training.studies.{key}",
                "nothing beside engine.dataflow: column",
                getattr(spec.training.studies, key),
            )
    if spec.training.baselines:
        yield "training.baselines", "nothing beside engine.dataflow: column", spec.training.baselines
    if engine.lanes_per_row != 1:
        yield "engine.lanes_per_row", "1 for engine.dataflow: column (more units are more lanes)", engine.lanes_per_row
    if sparsity.threshold is not None and sparsity.threshold * 2**state.frac > state.hi:
        yield (
            "sparsity.threshold",
            f"at most {state.real(state.hi)}, the largest {state} of formats.state",
            sparsity.threshold,
        )
    if sparsity.states is not None and not sparsity.threshold:
        yield "sparsity.threshold", "above 0, for sparsity.states", sparsity.threshold
    if sparsity.states is not None and spec.training.task == "seeded":
        yield "sparsity.states", "nothing where training.task is seeded, which trains nothing", sparsity.states
    if spec.training.gradual:
        yield "training.gradual", "false for engine.dataflow: column", True


def kept(ratio: float, columns: int) -> int:
    """Weights a row of `columns` keeps at this share of zeros: rounded half up."""
    return math.floor((1.0 - ratio) * columns + 0.5)


def _engine_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    engine = spec.engine
    if engine.units % engine.cells_per_cycle:
        yield "engine.cells_per_cycle", f"a divisor of engine.units = {engine.units}", engine.cells_per_cycle
    if spec.model.stateful and engine.streams > 1:
        yield "model.stateful", "false with engine.streams above 1 (sequences of a stream do not follow in order)", True
    if spec.model.stateful and engine.state_streams:
        yield "engine.state_streams", "false where model.stateful carries the state over", True
    if (engine.memory == "stream") != (engine.memory_width is not None):
        wanted = "a width for memory: stream" if engine.memory_width is None else "nothing but for memory: stream"
        yield "engine.memory_width", wanted, engine.memory_width
    if engine.memory_width is not None and engine.memory_width % 8:
        yield "engine.memory_width", "whole bytes", engine.memory_width
    if engine.lanes == "split" and not (engine.input_lanes and engine.input_lanes < engine.lanes_per_row):
        yield "engine.input_lanes", "split lanes: at least one and fewer than engine.lanes_per_row", engine.input_lanes
    if engine.lanes == "shared" and engine.input_lanes is not None:
        yield "engine.input_lanes", "nothing where lanes are shared", engine.input_lanes
    for hidden in spec.model.hidden:
        if engine.units > hidden:
            yield "engine.units", f"at most the {hidden} hidden units of the layer", engine.units


def _format_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    formats, weights = spec.formats, spec.weights
    if weights.per_row != (formats.scale is not None):
        wanted = "a format where weights.per_row is true, and nothing where it is not"
        yield "formats.scale", wanted, formats.scale
        return
    sources = [formats.input] + [formats.state] * (len(spec.model.hidden) - 1)
    for source in dict.fromkeys(sources):
        frac = max(weights.input_frac + source.frac, weights.recurrent_frac + formats.state.frac)
        frac += formats.scale.frac if formats.scale else 0
        for key in ("bias", "gate"):
            fmt = getattr(formats, key)
            if fmt.frac > frac:
                yield f"formats.{key}", f"at most the {frac} fraction bits of the weight products", fmt
    if spec.model.head is not None and formats.bias.frac > weights.head_frac + formats.state.frac:
        wanted = f"at most the {weights.head_frac + formats.state.frac} fraction bits of the head's products"
        yield "formats.bias", wanted, formats.bias
    if spec.model.cell == "lstm" and formats.state.frac > 2 * formats.activation.frac:
        yield (
            "formats.state",
            f"at most {2 * formats.activation.frac} fraction bits, twice those of activation",
            formats.state,
        )
    if formats.activation.width - formats.activation.frac < 1:
        yield "formats.activation", "at least one bit above the point (the sign)", formats.activation
