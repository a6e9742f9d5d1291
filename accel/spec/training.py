"""Section of the training, and of the studies beside it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from accel.spec.types import (
    Banks,
    Baselines,
    Count,
    Depths,
    LowBits,
    Section,
    Share,
    Shares,
    StateThreshold,
    Strengths,
    TaskName,
    Widths,
)


class Studies(Section):
    """Methods tried beside the main way and compared with it in the record; the accelerator is not built from them."""

    totals: Shares = ()
    """Other shares of zeros (in place of `sparsity.search.total`) for the dual-ratio search and the baselines."""
    equal_cycles: bool = False
    """The dual-ratio search among allocations of equal cycles, where `sparsity.search` has those of equal nonzeros."""
    banks: Banks = ()
    """Rows balanced within so many banks of their columns, as `sparsity.pattern: bank` has them: as many weights of a
    row, rounded up to a number that the banks divide."""
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
    """Weights of other widths in bits, fraction bits chosen from the weights: without and with fine-tuning."""
    row_widths: Widths = ()
    """The same with a scale a row, 16 bits each."""
    lasso: Strengths = ()
    """Removal of units: strengths of the group Lasso; each result is made compact and fine-tuned."""
    lasso_reweighted: bool = False
    """Shrink short groups by more and long ones by less, in inverse proportion to their length: for networks whose
    groups are large, such as those of a decoder of many words."""
    highway: Depths = ()
    """Recurrent highway networks of other depths, with as many units, trained from scratch as long."""
    highway_lasso: Strengths = ()
    """Removal of their units."""


class Training(Section):
    """How the network is made."""

    task: TaskName | None = None
    """Name of a task in `training/tasks`, or a function of one's own that returns one, `my_task.py:load` (a file beside
    the spec) or `package.module:load`; `seeded` makes random row-balanced weights without training. Needed where there
    is no `source`."""
    seed: Annotated[int, Field(ge=0, lt=1 << 32)] = 1
    """Makes a run repeatable: initial weights and the order of samples follow from it."""
    batch: Count = 64
    """Sequences of one gradient step."""
    optimizer: Literal["adam", "sgd"] = "adam"
    """`adam`, or plain gradient descent, whose `learning_rate` is thousands of times larger (20 for the language models
    of Zaremba, arXiv 1409.2329, with a `gradient_clip` of 0.25)."""
    embedding_bound: Annotated[float, Field(gt=0.0, le=1000.0)] | None = None
    """Vectors of tokens that stay on the host begin uniformly within this of zero (0.1 in those language models);
    without it as PyTorch has them, normal with deviation 1."""
    learning_rate: Annotated[float, Field(gt=0.0)] = 0.005
    """Largest learning rate of each stage."""
    gradient_clip: Annotated[float, Field(gt=0.0)] = 1.0
    """Largest norm of the gradient of all weights together."""
    steps: Count = 64
    """Steps through which the gradient goes back in a running text (truncated back-propagation)."""
    dropout: Share = 0.0
    """Share of x_t, of h_t between layers and of the last layer's h_t that is dropped while training, never inside the
    recurrence."""
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
