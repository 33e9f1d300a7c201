"""What `summits data add-event` and `summits new-notebook` write, and what they refuse."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner, Result
from samples import package as sample

from helpers import catalog, paths
from summits import additions, cli, plan, validation

SERIES = (
    "cn_exp_world_hs8542",
    "kr_exp_cn_hs8542",
    "kr_exp_cn_hs8486",
    "us_exp_cn_hs8486",
    "us_exp_cn_hs8542",
)
EVENT = {
    "--event-id": "summit-test-2024",
    "--date": "2024-05-18",
    "--date-kind": "held",
    "--category": "summit_leaders",
    "--actors": "US;CN",
    "--direction": "neutral",
    "--title": "A meeting on a Saturday",
    "--label": "Saturday",
    "--phrase": "the Saturday meeting",
    "--sentence": "The two sides met on a Saturday.",
    "--summary": "Invented for this test.",
    "--announced-zone": "Asia/Shanghai",
    "--us-session": "unknown",
    "--source-title": "A paper of the next day",
    "--confidence": "low",
    "--verified": "no",
}


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small data package with all events, seen by the helpers of this process."""
    folder = sample.write(tmp_path / "data", *SERIES)
    shutil.copy(paths.data_dir() / "events.csv", folder)
    validation.describe(folder)
    monkeypatch.setenv("SUMMITS_DATA", str(folder))
    return folder


def add(**changes: str) -> Result:
    row = EVENT | {f"--{name.replace('_', '-')}": text for name, text in changes.items()}
    return CliRunner().invoke(
        cli.main, ["data", "add-event", *[part for pair in row.items() for part in pair]]
    )


def test_an_event_is_put_in_its_place_with_its_trading_days(package: Path) -> None:
    before = catalog.read_text_table(package / "events.csv")
    said = add()
    assert said.exit_code == 0, said.output
    after = catalog.read_text_table(package / "events.csv")
    new = after[after["event_id"] == "summit-test-2024"].iloc[0]
    # The eighteenth was a Saturday; both exchanges opened on Monday.
    assert (new["first_us_trading_day"], new["first_asia_trading_day"]) == ("2024-05-20", "2024-05-20")
    assert after["date"].is_monotonic_increasing and f"row {new.name + 2}:" in said.output
    pd.testing.assert_frame_equal(after.drop(index=new.name).reset_index(drop=True), before)
    assert validation.check() == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"title": ""}, "Give also --title."),
        ({"event_id": "summit-busan-2025"}, "already"),
        ({"date": "19.01.2027"}, "date 19.01.2027: no date. Write it as 2027-01-19"),
        ({"end_date": "20 May 2024"}, "end_date 20 May 2024: no date."),
        ({"date": "2024-05-32"}, "2024-05-32"),
        ({"source_title": ""}, "[source_url]: is blank, and so is source_title"),
        ({"date": f"{date.today() + timedelta(days=9)}"}, "held is not what a day in the future is"),
        ({"end_date": "2024-05-01"}, "lies before the date"),
        ({"verified": "yes"}, "yes without a source_url"),
    ],
)
def test_an_unsound_event_is_refused_and_nothing_is_written(
    package: Path, changes: dict[str, str], message: str
) -> None:
    before = {path: path.read_bytes() for path in package.rglob("*") if path.is_file()}
    said = add(**changes)
    assert said.exit_code == cli.USAGE and message in said.output, said.output
    assert {path: path.read_bytes() for path in package.rglob("*") if path.is_file()} == before


def test_a_day_in_the_future_may_be_scheduled(package: Path) -> None:
    day = f"{date.today() + timedelta(days=9)}"
    said = add(date=day, date_kind="scheduled")
    assert said.exit_code == 0, said.output


def test_describe_accepts_an_edit_by_hand_and_puts_rows_in_order(package: Path) -> None:
    rows = (package / "series.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (package / "series.csv").write_text("".join([rows[0], rows[3], *rows[1:3], *rows[4:]]), encoding="utf-8")
    table = package / "events.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("Made in China 2025 published", "A new title"))
    assert any("other bytes" in str(problem) for problem in validation.check())
    assert CliRunner().invoke(cli.main, ["data", "describe"]).output == "data: in order\n"
    assert (package / "series.csv").read_text(encoding="utf-8") == "".join(rows)


@pytest.fixture
def listing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A collection without notebooks."""
    monkeypatch.setattr(paths, "notebooks_dir", lambda: tmp_path)
    listing = tmp_path / "collection.yml"
    listing.write_text("# Kept.\nnotebooks:\n\nrerun: {refresh: []}\n")
    return listing


def test_a_new_notebook_is_written_and_listed(listing: Path) -> None:
    question = 'Does "AI" pay?'
    assert additions.new_notebook("13_pay", question) == "notebooks/13_pay.ipynb"
    assert plan.collection()["13_pay"]["question"] == question
    [run] = plan.plan()
    assert run.id == "13_pay/published" and listing.read_text().startswith("# Kept.")
    assert yaml.safe_load(listing.read_text())["rerun"] == {"refresh": []}


@pytest.mark.parametrize(
    ("name", "question", "message"),
    [("pay", "Does it?", "two digits"), ("13_b", "Does it?", "taken"), ("14_b", "It does", "question mark")],
)
def test_a_wrong_name_or_question_is_refused(listing: Path, name: str, question: str, message: str) -> None:
    additions.new_notebook("13_pay", "Does it pay?")
    with pytest.raises(additions.CannotAdd, match=message):
        additions.new_notebook(name, question)
