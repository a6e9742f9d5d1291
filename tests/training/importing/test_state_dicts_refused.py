"""State dicts: what is not certain is asked about, what is left over or cannot be is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from accel.base.faults import Refused
from tests.training.importing.states import Net, network, stored
from training.importing.state_dict import Named


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def with_more(**tensors: Any) -> dict[str, Any]:
    """A state dict with more tensors, those before the LSTM as they are named."""
    state = dict(Net().state_dict())
    return {name.replace("__", "."): tensor for name, tensor in tensors.items()} | state


LEFT = [
    ({"h0": torch.zeros(2, 1, 4)}, r"h0: wanted a place in the network, or --ignore 'h0' .* shape \(2, 1, 4\)"),
    ({"bn__num_batches_tracked": torch.tensor(3)}, r"bn.num_batches_tracked: wanted a place"),
    ({"norm__weight": torch.ones(4), "norm__bias": torch.ones(4)}, r"norm.weight: wanted a place"),
    ({"pre__weight": torch.ones(3, 5), "pre__bias": torch.ones(3)}, r"pre.weight: wanted a place"),
    ({"conv__weight": torch.ones(3, 3, 1)}, r"conv.weight: wanted a place"),
]


@pytest.mark.parametrize(("more", "said"), LEFT, ids=[next(iter(more)) for more, _ in LEFT])
def test_tensors_left_over_are_refused_by_name_unless_ignored(tmp_path: Path, more: dict, said: str) -> None:
    path = stored(tmp_path, with_more(**more))
    with pytest.raises(Refused, match=said):
        network(path)
    patterns = tuple(f"{name.replace('__', '.').rpartition('.')[0] or name}*" for name in more)
    assert network(path, Named(ignore=patterns)).head is not None


def test_a_head_that_is_not_certain_is_asked_for(tmp_path: Path) -> None:
    """A linear layer of the head's shape that stands before the LSTM, and none behind it."""
    state = {"pre.weight": torch.ones(3, 4), "pre.bias": torch.ones(3), **nn.LSTM(3, 4).state_dict(prefix="lstm.")}
    path = stored(tmp_path, state)
    with pytest.raises(
        Refused, match=r"wanted --head NAME for the linear layer that reads h_t \[outputs, 4\], got pre"
    ):
        network(path, outputs=3)
    assert network(path, Named(head=("pre",)), 3).head is not None


def test_of_two_heads_one_is_named_and_the_other_refused(tmp_path: Path) -> None:
    path = stored(tmp_path, with_more(aux__weight=torch.ones(2, 4), aux__bias=torch.zeros(2)))
    with pytest.raises(Refused, match=r"--head NAME .* got aux, fc"):
        network(path)
    with pytest.raises(Refused, match=r"aux.weight: wanted a place in the network"):
        network(path, Named(head=("fc",)))
    assert network(path, Named(head=("fc",), ignore=("aux.*",))).head is not None
    with pytest.raises(Refused, match=r"--head: wanted a linear layer .* got no tensor nothing.weight"):
        network(path, Named(head=("nothing",)))


def test_an_embedding_is_no_head(tmp_path: Path) -> None:
    state = {"embed.weight": torch.ones(9, 4), **nn.LSTM(4, 4).state_dict(prefix="lstm.")}
    with pytest.raises(Refused, match=r"--head NAME .* got embed"):
        network(stored(tmp_path, state), outputs=9)


def test_a_head_without_a_place_in_the_spec_is_refused(tmp_path: Path) -> None:
    path = stored(tmp_path, Net().state_dict())
    with pytest.raises(Refused, match=r"fc.weight: wanted a place in the network \(model.head in the spec\)"):
        network(path, outputs=None)
    with pytest.raises(Refused, match=r"model.head: wanted \{outputs: 2\}, for fc of .*, got none"):
        network(path, Named(head=("fc",)), None)


def test_patterns_that_are_no_use_or_take_too_much_are_refused(tmp_path: Path) -> None:
    path = stored(tmp_path, Net().state_dict())
    with pytest.raises(Refused, match=r"--ignore typo\*: wanted a pattern of tensors that are left over, got none"):
        network(path, Named(ignore=("typo*",)))
    with pytest.raises(Refused, match=r"--ignore lstm.weight_hh_l1: wanted a pattern .* got lstm.weight_hh_l1"):
        network(path, Named(ignore=("lstm.weight_hh_l1",)))


OTHERS = [
    (nn.RNN(3, 4), r"wanted one of GRU, LSTM, got a RNN"),
    (nn.LSTM(3, 4, proj_size=2), r"without projection, got one with proj_size"),
    (nn.Linear(3, 4), r"wanted an LSTM: tensors weight_ih_l0 and weight_hh_l0"),
]


@pytest.mark.parametrize(("module", "said"), OTHERS, ids=["rnn", "projection", "linear"])
def test_other_modules_are_refused_by_what_they_are(tmp_path: Path, module: nn.Module, said: str) -> None:
    with pytest.raises(Refused, match=said):
        network(stored(tmp_path, module.state_dict()))


def test_layers_with_gaps_or_other_shapes_are_refused(tmp_path: Path) -> None:
    state = dict(Net().state_dict())
    odd = {**state, "lstm.weight_hh_l1": torch.zeros(16, 5), "lstm.bias_ih_l0": torch.zeros(15)}
    with pytest.raises(Refused) as refused:
        network(stored(tmp_path, odd))
    assert [fault.place.rpartition(" ")[2] for fault in refused.value.faults] == [
        "lstm.bias_ih_l0",
        "lstm.weight_hh_l1",
    ]
    gap = {name.replace("_l1", "_l2"): tensor for name, tensor in state.items()}
    with pytest.raises(Refused, match=r"layers 0, 1, ... without a gap, got layers 0, 2"):
        network(stored(tmp_path, gap))
    some = {name: tensor for name, tensor in state.items() if not name.startswith("lstm.bias") or name.endswith("l0")}
    with pytest.raises(Refused, match=r"lstm: wanted biases in all layers or none, got biases in some"):
        network(stored(tmp_path, some))
    both = {name.replace("hh_l1", "hh"): tensor for name, tensor in state.items()}
    with pytest.raises(Refused, match=r"lstm: wanted names of an LSTM or of an LSTMCell, got both"):
        network(stored(tmp_path, both))
    half = {name: tensor for name, tensor in state.items() if name != "lstm.bias_hh_l0"}
    with pytest.raises(Refused, match=r"both biases or none"):
        network(stored(tmp_path, half))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (torch.full((16, 3), torch.nan), r"lstm.weight_ih_l0: wanted finite numbers, got NaN in 48 of 48"),
        (torch.tensor([[torch.inf] * 3] * 16), r"lstm.weight_ih_l0: wanted finite numbers, got infinity in 48 of 48"),
        (torch.ones(16, 3, dtype=torch.complex64), r"lstm.weight_ih_l0: wanted floating-point numbers, got complex64"),
        (torch.ones(16, 3, dtype=torch.int8), r"lstm.weight_ih_l0: wanted floating-point numbers, got int8"),
        (torch.ones(16, 3, device="meta"), r"lstm.weight_ih_l0: wanted floating-point numbers, got none stored"),
        (torch.ones(16, 3).to_sparse(), r"lstm.weight_ih_l0: wanted floating-point numbers, got sparse"),
    ],
    ids=["nan", "infinity", "complex", "integer", "meta", "sparse"],
)
def test_tensors_that_are_no_finite_real_numbers_are_refused(tmp_path: Path, value: torch.Tensor, said: str) -> None:
    with pytest.raises(Refused, match=said):
        network(stored(tmp_path, {**Net().state_dict(), "lstm.weight_ih_l0": value}))


def test_several_state_dicts_in_one_file_are_asked_about(tmp_path: Path) -> None:
    contents = {"model": Net().state_dict(), "ema": Net().state_dict()}
    with pytest.raises(Refused, match=r"wanted one state dict; .* got 2: model, ema"):
        network(stored(tmp_path, contents))


DAMAGED: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda whole: b"",
    "text": lambda whole: b"no checkpoint",
    "cut": lambda whole: whole[: len(whole) // 2],
    "zip": lambda whole: b"PK\x03\x04" + whole[40:],
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
@pytest.mark.parametrize("name", ["model.pt", "model.safetensors", "model.h5"])
def test_a_damaged_file_is_refused_in_one_line_of_our_own(
    tmp_path: Path, damage: Callable[[bytes], bytes], name: str
) -> None:
    path = stored(tmp_path, Net().state_dict(), name)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(Refused) as refused:
        network(path)
    said = str(refused.value)
    assert "\n" not in said
    assert "torch." not in said.replace("torch.save", "")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for name in ("none.pt", "none.safetensors"):
        with pytest.raises(Refused, match=r"got No such file|no such file"):
            network(tmp_path / name)


def test_a_pickle_with_code_is_refused_and_not_run(tmp_path: Path) -> None:
    with pytest.raises(
        Refused, match=r"wanted a state dict \(torch.save\(model.state_dict\(\), path\)\), got a pickle"
    ):
        network(stored(tmp_path, Net()))


def test_safetensors_have_no_order_so_a_head_of_the_inputs_size_is_asked_for(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    path = tmp_path / "model.safetensors"
    save_file({**nn.LSTM(3, 4).state_dict(prefix="lstm."), **nn.Linear(4, 3).state_dict(prefix="fc.")}, path)
    with pytest.raises(Refused, match=r"--head NAME"):
        network(path, outputs=3)
    assert network(path, Named(head=("fc",)), 3).head is not None
