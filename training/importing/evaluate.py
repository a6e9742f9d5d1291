"""One node of an ONNX graph, computed by onnx's reference evaluator: for constants, and to follow moves of elements."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from training.importing.network import Array
from training.importing.quantized import operators

RANDOM = frozenset(
    ("Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike")
)
"""Operators whose result is no constant though their inputs are."""
NEWER = {"DequantizeLinear": 19}
"""Operators that the evaluator has from a version on which computes what the ones before did."""
SAID = 64
"""Elements of a tensor that may say a shape or a number of repeats."""
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

    if node.op_type in RANDOM or _too_large(node, given, opsets):
        raise Unevaluated
    named = {name: value for name, value in zip(node.input, given, strict=True) if name}
    opsets = opsets | {"": max(opsets[""], NEWER.get(node.op_type, 0))}
    versions = [helper.make_opsetid(domain, version) for domain, version in opsets.items()]
    alone = helper.make_function("sparrow", "alone", list(named), list(filter(None, node.output)), [node], versions)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = ReferenceEvaluator(alone, new_ops=operators()).run(None, named, {})
    except Exception:  # whatever an evaluator for every operator stumbles over: the node is refused by its name
        raise Unevaluated from None
    made = dict(zip(filter(None, node.output), found, strict=True))
    outputs = [made.get(name, np.zeros(0)) for name in node.output]
    if not all(isinstance(value, np.ndarray | np.generic) for value in outputs):
        raise Unevaluated
    return [np.asarray(value) for value in outputs]


def _too_large(node: Any, given: Sequence[Array | None], opsets: dict[str, int]) -> bool:
    """Whether a node asks for more elements than any network has: by its inputs' shapes, and the sizes they say."""
    from onnx import defs, helper, numpy_helper
    from onnx.shape_inference import infer_node_outputs

    arrays = {name: np.asarray(value) for name, value in zip(node.input, given, strict=True) if name}
    kinds = {name: helper.np_dtype_to_tensor_dtype(value.dtype) for name, value in arrays.items()}
    types = {name: helper.make_tensor_type_proto(kinds[name], value.shape) for name, value in arrays.items()}
    small = {name: numpy_helper.from_array(value, name) for name, value in arrays.items() if value.size <= SAID}
    try:
        schema = defs.get_schema(node.op_type, opsets[""], "")
        found = infer_node_outputs(schema, node, types, small)
    except Exception:  # it knows no shapes of this operator: what it makes is of the size of what it is given
        return False
    shapes = (kind.tensor_type.shape.dim for kind in found.values())
    return any(math.prod(max(1, axis.dim_value) for axis in shape) > LARGEST for shape in shapes)
