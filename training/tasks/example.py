"""A task of your own: what a network is trained, judged and verified on.

In the spec that lies beside this file, write

    training: {task: THIS_FILE.py:load}

`sparrow train` calls `load()` once. What it returns is held against the contract below, and refused with every breach.
"""

import numpy as np

from training.tasks.task import Split, Task

FILES = ()
"""Files beside this one that `load` reads, as ("data.npz",): when one changes, `sparrow run` trains again."""


def load() -> Task:
    """Which of three inputs was largest on average, in sequences of 4 to 12 steps. Put your own data here.

    * `x`: float32 [sequences, steps, inputs], zeros behind the end of a sequence. `model.inputs` of the spec is the
      last size. Numbers beyond `formats.input` clip: scale them first (zero mean, deviation 1 suits most networks).
    * `lengths`: int64 [sequences], the real numbers of steps. `labels`: int64 [sequences], classes from 0.
    * The splits share nothing and are the same in every call. `train` is learned from, `valid` chooses among epochs and
      candidates, `test` is only reported; its first sequences are what `sparrow verify` runs.
    * For a text in place of sequences: `Text(tokens)`, a `vocabulary`, `metric="perplexity"` or "bits per character".
    """
    rng = np.random.default_rng(1)
    lengths = rng.integers(4, 13, 600)
    x = rng.normal(0.0, 0.5, (600, 12, 3)).astype(np.float32)
    x[np.arange(12) >= lengths[:, None]] = 0.0
    labels = x.sum(axis=1).argmax(axis=1)

    def part(first: int, last: int) -> Split:
        return Split(x[first:last], lengths[first:last], labels[first:last])

    return Task(
        name="largest",
        classes=3,
        metric="accuracy",
        train=part(0, 400),
        valid=part(400, 500),
        test=part(500, 600),
    )
