"""Where points are worked out: in this process, on workers of this machine, or on a Dask cluster of one's own."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from accel.base.faults import Fault, Refused, Unfinished
from exploration.axes import Choice
from exploration.measures import Measure
from exploration.study import Evaluate, Outcome, Point
from exploration.work import Beaten, Job, work_out

if TYPE_CHECKING:
    from distributed import Client

RETRIES = 3
"""Workers that may die over a point before it counts as what kills them."""


@contextmanager
def pool(job: Job, wanted: tuple[Measure, ...], workers: int = 1, scheduler: str | None = None) -> Iterator[Evaluate]:
    """What works points out while the context lasts.

    Raises Unfinished where Dask is not installed, Refused where no scheduler answers at the address.
    """
    if workers == 1 and scheduler is None:
        yield lambda choices, points: _here(job, choices, Beaten.by(points, wanted))
        return
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise Unfinished("workers need Dask: pip install 'sparrow-lstm[explore]'") from None
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=10)
        except (OSError, ValueError):
            raise Refused([Fault("--scheduler", "a Dask scheduler, as tcp://HOST:8786", scheduler)]) from None
        with client:
            yield partial(_there, client, job, wanted)
        return
    with _deaf_to_interrupts():
        quiet = {"dashboard_address": None, "silence_logs": logging.ERROR}
        cluster = LocalCluster(n_workers=workers, threads_per_worker=1, **quiet)
    with cluster, Client(cluster) as client:
        yield partial(_there, client, job, wanted)


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Processes that begin here leave Ctrl-C to this one, which ends them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _here(job: Job, choices: Sequence[Choice], beaten: Beaten) -> Iterator[Outcome]:
    return (work_out(job, choice, beaten) for choice in choices)


def _there(
    client: Client, job: Job, wanted: tuple[Measure, ...], choices: Sequence[Choice], points: Sequence[Point]
) -> Iterator[Outcome]:
    """Outcomes in the order of the choices, all of them under way at once; those that nobody asks for are cancelled.

    A point whose worker dies is given to another one, by Dask itself.
    """
    beaten = Beaten.by(points, wanted)
    futures = [client.submit(work_out, job, choice, beaten, pure=False, retries=RETRIES) for choice in choices]
    try:
        for future in futures:
            yield future.result()
    finally:
        if client.status == "running":  # closed where an interrupt came between points
            client.cancel(futures)
