"""A study: points asked for in batches, worked out, told; kept in a file, so that it goes on where it was stopped.

Optuna proposes (`nsga2`, `tpe`, `random`) or everything is tried in order (`all`). A batch is asked for with seeds that
follow from the study's and from the number of each trial: the same study with the same budget is the same, however many
workers there are and however often it was stopped.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from accel.base.faults import Fault, Refused
from exploration.axes import Axis, Choice
from exploration.measures import Limit, Measure, signed

if TYPE_CHECKING:
    import optuna

Sampler = Literal["nsga2", "tpe", "random", "all"]
SAMPLERS: tuple[Sampler, ...] = ("nsga2", "tpe", "random", "all")
BATCH = 16
"""Points that are asked for together."""
STALE = 10
"""Batches in a row that bring nothing new, after which a space counts as tried out."""
LOST = 1000
"""Choices that may be none before the first one that is a design."""


@dataclass(frozen=True)
class Outcome:
    """What came of a point: a value and how it is known for each measure, or why it is none."""

    values: dict[str, float]
    stages: dict[str, str]
    refused: str = ""
    """Why there is no such design."""
    stopped: str = ""
    """Why training ended early: others are better for certain."""


@dataclass(frozen=True)
class Point:
    """A choice and what came of it; `number` counts the points of a study that are designs, from 1."""

    number: int
    choice: dict[str, Any]
    outcome: Outcome


Evaluate = Callable[[Sequence[Choice], Sequence[Point]], Iterator[Outcome]]
"""Works choices out, knowing the points told before; outcomes in the order of the choices."""
Told = Callable[[int, int], None]
"""Told how many points there are, and how many there shall be."""


@dataclass(frozen=True)
class Plan:
    """What a study is about."""

    axes: tuple[Axis, ...]
    objectives: tuple[Measure, ...]
    limits: tuple[Limit, ...]
    sampler: Sampler
    seed: int

    @property
    def size(self) -> int:
        """Choices there are, designs or not."""
        return prod(len(axis.values) for axis in self.axes)


def run(plan: Plan, budget: int, evaluate: Evaluate, journal: Path, told: Told) -> list[Point]:
    """Work out points until there are `budget`, or none are left; all of the study, in the order they were told.

    What an earlier run left in `journal` counts. May be stopped at any moment. Refused, with the first reason, where
    all that was tried is no design.
    """
    study, stale = _Study(plan, journal), 0
    while len(study.points) < budget and stale < STALE and study.tried < plan.size:
        if not study.points and study.tried >= LOST:
            break
        before = study.tried
        study.batch(budget, evaluate, told)
        stale = 0 if study.tried > before else stale + 1
    if not study.points:
        first = next((one.refused for one in study.known.values()), "nothing to choose from")
        got = f"none: every choice that was tried ({study.tried}) is refused; the first one, {first}"
        raise Refused([Fault("axes", "choices that make a design", got)])
    return study.points[:budget]


class _Study:
    """An Optuna study over a plan's axes, and what was told to it."""

    def __init__(self, plan: Plan, journal: Path) -> None:
        import optuna

        from exploration.journal import journal_in

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.plan, self.optuna = plan, optuna
        self.known: dict[str, Outcome] = {}
        self.points: list[Point] = []
        journal.parent.mkdir(parents=True, exist_ok=True)
        try:
            _cut(journal)
            self.study = self._opened(journal_in(journal))
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, AssertionError):
            wanted = "the journal of this study, or no such folder"
            raise Refused([Fault(str(journal), wanted, "others: it was damaged, or edited by hand")]) from None

    def _opened(self, journal: optuna.storages.journal.BaseJournalBackend) -> optuna.Study:
        """The study of a journal, new where it is empty; what was told before is learnt."""
        study = self.optuna.create_study(
            study_name="sparrow",
            storage=self.optuna.storages.JournalStorage(journal),
            directions=["minimize"] * len(self.plan.objectives),
            load_if_exists=True,
        )
        for trial in study.get_trials(deepcopy=False):
            if "outcome" in trial.user_attrs:
                self._learn(self._choice(trial.params), Outcome(**trial.user_attrs["outcome"]))
        return study

    @property
    def tried(self) -> int:
        """Choices that were worked out, designs or not."""
        return len(self.known)

    def batch(self, budget: int, evaluate: Evaluate, told: Told) -> None:
        """Ask for a batch, or go on with one that an earlier run left; work out what is new, one by one, and tell.

        Trials that are beyond the budget stay open, for a run with a larger one.
        """
        trials = self._asked()
        choices = [self._choice(trial.params) for trial in trials]
        fresh = {_key(choice): choice for choice in choices if _key(choice) not in self.known}
        outcomes = evaluate(list(fresh.values()), tuple(self.points))
        for trial, choice in zip(trials, choices, strict=True):
            if len(self.points) >= budget:
                return
            self._tell(trial, choice, self.known.get(_key(choice)) or next(outcomes))
            told(len(self.points), budget)

    def _asked(self) -> list[optuna.Trial]:
        """The trials of a batch: those that were asked for and not told, and new ones up to a whole batch."""
        running = self.optuna.trial.TrialState.RUNNING
        asked = self.study.get_trials(deepcopy=False)
        count, left = len(asked), [one for one in asked if one.state == running]
        trials = [self.optuna.Trial(self.study, one._trial_id) for one in left]
        whole = [trial for trial in trials if len(trial.params) == len(self.plan.axes)]
        for trial in trials:
            if trial not in whole:  # killed while it was asked for
                self.study.tell(trial, state=self.optuna.trial.TrialState.FAIL)
        missing = -count % BATCH if whole or count % BATCH else BATCH
        if self.plan.sampler == "all":
            missing = min(missing, self.plan.size - count)
        return whole + [self._ask(number) for number in range(count, count + missing)]

    def _ask(self, number: int) -> optuna.Trial:
        self.study.sampler = _sampler(self.plan, self.plan.seed * 1_000_003 + number)
        if self.plan.sampler == "all":
            self.study.enqueue_trial(_nth(self.plan, number))
        whole = self.optuna.distributions.IntDistribution
        return self.study.ask({axis.key: whole(0, len(axis.values) - 1) for axis in self.plan.axes})

    def _choice(self, params: dict[str, Any]) -> dict[str, Any]:
        return {axis.key: axis.values[params[axis.key]] for axis in self.plan.axes}

    def _tell(self, trial: optuna.Trial, choice: Choice, outcome: Outcome) -> None:
        """A choice that is no design, or whose training was stopped, is a failed trial: nothing is learnt from it."""
        trial.set_user_attr("outcome", vars(outcome))
        if outcome.refused or outcome.stopped:
            self.study.tell(trial, state=self.optuna.trial.TrialState.FAIL)
        else:
            for limit in self.plan.limits:
                trial.set_constraint(str(limit), limit.excess(outcome.values[limit.measure.name]))
            self.study.tell(trial, list(signed(outcome.values, self.plan.objectives)))
        self._learn(choice, outcome)

    def _learn(self, choice: Choice, outcome: Outcome) -> None:
        if _key(choice) in self.known:
            return
        self.known[_key(choice)] = outcome
        if not outcome.refused:
            self.points.append(Point(len(self.points) + 1, dict(choice), outcome))


def _cut(journal: Path) -> None:
    """Take away a last line that a kill left half written, which what is appended would join. Raises ValueError where
    no line is whole.
    """
    text = journal.read_bytes() if journal.is_file() else b""
    whole = text.rfind(b"\n") + 1
    if text and not whole:
        raise ValueError(f"{journal}: no whole line")
    if whole < len(text):
        os.truncate(journal, whole)


def _key(choice: Choice) -> str:
    return repr(sorted(choice.items()))


def _nth(plan: Plan, number: int) -> dict[str, int]:
    """The indices of the n-th choice of all, the last axis running fastest."""
    sizes, indices = [len(axis.values) for axis in plan.axes], []
    for size in reversed(sizes):
        number, index = divmod(number, size)
        indices.append(index)
    return {axis.key: index for axis, index in zip(plan.axes, reversed(indices), strict=True)}


def _sampler(plan: Plan, seed: int) -> optuna.samplers.BaseSampler:
    from optuna import samplers

    if plan.sampler == "nsga2":
        return samplers.NSGAIISampler(population_size=BATCH, seed=seed)
    if plan.sampler == "tpe":
        return samplers.TPESampler(n_startup_trials=BATCH, multivariate=True, seed=seed)
    return samplers.RandomSampler(seed=seed)


def require_small_enough(plan: Plan, most: int) -> None:
    """Refused where all of a space shall be tried and it is too large for it."""
    if plan.sampler == "all" and plan.size > most:
        raise Refused([Fault("sampler all", f"at most {most:,} choices", f"{plan.size:,}")])
