"""A network that lost units, on its way to hardware: a spec of its own, and what a finished training leaves.

`sparrow import compact/NAME/spec.yaml compact/NAME` takes it from there; dense where nothing but units was removed.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from accel.architecture.network import network
from accel.base.files import write_text
from accel.spec import Spec, plain
from training import export
from training.recipe import Recipe
from training.record import Made
from training.studies import Study


def finish(recipe: Recipe, study: Study) -> Made:
    """The network of a study quantised in the arithmetic of its own spec, as a training of its own ends."""
    assert study.spec is not None
    own = Recipe(study.spec, recipe.task, recipe.folder / study.slug, recipe.progress)
    net = network(study.spec)
    quantized = own.quantized(study.fitted.model, net)
    excerpt = export.excerpt(quantized.model, recipe.task.test, study.spec)
    skipping = study.fitted if study.spec.sparsity.threshold else None
    integers = export.integers(quantized.model, net)
    return Made(study.fitted, [], {}, [], quantized, net, integers, excerpt, skipping=skipping)


def write_spec(spec: Spec, path: Path) -> None:
    """A spec as a file that `load` reads."""
    write_text(path, yaml.safe_dump(plain(spec), sort_keys=False, default_flow_style=None, width=120))
