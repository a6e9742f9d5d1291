"""Contradictions of what stands around the recurrent layers: in front of them, between them, and behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from accel.spec.network import Head
from accel.spec.spec import Spec
from accel.spec.types import plain


def around_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """Those without which no sizes can be derived."""
    yield from _window_rules(spec)
    yield from _embedding_rules(spec)
    yield from _before_rules(spec)
    yield from _between_rules(spec)


def _window_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """What a window of frames can be."""
    window = spec.model.window
    if window is None:
        return
    if spec.model.inputs % window.steps:
        yield "model.window.steps", f"a divisor of model.inputs = {spec.model.inputs}", window.steps
    if not all(0 <= zeros < window.steps for zeros in window.pad):
        wanted = f"[front, behind], each from 0 to {window.steps - 1}: windows of nothing but zeros have no frame"
        yield "model.window.pad", wanted, list(window.pad)
    if spec.model.vocabulary is not None:
        yield "model.window", "nothing beside model.vocabulary, as tokens come one a step", plain(window)


def _embedding_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """What does not go with a table in front of the first layer."""
    if spec.model.vocabulary is not None and spec.engine.memory == "scratchpad":
        yield "engine.memory", "rom or stream beside model.vocabulary, as frames do not bring the table", "scratchpad"


def _between_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """What is between recurrent layers, of which there are some."""
    between, links = spec.model.between, len(spec.model.hidden) - 1
    behind = between[links:]
    if between and len(between) != links and behind != ("residual",):
        wanted = f"{links} entries, one for each two layers behind each other" if links else "nothing for one layer"
        yield "model.between", f"{wanted}, and residual behind the last one or nothing", between
    if behind == ("residual",):
        yield from _behind_rules(spec)
    if spec.has_residual and spec.training.studies.lasso:
        wanted = "nothing beside model.between: residual, where units of h_t stay as many as elements of x_t"
        yield "training.studies.lasso", wanted, spec.training.studies.lasso
    for number in range(1, len(spec.model.hidden)):
        if spec.ahead(number):
            yield from _linear_between_rules(spec, f"model.between.{number - 1}")
    for number, link in enumerate(between[: len(spec.model.hidden)]):
        if isinstance(link, tuple) and ("residual" in link[1:] or link == ("residual",)):
            wanted = "residual once, in front of linear layers, or the word instead of a list"
            yield f"model.between.{number}", wanted, plain(link)
        if spec.adds_input(number):
            yield from _residual_rules(spec, number)


def _linear_between_rules(spec: Spec, key: str) -> Iterator[tuple[str, str, Any]]:
    """What does not go with linear layers between two recurrent ones."""
    if spec.training.studies.lasso:
        yield "training.studies.lasso", f"nothing beside linear layers in {key}", spec.training.studies.lasso


def _behind_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """What does not go with x_t of the last layer added to its h_t."""
    head, key = spec.model.head, f"model.between.{len(spec.model.hidden) - 1}"
    if head is None:
        yield key, "no residual behind the last layer without model.head", "residual"
    elif head.last == "states":
        yield key, "no residual beside model.head.last: states, which are h_t alone", "residual"
    elif head.when == "last" and spec.flows[-1].skips_states:
        yield key, "no residual in front of a head that answers last beside a last layer by columns", "residual"


def _residual_rules(spec: Spec, number: int) -> Iterator[tuple[str, str, Any]]:
    """What h_t of a layer and its x_t have in common where they are added."""
    inputs, hidden = spec.sizes[number]
    if inputs != spec.directions * hidden:
        wanted = (
            f"no residual of layer {number}, whose x_t has {inputs} elements and its h_t {spec.directions * hidden}"
        )
        yield f"model.between.{number}", wanted, "residual"
    words, cells, fed = spec.words_read(number), spec.engine.cells_per_cycle, spec.ahead(number)
    if words != cells:
        key, got, fits = ("engine.cells_per_cycle", cells, words) if fed else ("engine.input_words", words, cells)
        yield key, f"{fits} beside model.between.{number}: residual, as x_t and h_t come in the same words", got


def _before_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """What does not go with linear layers in front of the recurrent ones."""
    if not spec.model.before:
        return
    engine = spec.engine
    if engine.state_streams and engine.streams > 1 and engine.memory == "scratchpad":
        others = f"model.before, engine.streams: {engine.streams} and engine.memory: scratchpad"
        yield "engine.state_streams", f"false beside {others} (which x_t begins a sequence shows behind them)", True
    if spec.training.studies.lasso:
        yield "training.studies.lasso", "nothing beside model.before", spec.training.studies.lasso


def linear_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """Formats of the biases of linear layers in front and of the head, and what goes with its pool."""
    head = spec.model.head
    yield from _bias_rules(spec)
    if head is None:
        return
    yield from _pool_rules(spec, head)
    if head.layers and spec.training.studies.lasso:
        yield "training.studies.lasso", "nothing with model.head.layers", spec.training.studies.lasso


def _bias_rules(spec: Spec) -> Iterator[tuple[str, str, Any]]:
    """Biases of linear layers, whose weights have fraction bits of their own or the head's, and what they read."""
    bias, key = spec.formats.of_head_bias, "bias" if spec.formats.head_bias is None else "head_bias"
    fracs = [layer.frac for layer in spec.linear.values()] + [None] * (spec.model.head is not None)
    for frac, read in zip(fracs, spec.read_by_linear, strict=True):
        most = (spec.weights.head_frac if frac is None else frac) + read.frac
        if bias.frac > most:
            yield f"formats.{key}", f"at most the {most} fraction bits of the head's products", bias


def _pool_rules(spec: Spec, head: Head) -> Iterator[tuple[str, str, Any]]:
    """What goes with a pool over the steps."""
    if (head.pool == "mean") != (head.longest is not None):
        wanted = "a number of steps for pool: mean" if head.longest is None else "nothing but for pool: mean"
        yield "model.head.longest", wanted, head.longest
    if head.pool == "none":
        return
    others = {
        "model.head.when: step (a pool is full after the last one)": head.when == "step",
        "model.stateful (a pool begins anew with each sequence)": spec.model.stateful,
        "engine.streams above 1": spec.engine.streams > 1,
        "a last layer by columns": spec.flows[-1].skips_states,
        "training.studies.lasso": bool(spec.training.studies.lasso),
    }
    for other, there in others.items():
        if there:
            yield "model.head.pool", f"none beside {other}", head.pool
