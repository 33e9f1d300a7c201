"""From two sets of runs to a report: simulated data that are revised, extended and read by other code."""

import json
import shutil
from pathlib import Path

import pytest
import stub_collection as stub

from helpers import paths
from summits import archive, change_report, changes, cli, plan

LATEST = """\
import csv
from helpers import paths
rows = list(csv.DictReader(open(paths.data_dir() / "observations" / "made_up.csv")))
values = list({row["period"]: float(row["value"]) for row in rows}.values())
events = list(csv.DictReader(open(paths.data_dir() / "events.csv")))
values"""
VERDICT = """\
word = "supported" if payload["value"] > 20 else "inconclusive"
payload = {"name": "C01_verdict", "value": word, "unit": "text", "details": {"verdict": word}}
display({"application/vnd.summits.record+json": payload, "text/plain": word}, raw=True)"""
PACKAGE = {
    "resources": [
        {"path": "observations/made_up.csv", "schema": {"primaryKey": ["series_id", "period", "vintage"]}},
        {"path": "events.csv", "schema": {"primaryKey": ["event_id"]}},
        {"path": "series.csv", "schema": {"primaryKey": ["series_id"]}},
    ]
}


def notebook(interval: float = 1.0) -> dict:
    """Return a stub that totals the latest values, with an interval, and decides."""
    estimate = stub.RECORD.replace("payload =", "total = sum(values) * factor\npayload =", 1)
    estimate = estimate.replace("low=1.5", f"low=total - {interval}, high=total + {interval}")
    return stub.notebook(stub.markdown("## Data"), stub.code(LATEST), stub.code(estimate), stub.code(VERDICT))


@pytest.fixture(scope="module")
def once_settled(tmp_path_factory: pytest.TempPathFactory) -> stub.Checkout:
    """A checkout with one good result."""
    checkout = stub.make_checkout(tmp_path_factory.mktemp("settled"))
    (checkout.root / "data" / "datapackage.json").write_text(json.dumps(PACKAGE))
    (checkout.root / "data" / "events.csv").write_text("event_id,date,title\nmeeting,2020-01-05,A meeting\n")
    checkout.write({"01_total": (notebook(), {"reads": ["made_up", "events"]})})
    checkout.summits("run", "-j", "1")
    return checkout


@pytest.fixture
def settled(once_settled: stub.Checkout, tmp_path: Path) -> stub.Checkout:
    """A copy of that checkout for one test."""
    return stub.Checkout(shutil.copytree(once_settled.root, tmp_path / "checkout"))


def extend(checkout: stub.Checkout) -> None:
    """Revise 2020-02 from 2 to 5, add 2020-03, edit one event and add another."""
    with (checkout.root / "data" / "observations" / "made_up.csv").open("a") as table:
        table.write("made_up,2020-02,5,2020-06-01,none\nmade_up,2020-03,4,2020-06-01,none\n")
    (checkout.root / "data" / "events.csv").write_text(
        "event_id,date,title\nmeeting,2020-01-06,A meeting\ncontrol,2020-02-01,A control\n"
    )


def test_a_rerun_says_what_changed_and_why(settled: stub.Checkout) -> None:
    said = settled.summits("changes")
    assert "Nothing: 1 runs are as they were." in said
    extend(settled)
    changed = notebook()
    changed["cells"][2]["source"] = stub.PARAMETERS.replace("factor: int = 2", "factor: int = 3")
    settled.write({"01_total": (changed, {"reads": ["made_up", "events"]})})
    settled.summits("run", "-j", "1")
    said = settled.summits("changes", "--attribute", expect=cli.CHANGED)
    # 6 = 2 * (1 + 2); the factor 3 makes it 9, the revision 18, the new month 30.
    moved = "| 01_total/published | total | 6 [5, 7] units | 30 [29, 31] units | apart |"
    assert f"{moved} code +3, revision +9, new data +12 |" in said
    assert "1 new and 1 revised observations; 2 events new or edited" in said
    assert "| made_up | 1 | 1 | 0 | 2020-02 | 2020-03 | +150.0 |" in said
    assert "| meeting | edited | date | 2020-01-05 | 2020-01-06 |" in said and "| control | new |" in said
    assert "| 01_total/published | C01_verdict | inconclusive | supported |" in said
    assert "parameter factor: 2 → 3" in said
    (folder,) = newest(settled)
    report = json.loads((folder / "changes.json").read_text())
    assert report["estimates"][0]["attribution"]["main"] == "new data"
    assert "<table>" in (folder / "changes.html").read_text()
    assert "made_up,2020-02,revised,2.0,5.0,2020-06-01" in (folder / "observations.csv").read_text()
    again = json.loads(
        "\n".join(
            line
            for line in settled.summits("changes", "--json", expect=cli.CHANGED).splitlines()
            if not line.startswith("Page")
        )
    )
    assert again["verdicts"] == report["verdicts"] and newest(settled) == [folder]


READ_RECORD = """\
import json
from helpers import paths
held = json.loads((paths.runs_dir() / "01_total" / "published" / "record.json").read_text())
values = [record["value"] for record in held["records"] if record["name"] == "total"]"""


def test_a_run_that_reads_records_of_another_is_divided_together_with_it(settled: stub.Checkout) -> None:
    reader = stub.notebook(stub.code(READ_RECORD), stub.code(stub.RECORD))
    listed = {"01_total": (notebook(), {"reads": ["made_up", "events"]})}
    listed["02_twice"] = (reader, {"reads": [], "needs": ["01_total"]})
    settled.write(listed)
    settled.summits("run", "-j", "1")
    extend(settled)
    settled.summits("run", "-j", "1")
    said = settled.summits("changes", "--attribute", expect=cli.CHANGED)
    # The total goes from 6 to 12 by revision and to 20 by the new month; here it is doubled.
    assert "revision +12, new data +16 |" in said.split("| 02_twice/published | total |")[1].split("\n")[0]


def test_rows_that_no_run_read_do_not_stop_a_division(settled: stub.Checkout) -> None:
    record = settled.root / "runs" / "01_total" / "published" / "record.json"
    extend(settled)
    settled.summits("run", "-j", "1")
    asked = {"rows": {"series.csv": [{"series_id": ["made_up"]}]}}
    record.write_text(json.dumps(json.loads(record.read_text()) | asked))
    with (settled.root / "data" / "series.csv").open("a") as table:
        table.write("own,A series of one's own,own,M,USD,nominal,Me\n")
    assert "fresh   01_total/published" in settled.summits("status")
    said = settled.summits("changes", "--attribute", expect=cli.CHANGED)
    assert "| total | 6 [5, 7] units | 20 [19, 21] units | apart | revision +6, new data +8 |" in said


def test_a_notebook_whose_default_is_younger_than_the_data_does_not_stop_the_others(
    settled: stub.Checkout,
) -> None:
    entry = {"reads": ["made_up", "events"]}
    settled.write({"01_total": (notebook(), entry), "90_own": (notebook(), entry)})
    settled.summits("run", "-j", "1")
    with (settled.root / "data" / "series.csv").open("a") as table:
        table.write("own,A series of one's own,own,M,USD,nominal,Me\n")
    extend(settled)
    own = notebook()
    line = 'series_id: str = "own"  # from: series\n'
    own["cells"][2]["source"] = line + stub.PARAMETERS
    settled.write({"01_total": (notebook(), entry), "90_own": (own, entry)})
    settled.summits("run", "-j", "1")
    said = settled.summits("changes", "--attribute", expect=cli.CHANGED)
    assert "| 01_total/published | total | 6 [5, 7] units | 20 [19, 21] units | apart | revision +6" in said
    lines = [line for line in said.splitlines() if line.startswith("| 90_own/published | total |")]
    assert "not divided: it could not be estimated at every step" in lines[0]


def test_runs_whose_earlier_data_are_of_two_times_are_each_divided(settled: stub.Checkout) -> None:
    entry = {"reads": ["made_up", "events"]}
    settled.write({"01_total": (notebook(), entry), "02_other": (notebook(), entry)})
    settled.summits("run", "-j", "1")
    extend(settled)
    settled.summits("run", "01", "-j", "1")
    with (settled.root / "data" / "observations" / "made_up.csv").open("a") as table:
        table.write("made_up,2020-04,1,2020-07-01,none\n")
    settled.summits("run", "-j", "1")
    said = settled.summits("changes", "--attribute", expect=cli.CHANGED)
    assert (
        "| 01_total/published | total | 20 [19, 21] units | 22 [21, 23] units | overlap | new data +2 |"
        in said
    )
    moved = "| 02_other/published | total | 6 [5, 7] units | 22 [21, 23] units | apart |"
    assert f"{moved} revision +6, new data +10 |" in said


def test_a_move_that_cannot_be_divided_says_why(settled: stub.Checkout) -> None:
    extend(settled)
    settled.summits("run", "-j", "1")
    settled.write({"01_total": (notebook(interval=2.0), {"reads": ["made_up", "events"]})})
    said = settled.summits("changes", "--attribute", expect=cli.CHANGED)
    assert "not divided: the later run is not the one that the notebooks of today would give" in said


def newest(checkout: stub.Checkout) -> list[Path]:
    """Return the latest report."""
    folders = sorted((checkout.root / "runs" / "_changes").iterdir(), key=lambda path: path.stat().st_mtime)
    return folders[-1:]


def test_two_folders_are_compared(settled: stub.Checkout) -> None:
    shutil.copytree(settled.root / "runs", settled.root / "before")
    settled.summits("run", "01", "-p", "factor=5", "-j", "1")
    said = settled.summits("changes", "before", "runs", expect=cli.CHANGED)
    assert "1 runs compared; new: 01_total/factor=5; gone: none." in said
    (settled.root / "empty").mkdir()
    assert "holds no" in settled.summits("changes", "empty", expect=cli.USAGE)


def test_a_table_that_is_not_kept_is_said(settled: stub.Checkout) -> None:
    extend(settled)
    settled.summits("run", "-j", "1")
    shutil.rmtree(settled.root / "runs" / "_data")
    said = settled.summits("changes", expect=cli.CHANGED)
    assert "whose old content is not kept: events.csv, observations/made_up.csv" in said
    assert "is not in" in settled.summits("changes", "--attribute", expect=cli.USAGE)


def test_pruning_keeps_what_is_listed_in_use_or_recent(
    settled: stub.Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("data", "runs", "notebooks"):
        monkeypatch.setattr(paths, f"{name}_dir", lambda name=name: settled.root / name)
    monkeypatch.setattr(archive, "KEPT_UNLISTED", 1)
    result = settled.root / "runs" / "01_total"
    for factor in (3, 4, 5):
        shutil.copytree(result / "published", result / f"factor={factor}")
    stray = settled.root / "runs" / "_data" / f"{'0' * 64}.gz"
    stray.write_bytes(b"")
    archive.prune({"01_total/factor=3"})
    left = {path.name for path in result.iterdir()}
    assert {"published", "factor=3"} < left and len(left) == 3
    assert not stray.exists() and len(list(stray.parent.iterdir())) == 4


def test_a_table_of_the_archive_is_the_one_that_was_read(
    settled: stub.Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("data", "runs", "notebooks"):
        monkeypatch.setattr(paths, f"{name}_dir", lambda name=name: settled.root / name)
    sha256 = plan.data_hashes(["made_up"])["observations/made_up.csv"]
    assert archive.table(sha256) == (settled.root / "data" / "observations" / "made_up.csv").read_bytes()
    kept = settled.root / "runs" / "_data" / f"{sha256}.gz"
    kept.write_bytes(kept.read_bytes()[:-9])
    with pytest.raises(archive.NotKept):
        archive.table(sha256)


def test_a_long_section_is_cut_and_a_bar_is_escaped() -> None:
    rows = [{"table": f"a|{number}", "added": 1, "removed": 0} for number in range(99)]
    report = {key: [] for key in ("observations", "events", "not_kept", "estimates", "verdicts")}
    report |= {"changed": True, "runs": {"compared": 1, "new": [], "gone": []}, "causes": {}, "tables": rows}
    text = change_report.as_markdown(report)
    assert "39 more in `changes.json`" in text and "a\\|0" in text


def test_causes_name_what_differs() -> None:
    ingredients = {
        "notebook": "1",
        "code": {"tables.py": "1", "paths.py": "1"},
        "packages": "1",
        "data": {},
        "needs": {"01/published": "1"},
    }
    record = {"ingredients": ingredients, "parameters": {"as_of": ""}, "packages": {"pandas": "3.1"}}
    other = {
        "ingredients": ingredients
        | {"code": {"tables.py": "2", "paths.py": "1"}, "needs": {"01/published": "2"}},
        "parameters": {"as_of": "2021-06-30"},
        "packages": {"pandas": "3.2"},
    }
    assert changes.causes(record, record) == []
    assert changes.causes(record, other) == [
        "helpers changed: tables.py",
        "parameter as_of: '' → '2021-06-30'",
        "package pandas: '3.1' → '3.2'",
        "needs 01/published, which changed",
    ]
