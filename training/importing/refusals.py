"""Why an operator has no place, and what would do: said behind its name where it is refused."""

from __future__ import annotations

HOST = "leave it to the host (--from, --to)"
OTHER = f"an activation without a table; relu, leaky relu, tanh, sigmoid and hard forms have a place, or {HOST}"
STEPS = f"a pool over some of the steps; {HOST}"
MEANS = f"whose mean and deviation are taken anew in every step, for which there is no unit; {HOST}"

REASONS = {
    "RNN": "a cell of one sum and no gates; LSTM and GRU have a place",
    **dict.fromkeys(("LayerNormalization", "InstanceNormalization", "GroupNormalization", "RMSNormalization"), MEANS),
    **dict.fromkeys(
        ("Elu", "Celu", "Selu", "Gelu", "Erf", "Softplus", "Softsign", "Mish", "HardSwish", "Swish"), OTHER
    ),
    **dict.fromkeys(("MaxPool", "AveragePool", "GlobalMaxPool", "GlobalAveragePool", "LpPool"), STEPS),
    "Pad": f"other values at the ends than the zeros of a Conv's own pads; {HOST}",
    "Loop": "cells in a loop; export nn.LSTM or nn.GRU as it is",
    "Scan": "cells in a loop; export nn.LSTM or nn.GRU as it is",
    "Attention": f"products of two values from x; {HOST}",
    "Where": f"a choice that depends on x; {HOST}",
}


def told(operator: str) -> str:
    """An operator by its name, with the reason where one is known."""
    return f"{operator}, {REASONS[operator]}" if operator in REASONS else operator
