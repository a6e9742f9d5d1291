"""One node of an ONNX graph, computed by onnx's reference evaluator: for constants, and to follow moves of elements."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from training.importing.network import Array

RANDOM = frozenset(
    ("Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike")
)
"""Operators whose result is no constant though their inputs are."""
NEWER = {"DequantizeLinear": 19}
"""Operators that the evaluator has from a version on which computes what the ones before did."""
LARGEST = 1 << 27
"""Elements of a tensor that is still made."""


class Unevaluated(Exception):
    """The evaluator cannot compute the node for these inputs."""


def evaluate(node: Any, given: Sequence[Array | None], opsets: dict[str, int]) -> list[Array]:
    """Outputs of a node for given inputs, in the operator set of its graph; an input that is left out is None.

    Raises Unevaluated for an operator that is unknown or random, and for shapes that do not go together.
    """
    from onnx import helper
    from onnx.reference import ReferenceEvaluator

    if node.op_type in RANDOM or _too_large(node, given):
        raise Unevaluated
    named = {name: value for name, value in zip(node.input, given, strict=True) if name}
    opsets = opsets | {"": max(opsets[""], NEWER.get(node.op_type, 0))}
    versions = [helper.make_opsetid(domain, version) for domain, version in opsets.items()]
    alone = helper.make_function("sparrow", "alone", list(named), list(filter(None, node.output)), [node], versions)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = ReferenceEvaluator(alone).run(None, named, {})
    except Exception:  # whatever an evaluator for every operator stumbles over: the node is refused by its name
        raise Unevaluated from None
    made = dict(zip(filter(None, node.output), found, strict=True))
    outputs = [made.get(name, np.zeros(0)) for name in node.output]
    if not all(isinstance(value, np.ndarray | np.generic) for value in outputs):
        raise Unevaluated
    return [np.asarray(value) for value in outputs]


def _too_large(node: Any, given: Sequence[Array | None]) -> bool:
    """Whether a shape or a number of repeats among the inputs asks for more elements than any network has."""
    wanted = {"ConstantOfShape": 0, "Expand": 1, "Tile": 1, "Reshape": 1}.get(node.op_type)
    shape = None if wanted is None or wanted >= len(given) else given[wanted]
    return shape is not None and math.prod(max(1, int(size)) for size in shape.ravel()) > LARGEST
