"""The command line: what it prints, and its exit codes."""

import json

import pytest
import stub_collection as stub
from click.testing import CliRunner, Result

from helpers import paths
from summits import cli, plan, tasks, validation


@pytest.fixture
def collection(checkout: stub.Checkout, monkeypatch: pytest.MonkeyPatch) -> stub.Checkout:
    """A checkout with one notebook, seen by the helpers of this process."""
    for name in ("data", "runs", "notebooks"):
        monkeypatch.setattr(paths, f"{name}_dir", lambda name=name: checkout.root / name)
    checkout.write({"01_total": (stub.total_notebook(), {})})
    return checkout


def summits(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, arguments)


@pytest.mark.parametrize("command", [(), ("run",), ("status",), ("params",), ("site",), ("data", "check")])
def test_every_command_has_help(command: tuple[str, ...]) -> None:
    said = summits(*command, "--help")
    assert said.exit_code == 0 and "Usage:" in said.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "09"), "summits: 09: no such notebook. Known: 01_total."),
        (("run", "-p", "factr=2"), "summits: 01_total: factr: no such parameter. Did you mean factor?"),
        (("run", "-p", "factor=two"), "summits: 01_total: factor='two': the type must be int, not str."),
        (("run", "--publish", "-p", "factor=2"), "--publish takes the published parameters only"),
        (("run", "-j", "0"), "0 is not in the range"),
    ],
)
def test_wrong_use_is_refused_before_anything_runs(
    collection: stub.Checkout, arguments: tuple[str, ...], message: str
) -> None:
    said = summits(*arguments)
    assert said.exit_code == cli.USAGE and message in said.output
    assert not (collection.root / "runs").exists()


@pytest.mark.parametrize(("ending", "code"), [("done", 0), ("fresh", 0), ("failed", 1), ("not run", 1)])
def test_the_exit_code_tells_how_the_runs_ended(
    collection: stub.Checkout, monkeypatch: pytest.MonkeyPatch, ending: str, code: int
) -> None:
    monkeypatch.setattr(tasks, "run_all", lambda runs, *_: {run.id: ending for run in runs})
    said = summits("run")
    assert said.exit_code == code and f"1 runs: 1 {ending}" in said.output


def test_an_interrupted_run_says_so(collection: stub.Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise tasks.Interrupted("SIGTERM")

    monkeypatch.setattr(tasks, "run_all", stop)
    assert summits("run").exit_code == cli.INTERRUPTED


def test_status_shows_runs_and_series(collection: stub.Checkout) -> None:
    assert "never   01_total/published" in summits("status").output
    found = json.loads(summits("status", "--json").output)
    assert found["runs"] == [{"run": "01_total/published", "state": "never", "changed": []}]
    [held] = found["series"]
    assert (held["series_id"], held["last_period"], held["last_vintage"]) == (
        "made_up",
        "2020-02",
        "2020-04-01",
    )
    assert (held["live"], held["stale"]) == (False, False)


def test_params_shows_the_schema(collection: stub.Checkout) -> None:
    said = summits("params", "01").output
    assert "factor" in said and "multiplies the total; range: 1..9" in said


@pytest.mark.parametrize(("problems", "code"), [([], 0), (["series.csv row 3: wrong unit"], 1)])
def test_data_check(monkeypatch: pytest.MonkeyPatch, problems: list, code: int) -> None:
    monkeypatch.setattr(validation, "check", lambda: problems)
    said = summits("data", "check")
    assert said.exit_code == code and all(problem in said.output for problem in problems)


def test_an_error_that_is_not_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a fault of the program")

    monkeypatch.setattr(plan, "collection", broken)
    assert isinstance(summits("status").exception, ValueError)
