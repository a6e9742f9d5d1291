"""Japanese vowels (Kudo, Toyama, Shimbo 1999; UEA archive): which of nine speakers says two vowels, 7 to 29 steps long.

270 utterances to train and 370 to test, twelve cepstral coefficients a step, in the archive's `.ts` format: a head of
`@` lines, then an utterance a line, dimensions and label parted by `:`, the steps of a dimension by `,`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from accel.base.faults import Fault, Refused
from training.tasks.sources import Source, find, read
from training.tasks.task import Split, Task

Utterances = list[npt.NDArray[np.float64]]
"""Each [steps, COEFFICIENTS]."""

ARCHIVE = "the JapaneseVowels problem of the UEA archive, timeseriesclassification.com"
SOURCES = tuple(
    Source("vowels", f"JapaneseVowels_{part}.ts", "", digest, origin=ARCHIVE)
    for part, digest in (
        ("TRAIN", "68a430eabd919cc77f40b1f5f3bc0dcafacc1486bca9260785aeb7d262cc78cd"),
        ("TEST", "b3d41d6a0ca3bcad3afb9ca7d4365382aa51341e2e58bae2a574babdda5b9462"),
    )
)
COEFFICIENTS, SPEAKERS = 12, 9
VALIDATION = 6
"""Every sixth of the training utterances validates."""


def japanese_vowels() -> Task:
    """Nine speakers; accuracy. 225, 45 and 370 sequences, each as long as its utterance.

    Mean and deviation of a coefficient over the training utterances are taken out; rounded to 1/256.
    """
    (train, labels), (test, named) = map(utterances, SOURCES)
    held = np.arange(len(train)) % VALIDATION == 0
    heard = np.concatenate([steps for steps, out in zip(train, held, strict=True) if not out])
    mean, deviation = heard.mean(axis=0), heard.std(axis=0)

    def split(found: Utterances, speakers: list[int]) -> Split:
        return padded([np.round((steps - mean) / deviation * 256) / 256 for steps in found], speakers)

    def part(chosen: npt.NDArray[np.bool_]) -> Split:
        numbers = np.flatnonzero(chosen)
        return split([train[n] for n in numbers], [labels[n] for n in numbers])

    return Task("japanese_vowels", SPEAKERS, "accuracy", part(~held), part(held), split(test, named))


def utterances(source: Source) -> tuple[Utterances, list[int]]:
    """Utterances of a file and their speakers, 0 to 8. Refused, with the line, where it is not of the format."""
    lines = read(source).decode("utf-8", "replace").splitlines()
    begin = next((n for n, line in enumerate(lines) if line.strip().lower() == "@data"), len(lines))
    found: Utterances = []
    labels: list[int] = []
    for number, line in enumerate(lines[begin + 1 :], begin + 2):
        *dimensions, label = line.strip().split(":")
        try:
            steps = np.array([[float(value) for value in part.split(",")] for part in dimensions]).T
            speaker = int(label) - 1
        except ValueError as error:
            raise _other(source, f"line {number}: {error}") from None
        if (
            steps.ndim != 2
            or steps.shape[1] != COEFFICIENTS
            or not 0 <= speaker < SPEAKERS
            or not np.isfinite(steps).all()
        ):
            raise _other(source, f"line {number}: {len(dimensions)} dimensions, label {label}")
        found.append(steps)
        labels.append(speaker)
    if not found:
        raise _other(source, "no utterance")
    return found, labels


def padded(sequences: Utterances, labels: list[int]) -> Split:
    """Sequences padded with zeros to the longest."""
    lengths = np.array([len(steps) for steps in sequences], dtype=np.int64)
    x = np.zeros((len(sequences), lengths.max(), COEFFICIENTS), dtype=np.float32)
    for row, steps in enumerate(sequences):
        x[row, : len(steps)] = steps
    return Split(x, lengths, np.array(labels, dtype=np.int64))


def _other(source: Source, got: str) -> Refused:
    wanted = f"utterances of {COEFFICIENTS} equally long dimensions and a speaker from 1 to {SPEAKERS}, {source.known}"
    return Refused([Fault(str(find(source)), wanted, got)])
