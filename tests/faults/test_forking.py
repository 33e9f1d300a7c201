"""Forked kernels: to a notebook like ordinary ones; they end with their server and with their runner."""

import json
import os
import signal
import sys
from pathlib import Path

import pytest
import stub_collection as stub
from jupyter_client.manager import KernelManager

import forked_kernels
from summits import notebooks

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")

SEEN = """\
import hashlib, locale, os, signal, sys, time
import matplotlib, numpy, pandas
from helpers import paths
print(sys.path, sys.argv[1], os.getcwd(), sorted(set(os.environ) - {"JUPYTER_DEFAULT_PROVISIONER_NAME"}))
print(time.tzname, locale.getlocale(), os.getsid(0) == os.getpid(), hash("a"), sys.flags)
print(signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGCHLD), __name__)
print(matplotlib.get_backend(), pandas.options.display.max_rows, numpy.__version__)"""
FIGURE = "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.show()"
OUTSIDE = "status = os.system('echo from a child process')\ntime.sleep(0.5)"
POOL = """\
from concurrent.futures import ProcessPoolExecutor
with ProcessPoolExecutor(2) as pool:
    print(list(pool.map(abs, [-1, -2])))"""
DRAWN = """\
import random
with open(paths.root() / "drawn.txt", "a") as drawn:
    print(os.getppid(), random.random(), numpy.random.random(), file=drawn)"""
SETS = ("published", "second", "third")


def test_a_notebook_cannot_tell_a_forked_kernel(
    checkout: stub.Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = [stub.code(cell) for cell in (SEEN, FIGURE, OUTSIDE, POOL, DRAWN)]
    runs = {name: {"factor": place + 2} if place else {} for place, name in enumerate(SETS)}
    checkout.write({"01_seen": (stub.notebook(*cells), {"runs": runs})})
    results, drawn = [], checkout.root / "drawn.txt"
    for ordinary in (False, True):
        if ordinary:
            monkeypatch.setenv("JUPYTER_DEFAULT_PROVISIONER_NAME", "local-provisioner")
        checkout.summits("run", "-j", "1")
        results.append([notebooks.read(checkout.result("01_seen", set_name=name))["cells"] for name in SETS])
        parents, *numbers = zip(*map(str.split, drawn.read_text().splitlines()), strict=True)
        # Three runs of one process are forked from one server; an ordinary kernel has its worker as parent.
        assert len(set(parents)) == 1 and [len(set(each)) for each in numbers] == [3, 3]
        results[-1].append(parents[0])
        drawn.unlink()
        (checkout.root / "runs").rename(checkout.root / f"runs_{ordinary}")
    assert results[0][:-1] == results[1][:-1] and results[0][-1] != results[1][-1]
    shown = json.dumps(results[0])
    assert "from a child process" in shown and "image/png" in shown and "[1, 2]" in shown


def test_an_edited_helper_is_seen_by_the_next_kernel(
    checkout: stub.Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_DEFAULT_PROVISIONER_NAME", "forked")
    source = (checkout.root / "src" / "helpers" / "paths.py").read_text()
    text = f"text = {source.replace('Where the checkout', 'EDITED: where the checkout')!r}\n"
    edit = "from helpers import paths\nprint(paths.__doc__)\n"
    edit += "(paths.root() / 'src' / 'helpers' / 'paths.py').write_text(text)"
    editing = stub.notebook(stub.code(text + edit))
    checkout.write({"01_first": (editing, {}), "02_second": (editing, {"needs": ["01_first"]})})
    checkout.summits("run", "-j", "1")
    first, second = (notebooks.read(checkout.result(name)) for name in ("01_first", "02_second"))
    assert "EDITED" not in json.dumps(first["cells"][-1]["outputs"])
    assert "EDITED" in json.dumps(second["cells"][-1]["outputs"])


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> KernelManager:
    """A forked kernel whose server is this test's own."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("TZ", "UTC")
    forked_kernels._server.cache_clear()
    manager = KernelManager(kernel_name="python3")
    provisioner = {"kernel_provisioner": {"provisioner_name": "forked"}}
    manager.kernel_spec.metadata = provisioner
    manager.start_kernel()
    yield manager
    manager.shutdown_kernel(now=True)
    forked_kernels._server.cache_clear()


def test_the_end_of_a_kernel_is_seen(kernel: KernelManager) -> None:
    process = kernel.provisioner.process
    assert isinstance(process, forked_kernels.Forked) and kernel.is_alive() and process.poll() is None
    stub.wait_for(lambda: os.getsid(process.pid) == process.pid, 10)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == 1 and process.poll() == 1 and not kernel.is_alive()
    process.send_signal(signal.SIGINT)  # to one that has ended: nothing happens


def test_without_a_server_kernels_end_and_the_next_is_an_ordinary_one(kernel: KernelManager) -> None:
    forked = kernel.provisioner.process
    os.kill(stub.parent(forked.pid), signal.SIGKILL)
    assert forked.wait() == 1
    kernel.restart_kernel(now=True)
    assert kernel.is_alive() and not isinstance(kernel.provisioner.process, forked_kernels.Forked)


def test_only_the_python_of_this_environment_is_forked(kernel: KernelManager) -> None:
    kernel.kernel_spec.argv[0] = str(Path(sys.executable).resolve())
    kernel.restart_kernel(now=True)
    assert kernel.is_alive() and not isinstance(kernel.provisioner.process, forked_kernels.Forked)
