"""Networks that people have, from file to proof: measures them, writes the tables of docs/own-networks.md.

    SPARROW_DATA=... python -m tests.bench.networks [NAME ...]

Two bring their weights as packages: `pip install --no-deps --target FOLDER silero-vad BeatNet`, with FOLDER on
PYTHONPATH. What is not at hand is left as it was measured before. Records lie in docs/own-networks.json.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import platform
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from accel.base.faults import Refused
from accel.base.files import write_text
from tests.bench.networks import beats, classifier, silero
from tests.bench.networks.page import tables
from tests.bench.networks.way import Heard, Network, measured, versions

ROOT = Path(__file__).parents[3]
RECORDS, PAGE = ROOT / "docs/own-networks.json", ROOT / "docs/own-networks.md"
BOARD = ("--board", "ulx3s-85f")
FAST = {"verify": {"engines": ["golden", "torch", "verilator", "hls"], "sequences": 6}}
"""Large networks: MyHDL and Icarus would take an hour."""
DISTILLED = {
    "source": {"distill": True},
    "training": {"prune_epochs": 60, "quantize_epochs": 30, "learning_rate": 0.004, "batch": 8, "steps": 128},
}
BOUNDS = (0.02, 0.005)


class Missing(Exception):
    """What a network needs is not at hand."""


def package(name: str, wanted: str) -> Path:
    """The folder of an installed package, none of whose code is run."""
    found = importlib.util.find_spec(name)
    if found is None or found.origin is None:
        raise Missing(f"pip install --no-deps --target FOLDER {wanted}, and FOLDER on PYTHONPATH")
    return Path(found.origin).parent


def gru(work: Path) -> list[dict[str, Any]]:
    """A GRU as PyTorch begins it, and random x."""
    torch.manual_seed(1)
    torch.save(torch.nn.GRU(16, 32, batch_first=True).state_dict(prefix="gru."), work / "gru.pt")
    return [measured(Network("gru", work / "gru.pt", options=BOARD), work)]


def vowels(work: Path) -> list[dict[str, Any]]:
    """The classifier with batch normalisation and an MLP."""
    try:
        model, train, test = classifier.trained()
    except Refused as refused:
        raise Missing(str(refused)) from None
    classifier.exported(model, train.x.shape[2], work / "vowels.onnx")
    np.savez(work / "vowels.npz", x=train.x, lengths=train.lengths)
    answers = classifier.answered(model, test)
    heard = {"test utterances": Heard(test.x, answers, test.lengths)}
    found = measured(Network("vowels", work / "vowels.onnx", work / "vowels.npz", BOARD, heard=heard), work)
    return [found | {"accuracy": float((answers == test.labels).mean())}]


def beatnet(work: Path) -> list[dict[str, Any]]:
    """The beat tracker, on music that is synthesised."""
    weights = beats.state(package("BeatNet", "BeatNet"))
    torch.save(weights, work / "beatnet.pt")
    seen, unseen = (beats.heard(weights, beats.music(16, seed)) for seed in (1, 2))
    np.save(work / "beatnet.npy", seen)
    heard = {"synthesised music": Heard(unseen, beats.answered(weights, unseen))}
    options = (*BOARD, *beats.NAMED)
    return [measured(Network("beatnet", work / "beatnet.pt", work / "beatnet.npy", options, FAST, heard), work)]


def voices(work: Path) -> Network:
    """Silero's network as the command takes it, and what it shall hear."""
    folder = package("silero_vad", "silero-vad")
    try:
        sound = {"real speech": silero.recorded(24, range(5), 2), "synthesised": silero.synthesised(24, 3)}
        seen = np.concatenate([silero.recorded(96, range(10, 50), 1), silero.synthesised(48, 4)])
    except Refused as refused:
        raise Missing(str(refused)) from None
    np.save(work / "silero.npy", silero.framed(seen)[np.random.default_rng(1).permutation(len(seen))])
    frames = {name: silero.framed(one) for name, one in sound.items()}
    heard = {name: Heard(one, (silero.answered(folder, one) > 0.5).astype(np.int64)) for name, one in frames.items()}
    options = (*BOARD, *silero.CUT, "--name", "silero")
    return Network("silero", folder / silero.FILE, work / "silero.npy", options, FAST, heard)


def whole(work: Path) -> list[dict[str, Any]]:
    """Silero's network with all its weights, with two bounds; the first is verified."""
    made, rows = voices(work), []
    for bound in BOUNDS:
        options = (*made.options, "--error", str(bound))
        rows.append(measured(replace(made, options=options), work, verify=bound == BOUNDS[0]) | {"bound": bound})
    return rows


def pruned(share: float, work: Path) -> list[dict[str, Any]]:
    """Silero's network without a share of each row, as it is and distilled."""
    made, rows = voices(work), []
    options = (*made.options, "--sparsity", str(share))
    for changes in (FAST, FAST | DISTILLED):
        found = measured(replace(made, options=options, changes=changes), work, verify=False)
        rows.append(found | {"bound": BOUNDS[0], "sparsity": share, "distilled": changes is not FAST})
    return rows


NETWORKS: dict[str, Callable[[Path], list[dict[str, Any]]]] = {
    "gru": gru,
    "vowels": vowels,
    "beatnet": beatnet,
    "silero": whole,
    "silero-50": partial(pruned, 0.5),
    "silero-75": partial(pruned, 0.75),
}


def known() -> dict[str, Any]:
    """What was measured before."""
    return json.loads(RECORDS.read_text(encoding="utf-8")) if RECORDS.is_file() else {}


def main() -> None:
    """Measure what is named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*NETWORKS, []], metavar="NAME", help=", ".join(NETWORKS))
    parser.add_argument("--work", type=Path, default=ROOT / "build/own-networks")
    given = parser.parse_args()
    for name in given.names or NETWORKS:
        (given.work / name).mkdir(parents=True, exist_ok=True)
        try:
            rows = NETWORKS[name](given.work / name)
        except Missing as missing:
            print(f"{name}: not measured: {missing}")
            continue
        stated = f"Python {platform.python_version()}, {versions(('torch', 'numpy', 'onnx', 'onnxruntime', 'myhdl'))}"
        write_text(RECORDS, json.dumps(known() | {name: {"rows": rows, "versions": stated}}, indent=1) + "\n")
    text = PAGE.read_text(encoding="utf-8")
    begin, end = "<!-- tables of python -m tests.bench.networks -->", "<!-- end of these tables -->"
    middle = f"{begin}\n{tables(known())}\n{end}"
    write_text(PAGE, re.sub(f"{begin}.*{end}", lambda _: middle, text, flags=re.DOTALL))


if __name__ == "__main__":
    main()
