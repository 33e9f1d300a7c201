"""The same tasks on a Dask cluster whose machines share one checkout on one file system."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager

from helpers import paths
from summits import imports, notebooks

SECONDS_TO_CONNECT = 20


class ClusterError(ValueError):
    """A cluster that cannot be used as it is."""


@contextmanager
def connected(address: str) -> Iterator[tuple[Executor, int]]:
    """Connect to a scheduler; yield an executor on its workers, and how many runs they take at once.

    Parameters
    ----------
    address
        Such as tcp://127.0.0.1:8786.

    Raises
    ------
    ClusterError
        If the package is missing, no scheduler answers, there is no worker, or a worker sees another
        checkout, other data or another folder of runs than this process.
    """
    try:
        from distributed import Client
    except ImportError:
        raise ClusterError("Install the packages of the cluster: pip install '.[cluster]'.") from None
    try:
        client = Client(address, timeout=SECONDS_TO_CONNECT)
    except (OSError, ValueError) as error:
        raise ClusterError(f"No Dask scheduler answers at {address}: {error}") from None
    with client:
        workers = client.nthreads()
        if not workers:
            raise ClusterError(f"No workers are there. Start some: dask worker {address}")
        here = surroundings()
        for worker, there in client.run(surroundings).items():
            if differing := ", ".join(sorted(what for what in here if here[what] != there[what])):
                raise ClusterError(f"The worker {worker} has another {differing} than this process.")
        yield client.get_executor(), sum(workers.values())


def surroundings() -> dict[str, str]:
    """What a worker must have in common with the process that plans the runs."""
    return {
        "data folder": str(paths.data_dir().resolve()),
        "runs folder": str(paths.runs_dir().resolve()),
        "checkout": str(paths.root()),
        "state of the code": notebooks.digest(repr(imports.package())),
    }
