"""Jupyter kernels in a sixth of a second: forked from a process that has imported the packages already.

A `jupyter_client` kernel provisioner (entry point `forked`); a room of its own that knows nothing of what the
kernels do. A kernel is an ordinary process with a session, environment and folder of its own. It imports code
that is not preloaded itself, so that an edit is always seen. With
`JUPYTER_DEFAULT_PROVISIONER_NAME=local-provisioner` kernels start as ever.
"""

import gc
import importlib
import json
import os
import select
import signal
import subprocess
import sys
from functools import lru_cache, partialmethod
from typing import Any, NoReturn

from jupyter_client.provisioning import LocalProvisioner

PRELOADED = ["ipykernel.ipkernel", "ipykernel.kernelapp", "seaborn", "statsmodels.api", "nbformat", "yaml"]
PRELOADED += ["matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg", "exchange_calendars"]
# Surroundings that kernels of one server may differ in: nothing reads them while the packages are imported.
OWN = "IPYTHON", "JUPYTER_", "JPY_", "PYTEST_"


class Forked:
    """A kernel that is not our child, with the part of `subprocess.Popen` that a provisioner needs."""

    stdin = stdout = stderr = returncode = None

    def __init__(self, pid: int) -> None:
        self.pid, self._ending = pid, os.pidfd_open(pid)

    def poll(self, seconds: float | None = 0) -> int | None:
        """Return None while the process runs; how it ended is not known."""
        if self.returncode is None and select.select([self._ending], [], [], seconds)[0]:
            os.close(self._ending)
            self.returncode = 1
        return self.returncode

    wait = partialmethod(poll, None)

    def send_signal(self, number: int) -> None:
        """Send a signal, if the process still runs."""
        if self.poll() is None:
            signal.pidfd_send_signal(self._ending, number)

    kill = partialmethod(send_signal, signal.SIGKILL)
    terminate = partialmethod(send_signal, signal.SIGTERM)


class ForkProvisioner(LocalProvisioner):
    """Forks the Python of this environment on Linux; starts all other kernels as ever."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Launch a kernel; its output goes to the file given as `stderr`."""
        if sys.platform != "linux" or cmd[0] != sys.executable or "ipykernel_launcher" not in cmd:
            return await super().launch_kernel(cmd, **kwargs)
        log = getattr(kwargs.get("stderr"), "name", None)
        request = {
            "arguments": cmd[cmd.index("ipykernel_launcher") + 1 :],
            "environment": kwargs["env"],
            "folder": str(kwargs.get("cwd") or os.getcwd()),
            "log": log if isinstance(log, str) else os.devnull,
        }
        shared = frozenset(each for each in kwargs["env"].items() if not each[0].startswith(OWN))
        server: Any = _server(os.getpid(), shared)
        try:
            print(json.dumps(request), file=server.stdin, flush=True)
            forked: Any = Forked(int(server.stdout.readline()))
        except (OSError, ValueError):  # The server was killed.
            _server.cache_clear()
            return await super().launch_kernel(cmd, **kwargs)
        self.process, self.pid, self.pgid = forked, forked.pid, forked.pid
        return self.connection_info

    async def kill(self, restart: bool = False) -> None:
        """Kill the kernel and see its end: who asked looks again only after a tenth of a second."""
        await super().kill(restart)
        if isinstance(self.process, Forked):
            self.process.poll(1)


@lru_cache(None)
def _server(_owner: int, surroundings: frozenset[tuple[str, str]]) -> subprocess.Popen:
    """Process that forks kernels for this one; it ends when its input is closed, and its kernels with it."""
    return subprocess.Popen(
        [sys.executable, "-c", f"import {__name__}; {__name__}.serve()"],
        env={"MPLBACKEND": "module://matplotlib_inline.backend_inline", **dict(surroundings)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )


def serve() -> None:
    """Import the packages; then fork a kernel for each line of input, and print its process id."""
    os.environ["JPY_PARENT_PID"] = str(os.getpid())
    # Python puts the folder in which it was started first; a kernel decides itself where it looks.
    del sys.path[0]
    for name in PRELOADED:
        importlib.import_module(name)
    gc.freeze()
    for line in sys.stdin:
        if not (process := os.fork()):
            _become_kernel(**json.loads(line))
        print(process, flush=True)


def _become_kernel(arguments: list[str], environment: dict[str, str], folder: str, log: str) -> NoReturn:
    """Turn this copy of the server into what `python -m ipykernel_launcher` would be."""
    os.setsid()
    nothing, written = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_APPEND)
    for place, file in enumerate((nothing, written, written)):
        os.dup2(file, place)
    os.environ.clear()
    os.environ.update(environment, JPY_PARENT_PID=str(os.getppid()))
    os.chdir(folder)
    sys.modules["numpy"].random.seed()
    sys.argv = ["ipykernel_launcher", *arguments]
    importlib.import_module("ipykernel.kernelapp").launch_new_instance()
    sys.exit()
