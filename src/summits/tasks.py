"""Execute what is not fresh: in the order of their needs, over processes or the workers of a cluster.

Whether a run is due is said in `states`: by its key, and where only tables changed, by the rows it read.
"""

import multiprocessing
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from graphlib import TopologicalSorter
from typing import Any

import filelock

from helpers import paths
from summits import archive, failures, states, temporary
from summits.cluster import connected
from summits.engine import RunFailed, carry_over, execute, working_folder, working_prefix
from summits.papermill_engine import SOCKETS
from summits.plan import Run

Echo = Callable[[str], None]


class Interrupted(KeyboardInterrupt):
    """The user or the system asked to stop; results in place are untouched."""


def run_all(
    runs: list[Run], workers: int, echo: Echo, address: str = "", forced: Collection[str] = ()
) -> dict[str, str]:
    """Execute what is not fresh, and say how each run ended. Failures are reported on stderr.

    Only one process works in a `runs` folder at a time; a second one waits.

    Parameters
    ----------
    runs
        A plan, in order.
    workers
        Number of processes, at most; never more than runs that are due, or cores.
    echo
        Takes one line of progress at a time.
    address
        Of a Dask scheduler, whose workers take the place of the processes.
    forced
        Notebooks whose runs are due even if they are fresh.

    Returns
    -------
    dict of str to str
        By run: `fresh`, `done`, `failed`, or `not run` (one it needs failed).

    Raises
    ------
    Interrupted
        On Ctrl-C or SIGTERM.
    summits.cluster.ClusterError
    """
    with _only_one(), _stopping_at_signals():
        due = [run for run in runs if run.notebook in forced or not states.is_fresh(run)]
        for run in [run for run in runs if run not in due and not states.is_exact(run)]:
            carry_over(run)
        endings = {run.id: "fresh" for run in runs}
        if due:
            size = min(workers, len(due), os.cpu_count() or 1)
            pool = connected(address) if address else _processes(size, forking=len(due) > 2 * size)
            with pool as (executor, at_once):
                endings |= _work(due, executor, at_once, echo)
        archive.prune({run.id for run in runs})
        return endings


@contextmanager
def _only_one() -> Iterator[None]:
    """Hold the lock of the `runs` folder; what a killed process left in the temporary place is removed."""
    paths.runs_dir().mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(paths.runs_dir() / ".lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        print("Another `summits run` is at work here; waiting for it.", file=sys.stderr, flush=True)
        lock.acquire()
    try:
        shutil.rmtree(working_folder(), ignore_errors=True)
        yield
    finally:
        shutil.rmtree(working_folder(), ignore_errors=True)
        temporary.sweep(*SOCKETS)
        lock.release()


@contextmanager
def _stopping_at_signals() -> Iterator[None]:
    """Turn Ctrl-C and SIGTERM into `Interrupted`, after ending the workers; their kernels end with them."""
    caught: list[int] = []

    def stop(number: int, _frame: Any) -> None:
        caught.append(number)
        for child in multiprocessing.active_children():
            child.kill()
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted(signal.Signals(caught[0]).name) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _processes(workers: int, forking: bool) -> Iterator[tuple[Executor, int]]:
    """Yield a pool of processes and its size.

    They are forked where that is safe: they then share the packages already imported, and hold the lock of
    the `runs` folder until they have ended, even if their parent is killed. With `forking`, which pays from
    the third run of a process on, so are their kernels.
    """
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    with ProcessPoolExecutor(
        workers, mp_context=context, initializer=_start_worker, initargs=(os.getpid(), forking)
    ) as pool:
        yield pool, workers


def _start_worker(parent: int, forking: bool) -> None:
    """Leave Ctrl-C to the parent, and end when the parent is gone, so that no orphan goes on writing."""
    if forking:
        os.environ.setdefault("JUPYTER_DEFAULT_PROVISIONER_NAME", "forked")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def end_with_parent() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()


def _work(due: list[Run], executor: Executor, at_once: int, echo: Echo) -> dict[str, str]:
    """Execute the runs that are due, those that others wait for first; say by run how it ended."""
    by_id = {run.id: run for run in due}
    order = TopologicalSorter({run.id: set(run.needs) & by_id.keys() for run in due})
    order.prepare()
    endings: dict[str, str] = {}
    at_work: dict[Future, tuple[str, float]] = {}
    ready: list[str] = []
    begin = time.monotonic()
    while order.is_active():
        ready = sorted([*ready, *order.get_ready()], key=lambda name: _rank(by_id[name], due))
        while ready and len(at_work) < at_once:
            name = ready.pop(0)
            needs_failed = any(endings.get(need, "done") != "done" for need in by_id[name].needs)
            future = None if needs_failed else _submit(by_id[name], executor, echo)
            if future is None:
                endings[name] = "not run"
                order.done(name)
            else:
                at_work[future] = name, time.monotonic()
        for future in wait(at_work, return_when=FIRST_COMPLETED).done if at_work else ():
            name, started = at_work.pop(future)
            endings[name] = _ending(by_id[name], future)
            took, gone = time.monotonic() - started, time.monotonic() - begin
            echo(f"{progress(len(endings), len(due), gone)}  {endings[name]:7} {name}  {took:.1f} s")
            order.done(name)
    return endings


def _rank(run: Run, due: list[Run]) -> tuple[int, int]:
    """First the runs for which runs wait that others wait for, last those for which none does."""
    waiting = {other.id for other in due if run.id in other.needs}
    second = any(waiting & set(other.needs) for other in due)
    return (0 if second else 1 if waiting else 2), due.index(run)


def _submit(run: Run, executor: Executor, echo: Echo) -> Future | None:
    """Start a run; None if the workers are gone."""
    try:
        future = executor.submit(execute, run)
    except BrokenExecutor:
        return None
    echo(f"  running  {run.id}")
    return future


def progress(through: int, total: int, seconds: float) -> str:
    """How many runs are through, the time since the start, and about how long the rest takes."""
    ahead = seconds / through * (total - through)
    gone, left = (f"{int(each) // 60}:{int(each) % 60:02d}" for each in (seconds, ahead))
    return f"[{through}/{total}, {gone}, about {left} left]"


def _ending(run: Run, future: Future) -> str:
    failure = future.exception()
    if failure is None:
        return "done"
    if isinstance(failure, RunFailed):
        print(failure, file=sys.stderr)
    elif isinstance(failure, OSError):
        print(f"{run.id}: {failure}", file=sys.stderr)
    left = next(working_folder().glob(f"{working_prefix(run)}*"), None)
    if left and not isinstance(failure, RunFailed):
        error = RuntimeError("The worker was killed or ran out of memory.")
        print(failures.keep_aside(left, run, error), file=sys.stderr)
    return "failed" if left or isinstance(failure, RunFailed) else "not run"
