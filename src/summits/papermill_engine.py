"""The papermill engine of this collection: `papermill` by hand treats a notebook as `summits run` does.

Parameters are checked before a kernel starts and before a file is written, and the kernel is the Python of
this environment with fixed surroundings. Papermill finds the engine by its entry point and uses it by
default; a notebook that is not of this collection runs as with plain papermill. Import papermill before this
module: papermill imports it while it starts.
"""

import ast
import json
import os
import re
import time
from pathlib import Path
from typing import Any
from unittest import mock

import click
import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, NotebookExecutionManager, papermill_engines
from papermill.log import logger
from papermill.translators import PythonTranslator
from traitlets import Unicode

from helpers import paths
from summits import notebooks, parameters, temporary
from summits.plan import CELL_TIMEOUT, RUN_TIMEOUT

FIXED = {f"{library}_NUM_THREADS": "1" for library in ("OPENBLAS", "OMP", "MKL")}
FIXED |= {"PYTHONHASHSEED": "0", "TZ": "UTC"}
DROPPED = {"PYTHONDONTWRITEBYTECODE", "PYTHONSTARTUP", "MPLBACKEND", "MATPLOTLIBRC"}
NAME = "summits"
WATCH = "__import__('summits.watch', fromlist=['watch'])"
# Where a kernel has its sockets and settings: prefix and place of a temporary folder. Not in the user's own
# place for these: the path of a socket must be short.
SOCKETS = "summits-kernel-", Path("/tmp")


def kernel_environment(private: Path) -> dict[str, str]:
    """Surroundings of a kernel: one thread, UTC, a fixed hash seed, nobody's Jupyter or IPython settings."""
    kept = {key: value for key, value in os.environ.items() if key not in DROPPED}
    # A kernel works in another folder than its runner: a relative folder would mean another place there.
    folders = {"SUMMITS_DATA": paths.data_dir().absolute(), "SUMMITS_RUNS": paths.runs_dir().absolute()}
    settings = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    own = folders | {name: private / name.lower() for name in settings}
    return kept | FIXED | {name: str(path) for name, path in own.items()}


class Client(PapermillNotebookClient):
    """A notebook client whose kernel is this environment's Python, over private sockets, and is watched."""

    private = Unicode()
    kernel_log = Unicode(os.devnull)

    def create_kernel_manager(self) -> AsyncKernelManager:
        """Return a manager for the Python of this environment, whatever kernels the machine has installed."""
        self.km = AsyncKernelManager(
            kernel_name="python3",
            kernel_spec_manager=KernelSpecManager(kernel_dirs=[]),
            transport="ipc",
            ip=f"{self.private}/kernel",
            connection_file=f"{self.private}/connection.json",
        )
        return self.km

    def execute(self, **kwargs: Any) -> nbformat.NotebookNode:
        """Execute all cells; what the kernel process prints outside of cells goes to the log."""
        with open(self.kernel_log, "a") as log:
            return super().execute(
                env=kernel_environment(Path(self.private)), stdout=log, stderr=log, **kwargs
            )

    def papermill_execute_cells(self) -> None:
        """Execute all cells, watched; the watch leaves no trace in the notebook."""
        self._ask(f"{WATCH}.start()")
        super().papermill_execute_cells()
        self.nb.metadata[notebooks.OWN] = json.loads(self._ask(f"{WATCH}.seen()"))

    def _ask(self, expression: str) -> Any:
        request = self.kc.execute(
            "", silent=True, store_history=False, user_expressions={"answer": expression}
        )
        answer = self.wait_for_reply(request)["content"]["user_expressions"]["answer"]
        if answer["status"] != "ok":
            raise notebooks.NotebookError(f"The kernel cannot import the helpers: {answer['evalue']}")
        return ast.literal_eval(answer["data"]["text/plain"])


class RunTimeoutError(CellTimeoutError):
    """The cells of a run took longer together than the run may take."""


class Refused(click.ClickException, parameters.ParameterError):
    """Parameters that a notebook cannot take; the command `papermill` says so without a traceback."""


class Engine(NBClientEngine):
    """The papermill engine of this collection."""

    @classmethod
    def execute_notebook(cls, nb: nbformat.NotebookNode, kernel_name: str, **settings: Any) -> Any:
        """Check the parameters and execute.

        Raises
        ------
        summits.parameters.ParameterError
            Before a kernel starts and before papermill writes a file.
        """
        given = nb.metadata.get("papermill", {}).get("parameters", {})
        try:
            values = parameters.check(parameters.schema(nb), given)
        except parameters.ParameterError as error:
            raise Refused(str(error)) from None
        if given and (cell := notebooks.tagged(nb, "injected-parameters")):
            # Papermill wrote texts of its command line; the cell holds what the declaration makes of them.
            cell["source"] = PythonTranslator.codify({name: values[name] for name in given})
        return super().execute_notebook(nb, kernel_name, **settings)

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        log_output: bool = False,
        start_timeout: int = 60,
        execution_timeout: int | None = CELL_TIMEOUT,
        run_timeout: int = RUN_TIMEOUT,
        kernel_log: str = os.devnull,
        **_: Any,
    ) -> None:
        """Execute.

        Raises
        ------
        RunTimeoutError, nbclient.exceptions.CellTimeoutError
            If the run, or a cell, takes more seconds than it may.
        """
        end = time.monotonic() + run_timeout

        def seconds_for(_cell: Any) -> float:
            # Never 0, which means no limit.
            return max(0.1, min(execution_timeout or run_timeout, end - time.monotonic()))

        # With its pictures a notebook is slow to write: papermill does so when the cells have ended, however
        # they did, and not also twice for each cell.
        with temporary.folder(*SOCKETS) as private, mock.patch.object(nb_man, "save"):
            client = Client(
                nb_man,
                kernel_name=kernel_name,
                private=str(private),
                kernel_log=kernel_log,
                timeout=execution_timeout,
                timeout_func=seconds_for,
                startup_timeout=start_timeout,
                shutdown_kernel="immediate",
                log=logger,
                log_output=log_output,
            )
            try:
                client.execute()
            except CellTimeoutError:
                if time.monotonic() < end:
                    raise
                raise RunTimeoutError(f"The run took longer than its limit of {run_timeout} s.") from None


class ByDefault(Engine):
    """What plain `papermill` uses: this engine for this collection, papermill's own for all others."""

    @classmethod
    def execute_notebook(cls, nb: nbformat.NotebookNode, kernel_name: str, **settings: Any) -> Any:
        """Execute with the engine that the notebook belongs to."""
        engine = Engine if of_the_collection(nb) else NBClientEngine
        executed = engine.execute_notebook(nb, kernel_name, **settings)
        # What the watch saw are paths of this machine, for `summits run`; a notebook does not hold them.
        executed.metadata.pop(notebooks.OWN, None)
        return executed


def of_the_collection(notebook: dict[str, Any]) -> bool:
    """Whether a notebook is of this collection, or made from one: it lies there, or imports the helpers.

    Others have helpers too: a module of that name beside a notebook, or where it runs, is theirs.
    """
    place = Path(notebook["metadata"].get("papermill", {}).get("input_path") or "elsewhere").absolute()
    if place.parent == paths.notebooks_dir():
        return True
    theirs = any(
        (folder / name).exists()
        for folder in (place.parent, Path.cwd())
        for name in ("helpers.py", "helpers/__init__.py")
    )
    program = notebooks.program(notebook)
    return not theirs and bool(re.search(r"^\s*(?:from|import) helpers\b", program, re.MULTILINE))


papermill_engines.register(NAME, Engine)
papermill_engines.register(None, ByDefault)
