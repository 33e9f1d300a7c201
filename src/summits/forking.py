"""Kernels that start in a tenth of a second: forked from a process that has imported the packages already.

A `jupyter_client` kernel provisioner (entry point `summits-fork`). The kernel is an ordinary process with a
session, environment, folder and random numbers of its own; papermill, nbclient, nbval and JupyterLab use it
unchanged. Where a fork is not safe or not possible, an ordinary kernel is started. `SUMMITS_FORK=0` switches
forking off.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import partialmethod
from typing import Any, cast

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner

NAME = "summits-fork"
SWITCH = "SUMMITS_FORK"
LAUNCHER = "ipykernel_launcher"
# What a process reads once, when it starts or imports: kernels that differ in it cannot share a server.
READ_ONCE = ("PYTHON", "OPENBLAS_", "OMP_", "MKL_", "NUMEXPR_", "MPL", "MATPLOTLIB", "LD_", "LC_", "LANG")
INLINE = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
SECONDS_TO_START = 60


class CannotFork(Exception):
    """A kernel cannot be forked here; an ordinary one can be started."""


class ForkedProcess:
    """A kernel that is not our child, with the part of `subprocess.Popen` that a provisioner needs."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, ending: int) -> None:
        self.pid, self._ending = pid, ending
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return None while the process runs; how it ended is not known."""
        if self.returncode is None and select.select([self._ending], [], [], 0)[0]:
            os.close(self._ending)
            self.returncode = 1
        return self.returncode

    def wait(self) -> int | None:
        """Wait for the end."""
        if self.poll() is None:
            select.select([self._ending], [], [])
        return self.poll()

    def send_signal(self, number: int) -> None:
        """Send a signal, if the process still runs."""
        if self.poll() is None:
            signal.pidfd_send_signal(self._ending, number)

    kill = partialmethod(send_signal, signal.SIGKILL)
    terminate = partialmethod(send_signal, signal.SIGTERM)


class Server:
    """The process that forks kernels for this one; see `summits.fork_server`."""

    def __init__(self, environment: Mapping[str, str], folder: str) -> None:
        self.lock = threading.Lock()
        self.owner, self.once = os.getpid(), _read_once(environment, folder)
        self.control, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (self.control, other):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        with other:
            subprocess.Popen(
                [sys.executable, "-m", "summits.fork_server", str(other.fileno())],
                env={**INLINE, **environment},
                cwd=folder,
                pass_fds=[other.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        self.control.settimeout(SECONDS_TO_START)
        threads = self.control.recv(64)
        if threads != b"1":
            self.control.close()
            raise CannotFork(f"The server has {threads.decode() or 'no'} threads, not one.")

    def fork(
        self, arguments: Sequence[str], environment: Mapping[str, str], folder: str, files: list[int]
    ) -> ForkedProcess:
        """Start a kernel; when this returns it has its session, so that signals to its group reach it."""
        if _read_once(environment, folder) != self.once:
            raise CannotFork("The kernel needs surroundings that a process reads only when it starts.")
        request = {"arguments": list(arguments), "environment": dict(environment), "folder": folder}
        with self.lock:
            socket.send_fds(self.control, [json.dumps(request).encode()], files)
            answer, endings, _, _ = socket.recv_fds(self.control, 64, 1)
        if not answer:
            raise ConnectionResetError("The server has ended.")
        return ForkedProcess(json.loads(answer), endings[0])


_server: Server | None = None


def is_possible() -> bool:
    """Whether kernels can be forked on this system, and are not switched off."""
    return sys.platform == "linux" and hasattr(os, "pidfd_open") and os.environ.get(SWITCH) != "0"


def fork(
    command: Sequence[str], environment: Mapping[str, str], folder: str, files: list[int]
) -> ForkedProcess:
    """Fork the kernel that a command would start.

    Raises
    ------
    CannotFork
        If the command is not the Python kernel of this environment, or a fork is not safe or not possible.
    """
    global _server
    if not is_possible() or list(command[:3]) != [sys.executable, "-m", LAUNCHER]:
        raise CannotFork("Not here, or not this kernel.")
    try:
        # A process that was forked itself must not use its parent's server.
        if _server is None or _server.owner != os.getpid():
            _server = Server(environment, folder)
        return _server.fork(command[3:], environment, folder, files)
    except OSError as error:
        _server = None
        raise CannotFork(str(error)) from error


def _read_once(environment: Mapping[str, str], folder: str) -> dict[str, str]:
    # The folder is where matplotlib looks for its settings when it is imported.
    settings = {name: value for name, value in environment.items() if name.startswith(READ_ONCE)}
    return {**settings, "folder": folder}


class ForkProvisioner(LocalProvisioner):
    """Forks a kernel where that is possible, and starts an ordinary one where it is not."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel; its output goes where that of an ordinary one would go."""
        out, err = _file(kwargs.get("stdout"), 1), _file(kwargs.get("stderr"), 2)
        folder = os.path.abspath(kwargs.get("cwd") or os.getcwd())
        try:
            if out is None or err is None:
                raise CannotFork("The output is wanted through a pipe.")
            process = fork(cmd, kwargs["env"], folder, [out, err])
        except CannotFork:
            return await super().launch_kernel(cmd, **kwargs)
        # It has the part of Popen that a provisioner uses.
        self.process = cast(subprocess.Popen, process)
        self.pid = self.pgid = process.pid
        self.cwd = folder
        return self.connection_info


def _file(stream: Any, inherited: int) -> int | None:
    """Number of an open file, None for a pipe that would have to be made."""
    if stream is None:
        return inherited
    if isinstance(stream, int):
        return stream if stream >= 0 else None
    return stream.fileno()
