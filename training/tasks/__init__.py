"""Tasks by name, and those of a person's own by place. Importing this module imports no task."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module

from accel.base.faults import Fault, Refused
from accel.spec import Spec
from training.tasks import own
from training.tasks.task import Split, Task, share

SEEDED = "seeded"
"""The task of a spec that is not trained: random weights and samples."""

MODULES = {
    "digits_rows": "training.tasks.digits",
    "digits_pixels": "training.tasks.digits",
    "ptb_words": "training.tasks.text",
    "ptb_chars": "training.tasks.text",
    "war_and_peace_chars": "training.tasks.text",
    "imdb": "training.tasks.imdb",
    "linux_chars": "training.tasks.text",
    "wikipedia_chars": "training.tasks.text",
    "spoken_digits": "training.tasks.speech",
    "keywords": "training.tasks.keywords",
    "japanese_vowels": "training.tasks.vowels",
    "mnist_rows": "training.tasks.mnist",
    "mnist_pixels": "training.tasks.mnist",
    "mnist_quads": "training.tasks.mnist",
    "mnist_permuted": "training.tasks.mnist",
}
"""Task name to the module whose function of that name loads it."""


def load(spec: Spec) -> Task:
    """The spec's task with its data, `training.share` of the examples to train on.

    Refused for an unknown name, for data that is not at hand, or for a network whose shape does not fit the task.
    """
    task = _named(spec)
    faults = list(_faults(spec, task))
    if faults:
        raise Refused(faults)
    return replace(task, train=share(task.train, spec.training.share))


def _named(spec: Spec) -> Task:
    name = spec.training.task
    if own.is_own(name):
        return own.load(spec)
    if name not in MODULES:
        raise Refused([Fault("training.task", f"one of {', '.join(sorted([*MODULES, SEEDED]))}", str(name))])
    loader: Callable[[], Task] = getattr(import_module(MODULES[name]), name)
    return loader()


def _faults(spec: Spec, task: Task) -> list[Fault]:
    """What of the spec's network does not fit the task. Without a head a linear layer on the host answers."""
    model, faults, name = spec.model, [], task.name
    if model.vocabulary is not None and model.vocabulary != task.vocabulary:
        wanted = "nothing, as" if task.vocabulary is None else f"{task.vocabulary}, the tokens that"
        faults.append(Fault("model.vocabulary", f"{wanted} task {name} has", str(model.vocabulary)))
    if task.inputs is not None and model.vocabulary is None and model.inputs != task.inputs:
        faults.append(Fault("model.inputs", f"{task.inputs}, as task {name} has", str(model.inputs)))
    if model.window is not None:
        wanted = f"nothing, as task {name} gives what the network reads, [sequences, steps, inputs]"
        faults.append(Fault("model.window", wanted, f"steps: {model.window.steps}"))
    if model.head is not None and model.head.outputs != task.classes:
        faults.append(Fault("model.head.outputs", f"{task.classes}, as task {name} has", str(model.head.outputs)))
    if model.head is not None and model.head.when != task.when:
        wanted = f"{task.when}: task {name} wants an answer then"
        faults.append(Fault("model.head.when", wanted, model.head.when))
    return faults + (list(_direction_faults(spec, task)) if model.bidirectional else [])


def _direction_faults(spec: Spec, task: Task) -> Iterator[Fault]:
    """What of a task does not go with layers that read sequences from their ends as well."""
    if not isinstance(task.train, Split):
        wanted = "a task of sequences beside model.bidirectional: what comes next in a text is what it would read"
        yield Fault("training.task", wanted, task.name)
        return
    longest, splits = spec.model.longest or 0, (task.train, task.valid, task.test)
    needed = max(int(split.lengths.max()) for split in splits if isinstance(split, Split))
    if longest < needed:
        yield Fault(
            "model.longest", f"at least {needed}, the steps of the longest sequence of {task.name}", str(longest)
        )
    if spec.model.head is None:
        wanted = "a head that says which last it reads, as a bidirectional layer has two"
        yield Fault("model.head", wanted, "none")
