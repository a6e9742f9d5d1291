"""A plan: files and commands that make something with a tool. Making a plan touches nothing; `run` executes one."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from accel.base.faults import Unfinished
from accel.base.files import write_text
from accel.base.templates import render
from accel.base.tools import Program
from accel.engines.engine import ToolMissing
from accel.engines.program import finished, stamp
from accel.proof.versions import at as version_at

Argv = tuple[str, ...]


class ToolFailed(Unfinished):
    """A tool ended with an error, or without making what it should; names the step and its log."""


@dataclass(frozen=True)
class Command:
    """One step of a plan; it is done when these very words made `makes` of `needs`, as all of them are now.

    Paths are within the plan's folder.

    `choices` are command lines of programs that all do this, the preferred one first: the first that is found runs, in
    `folder` within the plan's. What a program prints for others to read goes `into` a file there, not into its log.
    """

    step: str
    choices: tuple[Argv, ...]
    needs: tuple[str, ...]
    makes: tuple[str, ...]
    folder: str = "."
    into: str = ""

    @property
    def programs(self) -> tuple[str, ...]:
        """Programs of which one is needed."""
        return tuple(argv[0] for argv in self.choices)

    @property
    def log(self) -> str:
        """Everything the tool printed."""
        return f"{self.step}.log"

    @property
    def done(self) -> str:
        """What made the products, left when they were made."""
        return f"{self.step}.done.txt"


@dataclass(frozen=True)
class Plan:
    """Files by path and commands in order; paths are relative to the folder that the plan will live in.

    `reports` names the files in which numbers can be read afterwards.
    """

    title: str
    files: Mapping[str, str]
    commands: tuple[Command, ...]
    reports: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path in self.files:
            if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
                raise ValueError(f"{path}: a plan's files lie within its folder")

    def until(self, step: str) -> Plan:
        """The same plan, ending with a step."""
        steps = [command.step for command in self.commands]
        if step not in steps:
            raise ValueError(f"step {step}: wanted one of {', '.join(steps)}")
        return Plan(self.title, self.files, self.commands[: steps.index(step) + 1], self.reports)

    def before(self, step: str) -> Plan:
        """The same plan, ending before a step."""
        return replace(self, commands=self.until(step).commands[:-1])

    def without(self, step: str) -> Plan:
        """The same plan less a step, which was done in another way."""
        return replace(self, commands=tuple(command for command in self.commands if command.step != step))

    def within(self, folder: str) -> Plan:
        """The same plan one folder further down."""

        def moved(paths: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(f"{folder}/{path}" for path in paths)

        commands = [
            replace(one, needs=moved(one.needs), makes=moved(one.makes), folder=str(PurePosixPath(folder, one.folder)))
            for one in self.commands
        ]
        files = {f"{folder}/{path}": text for path, text in self.files.items()}
        return Plan(
            self.title, files, tuple(commands), {name: f"{folder}/{path}" for name, path in self.reports.items()}
        )

    def then(self, later: Plan) -> Plan:
        """Both plans, one after the other, in one folder."""
        files, reports = {**self.files, **later.files}, {**self.reports, **later.reports}
        return Plan(later.title, files, self.commands + later.commands, reports)


def texts(plan: Plan) -> dict[str, str]:
    """A plan's files, and a `build.sh` that runs its commands without Python."""
    return {**plan.files, "build.sh": render("fpga", "templates/build.sh.j2", plan=plan, line=shlex.join)}


def write(plan: Plan, folder: Path) -> list[Path]:
    """Write the texts of a plan; unchanged files stay."""
    files = texts(plan)
    for path, text in files.items():
        write_text(folder / path, text)
    (folder / "build.sh").chmod(0o755)
    return [folder / path for path in files]


def run(plan: Plan, folder: Path) -> Iterator[tuple[str, str]]:
    """Write a plan and execute what is not up to date; yields each step with `done` or `unchanged`.

    Raises ToolMissing before anything runs where a program of a step that is due is not found, and ToolFailed where a
    tool fails or does not make its products.
    """
    write(plan, folder)
    missing = [sentence for command in plan.commands if due(command, folder) for sentence in lacking(command)]
    if missing:
        raise ToolMissing("; ".join(missing))
    for command in plan.commands:
        if due(command, folder):
            execute(command, folder)
            yield command.step, "done"
        else:
            yield command.step, "unchanged"


def due(command: Command, folder: Path) -> bool:
    """Whether a product is missing or edited, or was made by other words, of other files, by another version."""
    done = folder / command.done
    return not command.makes or not done.is_file() or done.read_text(encoding="utf-8") != _done(command, folder)


def found(command: Command) -> Argv | None:
    """The command line of the first program that is on this machine, with the program's full path."""
    for program, *rest in command.choices:
        path = Program(program, "", (program,)).path()
        if path:
            return (path, *rest)
    return None


def versions(plan: Plan) -> dict[str, str]:
    """Versions of the programs that a plan runs here."""
    names = dict.fromkeys(argv[0] for command in plan.commands if (argv := found(command)) is not None)
    return {Path(name).name: version_at(name) for name in names}


def lacking(command: Command) -> list[str]:
    """What is missing for a command, in a sentence; empty where nothing is."""
    if found(command) is not None:
        return []
    return [f"{' or '.join(command.programs)} not found; needed by step {command.step}; put it on PATH"]


def execute(command: Command, folder: Path) -> None:
    """Run one command, its output into its log. Its products are removed first, so old ones cannot pass for new."""
    argv = found(command)
    if argv is None:
        raise ToolMissing("; ".join(lacking(command)))
    for path in (*command.makes, command.done):
        (folder / path).unlink(missing_ok=True)
    within = folder / command.folder
    with ExitStack() as opened:
        log = opened.enter_context((folder / command.log).open("w", encoding="utf-8"))
        out = opened.enter_context((within / command.into).open("w", encoding="utf-8")) if command.into else log
        status = finished(argv, within, out=out, log=log).returncode
    if status != 0:
        program = Path(argv[0]).name
        raise ToolFailed(f"step {command.step}: {program} ended with status {status}; {_tail(command, folder)}")
    absent = [path for path in command.makes if not (folder / path).is_file()]
    if absent:
        raise ToolFailed(f"step {command.step} did not make {', '.join(absent)}; {_tail(command, folder)}")
    write_text(folder / command.done, _done(command, folder))


def _done(command: Command, folder: Path) -> str:
    """What made the products."""
    program = found(command)
    files = [(path, folder / path) for path in (*command.needs, *command.makes)]
    return stamp(command.choices, program[:1] if program else (), files)


def _tail(command: Command, folder: Path) -> str:
    """The log's errors and its end; some tools print pages of statistics after an error."""
    lines = (folder / command.log).read_text(encoding="utf-8", errors="replace").splitlines()
    errors = [line for line in lines[:-12] if line.startswith("ERROR")]
    shown = [*errors[:4], *lines[-12:]]
    return "\n".join([f"its log {folder / command.log} says:", *(line[:200] for line in shown)])
