"""One mutant before the judges of `sparrow verify`.

A quick look first: for Verilog a bench that stops at the first word that differs and that the judge counts as
different, for C++ a build without optimisation. What passes it meets the engines as `verify` runs them.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from multiprocessing.connection import Connection
from pathlib import Path

from accel.base.files import write_text
from accel.engines.bench import Record
from accel.engines.engine import Engine, Ports
from accel.engines.hls import FLAGS, hls
from accel.engines.memories import check_memories
from accel.engines.peers import first_difference
from accel.engines.verify import DeviceUnderTest, Prediction, Result, compare, examine
from accel.model.design import Design
from accel.model.samples import Samples
from accel.schedule.schedule import schedule
from sparrow.engines import ENGINES
from tests.mutation import equivalence
from tests.mutation.bench import Bench
from tests.mutation.mutants import Change, Mutant, applied
from tests.mutation.statements import same_statement

PATIENCE = 600.0
"""Seconds after which a quick look has hung, however busy the machine is."""
CPU, MEMORY = 15, 2 << 30
"""Seconds and bytes that a program of a quick look may take: a loop within a cycle is never through."""
QUICK, PEER = "quick look", "cycle by cycle"
STILLBORN = ("iverilog ended", "the compiler stopped")


@dataclass(frozen=True)
class Verdict:
    """`caught`, by which engine and with which words; `equivalent`, by which proof; `survived`; or `stillborn`: no tool
    took the mutant.
    """

    status: str
    engine: str = ""
    reason: str = ""


class Trial:
    """A generated design, and the judges that its mutants meet."""

    def __init__(self, design: Design, samples: Samples, folder: Path) -> None:
        self.design, self.samples, self.folder = design, samples, folder
        self.predicted: Prediction = schedule(design)
        self.bench = Bench(design, samples, folder / "bench")
        self.verilog = f"rtl/{design.spec.identifier}.v"
        self.headers = _standard_headers(folder.resolve() / "headers")
        self.bench.learn(design.work / self.verilog, design.work / "rtl")
        self._require_equal()

    def of(self, mutant: Mutant) -> Verdict:
        """What becomes of a mutant."""
        with self._mutated(mutant) as work:
            mutated = replace(self.design, work=work)
            found = self._quickly(mutant, mutated)
            if found.status == "survived":
                found = self._proven(mutant, work)
            if found.status != "survived":
                return found
            for name in ("hls",) if mutant.file.startswith("hls/") else ("verilator", "icarus"):
                found = self._engine(name, mutated)
                if found.status != "survived":
                    return found
            return Verdict("survived")

    def _engine(self, name: str, mutated: Design) -> Verdict:
        """What an engine says as `verify` runs it, its outputs in every cycle included."""
        result, ports = examine(name, ENGINES[name], mutated, self.samples, self.predicted)
        found = _verdict(result)
        unlike = first_difference(self.ports, ports) if found.status == "survived" and ports else ""
        return Verdict("caught", PEER, f"{name}: {unlike}"[:300]) if unlike else found

    def _quickly(self, mutant: Mutant, mutated: Design) -> Verdict:
        """What the comparison of memories and the quick judge say."""
        held = check_memories(mutated)
        if held.status != "equal":
            return Verdict("caught", "memories", held.reason[:300])
        quick = self._quick_hls if mutant.file.startswith("hls/") else self._quick_verilog
        return _patiently(lambda: quick(mutated))

    def _require_equal(self) -> None:
        """Raises RuntimeError where the design itself does not pass: then nothing that is caught says anything."""
        for file in (self.verilog, "hls/top.cpp"):
            unchanged = Mutant(self.design.spec.name, "", file, Change("nothing", 0, 0, ""), 0, "", "", "")
            with self._mutated(unchanged) as work:
                found = self._quickly(unchanged, replace(self.design, work=work))
            if found.status != "survived":
                raise RuntimeError(f"{self.design.spec.name}: the unchanged design is {found.status}: {found.reason}")
        if unlike := first_difference(self.ports, self.bench.ports):
            raise RuntimeError(f"{self.design.spec.name}: the unchanged Verilog is not as the blocks: {unlike}")

    @cached_property
    def ports(self) -> Ports:
        """What the MyHDL blocks show in every cycle: `verify` compares the Verilog with that."""
        if self.samples.steps > self.design.spec.verify.slow_steps:
            raise RuntimeError(f"{self.design.spec.name}: more steps than `verify` watches in every cycle")
        ports = ENGINES["myhdl"].engine(self.design, self.samples).ports
        assert ports is not None
        return ports

    def _proven(self, mutant: Mutant, work: Path) -> Verdict:
        """Equivalent, if a rule of `equivalence` proves it."""
        if mutant.file.startswith("hls/"):
            if equivalence.objects(work / "hls") == self.objects:
                return Verdict("equivalent", "compiler", "g++ -O2 makes the same object file of it")
            wider = equivalence.widens(mutant.before, mutant.after)
            if wider and equivalence.objects(work / "hls", unchecked=True) == self.unchecked:
                return Verdict("equivalent", "wider", "an exact integer gets wider, its values stay")
            return Verdict("survived")
        source, top = work / self.verilog, self.design.spec.identifier
        if mutant.file == self.verilog and same_statement(
            (self.design.work / self.verilog).read_bytes(), mutant.change
        ):
            return Verdict("equivalent", "statement", "a SAT solver finds no values for which the statement differs")
        if mutant.file == self.verilog and equivalence.same_function(self.netlist, equivalence.netlist(source, top)):
            return Verdict("equivalent", "netlist", "yosys makes the same netlist of it")
        if equivalence.only_under_reset(mutant.kind) and self.bench.state(source, work / "rtl") == self.settled:
            return Verdict(
                "equivalent", "reset", "all registers are the same soon after reset, all ports in every cycle"
            )
        return Verdict("survived")

    @cached_property
    def netlist(self) -> equivalence.Netlist:
        """What yosys makes of the design."""
        return equivalence.netlist(self.design.work / self.verilog, self.design.spec.identifier)

    @cached_property
    def settled(self) -> tuple[Record, list[str]]:
        """What the design does, and what its registers hold some cycles after reset."""
        return self.bench.state(self.design.work / self.verilog, self.design.work / "rtl")

    @cached_property
    def objects(self) -> list[bytes] | None:
        """What g++ makes of the design's C++."""
        return equivalence.objects(self.design.work / "hls")

    @cached_property
    def unchecked(self) -> list[bytes] | None:
        """The same with integers of no particular width."""
        return equivalence.objects(self.design.work / "hls", unchecked=True)

    @contextmanager
    def _mutated(self, mutant: Mutant) -> Iterator[Path]:
        """A work folder of its own with the mutant in it."""
        work = self.folder / "mutant"
        shutil.rmtree(work, ignore_errors=True)
        for part in (part for part in ("rtl", "hls", "myhdl", "load") if (self.design.work / part).is_dir()):
            shutil.copytree(self.design.work / part, work / part, ignore=shutil.ignore_patterns("build", "__pycache__"))
        for engine in ("verilator", "icarus"):  # their builds know what is up to date
            (self.folder / engine).mkdir(exist_ok=True)
            (work / engine).symlink_to((self.folder / engine).resolve())
        file = work / mutant.file
        file.write_bytes(applied(file.read_bytes(), mutant.change))
        yield work
        shutil.rmtree(work, ignore_errors=True)

    def _quick_verilog(self, mutated: Design) -> Verdict:
        compared = self._judged(
            lambda design, samples: self.bench.observed(design.work / self.verilog, design.work / "rtl")
        )
        found = _verdict(compared(mutated))
        if found.status == "survived" and self.bench.unlike:
            return Verdict("caught", PEER, self.bench.unlike)
        return found

    def _judged(self, engine: Engine) -> Callable[[Design], Result]:
        return lambda design: compare(
            QUICK, DeviceUnderTest(engine, clocked=True), design, self.samples, self.predicted
        )

    def _quick_hls(self, mutated: Design) -> Verdict:
        flags = ("-O0", "-include", str(self.headers))
        device = DeviceUnderTest(lambda design, samples: hls(design, samples, flags), counts=True)
        return _verdict(compare(QUICK, device, mutated, self.samples, self.predicted))


def _standard_headers(folder: Path) -> Path:
    """The headers of C++ that everything includes, compiled once."""
    names = ("cinttypes", "cstdint", "cstdio", "cstdlib", "cstring", "deque", "type_traits", "vector")
    header = folder / "standard.h"
    write_text(header, "".join(f"#include <{name}>\n" for name in names))
    command = ["g++", *FLAGS, "-O0", "-x", "c++-header", str(header), "-o", f"{header}.gch"]
    subprocess.run(command, check=True)
    return header


def _verdict(result: Result) -> Verdict:
    if result.status == "equal":
        return Verdict("survived")
    if result.status == "not run":
        raise RuntimeError(result.reason)
    stillborn = result.status == "failed" and any(words in result.reason for words in STILLBORN)
    return Verdict("stillborn" if stillborn else "caught", result.engine, result.reason[:300])


def _patiently(look: Callable[[], Verdict]) -> Verdict:
    """A verdict from a process of its own, which is ended with all its children where it hangs."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)

    def work(to: Connection) -> None:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (CPU, CPU))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        to.send(look())

    process = context.Process(target=work, args=(sender,))
    process.start()
    sender.close()
    try:
        if receiver.poll(PATIENCE):
            return receiver.recv()  # type: ignore[no-any-return]
        return Verdict("caught", QUICK, f"did not end within {PATIENCE:.0f} s")
    except EOFError:
        raise RuntimeError("a look ended without a verdict") from None
    finally:
        if process.is_alive() and process.pid is not None and not receiver.closed:
            process.join(0.5)
            if process.is_alive():
                os.killpg(process.pid, signal.SIGKILL)
        process.join()
