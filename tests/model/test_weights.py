"""The hand-over of weights: what was saved comes back, and nothing else is taken."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from accel.base.faults import Refused
from accel.model import random_weights, weights_file
from accel.model.weights import LayerWeights, Matrix, Weights
from tests.designs import spec

SPEC = spec()
SCALED = spec(weights={"kind": "ternary", "per_row": True}, formats={"scale": [8, 6]})


def changed(layer: int = 0, **parts: Matrix | np.ndarray) -> Weights:
    """Seeded weights with some parts of a layer replaced."""
    layers = list(random_weights.seeded(SPEC).layers)
    layers[layer] = replace(layers[layer], **parts)
    return Weights(tuple(layers))


def test_loading_gives_back_what_was_saved(tmp_path: Path) -> None:
    saved = random_weights.seeded(SPEC)
    weights_file.save(tmp_path / "weights.npz", saved, SPEC)
    for one, other in zip(weights_file.load(tmp_path / "weights.npz", SPEC).layers, saved.layers, strict=True):
        for got, wanted in ((one.w_x, other.w_x), (one.w_h, other.w_h)):
            np.testing.assert_array_equal(got.values, wanted.values)
            np.testing.assert_array_equal(got.mask, wanted.mask)
        np.testing.assert_array_equal(one.bias, other.bias)


def test_scales_come_back_and_are_asked_for(tmp_path: Path) -> None:
    saved = random_weights.seeded(SCALED)
    weights_file.save(tmp_path / "weights.npz", saved, SCALED)
    found = weights_file.load(tmp_path / "weights.npz", SCALED).layers
    np.testing.assert_array_equal(found[0].scale, saved.layers[0].scale)
    assert found[-1].scale is None  # the head has none
    bare = Weights(tuple(replace(layer, scale=None) for layer in saved.layers))
    with pytest.raises(Refused, match=r"lstm0.scale: wanted a scale for each row, got others"):
        weights_file.save(tmp_path / "bare.npz", bare, SCALED)


def test_a_binary_weight_is_never_zero(tmp_path: Path) -> None:
    chosen = spec(weights={"kind": "binary"})
    made = random_weights.seeded(chosen)
    weights_file.save(tmp_path / "weights.npz", made, chosen)
    values = np.where(made.layers[0].w_x.mask, 0, 0)
    broken = replace(made.layers[0], w_x=Matrix(values, made.layers[0].w_x.mask))
    with pytest.raises(Refused, match=r"lstm0.w_x: wanted -1 or 1 \(binary\), got 0 within the mask"):
        weights_file.save(tmp_path / "broken.npz", Weights((broken, *made.layers[1:])), chosen)


def test_digest_is_the_same_for_the_same_weights_and_another_for_others(tmp_path: Path) -> None:
    digests = [
        weights_file.save(tmp_path / f"{number}.npz", random_weights.seeded(chosen), chosen)
        for number, chosen in enumerate([SPEC, SPEC, spec(training={"seed": 2})])
    ]
    assert digests[0] == digests[1] != digests[2]


def test_one_flipped_bit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    weights_file.save(path, random_weights.seeded(SPEC), SPEC)
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files}
    arrays["0.w_h"] = arrays["0.w_h"] ^ (arrays["0.w_h"] != 0)
    np.savez(path, **arrays)
    with pytest.raises(Refused, match=r"weights.npz: digest: wanted [0-9a-f]{64}, got contents that do not fit it"):
        weights_file.load(path, SPEC)


@pytest.mark.parametrize(
    ("other", "place"),
    [
        pytest.param(spec(weights={"input_frac": 5}), "formats", id="formats"),
        pytest.param(spec(model={"head": None}), "arrays", id="no_head"),
        pytest.param(spec(model={"hidden": [12]}), "lstm0.w_x", id="sizes"),
        pytest.param(spec(sparsity={"input": 0.0}), "lstm0.w_x", id="ratio"),
    ],
)
def test_weights_of_another_spec_are_refused(tmp_path: Path, other: object, place: str) -> None:
    path = tmp_path / "weights.npz"
    weights_file.save(path, random_weights.seeded(SPEC), SPEC)
    with pytest.raises(Refused, match=rf"weights.npz: {place}: wanted"):
        weights_file.load(path, other)  # type: ignore[arg-type]


@pytest.mark.parametrize("contents", [b"", b"PK\x03\x04 torn", b"no archive"], ids=["empty", "torn", "text"])
def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, contents: bytes) -> None:
    path = tmp_path / "weights.npz"
    path.write_bytes(contents)
    with pytest.raises(Refused, match="wanted a weights file made by sparrow"):
        weights_file.load(path, SPEC)


def first() -> LayerWeights:
    return random_weights.seeded(SPEC).layers[0]


def uneven() -> Matrix:
    values, mask = first().w_h.values.copy(), first().w_h.mask.copy()
    mask[0, np.flatnonzero(~mask[0])[0]] = True
    return Matrix(values, mask)


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        pytest.param(
            {"w_h": uneven()}, "lstm0.w_h: wanted the same number of nonzeros in each row, got 4 to 5", id="k"
        ),
        pytest.param({"bias": np.full(32, 2**15)}, "lstm0.bias: wanted -32768 to 32767", id="range"),
        pytest.param({"bias": np.zeros(31, np.int64)}, r"lstm0.bias: wanted shape \(32,\), got \(31,\)", id="shape"),
        pytest.param(
            {"w_x": Matrix(np.ones((32, 3), np.int64), first().w_x.mask)},
            "lstm0.w_x: wanted zero outside the mask, got other weights",
            id="outside",
        ),
    ],
)
def test_weights_that_break_a_rule_are_not_saved(tmp_path: Path, parts: dict[str, Matrix], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        weights_file.save(tmp_path / "weights.npz", changed(**parts), SPEC)
    assert not list(tmp_path.iterdir())


def test_after_a_search_ratios_may_move_but_not_their_total(tmp_path: Path) -> None:
    searched = spec(sparsity={"input": None, "recurrent": None, "search": {"total": 0.5}})
    moved = Weights(tuple(random_weights.seeded(spec(sparsity={"input": 0.67, "recurrent": 0.375})).layers))
    assert sum(moved.layers[0].nnz_per_row) == sum(random_weights.seeded(searched).layers[0].nnz_per_row)
    assert moved.layers[0].nnz_per_row != random_weights.seeded(searched).layers[0].nnz_per_row
    weights_file.save(tmp_path / "weights.npz", moved, searched)
    more = random_weights.seeded(spec(sparsity={"input": 0.0, "recurrent": 0.375}))
    with pytest.raises(Refused, match="lstm0: wanted 6 nonzeros a row in both matrices, got 8"):
        weights_file.save(tmp_path / "weights.npz", more, searched)


def test_without_bias_every_bias_is_zero() -> None:
    assert not any(layer.bias.any() for layer in random_weights.seeded(spec(model={"bias": False})).layers)


def test_weights_from_before_a_key_came_are_read_as_having_its_default(tmp_path: Path) -> None:
    chosen = spec()
    path = tmp_path / "weights.npz"
    weights_file.save(path, random_weights.seeded(chosen), chosen)
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files}
    formats = json.loads(str(arrays.pop("formats")))
    arrays.pop("digest")
    older = json.dumps({key: value for key, value in formats.items() if key not in ("per_row", "scale")})
    np.savez(path, formats=older, digest=weights_file._digest(arrays, older), **arrays)
    assert weights_file.load(path, chosen).layers[0].nnz_per_row == random_weights.seeded(chosen).layers[0].nnz_per_row
    wrong = json.dumps({**json.loads(older), "width": 7})
    np.savez(path, formats=wrong, digest=weights_file._digest(arrays, wrong), **arrays)
    with pytest.raises(Refused, match="formats"):
        weights_file.load(path, chosen)


COLUMNS = spec(
    sparsity={"pattern": "column", "input": 0.5, "recurrent": 0.5, "threshold": 0.1},
    engine={"units": 2, "dataflow": "column"},
)


def test_balanced_columns_and_their_threshold_come_back(tmp_path: Path) -> None:
    saved = random_weights.seeded(COLUMNS)
    weights_file.save(tmp_path / "weights.npz", saved, COLUMNS)
    loaded = weights_file.load(tmp_path / "weights.npz", COLUMNS)
    assert loaded.threshold == saved.threshold == 205  # 0.1 * 2**11 = 204.8: below it lies what is below 205
    np.testing.assert_array_equal(loaded.layers[0].w_h.values, saved.layers[0].w_h.values)


def test_columns_that_are_not_balanced_are_refused(tmp_path: Path) -> None:
    saved = random_weights.seeded(COLUMNS)
    mask = saved.layers[0].w_h.mask.copy()
    lane = mask[0:8:2, 3]  # rows of gate i, units 0, 2, 4, 6: one lane's, in column 3
    lane[int(np.argmin(lane))] = True
    layer = replace(saved.layers[0], w_h=Matrix(saved.layers[0].w_h.values, mask))
    with pytest.raises(Refused, match="2 of the 4 rows of each of 8 lanes in each column, got 2 to 3"):
        weights_file.save(tmp_path / "weights.npz", replace(saved, layers=(layer, *saved.layers[1:])), COLUMNS)


def test_another_threshold_than_the_spec_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"threshold: wanted 205 \(sparsity.threshold in fixed<12,11>\), got 204"):
        weights_file.save(tmp_path / "weights.npz", replace(random_weights.seeded(COLUMNS), threshold=204), COLUMNS)


def test_each_matrix_is_balanced_as_its_dataflow_wants(tmp_path: Path) -> None:
    """Rows of W_x and columns of W_h; the other way round both are refused."""
    chosen = spec(
        model={"inputs": 8},
        sparsity={"pattern": "balanced", "input": 0.5, "recurrent": 0.5},
        engine={"units": 2, "dataflow": {"input": "row", "recurrent": "column"}},
    )
    saved, file = random_weights.seeded(chosen), tmp_path / "weights.npz"
    weights_file.save(file, saved, chosen)
    assert saved.network(chosen).layers[0].nnz == (4, 2)
    first = saved.layers[0]
    turned = replace(first, w_x=first.w_h, w_h=first.w_x)
    with pytest.raises(Refused) as refused:
        weights_file.save(file, replace(saved, layers=(turned, *saved.layers[1:])), chosen)
    assert [fault.place.rsplit(".")[-1] for fault in refused.value.faults] == ["w_x", "w_h"]
