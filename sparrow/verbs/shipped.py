"""Verbs of what goes out: the design that is chosen, a bitstream, a package, a wave, a report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sparrow.verb import (
    Json,
    SpecFile,
    Work,
    answer,
    opened,
    perform,
    verb,
)


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
    route: Annotated[
        bool, typer.Option("--route", help="Place and route the points of the front with open tools.")
    ] = False,
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
    wishes = exploring.Wishes(workers, scheduler, prove, route)
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
    seeds: Annotated[int, typer.Option(min=1, help="Place this many times, in parallel; keep the fastest.")] = 1,
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
    registers: Annotated[
        bool, typer.Option("--registers", help="Also registers on AXI4-Lite: status, resets, an interrupt.")
    ] = False,
    as_json: Json = False,
) -> None:
    """The verified accelerator as a folder for somebody's project.

    Verilog that finds its memory contents from anywhere, a FuseSoC core, a self-checking bench with the golden model's
    answers, a page, a manifest. Built from a current, verified work folder only.
    """
    from sparrow import packaging
    from sparrow.checking import resources

    spec, place = opened(spec_file, work)
    wanted = packaging.Wanted(inline, registers)
    answer(packaging.package(spec, place, folder, wanted, resources(spec, place)), "packaged", as_json)


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
    perform("report", spec, folder)
    answer({"files": [str(folder / name) for name in ("report.html", "report.json")]}, "files", as_json)
