"""The command `sparrow`: a verb for each step. Prints for people, or JSON with `--json`.

Exit statuses are those of `sparrow.endings`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from accel.base.faults import Fault, Refused
from accel.spec.types import When
from sparrow.verb import (
    MODEL,
    Between,
    DataFile,
    End,
    HeadNames,
    Ignore,
    Json,
    Lstm,
    ModelFile,
    OutputName,
    Replace,
    SpecFile,
    Start,
    Tensorboard,
    Work,
    answer,
    app,
    opened,
    verb,
)


@verb
def check(
    spec_file: SpecFile,
    work: Work = None,
    lanes: Annotated[int | None, typer.Option(min=1, help="propose designs of at most so many lanes a layer")] = None,
    cycles: Annotated[int | None, typer.Option(min=1, help="propose designs of at most so many cycles a step")] = None,
    as_json: Json = False,
) -> None:
    """Validate a spec; print everything that follows from it, or (--lanes, --cycles) designs to choose from."""
    from accel.report.derived import proposed
    from sparrow import checking, flow

    spec, folder = opened(spec_file, work)
    if lanes is not None and cycles is not None:
        raise Refused([Fault("--cycles", "nothing beside --lanes", str(cycles))])
    if lanes is not None or cycles is not None:
        answer(proposed(spec, lanes, cycles), "proposed", as_json)
        return
    facts = checking.checked(spec, folder)
    flow.resolve(spec, folder)
    answer(facts, "checked", as_json)


@verb
def train(
    spec_file: SpecFile,
    work: Work = None,
    tensorboard: Tensorboard = False,
    replace: Replace = False,
    as_json: Json = False,
) -> None:
    """Train, prune and quantise the network.

    Leaves integer weights and the record of how they came about. Goes on from its checkpoints.
    """
    spec, folder = opened(spec_file, work)
    _perform("train", spec, folder, replace, tensorboard)
    answer(_read(folder / "training.json"), "trained", as_json)


@verb
def import_model(
    spec_file: SpecFile,
    model: ModelFile = None,
    work: Work = None,
    data: DataFile = None,
    lstm: Lstm = None,
    head: HeadNames = None,
    ignore: Ignore = None,
    output: OutputName = None,
    allow_clipping: Annotated[bool, typer.Option("--allow-clipping", help="Weights may exceed their format.")] = False,
    distill: Annotated[bool, typer.Option("--distill", help="Train it on --data to answer as the file does.")] = False,
    tensorboard: Tensorboard = False,
    replace: Replace = False,
    as_json: Json = False,
) -> None:
    """Take weights from your own nn.LSTM or nn.GRU, in place of train.

    MODEL and options may stand in the spec as its `source`.

    Every node and tensor of the file must have its place. The network that was read is compared with the file on
    random x and on your data; what pruning and rounding cost is said.
    """
    from sparrow import events, flow, printing

    with printing.progress() as told:
        spec, folder = opened(spec_file, work, find=told, replace=replace)
    wishes: dict[str, Any] = {"data_file": data, "lstm": lstm, "head": head, "ignore": ignore, "output": output}
    wishes |= {"allow_clipping": allow_clipping, "distill": distill}
    given = {name: value for name, value in wishes.items() if value}
    if spec.source is not None and (model is not None or given):
        raise Refused([Fault("MODEL and options", "nothing beside the spec's own source", spec.source.file)])
    if spec.source is not None:
        _perform("train", spec, folder, replace, tensorboard)
    elif model is None:
        raise Refused([Fault("MODEL", "a file, or a spec with a source", "none")])
    else:
        with printing.progress() as lines, events.recorded(lines, folder, tensorboard) as told:
            flow.import_model(spec, model, folder, replace, **given, **({"progress": told} if distill else {}))
    answer(_read(folder / "training.json"), "trained", as_json)


@verb
def new(
    model: Annotated[Path | None, typer.Argument(metavar="[MODEL]", help=MODEL, show_default=False)] = None,
    task: Annotated[Path | None, typer.Option(help="A task to fill in, FILE.py, and its spec, for no model.")] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="The spec to write.", show_default="<name>.yaml")
    ] = None,
    data: DataFile = None,
    board: Annotated[str | None, typer.Option(help="Board on which it shall run.")] = None,
    error: Annotated[float, typer.Option(help="Relative error (rms) that h_t of each layer may have.")] = 0.02,
    sparsity: Annotated[float, typer.Option(help="Share of each row's weights to remove.")] = 0.0,
    when: Annotated[When | None, typer.Option(help="When a state dict's head answers.", show_default="last")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the spec.", show_default="that of the file")] = None,
    lstm: Lstm = None,
    head: HeadNames = None,
    activation: Between = None,
    ignore: Ignore = None,
    output: OutputName = None,
    start: Start = None,
    end: End = None,
    longest: Annotated[
        int | None, typer.Option(min=1, help="Steps that a mean over time counts.", show_default="that of --data")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a spec that is there.")] = False,
    as_json: Json = False,
) -> None:
    """Write a whole spec for the network of your file, or (--task) for a task of your own; `sparrow run` does the rest.

    Layers, cells and sizes are the file's. Formats are the fewest bits that keep h_t within --error of the float
    network on your data; lanes are as many as the board has room for.
    """
    from sparrow import cutting, new_task
    from sparrow import new as whole
    from sparrow.reasons import Asked
    from training.importing.source import Wishes

    if model is None or task is not None:
        if model is not None or task is None:
            raise Refused([Fault("new", "a MODEL, or --task FILE.py", "both" if model else "neither")])
        answer({"files": new_task.write(task, force)}, "files", as_json)
        return
    wishes = Wishes(tuple(lstm or ()), tuple(head or ()), tuple(ignore or ()), output, tuple(activation or ()))
    asked = Asked(data, board, error, sparsity, when, name, wishes, (start, end), longest)
    written = whole if asked.cut == (None, None) else cutting
    answer(written.write(model, out, asked, force), "newly_written", as_json)


@verb
def generate(spec_file: SpecFile, work: Work = None, as_json: Json = False) -> None:
    """Render MyHDL, Verilog, HLS C++ and scripts."""
    from accel.proof import ledger

    spec, folder = opened(spec_file, work)
    _perform("generate", spec, folder)
    files = [str(folder / name) for name in ledger.outputs(folder, "generate")]
    answer({"files": files}, "files", as_json)


@verb
def verify(spec_file: SpecFile, work: Work = None, as_json: Json = False) -> None:
    """Run every engine; demand equal bits and cycles.

    Every engine of the spec runs real test sequences and corners. Each signal, each result and the cycles of each step
    must equal the golden model and the schedule.
    """
    spec, folder = opened(spec_file, work)
    _perform("verify", spec, folder)
    answer(_read(folder / "verify.json"), "verified", as_json)


@verb
def predict(
    spec_file: SpecFile,
    x: Annotated[Path, typer.Argument(metavar="X", help="Your x [sequences, steps, inputs]: .npy, or .npz with x.")],
    y: Annotated[Path, typer.Option("--output", "-o", help="The answers, .npy.")] = Path("y.npy"),
    engine: Annotated[str, typer.Option(help="Engine that computes them; must equal golden.")] = "golden",
    work: Work = None,
    as_json: Json = False,
) -> None:
    """Your own sequences through the accelerator: float in, float out.

    Answers are logits, classes, or h_t where there is no head; NaN or -1 behind the end of a sequence.
    """
    from sparrow import predicting

    spec, folder = opened(spec_file, work)
    answer(predicting.predict(spec, folder, x, y, engine), "predicted", as_json)


@verb
def evaluate(
    spec_file: SpecFile,
    test: Annotated[Path, typer.Argument(metavar="TEST", help="A .npz with x, y and, where they differ, lengths.")],
    model: Annotated[Path | None, typer.Option(help="The file that was imported, for its float metric.")] = None,
    work: Work = None,
    as_json: Json = False,
) -> None:
    """How good the accelerator's answers are, beside the float network's.

    Accuracy where y are classes, relative error (rms) where y are numbers.
    """
    from sparrow import evaluating

    spec, folder = opened(spec_file, work)
    answer(evaluating.evaluate(spec, folder, test, model), "evaluated", as_json)


@verb
def explore(
    spec_file: SpecFile,
    study_file: Annotated[Path | None, typer.Argument(metavar="[STUDY]", help="Axes and wishes, a YAML file.")] = None,
    work: Work = None,
    budget: Annotated[int | None, typer.Option(min=1, help="Designs that are worked out.")] = None,
    objectives: Annotated[str | None, typer.Option(help="Measures, as cycles,luts; a trained one by its name.")] = None,
    limit: Annotated[list[str] | None, typer.Option(help="A bound, as 'cycles<=500'; again for the next.")] = None,
    sampler: Annotated[str | None, typer.Option(help="nsga2, tpe, random, or all choices.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="The same seed, the same study.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that work points out.")] = 1,
    scheduler: Annotated[str | None, typer.Option(help="A Dask scheduler of one's own, tcp://HOST:PORT.")] = None,
    prove: Annotated[bool, typer.Option(help="Verify the points of the front in Verilator.")] = True,
    as_json: Json = False,
) -> None:
    """Which design, and why: search the choices of a spec for those that no other beats.

    Leaves explore/ in the work folder: pareto.json, a page, a spec for each point of the front. Stopped, the same
    command goes on.
    """
    from exploration import study_file as file
    from sparrow import exploring, printing

    spec, folder = opened(spec_file, work, elsewhere=True)
    said = {"budget": budget, "sampler": sampler, "seed": seed, "limits": limit and tuple(limit)}
    said["objectives"] = None if objectives is None else tuple(objectives.split(","))
    study = file.chosen(study_file, said)
    wishes = exploring.Wishes(workers, scheduler, prove)
    with printing.progress() as told:
        answer(exploring.explore(spec, folder, study, wishes, told), "explored", as_json)


@verb
def build(
    spec_file: SpecFile,
    work: Work = None,
    board: Annotated[str | None, typer.Option(help="Board, in place of target.board.")] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Write the scripts and build.sh only.")] = False,
    alone: Annotated[bool, typer.Option("--alone", help="The accelerator without its serial line.")] = False,
    from_cpp: Annotated[bool, typer.Option("--from-cpp", help="The core that Vitis HLS makes of the C++.")] = False,
    allow_slow: Annotated[bool, typer.Option("--allow-slow", help="A missed clock is no error.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of nextpnr.")] = 1,
    seeds: Annotated[int, typer.Option(min=1, help="Place so many times, in parallel; keep the fastest.")] = 1,
    read_back: Annotated[bool, typer.Option("--read-back", help="Simulate the bitstream itself (iCE40).")] = False,
    as_json: Json = False,
) -> None:
    """Synthesis, place and route, bitstream.

    Uses what `generate` left. Chips of Lattice and Gowin are built with yosys and nextpnr; for Xilinx chips the scripts
    are run where Vivado is found, and `--plan` writes a folder that builds itself where it is.
    """
    from sparrow import flow
    from sparrow.building import Build

    spec, folder = opened(spec_file, work, elsewhere=board is not None)
    options = {"alone": alone, "from_cpp": from_cpp, "allow_slow": allow_slow, "seed": seed, "seeds": seeds}
    wanted = Build(spec, board, plan, options, read_back)
    flow.perform(wanted.step, spec, folder)
    answer(wanted.facts, "built", as_json)


@verb
def package(
    spec_file: SpecFile,
    folder: Annotated[Path, typer.Option("--output", "-o", help="The folder to leave.", show_default=False)],
    work: Work = None,
    inline: Annotated[bool, typer.Option("--inline", help="Memory contents in the Verilog text.")] = False,
    as_json: Json = False,
) -> None:
    """The verified accelerator as a folder for somebody's project.

    Verilog that finds its memory contents from anywhere, a FuseSoC core, a self-checking bench with the golden model's
    answers, a page, a manifest. Built from a current, verified work folder only.
    """
    from sparrow import packaging
    from sparrow.checking import resources

    spec, place = opened(spec_file, work)
    answer(packaging.package(spec, place, folder, inline, resources(spec, place)), "packaged", as_json)


@verb
def wave(
    spec_file: SpecFile,
    sequence: Annotated[int, typer.Option(min=0, help="Number of the stored test sequence.")] = 0,
    fst: Annotated[Path, typer.Option("--output", "-o", help="The wave, .fst; its save file goes beside.")] = Path(
        "wave.fst"
    ),
    work: Work = None,
    as_json: Json = False,
) -> None:
    """A wave of a test sequence, with named groups for GTKWave.

    Icarus runs the Verilog that `generate` left; its answers are compared with the golden model's.
    """
    from sparrow import waving

    spec, folder = opened(spec_file, work)
    answer(waving.wave(spec, folder, sequence, fst), "packaged", as_json)


@verb
def report(spec_file: SpecFile, work: Work = None, as_json: Json = False) -> None:
    """Write report.html and report.json."""
    spec, folder = opened(spec_file, work)
    _perform("report", spec, folder)
    answer({"files": [str(folder / name) for name in ("report.html", "report.json")]}, "files", as_json)


@verb
def run(
    spec_file: SpecFile,
    work: Work = None,
    tensorboard: Tensorboard = False,
    replace: Replace = False,
    as_json: Json = False,
) -> None:
    """All steps in order, as far as needed.

    Skips the steps for which nothing changed: spec, files, sparrow's sources, versions of tools. Goes on where an
    earlier run stopped.
    """
    from sparrow import events, flow, printing

    with printing.progress() as progress:
        spec, folder = opened(spec_file, work, find=progress, replace=replace)
        with events.recorded(progress, folder, tensorboard) as told:
            done = flow.run(spec, folder, told, replace=replace)
    facts = _read(folder / "report.json") | {"steps": done, "files": [str(folder / "report.html")]}
    answer(facts, "ran", as_json)


@verb
def doctor(as_json: Json = False) -> None:
    """Which tools were found, where, and what for."""
    from accel.base.tools import examine, plain

    answer({"tools": plain(examine())}, "tools", as_json)


@verb
def schema(
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the reference for people.")] = False,
) -> None:
    """Print the JSON Schema of the spec, for editors."""
    from accel import spec
    from accel.spec import reference

    made = spec.schema()
    print(reference.markdown(made) if markdown else json.dumps(made, indent=2) + "\n", end="")


def _perform(name: str, spec: Any, folder: Path, replace: bool = False, tensorboard: bool = False) -> None:
    """Do one step of the flow, whether or not it is current, on results of those before that must be current."""
    from sparrow import events, flow, printing
    from sparrow.steps import step

    with printing.progress() as lines, events.recorded(lines, folder, tensorboard) as progress:
        flow.perform(step(name, spec), spec, folder, progress, replace)


def _read(path: Path) -> Any:
    from accel.base.files import read_json

    return read_json(path)


def main() -> None:
    """Entry point of the command `sparrow`."""
    app()


if __name__ == "__main__":
    main()
