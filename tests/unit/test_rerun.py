"""What a scheduler calls: each step when it is due, nothing the second time, and an exit code that tells."""

import os
import threading
import time
from pathlib import Path

import pytest
import stub_collection as stub
from click.testing import CliRunner

from helpers import paths
from summits import cli, command, plan, refresh, rerun, site, tasks
from summits.publishers import store


@pytest.fixture
def steps(checkout: stub.Checkout, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A checkout with one notebook, seen by this process; steps are noted, none is really taken."""
    for name in ("data", "runs", "notebooks"):
        monkeypatch.setattr(paths, f"{name}_dir", lambda name=name: checkout.root / name)
    monkeypatch.setattr(paths, "root", lambda: checkout.root)
    checkout.write({"01_total": (stub.total_notebook(), {})})
    taken: list[str] = []

    def run_all(runs: list[plan.Run], *_: object) -> dict[str, str]:
        taken.append("run")
        return {run.id: "done" for run in runs}

    def build(_: Path, out: Path) -> None:
        taken.append("site")
        out.mkdir(parents=True, exist_ok=True)
        (out / "index.html").touch()

    def changes(*_: object, only: list[str], **__: object) -> tuple[dict, Path]:
        taken.append(f"changes of {only[0]}")
        return {"changed": True}, checkout.root / "report"

    monkeypatch.setattr(tasks, "run_all", run_all)
    monkeypatch.setattr(site, "build", build)
    monkeypatch.setattr(command, "changes", changes)
    return taken


def configure(text: str) -> None:
    listing = paths.notebooks_dir() / "collection.yml"
    listing.write_text(listing.read_text()[:-1] + f', "rerun": {text}}}')


def outcome(state: str) -> refresh.Outcome:
    return refresh.Outcome("census", state, reason="x", message="y")


def called() -> int:
    return CliRunner().invoke(cli.main, ["rerun"]).exit_code


def test_every_step_in_its_order(steps: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refreshed(sources: list[str], report: object, wait: bool) -> list[refresh.Outcome]:
        assert wait
        steps.append(f"refresh {sources}")
        return [refresh.Outcome("census", "changed")]

    monkeypatch.setattr(refresh, "refresh", refreshed)
    configure('{"refresh": ["census"]}')
    assert called() == cli.CHANGED
    assert steps == ["refresh ['census']", "run", "changes of 01_total/published", "site"]


def test_nothing_due_does_nothing(steps: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "execute", lambda runs, *_: {run.id: "fresh" for run in runs})
    assert called() == 0 and steps == ["site"]
    assert called() == 0 and steps == ["site"]


@pytest.mark.parametrize("ending", ["failed", "not run"])
def test_a_failed_run_is_told(steps: list[str], monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    monkeypatch.setattr(command, "execute", lambda runs, *_: {run.id: ending for run in runs})
    assert called() == cli.FAILED


def test_rows_that_no_run_reads_still_bring_new_pages(
    steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "execute", lambda runs, *_: {run.id: "fresh" for run in runs})
    assert called() == 0
    descriptor = paths.data_dir() / "datapackage.json"
    descriptor.write_text('{"resources": []}')
    os.utime(descriptor, (time.time() + 60,) * 2)
    assert called() == 0 and steps == ["site", "site"]


def test_a_refused_publisher_is_told_and_the_rest_goes_on(
    steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refresh, "refresh", lambda *_, **__: [outcome("refused")])
    configure('{"refresh": []}')
    assert called() == cli.CHANGED_AND_REFUSED and steps[-1] == "site"
    monkeypatch.setattr(command, "execute", lambda runs, *_: {run.id: "fresh" for run in runs})
    assert called() == cli.REFUSED


def test_figures_that_wait_count_as_refused_and_a_missing_key_does_not(
    steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    configure('{"refresh": []}')
    for state, code in (("changed", cli.CHANGED_AND_REFUSED), ("skipped", cli.CHANGED)):
        monkeypatch.setattr(refresh, "refresh", lambda *_, state=state, **__: [outcome(state)])
        assert called() == code


def test_a_refresh_at_work_is_waited_for(steps: list[str], capsys: pytest.CaptureFixture) -> None:
    held, ended = threading.Event(), []

    def hold() -> None:
        with store.locked(paths.data_dir()):
            held.set()
            time.sleep(2)
            ended.append(True)

    threading.Thread(target=hold).start()
    assert held.wait(10)
    rerun.rerun(attribute=False, publish=False, workers=1, echo=print, progress=print)
    assert ended and "waiting for it" in capsys.readouterr().err


def test_the_log_tells_what_was_printed_and_old_ones_go(steps: list[str]) -> None:
    folder = paths.runs_dir() / "_log"
    for day in range(10, 40):
        (folder / f"202001{day}.log").parent.mkdir(parents=True, exist_ok=True)
        (folder / f"202001{day}.log").touch()
    result = CliRunner().invoke(cli.main, ["rerun"])
    last = result.output.splitlines()[-1]
    assert last == "rerun: 1 done; changed; no publisher refused; exit code 10"
    logs = sorted(folder.iterdir())
    assert len(logs) == rerun.KEPT_LOGS
    assert logs[-1].read_text().splitlines()[-1].endswith(last)


def test_an_error_is_the_last_line_of_its_log(steps: list[str]) -> None:
    configure("[1]")
    assert called() == cli.USAGE
    [log] = (paths.runs_dir() / "_log").iterdir()
    assert "PlanError: collection.yml: `rerun` takes" in log.read_text().splitlines()[-1]


@pytest.mark.parametrize("text", ['{"refresh": "all"}', '{"refrsh": []}', "[1]"])
def test_wrong_settings_are_refused(steps: list[str], text: str) -> None:
    configure(text)
    assert called() == cli.USAGE and steps == []
    with pytest.raises(plan.PlanError, match="rerun"):
        plan.refreshed_first()


def test_without_settings_nothing_is_refreshed(steps: list[str]) -> None:
    assert plan.refreshed_first() is None
    assert rerun.rerun(attribute=False, publish=False, workers=1, echo=print, progress=print).refused == ()
