"""The process that kernels are forked from: it imports the third-party packages once, and then only waits.

Started by `summits.forking`, at the other end of a socket. It has one thread, opens no file of the
project, and imports none of its code: each kernel imports the helpers itself, so that an edit is always seen.
It ends when the socket is closed, and takes its kernels with it.
"""

import ctypes
import gc
import importlib.util
import json
import os
import random
import signal
import socket
import sys
import time
from typing import Any, NoReturn

PRELOADED = (
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "numpy",
    "pandas",
    "scipy.linalg",
    "scipy.optimize",
    "scipy.stats",
    "matplotlib.backends.backend_agg",
    "matplotlib.pyplot",
    "seaborn",
    "statsmodels.api",
    "statsmodels.tsa.api",
    "exchange_calendars",
    "nbformat",
    "yaml",
)
LONGEST_REQUEST = 1 << 20
DIE_WITH_PARENT = 1


def serve(control: socket.socket) -> None:
    """Answer requests for kernels until the other end is closed.

    A request is a JSON object with `arguments` of the kernel, `environment` and `folder`, and two files for
    its output. The answer comes when the kernel has a session of its own: the process id, with a file that
    becomes readable when the process ends.
    """
    while True:
        message, files, _, _ = socket.recv_fds(control, LONGEST_REQUEST, 2)
        if not message:
            return
        server = os.getpid()
        settled, settling = os.pipe()
        process = os.fork()
        if not process:
            control.close()
            os.close(settled)
            _become_kernel(json.loads(message), files, server, settling)
        ending = os.pidfd_open(process)
        for file in (*files, settling):
            os.close(file)
        # The child closes its end when it has settled, or by ending.
        os.read(settled, 1)
        os.close(settled)
        socket.send_fds(control, [json.dumps(process).encode()], [ending])
        os.close(ending)


def _become_kernel(request: dict[str, Any], files: list[int], server: int, settling: int) -> NoReturn:
    """Turn this copy of the server into what `python -m ipykernel_launcher` would be."""
    try:
        _end_with(server)
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.close(settling)
        _redirect(files)
        os.environ.clear()
        os.environ.update(request["environment"])
        time.tzset()
        os.chdir(request["folder"])
        _forget()
        launcher = importlib.util.find_spec("ipykernel_launcher")
        sys.argv = [str(launcher and launcher.origin), *request["arguments"]]
        importlib.import_module("ipykernel.kernelapp").launch_new_instance()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _end_with(server: int) -> None:
    """Ask the system to kill this process when the server ends."""
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != server:
        os._exit(1)


def _redirect(files: list[int]) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    for place, file in enumerate((nothing, *files)):
        os.dup2(file, place)
        os.close(file)


def _forget() -> None:
    """Begin anew what a fork would share: random numbers, and modules of the project."""
    random.seed()
    sys.modules["numpy"].random.seed()
    for name in [name for name in sys.modules if name.split(".")[0] in ("helpers", "summits")]:
        del sys.modules[name]


def main() -> None:
    """Import, say how many threads there are, and serve."""
    control = socket.socket(fileno=int(sys.argv[1]))
    # Python puts the folder in which it was started first; a kernel decides itself where it looks.
    del sys.path[0]
    for name in PRELOADED:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    control.send(json.dumps(len(os.listdir("/proc/self/task"))).encode())
    serve(control)


if __name__ == "__main__":
    main()
