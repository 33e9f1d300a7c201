"""Forked kernels: to a notebook like ordinary ones, and ordinary ones where a fork is unsafe."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import stub_collection as stub

from summits import forking, notebooks

pytestmark = pytest.mark.skipif(not forking.is_possible(), reason="this system cannot fork kernels")

SEEN = """\
import os, sys, locale, signal, time
import matplotlib, numpy, pandas
from helpers import paths
print(sys.path, sys.argv[0], os.getcwd(), sorted(set(os.environ) - {"JPY_PARENT_PID"}))
print(time.tzname, locale.getlocale(), os.getsid(0) == os.getpid(), hash("a"), sys.flags)
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler, signal.getsignal(signal.SIGCHLD))
print(matplotlib.get_backend(), pandas.options.display.max_rows)"""
FIGURE = """\
import matplotlib.pyplot as plt
plt.plot([1, 3, 2])
plt.show()"""
DRAWN = "import numpy, random\n(numpy.random.random(), random.random())"
FAMILY = "import os\nopen(paths.root() / 'family.txt', 'a').write(f'{os.getppid()}\\n')"
# What a child process prints comes through a pipe, a little later: the cell waits for it.
OUTSIDE = "status = os.system('echo from a child process')\ntime.sleep(2)"
POOL = """\
from concurrent.futures import ProcessPoolExecutor
with ProcessPoolExecutor(2) as pool:
    print(list(pool.map(abs, [-1, -2])))"""


def made(checkout: stub.Checkout, forked: str, monkeypatch: pytest.MonkeyPatch) -> dict:
    """Run the stub with or without forking; return the executed notebook and who started its kernel."""
    monkeypatch.setenv("SUMMITS_FORK", forked)
    checkout.summits("run", "-j", "1")
    result = notebooks.read(checkout.result("01_seen"))
    (checkout.root / "runs").rename(checkout.root / f"runs_{forked}")
    return result


def test_a_notebook_cannot_tell_a_forked_kernel(
    checkout: stub.Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = [SEEN, FIGURE, FAMILY, OUTSIDE, POOL]
    checkout.write({"01_seen": (stub.notebook(*map(stub.code, cells)), {})})
    monkeypatch.setenv("SUMMITS_FORK_TEST", "same")
    forked, plain = (made(checkout, switch, monkeypatch) for switch in ("1", "0"))
    for result in (forked, plain):
        result["cells"] = json.loads(json.dumps(result["cells"]).replace("'SUMMITS_FORK', ", ""))
    for forked_cell, plain_cell in zip(forked["cells"], plain["cells"], strict=True):
        assert forked_cell == plain_cell
    assert forked == plain and '"text": ["from a child process' in json.dumps(forked)
    assert "image/png" in json.dumps(forked) and "[1, 2]" in json.dumps(forked)
    parents = (checkout.root / "family.txt").read_text().split()
    assert len(set(parents)) == 2


def test_forked_kernels_do_not_share_random_numbers(checkout: stub.Checkout) -> None:
    checkout.write(
        {"01_drawn": (stub.notebook(stub.code(DRAWN)), {"runs": {"published": {}, "other": {"factor": 3}}})}
    )
    checkout.summits("run", "-j", "1")
    drawn = [
        json.dumps(notebooks.read(checkout.result("01_drawn", set_name=name))["cells"][-1]["outputs"])
        for name in ("published", "other")
    ]
    assert drawn[0] != drawn[1]


def test_an_edited_helper_is_seen_by_the_next_kernel(checkout: stub.Checkout) -> None:
    edit = (
        "from helpers import paths\nprint(paths.__doc__)\n"
        "(paths.root() / 'src' / 'helpers' / 'paths.py').write_text(text)"
    )
    source = (checkout.root / "src" / "helpers" / "paths.py").read_text()
    text = f"text = {source.replace('Where the project', 'EDITED: where the project')!r}\n"
    editing = stub.notebook(stub.code(text + edit))
    checkout.write({"01_first": (editing, {}), "02_second": (editing, {"needs": ["01_first"]})})
    checkout.summits("run", "-j", "1")
    first, second = (notebooks.read(checkout.result(name)) for name in ("01_first", "02_second"))
    assert "EDITED" not in json.dumps(first["cells"][-1]["outputs"])
    assert "EDITED" in json.dumps(second["cells"][-1]["outputs"])


FORK = """\
import os, signal, sys
from summits import forking
environment = dict(os.environ)
command = [sys.executable, "-m", forking.LAUNCHER, "--version"]
files = [os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)] * 2
"""


def forked_in_a_process(code: str, output: Path, **environment: str) -> str:
    """Run code that uses the forking in a process of its own; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", FORK + code, str(output)],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


TRY = """
try:
    process = forking.fork(command, environment, "/", files)
    print("forked", process.wait())
except forking.CannotFork as error:
    print("ordinary:", error)
"""


@pytest.mark.parametrize(
    ("change", "surroundings", "expected"),
    [
        ("", {}, "forked 1"),
        ("", {"SUMMITS_FORK": "0"}, "ordinary: Not here"),
        ("command[0] = '/usr/bin/python3'", {}, "ordinary: Not here"),
        ("", {"OPENBLAS_NUM_THREADS": "2"}, "threads, not one"),
        (
            "forking._server = forking.Server({**environment, 'PYTHONHASHSEED': '7'}, '/')",
            {},
            "reads only when it starts",
        ),
        ("forking._server = forking.Server(environment, '/usr')", {}, "reads only when it starts"),
        ("command[1:1] = ['-O']", {}, "ordinary: Not here"),
    ],
    ids=["forked", "switched off", "another Python", "threads", "other surroundings", "folder", "option"],
)
def test_where_a_fork_is_unsafe_an_ordinary_kernel_is_asked_for(
    tmp_path: Path, change: str, surroundings: dict[str, str], expected: str
) -> None:
    said = forked_in_a_process(change + TRY, tmp_path / "log.txt", **surroundings)
    assert expected in said
    if "forked" in expected:
        assert (tmp_path / "log.txt").read_text().strip()[0].isdigit()


def test_signals_and_the_end_of_a_kernel_are_seen(tmp_path: Path) -> None:
    code = """
connection = sys.argv[1] + ".json"
from jupyter_client.connect import write_connection_file
write_connection_file(connection)
process = forking.fork([*command[:3], "-f", connection], environment, "/", files)
print(process.poll(), os.getpgid(process.pid) == process.pid, os.getsid(process.pid) == process.pid)
os.killpg(process.pid, signal.SIGKILL)
print(process.wait(), process.poll())
server = forking._server
server.control.close()
try:
    forking.fork(command, environment, "/", files)
except forking.CannotFork:
    print("ordinary")
print(type(forking.fork(command, environment, "/", files)).__name__)
"""
    said = forked_in_a_process(code, tmp_path / "log.txt").split("\n")
    assert said[:4] == ["None True True", "1 1", "ordinary", "ForkedProcess"]


@pytest.mark.parametrize("killed", ["runner", "server"])
def test_kernels_end_when_their_runner_or_server_is_killed(tmp_path: Path, killed: str) -> None:
    code = """
connection = sys.argv[1] + ".json"
from jupyter_client.connect import write_connection_file
write_connection_file(connection)
process = forking.fork([*command[:3], "-f", connection], environment, "/", files)
print(process.pid, flush=True)
print(process.wait(), flush=True)
import time
time.sleep(60)
"""
    runner = subprocess.Popen(
        [sys.executable, "-c", FORK + code, str(tmp_path / "log.txt")],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    kernel = int(runner.stdout.readline())
    server = stub.parent(kernel)
    os.kill({"runner": runner.pid, "server": server}[killed], signal.SIGKILL)
    stub.wait_for(lambda: not stub.is_alive(kernel) and not stub.is_alive(server), 10)
    if killed == "server":
        assert runner.stdout.readline() == "1\n"
        runner.kill()
    runner.wait()
