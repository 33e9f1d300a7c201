"""The command line: what it prints, and its exit codes."""

import json
import shlex
from pathlib import Path

import pytest
import stub_collection as stub
from click.testing import CliRunner, Result

from helpers import paths
from summits import archive, cli, plan, release_dates, states, tasks, validation


@pytest.fixture
def collection(checkout: stub.Checkout, monkeypatch: pytest.MonkeyPatch) -> stub.Checkout:
    """A checkout with one notebook, seen by the helpers of this process."""
    for name in ("data", "runs", "notebooks"):
        monkeypatch.setattr(paths, f"{name}_dir", lambda name=name: checkout.root / name)
    checkout.write({"01_total": (stub.total_notebook(), {})})
    return checkout


def summits(*arguments: str) -> Result:
    return CliRunner().invoke(cli.main, arguments)


@pytest.mark.parametrize(
    "command", [(), ("run",), ("status",), ("params",), ("site",), ("data", "check"), ("data", "add-event")]
)
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
    # One line alone, unless there is a result.
    assert len(said.output.splitlines()) == (2 if code == 0 else 1)


@pytest.mark.parametrize("ending", ["done", "fresh"])
def test_a_run_ends_with_the_place_of_its_result(
    collection: stub.Checkout, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr(tasks, "run_all", lambda runs, *_: {run.id: ending for run in runs})
    (collection.root / "data" / "deeper").mkdir()
    monkeypatch.chdir(collection.root / "data" / "deeper")
    place = "../../runs/01_total/published/notebook.ipynb"
    first, last = summits("run", "01").output.splitlines()
    opened = shlex.split(last.partition("Open one: ")[2])
    assert first == place and opened[1:] == ["lab", place]
    # The program that is named is there.
    assert Path(opened[0]).is_file()


def test_of_many_results_only_the_new_ones_are_listed(
    collection: stub.Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = {"published": {}} | {f"by_{factor}": {"factor": str(factor)} for factor in range(1, 10)}
    collection.write({"01_total": (stub.total_notebook(), {"runs": runs | {"half": {"part": "half"}}})})
    endings = {"01_total/by_3": "done"}
    monkeypatch.setattr(
        tasks, "run_all", lambda runs, *_: {run.id: endings.get(run.id, "fresh") for run in runs}
    )
    first, last = summits("run").output.splitlines()
    assert first.endswith("runs/01_total/by_3/notebook.ipynb") and "1 done, 10 fresh" in last


def test_parameters_by_hand_that_are_those_of_a_set_run_the_set(collection: stub.Checkout) -> None:
    runs = {"published": {}, "three": {"factor": "3"}}
    collection.write({"01_total": (stub.total_notebook(), {"runs": runs})})
    named = {
        "factor=3": "three",
        "factor=+3": "three",
        "factor=2": "published",
        "factor=4": "factor=4",
        "as_of=2021-06-30": "as_of=2021-06-30",
    }
    for text, name in named.items():
        [run] = plan.plan(["01"], [text])
        assert run.set == name
    assert [run.given for run in plan.plan(["01"], ["factor=2"])] == [{}]


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


def test_a_monitor_is_told_by_the_exit_code(
    collection: stub.Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = summits("status", "--check")
    assert said.exit_code == cli.FAILED and "never   01_total/published" in said.output
    monkeypatch.setattr(states, "state", lambda run: "fresh")
    said = summits("status", "--check")
    assert said.exit_code == 0 and "01_total" not in said.output
    for reason, code in (("not fetched", 0), ("late", cli.FAILED), ("unreachable", cli.FAILED)):
        held = {"series_id": "a", "source": "b", "rhythm": "c", "last_period": "", "last_vintage": ""}
        row = held | {"next_release": "", "stale": True, "reason": reason}
        monkeypatch.setattr(release_dates, "release_status", lambda row=row: [row])
        assert summits("status", "--check").exit_code == code


def test_a_damaged_result_is_told_once(collection: stub.Checkout, capsys: pytest.CaptureFixture) -> None:
    states._tell_damage.cache_clear()
    [run] = plan.plan()
    run.directory.mkdir(parents=True)
    (run.directory / "record.json").write_text('{"key"')
    assert [states.state(run), states.is_fresh(run)] == ["stale", False]
    assert capsys.readouterr().err.count("01_total/published: its result is damaged") == 1


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


def test_parameters_of_a_file_give_way_to_those_by_hand(collection: stub.Checkout, tmp_path: Path) -> None:
    file = tmp_path / "parameters.yml"
    file.write_text("factor: 5\nas_of: 2021-06-30\n")
    said = summits("run", "-f", str(file), "-p", "factor=3", "--dry-run")
    assert "never   01_total/as_of=2021-06-30,factor=3" in said.output
    file.write_text("- factor\n")
    assert "write one parameter to a line" in summits("run", "-f", str(file)).output


def test_a_dry_run_tells_the_rows_that_came_and_went(
    collection: stub.Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    [run] = plan.plan()
    run.directory.mkdir(parents=True)
    (run.directory / "record.json").write_text(
        json.dumps({"ingredients": run.ingredients, "key": run.key, "notebook_sha256": ""})
    )
    archive.keep_data(run.ingredients["data"])
    table = collection.root / "data" / "observations" / "made_up.csv"
    table.write_text(
        table.read_text().replace("2020-02,2,", "2020-02,3,") + "made_up,2020-03,9,2020-05-01,none\n"
    )
    said = summits("run", "--dry-run").output
    assert "because observations/made_up.csv: made_up 2 rows more, made_up 1 row fewer\n" in said
    assert "1 of 1 runs are due." in said


def test_a_large_sweep_is_asked_for_twice(collection: stub.Checkout) -> None:
    values = ",".join(f"2021-01-{day:02d},2021-03-{day:02d}" for day in range(1, 29))
    said = summits("sweep", "01", "-p", f"as_of={values}")
    assert said.exit_code == cli.USAGE and "56 runs. Add --yes" in said.output


def test_force_names_the_notebooks_asked_for(
    collection: stub.Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection.write({"01_total": (stub.total_notebook(), {}), "02_more": (stub.total_notebook(), {})})
    forced: list[set[str]] = []
    monkeypatch.setattr(tasks, "run_all", lambda *given: forced.append(given[-1]) or {})
    summits("run", "02", "--force")
    summits("run", "--force")
    assert forced == [{"02_more"}, {"01_total", "02_more"}]


def test_progress_counts_and_guesses_the_rest() -> None:
    assert tasks.progress(1, 10, 62.0) == "[1/10, 1:02, about 9:18 left]"
    assert tasks.progress(10, 10, 620.0) == "[10/10, 10:20, about 0:00 left]"


def test_list_and_version(collection: stub.Checkout) -> None:
    assert "01_total" in summits("list").output and "What is the total?" in summits("list").output
    assert summits("--version").output.startswith("summits, version ")
