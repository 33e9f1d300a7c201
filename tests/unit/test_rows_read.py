"""A run stands as long as the rows that it read do: which are noted, and what a change of others does."""

import json
import shutil
from pathlib import Path

import pytest
import stub_collection as stub

from helpers import catalog, observations, paths, timeline
from summits import archive, engine, notebooks, plan, states, tasks

TABLE = "observations/made_up.csv"
HEAD = "series_id,period,value,vintage,source_id\n"
READ = "made_up,2020-01,1,2020-03-01,none\nmade_up,2020-02,2,2020-04-01,none\n"
LATER = "made_up,2020-03,9,2020-05-01,none\n"
OTHER = "other,2020-01,9,2020-03-01,none\n"
SELECTION = {TABLE: [{"series_id": ["made_up"]}]}


@pytest.fixture
def collection(checkout: stub.Checkout, monkeypatch: pytest.MonkeyPatch) -> stub.Checkout:
    """Two stub notebooks, the second of which needs the first, as this process plans them."""
    for name in ("data", "runs", "notebooks"):
        monkeypatch.setattr(paths, f"{name}_dir", lambda name=name: checkout.root / name)
    monkeypatch.setattr(paths, "root", lambda: checkout.root)
    needing = stub.total_notebook(), {"needs": ["01_total"]}
    checkout.write({"01_total": (stub.total_notebook(), {}), "02_next": needing})
    return checkout


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, list]:
    """What this test asked of the tables."""
    monkeypatch.setattr(catalog, "asked", {})
    return catalog.asked


def test_a_series_is_noted_with_the_day_up_to_which_it_was_public(asked: dict) -> None:
    observations.load("us_exp_cn_hs8542", as_of="2024-06-30")
    trade = [{"series_id": ["us_exp_cn_hs8542"], "known": "2024-06-30"}]
    assert asked == {"series.csv": [{"series_id": ["us_exp_cn_hs8542"]}], "observations/trade.csv": trade}
    observations.vintages("us_exp_cn_hs8542")
    assert asked["observations/trade.csv"] == [*trade, {"series_id": ["us_exp_cn_hs8542"]}]


def test_events_are_noted_by_what_they_were_selected_by(asked: dict) -> None:
    timeline.events(categories="dialogue", actors=["US"], start="2024-01-01", as_of="2025-01-01")
    selection = {"category": ["dialogue"], "actors": ["US"], "first": "2024-01-01", "known": "2025-01-01"}
    assert asked == {"events.csv": [selection]}
    timeline.events()
    assert {} in asked["events.csv"]


def test_what_is_read_whole_is_noted_whole(asked: dict) -> None:
    catalog.catalogue(), catalog.sources(), observations.every_row("trade")
    assert asked == {"series.csv": [{}], "sources.csv": [{}], "observations/trade.csv": [{}]}


def test_the_reach_of_the_list_rests_on_a_stated_day_and_on_no_event(asked: dict) -> None:
    timeline.reach()
    assert asked == {"sources.csv": [{"source_id": ["event_list"]}]}


@pytest.mark.parametrize(
    ("selection", "inside"),
    [
        ({}, True),
        ({"category": ["dialogue"]}, True),
        ({"category": ["summit_ai"]}, False),
        ({"actors": ["CN", "NL"]}, True),
        ({"actors": ["NL"]}, False),
        ({"event_id": []}, False),
        ({"first": "2024-05-14"}, True),
        ({"first": "2024-05-15"}, False),
        ({"last": "2024-05-14"}, True),
        ({"last": "2024-05-13"}, False),
        ({"known": "2024-05-16"}, True),
        ({"known": "2024-05-15"}, False),
        ({"category": ["dialogue"], "last": "2024-05-13"}, False),
    ],
)
def test_a_row_belongs_to_a_selection_with_its_boundary_days(selection: dict, inside: bool) -> None:
    row = {"event_id": "a", "date": "2024-05-14", "public_from": "2024-05-16", "category": "dialogue"}
    assert states._asked(row | {"actors": "US;CN"}, selection) is inside


def put_result(run: plan.Run, rows: dict, opened: list[str]) -> None:
    """Put a result in place as the engine does, with what it read."""
    working = engine.working_folder() / "one"
    working.mkdir(parents=True)
    executed = notebooks.read(run.source)
    for cell in executed["cells"]:
        cell.update({"execution_count": 1, "outputs": []} if cell["cell_type"] == "code" else {})
    paths_opened = [str(paths.data_dir() / path) for path in opened]
    executed["metadata"] = {notebooks.OWN: {"opened": paths_opened, "addresses": [], "rows": rows}}
    engine.complete(working, executed, run)
    engine.promote(working, run)
    shutil.rmtree(working)


def write(text: str) -> None:
    (paths.data_dir() / TABLE).write_text(HEAD + text)


@pytest.mark.parametrize(
    ("rows", "opened", "after", "state"),
    [
        (SELECTION, [TABLE], READ + OTHER, "fresh"),
        (SELECTION, [TABLE], READ + LATER, "stale"),
        (SELECTION, [TABLE], READ.replace(",2,", ",3,"), "stale"),
        (SELECTION, [TABLE], READ.splitlines(keepends=True)[0], "stale"),
        ({TABLE: [{"series_id": ["made_up"], "known": "2020-04-30"}]}, [TABLE], READ + LATER, "fresh"),
        ({TABLE: [{"series_id": ["made_up"], "known": "2020-05-01"}]}, [TABLE], READ + LATER, "stale"),
        ({}, [TABLE], READ + OTHER, "stale"),
        ({}, ["series.csv"], READ + OTHER, "fresh"),
        ({}, [], READ + OTHER, "stale"),
        (SELECTION, [TABLE], OTHER + READ, "fresh"),
        (SELECTION, [TABLE], "".join(reversed(READ.splitlines(keepends=True))), "stale"),
        (SELECTION, [TABLE], READ.replace(",none", ",none,x"), "stale"),
    ],
)  # fmt: skip
def test_only_rows_that_were_read_make_a_run_due(
    collection: stub.Checkout, rows: dict, opened: list[str], after: str, state: str
) -> None:
    write(READ)
    run = plan.plan(["01"])[0]
    put_result(run, rows, opened)
    assert states.state(run) == "fresh"
    write(after)
    run = plan.plan(["01"])[0]
    assert states.state(run) == state
    assert not states.is_exact(run)


def test_only_rows_that_were_read_are_a_reason(collection: stub.Checkout) -> None:
    write(READ)
    put_result(plan.plan(["01"])[0], SELECTION | {"series.csv": [{"series_id": ["made_up"]}]}, [TABLE])
    write(READ + LATER + OTHER)
    with (paths.data_dir() / "series.csv").open("a") as table:
        table.write("own,A series of one's own\n")
    run = plan.plan(["01"])[0]
    assert states.changed(run) == [TABLE]
    assert states.because(run) == f"  because {TABLE}: made_up 1 row more"


def test_a_table_that_is_not_kept_makes_a_run_due(collection: stub.Checkout) -> None:
    write(READ)
    put_result(plan.plan(["01"])[0], SELECTION, [TABLE])
    for kept in (paths.runs_dir() / "_data").glob("*.gz"):
        kept.unlink()
    states._differing.cache_clear()
    write(READ + OTHER)
    assert states.state(plan.plan(["01"])[0]) == "stale"


def test_another_column_or_notebook_makes_a_run_due(collection: stub.Checkout) -> None:
    write(READ)
    put_result(plan.plan(["01"])[0], SELECTION, [TABLE])
    (paths.data_dir() / TABLE).write_text(
        HEAD.replace("source_id", "source_id,note") + READ.replace(",none", ",none,")
    )
    assert states.state(plan.plan(["01"])[0]) == "stale"
    write(READ + OTHER)
    notebook = json.loads(collection.source("01_total").read_text())
    notebook["cells"][-1]["source"] += "\n# Another."
    collection.source("01_total").write_text(json.dumps(notebook))
    assert states.state(plan.plan(["01"])[0]) == "stale"


def test_a_run_that_needs_another_follows_it(collection: stub.Checkout) -> None:
    write(READ)
    first, second = plan.plan(["02"])
    put_result(first, SELECTION, [TABLE])
    put_result(second, SELECTION, [TABLE])
    write(READ + OTHER)
    assert [states.state(run) for run in plan.plan(["02"])] == ["fresh", "fresh"]
    record = json.loads((first.directory / "record.json").read_text()) | {"rows": {TABLE: [{}]}}
    (first.directory / "record.json").write_text(json.dumps(record))
    assert [states.state(run) for run in plan.plan(["02"])] == ["stale", "stale"]


def test_a_run_made_from_another_result_of_its_need_is_due(collection: stub.Checkout) -> None:
    write(READ)
    first, second = plan.plan(["02"])
    put_result(first, SELECTION, [TABLE])
    put_result(second, SELECTION, [TABLE])
    write(READ + OTHER)
    engine.carry_over(plan.plan(["02"])[0])
    assert [states.state(run) for run in plan.plan(["02"])] == ["fresh", "stale"]


def test_a_result_carried_over_is_what_running_now_would_give(
    collection: stub.Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(READ)
    put_result(plan.plan(["01"])[0], SELECTION, [TABLE])
    write(READ + OTHER)
    runs = plan.plan(["01"])
    monkeypatch.setattr(tasks, "execute", None)  # It may not be called.
    assert tasks.run_all(runs, 1, print) == {run.id: "fresh" for run in runs}
    assert states.is_exact(runs[0])
    carried = [(runs[0].directory / name).read_bytes() for name in ("notebook.ipynb", "record.json")]
    put_result(runs[0], SELECTION, [TABLE])
    assert [(runs[0].directory / name).read_bytes() for name in ("notebook.ipynb", "record.json")] == carried
    assert not archive.records(archive.previous_folder())


def test_a_committed_notebook_reads_the_package_through_the_helpers_only() -> None:
    """What it opens by itself beside them would not be noted."""
    for path in sorted(Path(paths.notebooks_dir()).glob("*.ipynb")):
        program = notebooks.program(notebooks.read(path))
        assert not [
            word for word in ("data_dir", "SUMMITS_DATA", "../data", "read_text_") if word in program
        ], path
