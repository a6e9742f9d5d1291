"""A linear layer: its activation, what leaves it, the largest of its logits, and the pool in front of it."""

from __future__ import annotations

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from accel.architecture.cells.activations import OUT
from accel.architecture.latencies import SLOT_TO_LOGIT, slot_to_out
from accel.architecture.network import network
from accel.memory.images import bias_shift, bias_width, bias_words, unit_words
from accel.model.golden import linear_sums, pooled, run_linear
from accel.rtl.blocks.cells.cell import TableFile
from accel.rtl.blocks.lanes.lane_array import ArrayConstants
from accel.rtl.blocks.primitives.signals import bits, flag, signed
from accel.rtl.blocks.rows.activation import ActivationConstants, activate, watch_activated
from accel.rtl.blocks.rows.head import HeadObserved, LinearObserved, emit_largest, head_layer
from accel.rtl.blocks.rows.layer import LayerConstants
from accel.rtl.blocks.rows.pool import pool_steps
from accel.rtl.blocks.streams.output_fifo import Results
from accel.rtl.blocks.streams.ping_pong import Beats, PingPong
from accel.schedule.schedule import schedule
from tests.designs import design, spec
from tests.rtl.cycles import Plan, fields, numbers, outputs, packed
from tests.rtl.traffic import Clocked, run

LINEAR = [12, 8]


def with_layers(activation: str) -> dict[str, Any]:
    """A head with one linear layer in front of its last one."""
    layers = [{"outputs": 5, "activation": activation}]
    formats = {} if activation in ("sigmoid", "tanh") else {"formats": {"linear": LINEAR}}
    return {
        "model": {"inputs": 3, "hidden": [8], "head": {"outputs": 3, "kind": "logits", "layers": layers}},
        **formats,
    }


@pytest.mark.parametrize("activation", ["none", "relu", "sigmoid", "tanh", "hard_sigmoid", "hard_tanh"])
def test_an_activation_makes_of_every_sum_what_the_golden_model_does(activation: str) -> None:
    net = network(spec(**with_layers(activation)))
    array, rng, clocked = net.linear[0], random.Random(1), Clocked()
    tables = {name: TableFile(table, "") for name, table in net.tables_of(array).items()}
    total, out, valid = signed(array.sum_width), signed(array.made.width), flag()
    observed = LinearObserved(array)
    given = [[rng.randrange(2), number] for number in numbers(rng, len(total), 60)]
    near = array.formats.state.width
    given += [[1, rng.randint(-(1 << near + 6), 1 << near + 6)] for _ in range(200)]
    made = [
        activate(clocked.clk, total, out, ActivationConstants(array, tables)),
        watch_activated(valid, out, observed),
    ]
    shown = outputs(clocked, made, [valid, total], given, [out, observed.out_valid, observed.out])
    wanted = run_linear(net, array, np.array([number for _, number in given]))[OUT].tolist()
    latency = slot_to_out(array) - SLOT_TO_LOGIT
    for cycle, number in enumerate(wanted[:-latency]):
        assert shown[cycle + latency][0] == number
    for (there, _), (left, told, word) in zip(given, shown, strict=True):
        assert (told, fields(word, len(out), 1)) == (there, [left])


def test_the_largest_logit_wins_the_lowest_on_a_tie() -> None:
    rng, clocked, plan, results = random.Random(2), Clocked(), Plan(), Results(3)
    slot, logit = SimpleNamespace(valid=flag(), beat=bits(3), closing=flag(), final=flag()), signed(4)
    cycle, wanted = 0, {}
    for _ in range(25):
        values, final = [rng.randint(-3, 3) for _ in range(5)], rng.randrange(2)
        for beat, value in enumerate(values):
            for gap in range(rng.choice((0, 0, 1))):
                plan.at(cycle + gap, (slot.valid, 0))
                cycle += 1
            plan.at(cycle, (slot.valid, 1), (slot.beat, beat), (slot.closing, beat == 4), (slot.final, final))
            plan.at(cycle + SLOT_TO_LOGIT, (logit, value))
            cycle += 1
        plan.at(cycle, (slot.valid, 0))
        wanted[cycle + SLOT_TO_LOGIT] = (values.index(max(values)), final)
    made = emit_largest(clocked.clk, clocked.reset, slot, logit, results)
    shown = plan.run(clocked, made, [results.valid, results.word, results.final], 2)
    assert {n: (word, final) for n, (valid, word, final) in enumerate(shown) if valid} == wanted


@pytest.mark.parametrize("kind", ["logits", "argmax", "relu", "tanh"])
def test_a_linear_layer_answers_every_x_when_the_schedule_says(kind: str) -> None:
    linear = kind not in ("logits", "argmax")
    head = {"head": {"outputs": 5, "kind": kind}}
    made = design(spec(**(with_layers(kind) if linear else {"model": {"inputs": 3, "hidden": [8], **head}})), Path())
    array = made.net.linear[0] if linear else made.net.head
    assert array is not None
    place = made.net.arrays.index(array)
    layer, stage = made.weights.layers[place], schedule(made).stages[place]
    rng, clocked, ping_pong, room = random.Random(3), Clocked(), PingPong(array.x_vector), flag()
    results = Results(array.made.width if linear else 3 if kind == "argmax" else array.sum_width)
    results.room = room
    observed = LinearObserved(array) if linear else HeadObserved(array)
    tables = {name: TableFile(table, "") for name, table in made.net.tables_of(array).items()} if linear else {}
    lanes = ArrayConstants(array, tuple(map(tuple, unit_words(array, layer))), ("",) * array.units)
    words = tuple(bias_words(array, layer, None))
    constants = LayerConstants(lanes, words, "", None, stage.intervals, stage.release_at, True, 0)
    xs = [numbers(rng, array.x.width, array.inputs) for _ in range(6)]
    sums = [linear_sums(array, layer, np.array(x)) for x in xs]
    wanted = [run_linear(made.net, array, one)[OUT].tolist() if linear else one.tolist() for one in sums]
    wanted = [[int(np.argmax(one))] for one in sums] if kind == "argmax" else wanted
    got, logits, begun, last, released = list[int](), list[int](), list[int](), list[int](), [0]
    writes = [(n, place, value) for n, x in enumerate(xs) for place, value in enumerate(x)]
    cycle, written = [0], [0]

    def before(rng: random.Random) -> None:
        write, number = ping_pong.write, len(begun)
        room.next, ping_pong.final.next = rng.random() < 0.7, number == len(xs) - 1
        ping_pong.available.next, ping_pong.bank.next = written[0] >= (number + 1) * array.inputs, number % 2
        write.enable.next = False
        if written[0] < len(writes) and writes[written[0]][0] < released[0] + 2:
            x, write.place.next, value = writes[written[0]]
            write.enable.next, write.bank.next, write.word.next = True, x % 2, value % (1 << array.x.width)
            written[0] += 1

    def each() -> None:
        if ping_pong.take:
            assert room
            begun.append(cycle[0])
        if results.valid:
            got.append(int(results.word) if kind == "argmax" else fields(int(results.word), len(results.word), 1)[0])
            if results.closing:
                last.append(cycle[0])
        if observed.logit_valid:
            logits.append(fields(int(observed.logit), array.sum_width, 1)[0])
        released[0] += bool(ping_pong.release)
        cycle[0] += 1

    narrowed = bias_width(array, None), bias_shift(array, None)
    activation = ActivationConstants(array, tables) if linear else None
    ports = (
        clocked.clk,
        clocked.reset,
        ping_pong,
        results,
        observed,
        constants,
        kind == "argmax",
        *narrowed,
        None,
        activation,
    )
    run(clocked, head_layer(*ports), [], [], len(writes) + 8 * sum(stage.intervals) + 60, 3, before, each)
    assert got == [value for one in wanted for value in one]
    assert logits == [value for one in sums for value in one.tolist()]
    assert {end - begin for begin, end in zip(begun, last, strict=True)} == {stage.last_result}


@pytest.mark.parametrize("kind", ["max", "mean"])
@pytest.mark.parametrize("cells", [1, 2])
def test_a_pool_gives_the_largest_or_the_mean_of_a_sequences_steps(cells: int, kind: str) -> None:
    longest = {"longest": 4} if kind == "mean" else {}
    head = {"outputs": 3, "kind": "logits", "when": "last", "pool": kind, **longest}
    net = network(spec(model={"inputs": 3, "hidden": [8], "head": head}, engine={"cells_per_cycle": cells}))
    array, pool, rng, clocked = net.layers[0], net.pool, random.Random(4), Clocked()
    assert pool is not None
    results, beats, release = Results(cells * array.h.width), Beats(cells * array.h.width), flag()
    lengths = [1, 3, 4, 6, 2]
    h = np.array([[numbers(rng, array.h.width, 8) for _ in range(6)] for _ in lengths])
    wanted = pooled(pool, h, np.array(lengths)).tolist()
    plan, cycle, due = Plan(), 1, dict[int, tuple[int, bool]]()
    for sequence, length in enumerate(lengths):
        for step in range(length):
            for beat in range(array.output_beats):
                word, final = (
                    packed(h[sequence, step, beat * cells : (beat + 1) * cells].tolist(), array.h.width),
                    step == length - 1,
                )
                closing = beat == array.output_beats - 1
                plan.at(
                    cycle, (results.valid, 1), (results.word, word), (results.final, final), (results.closing, closing)
                )
                if final:
                    result = wanted[sequence][beat * cells : (beat + 1) * cells]
                    due[cycle + pool.latency] = packed(result, array.h.width), True
                cycle += 1
            pause = rng.choice((2, 5))  # a word is written before it is read again
            plan.at(cycle, (results.valid, 0))
            cycle += pause
    made = pool_steps(clocked.clk, clocked.reset, results, beats, release, array, pool, "")
    shown = plan.run(clocked, made, [beats.valid, beats.word, beats.last], pool.latency)
    assert {n: (word, bool(last)) for n, (valid, word, last) in enumerate(shown) if valid} == due
