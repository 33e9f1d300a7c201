"""Each kind of damage to the data package is found, with the file, the row and what to do.

Every case damages a small copy of the real package (a few rows per series, described anew) in one place.
"""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest
from samples import corruptions

from helpers import catalog, paths
from summits import validation

TRADE = "observations/trade.csv"
RETURNS = "observations/returns.csv"


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("package") / "data"
    shutil.copytree(paths.data_dir(), folder, ignore=shutil.ignore_patterns("build", "observations"))
    table = catalog.read_text_table(folder / "series.csv")
    # The claims name shares of many groups: one file for all of them keeps the copy small.
    table["table"] = table["table"].where(~table["table"].str.startswith("returns_"), "returns")
    table = table[table["table"].isin(["trade", "billings", "capex", "returns"])]
    table = table[table["series_id"].str.contains(corruptions.FLOWS) | (table["table"] != "trade")]
    table.to_csv(folder / "series.csv", index=False, lineterminator="\n")
    files = (paths.data_dir() / "observations").glob("*.csv")
    rows = pd.concat(catalog.read_text_table(file).groupby("series_id").head(4) for file in files)
    rows = rows.sort_values(["series_id", "period", "vintage"])
    for file in (folder / "lists").glob("*.csv"):
        catalog.read_text_table(file).head(12).to_csv(file, index=False, lineterminator="\n")
    (folder / "observations").mkdir()
    for name, kept in table.groupby("table")["series_id"]:
        part = rows[rows["series_id"].isin(kept)]
        part.to_csv(folder / "observations" / f"{name}.csv", index=False, lineterminator="\n")
    validation.describe(folder)
    return folder


def test_the_small_copy_is_sound(sound):
    assert validation.check(sound) == []


class Case(NamedTuple):
    """One damage and the problem it must give."""

    name: str
    damage: Callable[[Path], int | None]  # returns the row the problem must name
    file: str
    field: str
    message: str
    mend: str


def read(folder: Path, file: str) -> list[list[str]]:
    with (folder / file).open(newline="", encoding="utf-8") as text:
        return list(csv.reader(text))


def write(folder: Path, file: str, lines: list[list[str]]) -> None:
    with (folder / file).open("w", newline="", encoding="utf-8") as text:
        csv.writer(text, lineterminator="\n").writerows(lines)


def cell(file: str, key: str, column: str, value: str) -> Callable[[Path], int]:
    """Return a damage that sets one cell of the first row whose first cell is ``key``."""

    def damage(folder: Path) -> int:
        lines = read(folder, file)
        row = next(number for number, line in enumerate(lines) if line[0] == key)
        lines[row][lines[0].index(column)] = value
        write(folder, file, lines)
        return row + 1

    return damage


def trade(column: str, value: str) -> Callable[[Path], int]:
    return cell(TRADE, "us_exp_cn_hs8542", column, value)


def event(column: str, value: str) -> Callable[[Path], int]:
    return cell("events.csv", "summit-beijing-2026", column, value)


def series(column: str, value: str) -> Callable[[Path], int]:
    return cell("series.csv", "us_exp_cn_hs8542", column, value)


def repeat(file: str) -> Callable[[Path], int]:
    def damage(folder: Path) -> int:
        lines = read(folder, file)
        write(folder, file, [*lines[:2], lines[1], *lines[2:]])
        return 3

    return damage


def swap(folder: Path) -> int:
    lines = read(folder, TRADE)
    lines[1], lines[2] = lines[2], lines[1]
    write(folder, TRADE, lines)
    return 3


def drop_column(folder: Path) -> int:
    write(folder, TRADE, [line[:-1] for line in read(folder, TRADE)])
    return 1


def add_column(folder: Path) -> int:
    write(folder, TRADE, [[*line, "x"] for line in read(folder, TRADE)])
    return 1


def swap_columns(folder: Path) -> int:
    write(folder, TRADE, [[line[1], line[0], *line[2:]] for line in read(folder, TRADE)])
    return 1


def add_cell(folder: Path) -> int:
    lines = read(folder, TRADE)
    lines[3].append("x")
    write(folder, TRADE, lines)
    return 4


def drop_series(folder: Path) -> int:
    lines = [line for line in read(folder, TRADE) if line[0] != "us_exp_cn_hs8542"]
    write(folder, TRADE, lines)
    names = [line[0] for line in read(folder, "series.csv")]
    return names.index("us_exp_cn_hs8542") + 1


def move_row(folder: Path) -> int:
    row = read(folder, TRADE)[1]
    lines = read(folder, "observations/capex.csv")
    write(folder, "observations/capex.csv", [lines[0], row, *lines[1:]])
    return 2


def same_value_again(folder: Path) -> int:
    lines = read(folder, TRADE)
    again = [*lines[1][:3], "2026-10-31", lines[1][4]]
    write(folder, TRADE, [*lines[:2], again, *lines[2:]])
    return 3


def rewrite(
    file: str, change: Callable[[bytes], bytes], row: int | None = None
) -> Callable[[Path], int | None]:
    def damage(folder: Path) -> int | None:
        target = folder / file
        target.write_bytes(change(target.read_bytes()))
        return row

    return damage


def cut_last_line(folder: Path) -> int:
    content = (folder / TRADE).read_bytes()
    (folder / TRADE).write_bytes(content[:-9])
    return content.count(b"\n")


def undescribed(folder: Path) -> None:
    (folder / "notes.csv").write_text("a\n1\n")


def missing(folder: Path) -> None:
    (folder / "lists/models.csv").unlink()


def no_descriptor(folder: Path) -> None:
    (folder / "datapackage.json").unlink()


CASES = [
    # files
    Case("changed bytes", trade("value", "279000001"), TRADE, "", "other bytes", "describe()"),
    Case("unknown file", undescribed, "notes.csv", "", "not in datapackage.json", "remove it"),
    Case("missing file", missing, "lists/models.csv", "", "missing", "restore it"),
    Case("missing descriptor", no_descriptor, "datapackage.json", "", "cannot be read", "restore it"),
    Case(
        "byte order mark", rewrite(TRADE, lambda b: b"\xef\xbb\xbf" + b, 1), TRADE, "", "byte order", "UTF-8"
    ),
    Case(
        "line ends",
        rewrite(TRADE, lambda b: b.replace(b"\n", b"\r\n"), 1),
        TRADE,
        "",
        "carriage",
        "line feeds",
    ),
    Case(
        "encoding",
        rewrite(TRADE, lambda b: b.replace(b"trade", b"\xff", 1) + b"\xff\n"),
        TRADE,
        "",
        "UTF-8",
        "UTF-8",
    ),
    Case("cut last line", cut_last_line, TRADE, "", "may be cut", "restore the last line"),
    # columns
    Case(
        "missing column", drop_column, TRADE, "source_id", "not those of the schema", "put the columns back"
    ),
    Case("extra column", add_column, TRADE, "x", "not those of the schema", "put the columns back"),
    Case("column order", swap_columns, TRADE, "", "in their order", "put the columns back"),
    Case("extra cell", add_cell, TRADE, "", "too many cells", "restore the line"),
    # cells
    Case("blank value", trade("value", ""), TRADE, "value", "is blank", "remove the row"),
    Case("thousands separators", trade("value", "279,000,000"), TRADE, "value", "thousands", "plain number"),
    Case("text for a number", trade("value", "lots"), TRADE, "value", "is no number", "plain number"),
    Case("NaN text", trade("value", "NaN"), TRADE, "value", "missing or infinite", "stays missing"),
    Case("infinite", trade("value", "inf"), TRADE, "value", "missing or infinite", "stays missing"),
    Case(
        "outer blank",
        trade("source_id", "comtrade_via_infer "),
        TRADE,
        "source_id",
        "outer blanks",
        "remove them",
    ),
    Case("bad date", trade("vintage", "2022-13-01"), TRADE, "vintage", "is no date", "2021-06-30"),
    Case("short date", trade("vintage", "2022-1-1"), TRADE, "vintage", "is no date", "2021-06-30"),
    Case(
        "bad address",
        event("source_url", "www.example"),
        "events.csv",
        "source_url",
        "no web address",
        "https",
    ),
    Case("blank title", series("title", ""), "series.csv", "title", "is blank", "fill it in"),
    # observations
    Case("duplicate key", repeat(TRADE), TRADE, "series_id", "repeats an earlier row", "remove one"),
    Case(
        "unknown series",
        trade("series_id", "us_exp_cn_hs9999"),
        TRADE,
        "series_id",
        "not in series.csv",
        "add the",
    ),
    Case(
        "unknown source",
        trade("source_id", "somebody"),
        TRADE,
        "source_id",
        "not in sources.csv",
        "add the row",
    ),
    Case("day for a month", trade("period", "2012-01-01"), TRADE, "period", "no period", "month such as"),
    Case("month 13", trade("period", "2012-13"), TRADE, "period", "no period", "month such as"),
    Case(
        "quarter not at its end",
        cell("observations/capex.csv", "capex_big4_sum_derived", "period", "2018-03-30"),
        "observations/capex.csv",
        "period",
        "no period",
        "last day of a quarter",
    ),
    Case(
        "vintage before period",
        trade("vintage", "2011-12-31"),
        TRADE,
        "vintage",
        "before the period",
        "correct",
    ),
    Case(
        "period after vintage", trade("period", "2029-01"), TRADE, "vintage", "before the period", "correct"
    ),
    Case(
        "vintage in the future", trade("vintage", "2999-01-01"), TRADE, "vintage", "in the future", "correct"
    ),
    Case("unsorted", swap, TRADE, "series_id", "out of order", "sort the file"),
    Case(
        "unchanged value stored again",
        same_value_again,
        TRADE,
        "value",
        "repeats the vintage",
        "remove the row",
    ),
    Case(
        "row in another file", move_row, "observations/capex.csv", "series_id", "another file", "move the row"
    ),
    Case("no trade", trade("value", "0"), TRADE, "value", "no amount of trade", "remove the row"),
    Case(
        "negative trade",
        trade("value", "-5000000"),
        TRADE,
        "value",
        "no amount of trade",
        "correct the value",
    ),
    Case("thousandfold", trade("value", "279000000000"), TRADE, "value", "another scale", "check the unit"),
    Case("thousandth", trade("value", "279000"), TRADE, "value", "another scale", "check the unit"),
    Case(
        "price for a return",
        cell(RETURNS, "return_MU", "value", "14.2"),
        RETURNS,
        "value",
        "too large",
        "decimal",
    ),
    # catalogue
    Case(
        "unknown frequency",
        series("frequency", "W"),
        "series.csv",
        "frequency",
        "not allowed",
        "use one of D",
    ),
    Case(
        "wrong unit",
        series("unit", "EUR"),
        "series.csv",
        "unit",
        "does not fit the currency",
        "start the unit",
    ),
    Case(
        "bad currency", series("currency", "dollar"), "series.csv", "currency", "ISO 4217", "three capitals"
    ),
    Case(
        "unit of growth",
        cell("series.csv", "wsts_billings_world", "unit", "percent"),
        "series.csv",
        "unit",
        "does not fit stored_as growth",
        "percent change",
    ),
    Case(
        "barred level",
        cell("series.csv", "wsts_billings_world", "stored_as", "level"),
        "series.csv",
        "stored_as",
        "the licence bars",
        "store growth",
    ),
    Case(
        "unknown basket",
        series("basket", "toys"),
        "series.csv",
        "basket",
        "not in baskets.csv",
        "add the row to baskets",
    ),
    Case(
        "duplicate series",
        repeat("series.csv"),
        "series.csv",
        "series_id",
        "repeats an earlier",
        "remove one",
    ),
    Case(
        "no observations",
        drop_series,
        "series.csv",
        "series_id",
        "no observations",
        "restore its observations",
    ),
    # events
    Case(
        "duplicate event", repeat("events.csv"), "events.csv", "event_id", "repeats an earlier", "remove one"
    ),
    Case(
        "end before start",
        event("end_date", "2026-05-01"),
        "events.csv",
        "end_date",
        "before the date",
        "correct",
    ),
    Case(
        "unknown category",
        event("category", "party"),
        "events.csv",
        "category",
        "not allowed",
        "summit_leaders",
    ),
    Case(
        "unknown direction", event("direction", "up"), "events.csv", "direction", "not allowed", "tightening"
    ),
    Case(
        "unknown confidence", event("confidence", "sure"), "events.csv", "confidence", "not allowed", "high"
    ),
    Case(
        "verified, no page",
        event("source_url", ""),
        "events.csv",
        "verified",
        "without a source_url",
        "name the",
    ),
    Case(
        "expected after the fact",
        event("anticipated_from", "2026-06-01"),
        "events.csv",
        "anticipated_from",
        "after the date",
        "expected before",
    ),
    Case(
        "public too early",
        event("public_from", "2026-05-13"),
        "events.csv",
        "public_from",
        "not after",
        "blank",
    ),
    Case(
        "unknown zone",
        event("announced_zone", "Beijing"),
        "events.csv",
        "announced_zone",
        "time zone",
        "IANA",
    ),
    Case(
        "year out of range",
        event("date", "2206-05-13"),
        "events.csv",
        "date",
        "exchange calendars",
        "the year",
    ),
    Case(
        "typed trading day",
        event("first_asia_trading_day", "2026-05-15"),
        "events.csv",
        "first_asia_trading_day",
        "exchange calendar gives",
        "first_sessions",
    ),
    # baskets and claims
    Case(
        "bad HS code",
        cell("baskets.csv", "chips", "hs_code", "85.42"),
        "baskets.csv",
        "hs_code",
        "no HS code",
        "6",
    ),
    Case(
        "no HS chapter",
        cell("baskets.csv", "chips", "hs_code", "9942"),
        "baskets.csv",
        "hs_code",
        "no HS code",
        "6",
    ),
    Case(
        "basket ends first",
        cell("baskets.csv", "chips", "to_year", "1999"),
        "baskets.csv",
        "from_year",
        "no span of years",
        "correct the years",
    ),
    Case(
        "claims changed",
        rewrite("claims.yml", lambda b: b.replace(b"margin: -0.29", b"margin: -0.01")),
        "claims.yml",
        "",
        "differs from the pre-specified",
        "deviations",
    ),
    Case(
        "claims unreadable",
        rewrite("claims.yml", lambda b: b + b"  : ["),
        "claims.yml",
        "",
        "cannot be read",
        "deviations",
    ),
    Case(
        "deviation without reason",
        rewrite("claims.yml", lambda b: b + b"- {what: moved}\n"),
        "claims.yml",
        "deviations",
        "lacks date, what or why",
        "write all three",
    ),
    Case(
        "claims name an event that is gone",
        lambda folder: (
            cell("events.csv", "summit-lima-2024", "event_id", "summit-peru-2024")(folder) and None
        ),
        "claims.yml",
        "meetings",
        "summit-lima-2024",
        "restore the event",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_damage_is_found(case, sound, tmp_path):
    folder = tmp_path / "data"
    shutil.copytree(sound, folder)
    row = case.damage(folder)
    found = validation.check(folder)
    fitting = [each for each in found if each.file == case.file and each.field == case.field]
    fitting = [each for each in fitting if case.message in each.message and case.mend in each.mend]
    assert fitting, "\n".join(map(str, found))
    if row is not None and case.name != "changed bytes":
        assert row in [each.row for each in fitting], "\n".join(map(str, fitting))


def test_an_appended_deviation_is_allowed(sound, tmp_path):
    folder = tmp_path / "data"
    shutil.copytree(sound, folder)
    logged = b"- {date: 2026-11-24, what: window shortened, why: series ends in June}\n"
    claims = folder / "claims.yml"
    claims.write_bytes(claims.read_bytes() + logged)
    validation.describe(folder)
    assert validation.check(folder) == []


def test_a_fault_in_many_rows_is_counted_and_not_listed(sound, tmp_path):
    folder = tmp_path / "data"
    shutil.copytree(sound, folder)
    lines = read(folder, TRADE)
    column = lines[0].index("source_id")
    write(folder, TRADE, [lines[0], *[[*line[:column], "nobody"] for line in lines[1:]]])
    unknown = [each for each in validation.check(folder) if each.field == "source_id"]
    assert len(unknown) == 6
    assert f"{len(lines) - 6} more rows" in unknown[-1].message


def test_a_problem_reads_as_one_line():
    problem = validation.Problem("events.csv", 7, "date", "soon is no date.", "write it as 2021-06-30")
    assert str(problem) == "events.csv:7 [date]: soon is no date. Mend: write it as 2021-06-30."


def test_describe_restores_the_descriptor(sound, tmp_path):
    folder = tmp_path / "data"
    shutil.copytree(sound, folder)
    wanted = (folder / "datapackage.json").read_bytes()
    (folder / "datapackage.json").unlink()
    validation.describe(folder)
    assert (folder / "datapackage.json").read_bytes() == wanted


# --- damage under a new descriptor --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def released(tmp_path_factory) -> Path:
    return corruptions.small(tmp_path_factory.mktemp("released") / "data")


KINDS = {name.partition(":")[0]: damage for name, damage in reversed(list(corruptions.damages()))}


def test_the_released_copy_is_sound(released):
    assert validation.check(released) == []


@pytest.mark.parametrize("kind", KINDS)
def test_damage_that_no_hash_shows_is_found_in_the_tables(kind, released, tmp_path):
    folder = tmp_path / "data"
    shutil.copytree(released, folder)
    KINDS[kind](folder)
    found = validation.check(folder)
    assert found and not any("other bytes" in problem.message for problem in found)


def test_what_is_added_after_a_release_is_no_fault(released, tmp_path):
    folder = tmp_path / "data"
    shutil.copytree(released, folder)
    lines = read(folder, TRADE)
    last = next(number for number, line in reversed(list(enumerate(lines))) if line[0] == "us_exp_cn_hs8542")
    later = [lines[last][0], "2026-08", lines[last][2] + "1", "2026-11-20", lines[last][4]]
    write(
        folder,
        TRADE,
        [
            *lines[: last + 1],
            [*later[:2], str(int(float(lines[last][2]) * 1.01)), *later[3:]],
            *lines[last + 1 :],
        ],
    )
    validation.describe(folder)
    assert validation.check(folder) == []


def test_a_file_under_an_unknown_name_in_the_descriptor_does_not_stop_the_check(released, tmp_path):
    folder = tmp_path / "data"
    shutil.copytree(released, folder)
    (folder / "datapackage.json").write_text('["no package"]')
    assert any(problem.file == "datapackage.json" for problem in validation.check(folder))
