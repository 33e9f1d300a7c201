"""Real faults: whatever goes wrong, the old result stays, the next run completes."""

import functools
import json
import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import stub_collection as stub

SWITCH = """\
import os, signal, sys, time
from helpers import paths
switch = (paths.root() / "switch.txt").read_text()
(paths.root() / "started.txt").write_text(f"{os.getpid()} {os.environ['IPYTHONDIR']}")
exec(switch)"""
HANG = "time.sleep(60)"


@pytest.fixture(scope="module")
def once_settled(tmp_path_factory: pytest.TempPathFactory) -> stub.Checkout:
    """A checkout with one good result, whose data have changed since, so that the run is due again."""
    checkout = stub.make_checkout(tmp_path_factory.mktemp("settled"))
    notebook = stub.total_notebook()
    notebook["cells"][4:4] = [{**stub.code(SWITCH), "id": "switch"}, {**stub.markdown("## Now"), "id": "now"}]
    checkout.write({"01_total": (notebook, {"cell_timeout": 20})})
    set_switch(checkout, "")
    checkout.summits("run", "-j", "1")
    with (checkout.root / "data" / "observations" / "made_up.csv").open("a") as table:
        table.write("made_up,2020-03,3,2020-05-01,none\n")
    (checkout.root / "started.txt").unlink()
    return checkout


@pytest.fixture
def settled(once_settled: stub.Checkout, tmp_path: Path) -> stub.Checkout:
    """A copy of that checkout for one test."""
    return stub.Checkout(shutil.copytree(once_settled.root, tmp_path / "checkout"))


def set_switch(checkout: stub.Checkout, fault: str) -> None:
    (checkout.root / "switch.txt").write_text(fault)


def total(checkout: stub.Checkout) -> float:
    return checkout.record("01_total")["records"][0]["value"]


def kernel(checkout: stub.Checkout) -> tuple[int, Path]:
    """Wait until the cell runs; return the kernel's process id and the folder of its sockets."""
    started = checkout.root / "started.txt"
    pid, settings = stub.wait_for(lambda: started.exists() and started.read_text()).split()
    return int(pid), Path(settings).parent


def ancestors(pid: int) -> Iterator[int]:
    """The process, its parent, and so on."""
    while pid:
        yield pid
        pid = stub.parent(pid)


def assert_unharmed_and_mends(checkout: stub.Checkout, before: dict[str, bytes]) -> None:
    """Check that the old result is as it was, nothing is left over, and the next run completes."""
    assert result(checkout) == before
    assert not list((checkout.root / "runs" / "_working").glob("*/"))
    set_switch(checkout, "")
    assert "1 done" in checkout.summits("run", "-j", "1")
    assert total(checkout) == 12.0
    assert not (checkout.root / "runs" / "_failed" / "01_total" / "published").exists()
    assert "1 fresh" in checkout.summits("run", "-j", "1")


def result(checkout: stub.Checkout) -> dict[str, bytes]:
    return {
        part: checkout.result("01_total", part).read_bytes() for part in ("notebook.ipynb", "record.json")
    }


@pytest.mark.parametrize(
    ("fault", "limit", "message"),
    [
        ("raise KeyError('2020-03')", {}, "KeyError: '2020-03'"),
        ("os.kill(os.getpid(), signal.SIGKILL)", {}, "Kernel died"),
        (HANG, {"cell_timeout": 2}, "in      cell 5"),
        (HANG, {"run_timeout": 10}, "The run took longer than its limit of 10 s."),
    ],
    ids=["raises", "kernel killed", "deadline of a cell", "deadline of the run"],
)
def test_a_failed_run_is_kept_aside(settled: stub.Checkout, fault: str, limit: dict, message: str) -> None:
    before = result(settled)
    set_switch(settled, fault)
    listing = settled.root / "notebooks" / "collection.yml"
    listed = json.loads(listing.read_text())
    listed["notebooks"]["01_total"] |= limit
    listing.write_text(json.dumps(listed))
    said = settled.summits("run", "-j", "1", expect=1)
    report = (settled.root / "runs" / "_failed" / "01_total" / "published" / "report.txt").read_text()
    assert report in said and "1 failed" in said
    assert message in report and "01_total/published" in report and len(report.splitlines()) <= 24
    assert "failed  01_total/published" in settled.summits("status")
    assert_unharmed_and_mends(settled, before)


@pytest.mark.parametrize(
    ("number", "kernels"),
    [
        (signal.SIGINT, "local-provisioner"),
        (signal.SIGTERM, "local-provisioner"),
        (signal.SIGKILL, "local-provisioner"),
        (signal.SIGINT, "forked"),
        (signal.SIGKILL, "forked"),
    ],
)
def test_stopping_the_runner_harms_nothing(
    settled: stub.Checkout, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, kernels: str
) -> None:
    monkeypatch.setenv("JUPYTER_DEFAULT_PROVISIONER_NAME", kernels)
    before = result(settled)
    set_switch(settled, HANG)
    runner = settled.start("run", "-j", "1")
    running, sockets = kernel(settled)
    assert sockets.exists()
    os.kill(runner.pid, number)
    said, _ = runner.communicate(timeout=20)
    if number != signal.SIGKILL:
        assert runner.returncode == 130 and "Interrupted" in said and "Traceback" not in said
    stub.wait_for(lambda: not stub.is_alive(running), 10)
    set_switch(settled, "")
    stub.wait_for(lambda: not _group(runner), 10)
    if number == signal.SIGKILL:
        assert list((settled.root / "runs" / "_working").glob("*/"))
        assert result(settled) == before
        settled.summits("run", "-j", "1")
    else:
        assert_unharmed_and_mends(settled, before)
    assert total(settled) == 12.0
    assert not list((settled.root / "runs" / "_working").glob("*/"))
    assert not sockets.exists()


def _group(runner: subprocess.Popen) -> bool:
    """Whether a process of the runner's group is left."""
    try:
        os.killpg(runner.pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_ctrl_c_in_a_terminal_reaches_the_whole_group(settled: stub.Checkout) -> None:
    before = result(settled)
    set_switch(settled, HANG)
    runner = settled.start("run", "-j", "2")
    _, sockets = kernel(settled)
    stub.kill_session(runner, signal.SIGINT)
    said, _ = runner.communicate(timeout=20)
    assert runner.returncode == 130 and "Traceback" not in said, said
    assert not sockets.exists()
    assert_unharmed_and_mends(settled, before)


@pytest.mark.parametrize("kernels", ["local-provisioner", "forked"])
def test_a_killed_worker_is_a_failed_run(
    settled: stub.Checkout, monkeypatch: pytest.MonkeyPatch, kernels: str
) -> None:
    monkeypatch.setenv("JUPYTER_DEFAULT_PROVISIONER_NAME", kernels)
    before = result(settled)
    set_switch(settled, HANG)
    runner = settled.start("run", "-j", "1")
    running, sockets = kernel(settled)
    worker = next(pid for pid in ancestors(running) if stub.parent(pid) == runner.pid)
    os.kill(worker, signal.SIGKILL)
    said, _ = runner.communicate(timeout=20)
    assert runner.returncode == 1 and "killed or ran out of memory" in said, said
    assert not sockets.exists()
    stub.wait_for(lambda: not stub.is_alive(running), 10)
    assert_unharmed_and_mends(settled, before)


def test_two_runners_share(settled: stub.Checkout) -> None:
    set_switch(settled, "while not (paths.root() / 'go.txt').exists(): time.sleep(0.1)")
    first = settled.start("run", "-j", "1")
    kernel(settled)
    second = settled.start("run", "-j", "1")
    assert "waiting" in second.stdout.readline()
    (settled.root / "go.txt").touch()
    assert "1 fresh" in second.communicate(timeout=60)[0]
    assert "1 done" in first.communicate(timeout=20)[0]
    assert total(settled) == 12.0


@pytest.mark.parametrize("most", [0, 300, 2000])
def test_a_full_disk_harms_nothing(settled: stub.Checkout, most: int) -> None:
    before = result(settled)
    # Like a disk that is full: no file may grow beyond `most` bytes, and every longer write fails.
    full = functools.partial(resource.setrlimit, resource.RLIMIT_FSIZE, (most, most))
    runner = settled.start("run", "-j", "1", before=full)
    said, _ = runner.communicate(timeout=60)
    assert runner.returncode == 1 and "Traceback" not in said, said
    assert any(told in said for told in ("File too large", "Is the disk full?", "No usable temporary")), said
    assert_unharmed_and_mends(settled, before)


def test_what_may_not_become_a_result_is_refused(checkout: stub.Checkout) -> None:
    faults = {
        "01_stderr": ("import sys; print('careful', file=sys.stderr)", "wrote to stderr: careful"),
        "02_table": (
            "open(paths.data_dir() / 'hidden.csv', 'w')",
            "reads` in collection.yml, since it reads them: hidden.",
        ),
        "03_network": ("import socket\nsocket.socket().connect(('127.0.0.1', 9))", "ConnectionRefusedError"),
        "04_caught": (
            "import socket\nsocket.socket().connect_ex(('127.0.0.1', 9))",
            "reached for 127.0.0.1:9",
        ),
        "05_exit": ("raise SystemExit(3)", "SystemExit: 3"),
        "06_break": ("1 / 0", "ZeroDivisionError: division by zero"),
    }
    first = "from helpers import paths\n"
    entries = {name: (stub.notebook(stub.code(first + code)), {}) for name, (code, _) in faults.items()}
    prose = stub.total_notebook()
    prose["cells"][-1]["source"] = "from helpers import prose\nprose.text('{{totl}}')\nprose.finish()"
    entries |= {"07_prose": (prose, {}), "08_next": (stub.total_notebook(), {"needs": ["06_break"]})}
    checkout.write(entries)
    said = checkout.summits("run", expect=1)
    messages = {name: message for name, (_, message) in faults.items()}
    messages["07_prose"] = "nothing is recorded as 'totl'. Did you mean total?"
    for name, message in messages.items():
        report = (checkout.root / "runs" / "_failed" / name / "published" / "report.txt").read_text()
        assert message in report and report in said
        assert not checkout.result(name).exists()
    assert "8 runs: 7 failed, 1 not run" in said
    assert not checkout.result("08_next").exists()
