"""Tasks by name. Importing this module imports no task."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from accel.faults import Fault, Refused
from accel.spec import Spec
from training.tasks.task import Task

SEEDED = "seeded"
"""The task of a spec that is not trained: random weights and samples."""

MODULES = {"digits_rows": "training.tasks.digits"}
"""Task name to the module whose function of that name loads it."""


def load(spec: Spec) -> Task:
    """The spec's task with its data. Refused for an unknown name, or a network whose shape the task does not fit."""
    name = spec.training.task
    if name not in MODULES:
        raise Refused([Fault("training.task", f"one of {', '.join(sorted([*MODULES, SEEDED]))}", name)])
    loader: Callable[[], Task] = getattr(import_module(MODULES[name]), name)
    task = loader()
    faults = list(_faults(spec, task))
    if faults:
        raise Refused(faults)
    return task


def _faults(spec: Spec, task: Task) -> list[Fault]:
    """What of the spec's network does not fit the task."""
    model, faults = spec.model, []
    if model.inputs != task.inputs:
        faults.append(Fault("model.inputs", f"{task.inputs}, as task {task.name} has", str(model.inputs)))
    if model.head is None:
        faults.append(Fault("model.head", f"a head with {task.classes} outputs for task {task.name}", "no head"))
    elif model.head.outputs != task.classes:
        wanted = f"{task.classes}, as task {task.name} has"
        faults.append(Fault("model.head.outputs", wanted, str(model.head.outputs)))
    if model.head is not None and model.head.when != "last":
        faults.append(Fault("model.head.when", f"last: task {task.name} has one label a sequence", model.head.when))
    return faults
