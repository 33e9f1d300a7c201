"""Is the data package sound? Finds every fault with file, row and mend, and writes ``datapackage.json``.

Row numbers are those of a text editor: the header is row 1.
"""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from zoneinfo import available_timezones

import numpy as np
import pandas as pd
import yaml

from helpers import catalog, paths, schema, timeline
from helpers.observations import PERIOD_FORMAT

PERIOD_WORDS = {
    "Q": "the last day of a quarter",
    "H": "the last day of a half-year",
    "M": "a month",
    "A": "a year",
}
HOLE = "lies in a hole"
# What was held at the last release: no table of the package, but what it is checked against.
COVERAGE = "build/coverage.csv"
_STEPS = {"M": ("M", 1), "Q": ("M", 3), "A": ("Y", 1)}
# No published monthly or quarterly value of ours moved by this factor from one vintage or level to the next.
SCALE_JUMP = 500
# A daily return beyond these is a percent written as a decimal, or a lost split.
RETURNS = (-0.45, 0.75)
# Smallest and largest value of a unit here: money in another unit and rates turned round lie outside.
MAGNITUDE = {
    "USD": (1, 1e13),
    "EUR": (1e5, 1e12),
    "JPY": (1e6, 1e13),
    "USD million": (10, 1e6),
    "USD billion": (1e-4, 5e3),
    "CNY per USD": (5.5, 8.5),
    "EUR per USD": (0.6, 1.1),
    "JPY per USD": (70, 250),
    "FLOP": (1e9, 1e29),
}
# A value this many times those around it is in another unit.
SPIKE = 100
# What all series of one publisher have in common: one alone that differs is a mistake.
IN_COMMON = ["frequency", "unit", "currency", "price_basis", "seasonal", "averaging", "stored_as"]
IN_COMMON += ["licence_flag", "redistribution"]
TRADE_ID = "^(?P<reporter>[a-z0-9]+)_(?P<flow>exp|imp|reexp)_(?:from_)?(?P<partner>[a-z]+)_"
TRADE_ID += r"(?:hs(?P<product>\d+))?"
# Signs that are not seen, and texts that a spreadsheet or a page would run.
UNSEEN = "[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|^\\s|\\s$"
RUNNABLE = r"^[=+@]|<[A-Za-z/!]|javascript:"
# Everything of claims.yml above its `deviations`, which alone may grow.
CLAIMS_SHA256 = "fea8a6224f32fcf48bda9f4c5f053c4b5aeb127db3f6ea0b4eabdd1196b37db5"
CLAIMS_MEND = "restore claims.yml; only `deviations` may grow"


@dataclass(frozen=True)
class Problem:
    """One fault of the data package.

    Attributes
    ----------
    file : str
        Path in the data package.
    row : int or None
        Line of the file, None where the fault concerns the whole file.
    field : str
        Column, blank where none is meant.
    message : str
        What is wrong.
    mend : str
        What to do about it.
    """

    file: str
    row: int | None
    field: str
    message: str
    mend: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.row}" if self.row else self.file
        return f"{place}{f' [{self.field}]' if self.field else ''}: {self.message} Mend: {self.mend}."


def check(data_dir: Path | None = None) -> list[Problem]:
    """Return every fault of the data package, an empty list if it is sound.

    Parameters
    ----------
    data_dir : pathlib.Path, optional
        Folder of the package; the project's own by default.
    """
    folder = data_dir or paths.data_dir()
    tables, problems = _tables(folder)
    problems = [*_files(folder, tables), *problems]
    problems += chain.from_iterable(_cells(path, frame) for path, frame in tables.items())
    problems += _links(tables)
    for judge in (_series, _observations, _events, _baskets):
        problems += judge(tables)
    problems += _coverage(folder, tables)
    return problems + list(_claims(folder, tables))


def may_be_mended(problem: Problem) -> bool:
    """Say whether a refresh mends the fault: a hole inside a series, or a damaged receipt."""
    return HOLE in problem.message or problem.file.startswith("receipts/")


def _tables(folder: Path) -> tuple[dict[str, pd.DataFrame], list[Problem]]:
    """Read every table of the package; those that are no table are problems."""
    tables, problems = {}, []
    for path in catalog.package_files(folder):
        if schema.table_of(path) is not None:
            frame, faults = _read(folder, path)
            problems += faults
            if frame is not None:
                tables[path] = frame
    return tables, problems


# --- files ----------------------------------------------------------------------------------------


def _files(folder: Path, tables: dict[str, pd.DataFrame]) -> Iterator[Problem]:
    """Compare the files with the descriptor, and the descriptor with what `describe` would write."""
    place = "datapackage.json"
    try:
        descriptor = json.loads((folder / place).read_text("utf-8"))
        resources = {each["path"]: each for each in descriptor["resources"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        yield Problem(place, None, "", f"cannot be read ({error}).", "restore it or run describe()")
        descriptor, resources = {}, {}
    present = {each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file()}
    own = {path for path in present if not path.startswith(("build/", "receipts/"))} - {place, "README.md"}
    for path in sorted(set(resources) - own):
        mend = "restore it from version control"
        yield Problem(path, None, "", "is in datapackage.json but missing.", mend)
    for path in sorted(own - set(resources)):
        mend = "remove it, or run describe() if it belongs"
        yield Problem(path, None, "", "is not in datapackage.json.", mend)
    same = [path for path in own & set(resources) if resources[path].get("hash") == _hash(folder / path)]
    for path in sorted(own & set(resources)):
        if path not in same:
            mend = "restore it from version control, or run describe() after a wanted change"
            yield Problem(path, None, "", "has other bytes than datapackage.json says.", mend)
        yield from _text_form(path, (folder / path).read_bytes())
    if descriptor and len(same) == len(own) == len(resources) and len(tables) + 1 >= len(own):
        written = _descriptor(folder, tables)
        if descriptor != written:
            odd = [each.get("path") for each in descriptor["resources"] if each not in written["resources"]]
            about = f"of {', '.join(map(str, odd[:3]))} " if odd else ""
            message = f"says something {about}that describe() would not write."
            yield Problem(place, None, "", message, "run describe(), or restore it from version control")
    for file in sorted(folder.glob("receipts/*.json")):
        try:
            json.loads(file.read_bytes())
        except (ValueError, OSError):
            mend = "remove it: the next refresh writes a new one"
            yield Problem(f"receipts/{file.name}", None, "", "is no JSON.", mend)


def _hash(file: Path) -> str:
    return f"sha256:{catalog.file_hash(file)}"


def _text_form(path: str, content: bytes) -> Iterator[Problem]:
    """Say where a file is not UTF-8 text with line feeds."""
    faults = {
        "starts with a byte order mark.|save it as UTF-8 without a mark": -(content[:3] != b"\xef\xbb\xbf"),
        "has carriage returns at line ends.|save it with line feeds only": content.find(b"\r"),
        "ends without a line feed: the last line may be cut.|restore the last line": (
            len(content) if content[-1:] != b"\n" else -1
        ),
    }
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        faults["is not UTF-8 text.|save it as UTF-8"] = error.start
    for fault, place in faults.items():
        if place >= 0:
            yield Problem(path, content[:place].count(b"\n") + 1, "", *fault.split("|"))


def _read(folder: Path, path: str) -> tuple[pd.DataFrame | None, list[Problem]]:
    """Read a table as text if its columns are the ones of its schema."""
    try:
        frame = catalog.read_text_table(folder / path)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        found = re.search(r"line (\d+)", str(error))
        row = int(found[1]) if found else None
        return None, [Problem(path, row, "", "is no table: a line has too many cells.", "restore the line")]
    names = _form(path).names
    frame.columns = frame.columns.str.removeprefix("\ufeff")
    order = f"put the columns back: {', '.join(names)}"
    alien = "remove it, or add it to helpers.schema"
    problems = [Problem(path, 1, name, "column is missing.", order) for name in names if name not in frame]
    problems += [
        Problem(path, 1, each, "column is not in the schema.", alien) for each in frame if each not in names
    ]
    if not problems and list(frame.columns) != names:
        problems = [Problem(path, 1, "", "columns are in another order.", f"order them: {', '.join(names)}")]
    return (None if problems else frame), problems


def _form(path: str) -> schema.Table:
    """Return the form of a table that has one."""
    form = schema.table_of(path)
    assert form is not None, f"{path} is no table of the package"
    return form


# --- cells ----------------------------------------------------------------------------------------


def _flag(
    path: str, frame: pd.DataFrame, wrong: Collection[bool], field: str, message: str, mend: str
) -> Iterator[Problem]:
    """Report the marked rows: the first five each, the rest as a count. ``{}`` in the message is the cell."""
    positions = np.flatnonzero(np.asarray(wrong, dtype=bool))
    for position in positions[:5]:
        text = message.format(frame[field].iloc[position]) if "{}" in message else message
        yield Problem(path, int(position) + 2, field, text, mend)
    if len(positions) > 5:
        yield Problem(path, None, field, f"{len(positions) - 5} more rows have the same fault.", mend)


def _cells(path: str, frame: pd.DataFrame) -> Iterator[Problem]:
    """Check every cell against its column: blank, type, allowed values, address; and the key."""
    table = _form(path)
    for column in table.columns:
        cell = frame[column.name]
        texts = pd.Series(cell.unique())
        wrong = partial(_flag, path, frame, field=column.name)
        if column.required and (texts == "").any():
            yield from wrong(cell == "", message="is blank.", mend="fill it in, or remove the row if unknown")
        odd = cell.isin(set(texts[texts.str.contains(UNSEEN)]))
        yield from wrong(odd, message="has a line break, unseen signs or outer blanks.", mend="remove them")
        if column.type == "string":
            odd = cell.isin(set(texts[texts.str.contains(RUNNABLE)]))
            mend = "write plain text"
            yield from wrong(odd, message="{} could be run by a page or a spreadsheet.", mend=mend)
        if column.name in ("series_id", "event_id", "source_id", "item", "period"):
            odd = cell.isin(set(texts[~texts.map(str.isascii)]))
            yield from wrong(odd, message="{} has letters beyond ASCII.", mend="write plain letters")
        if column.values:
            bad = cell.isin(set(texts) - set(column.values) - {""})
            yield from wrong(bad, message="{} is not allowed.", mend=f"use one of {', '.join(column.values)}")
        if column.type == "date":
            bad = cell.isin(_not_dates(texts))
            yield from wrong(bad, message="{} is no date.", mend="write it as 2021-06-30")
        if column.type == "number":
            yield from _numbers(path, frame, column.name)
        if column.name.endswith("url"):
            bad = cell.isin(texts[~texts.str.fullmatch(r"|https?://[\w.-]+\.\w+(:\d+)?(/\S*)?")])
            yield from wrong(bad, message="{} is no web address.", mend="write it as https://host/path")
    key = list(table.key or table.names)
    named = ", ".join(table.key) or "all columns"
    twice = frame.duplicated(key)
    message = f"repeats an earlier row ({named})."
    yield from _flag(path, frame, twice, key[0], message, "remove one of the two")


def _not_dates(texts: pd.Series) -> set[str]:
    filled = texts[texts != ""]
    parsed = pd.to_datetime(filled, format="%Y-%m-%d", errors="coerce")
    return set(filled[parsed.isna() | (filled.str.len() != 10)])


def _numbers(path: str, frame: pd.DataFrame, field: str) -> Iterator[Problem]:
    cell = frame[field]
    parsed = pd.to_numeric(cell, errors="coerce")
    odd = ~np.isfinite(parsed) & (cell != "")
    if not odd.any():
        return
    thousands = odd & cell.str.fullmatch(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?")
    text = odd & cell.str.lower().isin(["nan", "inf", "-inf", "na", "n/a", "null", "none", "."])
    plain = "write a plain number such as 1234.5"
    yield from _flag(path, frame, thousands, field, "{} has thousands separators.", plain)
    mend = "remove the row: missing stays missing"
    yield from _flag(path, frame, text, field, "{} stands for a missing or infinite number.", mend)
    yield from _flag(path, frame, odd & ~thousands & ~text, field, "{} is no number.", plain)


def _links(tables: dict[str, pd.DataFrame]) -> Iterator[Problem]:
    """Check that every series and source that is named exists."""
    for path, frame in tables.items():
        for field, table, target in _form(path).links:
            if f"{table}.csv" in tables:
                unknown = ~frame[field].isin(tables[f"{table}.csv"][target])
                mend = f"correct it, or add the row to {table}.csv"
                yield from _flag(path, frame, unknown, field, f"{{}} is not in {table}.csv.", mend)


# --- tables ---------------------------------------------------------------------------------------


def _series(tables: dict[str, pd.DataFrame]) -> Iterator[Problem]:
    """Check the catalogue: units that fit, levels that may not be stored, baskets and series that exist."""
    path = "series.csv"
    if path not in tables:
        return
    frame = tables[path]
    wrong = partial(_flag, path, frame)
    leak = (frame["stored_as"] == "level") & (frame["redistribution"] == "derived")
    mend = "store growth, returns or changes"
    yield from wrong(leak, "stored_as", "is level, which the licence bars.", mend)
    unit, money = frame["unit"], frame["currency"]
    odd_code = ~money.str.fullmatch(r"|[A-Z]{3}")
    yield from wrong(odd_code, "currency", "{} is no ISO 4217 code.", "use three capitals such as USD")
    pairs = zip(unit, money, frame["stored_as"], strict=True)
    odd = [
        form == "level" and not (text.startswith(code) or f"per {code}" in text) for text, code, form in pairs
    ]
    yield from wrong(odd, "unit", "{} does not fit the currency.", "start the unit with the currency")
    for stored, form in (("growth", "percent change on previous month"), ("return", "return (decimal)")):
        odd = (frame["stored_as"] == stored) & (unit != form)
        yield from wrong(odd, "unit", f"{{}} does not fit stored_as {stored}.", f"use {form!r}")
    yield from _alone(frame)
    yield from _trade_names(frame)
    yield from _licences_kept(frame, tables)
    if "baskets.csv" in tables:
        unknown = ~frame["basket"].isin([*tables["baskets.csv"]["basket"], ""])
        yield from wrong(unknown, "basket", "{} is not in baskets.csv.", "correct it, or add the basket")
    with_values = set(_named(tables, "series_id"))
    empty = ~frame["series_id"].isin(with_values) & (frame["redistribution"] != "fetch")
    mend = "set redistribution to fetch if it is to be fetched, else restore its observations"
    yield from wrong(empty, "series_id", "{} has no observations.", mend)
    yield from wrong(frame["series_id"] != frame["series_id"].sort_values().values, *_unsorted("series_id"))


def _named(tables: dict[str, pd.DataFrame], *columns: str) -> Iterator:
    """Yield the cells of some columns of all observations, each combination once a table."""
    for path, rows in tables.items():
        if path.startswith("observations/"):
            found = rows[list(columns)].drop_duplicates()
            yield from found.itertuples(index=False, name=None) if columns[1:] else found[columns[0]]


def _alone(frame: pd.DataFrame) -> Iterator[Problem]:
    """Flag the one series of a publisher that alone differs from all its others."""
    for column in IN_COMMON:
        pairs = frame.groupby("publisher")[column]
        same = frame.groupby(["publisher", column])[column].transform("size")
        odd = (same == 1) & (pairs.transform("nunique") == 2) & (pairs.transform("size") >= 4)
        message = f"{{}} is the {column} of no other series of the publisher."
        yield from _flag("series.csv", frame, odd, column, message, "make it that of the others")


def _trade_names(frame: pd.DataFrame) -> Iterator[Problem]:
    """Compare reporter, partner, flow and product of a trade series with its id."""
    parts = frame["series_id"].str.extract(TRADE_ID)
    flows = parts["flow"].map({"exp": "export", "reexp": "export", "imp": "import"})
    products = parts["product"].map("HS {}".format, na_action="ignore")
    named = {"flow": flows, "product": products}
    for column in ("reporter", "partner"):
        usual = frame[frame[column] != ""].groupby(parts[column])[column].agg(lambda names: names.mode()[0])
        named[column] = parts[column].map(usual)
    for column, name in named.items():
        cells = frame[column].str.partition(" (")[0]
        odd = parts["flow"].notna() & name.notna() & (cells != name) & (cells != "")
        message = f"{{}} is not the {column} that the id names."
        yield from _flag("series.csv", frame, odd, column, message, "correct the cell, or the id everywhere")


def _licences_kept(frame: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> Iterator[Problem]:
    """Check that a series is as restricted as the sources its values were read in."""
    if "sources.csv" not in tables:
        return
    used = pd.DataFrame(_named(tables, "series_id", "source_id"), columns=["series_id", "source_id"])
    terms = tables["sources.csv"].drop_duplicates("source_id").set_index("source_id")
    used = used.join(terms[["redistribution", "licence_flag"]], on="source_id")
    for column in ("redistribution", "licence_flag"):
        allowed = used.groupby("series_id")[column].agg(set)
        pairs = zip(frame["series_id"], frame[column], strict=True)
        loose = [cell not in allowed.get(item, {cell}) and cell != "fetch" for item, cell in pairs]
        mend = "restore it: a licence is not loosened by hand"
        yield from _flag("series.csv", frame, loose, column, "{} is not what its sources allow.", mend)


def _unsorted(key: str) -> tuple[str, str, str]:
    return key.split(",")[0], "is out of order.", f"sort the file by {key}"


def _observations(tables: dict[str, pd.DataFrame]) -> Iterator[Problem]:
    """Check periods, vintages, order and plausible size of the values."""
    if "series.csv" not in tables:
        return
    series = tables["series.csv"].drop_duplicates("series_id").set_index("series_id")
    for path in [path for path in tables if path.startswith("observations/")]:
        frame = tables[path]
        rows = frame.join(
            series[["table", "frequency", "flow", "stored_as", "averaging", "unit"]], on="series_id"
        )
        wrong = partial(_flag, path, frame)
        stem = path.removeprefix("observations/").removesuffix(".csv")
        elsewhere = rows["table"].notna() & (rows["table"] != stem)
        mend = "move the row to the file that series.csv names"
        yield from wrong(elsewhere, "series_id", "{} belongs to another file.", mend)
        yield from _periods(path, frame, rows["frequency"])
        yield from _order(path, frame)
        yield from _sizes(path, frame, rows)


def _periods(path: str, frame: pd.DataFrame, frequency: pd.Series) -> Iterator[Problem]:
    starts = pd.Series(pd.NaT, index=frame.index, dtype="datetime64[ns]")
    for letter, form in PERIOD_FORMAT.items():
        of_letter = frequency == letter
        if not of_letter.any():
            continue
        texts = frame.loc[of_letter, "period"]
        unique = pd.Series(texts.unique())
        dates = pd.to_datetime(unique, format=form, errors="coerce")
        # Read and written again, so that 2021-6 is no month.
        fits = dates.dt.strftime(form) == unique
        if letter in "QH":
            fits &= dates.dt.is_month_end
        bad = of_letter & frame["period"].isin(unique[~fits])
        message = f"{{}} is no period of a series with frequency {letter}."
        mend = f"write {PERIOD_WORDS.get(letter, 'a day')} such as {date(2021, 6, 30):{form}}"
        yield from _flag(path, frame, bad, "period", message, mend)
        starts[of_letter] = texts.map(dict(zip(unique, dates, strict=True)))
    known = _dates(frame["vintage"])
    early = known < starts
    mend = "correct the vintage: a value cannot be known before its period"
    yield from _flag(path, frame, early, "vintage", "{} lies before the period.", mend)
    late = known > pd.Timestamp.now()
    yield from _flag(path, frame, late, "vintage", "{} lies in the future.", "correct the vintage")


def _dates(cells: pd.Series) -> pd.Series:
    # A column of days holds few different texts: parse each once.
    texts = pd.Series(cells.unique())
    parsed = pd.to_datetime(texts, format="%Y-%m-%d", errors="coerce")
    return cells.map(dict(zip(texts, parsed, strict=True)))


def _order(path: str, frame: pd.DataFrame) -> Iterator[Problem]:
    key = frame["series_id"] + "\t" + frame["period"] + "\t" + frame["vintage"]
    back = np.append(False, key.values[1:] < key.values[:-1])
    yield from _flag(path, frame, back, *_unsorted("series_id, period, vintage"))
    cells = frame[["series_id", "period", "value"]]
    same = (cells == cells.shift()).all(axis=1)
    mend = "remove the row: only a changed value is a new vintage"
    yield from _flag(path, frame, same, "value", "{} repeats the vintage before.", mend)


def _sizes(path: str, frame: pd.DataFrame, rows: pd.DataFrame) -> Iterator[Problem]:
    value = pd.to_numeric(frame["value"], errors="coerce")
    latest = ~frame.duplicated(["series_id", "period"], keep="last")
    level, names = rows["stored_as"] == "level", frame["series_id"]
    wrong = partial(_flag, path, frame, field="value")
    # Only a refresh says that a publisher has no value.
    bare = (frame["value"] == "") & ~frame["source_id"].str.endswith("_live")
    yield from wrong(bare, message="is blank.", mend="fill it in, or remove the row if unknown")
    traded = rows["flow"].isin(["export", "import"])
    mend = "remove the row if the month is unpublished, else correct the value"
    yield from wrong(traded & (value <= 0), message="{} is no amount of trade.", mend=mend)
    leaked = (rows["stored_as"] == "return") & ~value.between(*RETURNS) & value.notna()
    mend = "store the return as a decimal, never a percent, a price or across a split"
    yield from wrong(leaked, message="{} is too large for a daily return.", mend=mend)
    below = (rows["stored_as"] == "growth") & (value <= -100)
    share = (value < 0).groupby(names).transform("mean")
    below |= level & (value < 0) & (share < 0.34) & ~rows["unit"].str.startswith("percent", na=False)
    yield from wrong(below, message="{} is below what the series can be.", mend="correct the sign")
    low, high = (rows["unit"].map({unit: each[end] for unit, each in MAGNITUDE.items()}) for end in (0, 1))
    far = level & ((value < low) | (value > high)) & (value > 0)
    mend = "check the unit and the direction of a rate"
    yield from wrong(far, message="{} is not of the magnitude of the unit.", mend=mend)
    mend = "check the unit: thousand against one, million against thousand"
    typical = value.abs().groupby(names).transform("median")
    steady = level & rows["frequency"].isin(["M", "Q"]) & (rows["table"] != "frontier")
    off = steady & ((value > typical * SCALE_JUMP) | (value * SCALE_JUMP < typical)) & (value > 0)
    off |= _spikes(value.where(value > 0)[latest & level], names).reindex(frame.index, fill_value=False)
    yield from wrong(off, message="{} is on another scale than its series.", mend=mend)
    highest = value.where(latest).groupby(names).cummax()
    falls = (rows["averaging"] == "running maximum") & ~names.str.contains("minus") & (value < highest)
    yield from wrong(
        falls & latest, message="{} falls, which a running maximum cannot.", mend="restore the value"
    )
    traded_days = (rows["frequency"] == "D") & rows["stored_as"].isin(["return", "change"])
    days = pd.to_datetime(_dates(frame["period"].where(traded_days))).dt.day_of_week
    yield from _flag(path, frame, days > 4, "period", "{} is no weekday.", "remove the row")


def _spikes(value: pd.Series, names: pd.Series) -> pd.Series:
    """Mark the values that are far from those just before and after; ``value`` is positive and in order."""
    logs = np.log(value)
    near = pd.concat([logs.groupby(names[logs.index]).shift(step) for step in (-2, -1, 1, 2)], axis=1)
    gap = np.fmax(logs - near.max(axis=1), near.min(axis=1) - logs)
    return (gap > np.log(SPIKE)) & (near.notna().sum(axis=1) > 1)


def coverage(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return what is held: the rows of ``build/coverage.csv`` for these tables.

    Of a series the first and last period, the number of rows, and the periods missing between them; of an
    event its dates and its category.
    """
    frequency = tables["series.csv"].drop_duplicates("series_id").set_index("series_id")["frequency"]
    items = []
    for rows in [rows for path, rows in tables.items() if path.startswith("observations/")]:
        for series_id, part in rows.groupby("series_id")["period"]:
            holes = missing_periods(set(part), frequency.get(series_id, ""))
            items.append((series_id, part.min(), part.max(), len(part), holes))
    events = tables.get("events.csv", pd.DataFrame(columns=schema.EVENTS.names))
    items += [(row[1], row.date, row.end_date or row.date, 1, [row.category]) for row in events.itertuples()]
    return pd.DataFrame(items, columns=["item", "first", "last", "rows", "known"]).sort_values("item")


def _coverage(folder: Path, tables: dict[str, pd.DataFrame]) -> Iterator[Problem]:
    """Compare what is held with what was held at the last release, and find holes not known then."""
    path = COVERAGE
    if not (folder / path).exists() or "series.csv" not in tables:
        return
    before, now = catalog.read_text_table(folder / path), coverage(tables).set_index("item")
    events = set(tables.get("events.csv", pd.DataFrame({"event_id": []}))["event_id"])
    for number, row in enumerate(before.itertuples(), 2):
        say = partial(Problem, path, number)
        if row.item not in now.index:
            yield say("item", f"{row.item} is gone.", "restore it, or remove this row of coverage.csv")
            continue
        held = now.loc[row.item]
        if row.item in events:
            if [held["first"], held["last"], held["known"]] != [row.first, row.last, [row.known]]:
                message = (
                    f"{row.item} is of {held['first']} and {held['known'][0]}, not {row.first}, {row.known}."
                )
                yield say("first", message, "restore the event, or correct this row of coverage.csv too")
        elif held["rows"] < float(row.rows) or held["first"] > row.first or held["last"] < row.last:
            message = f"{row.item} has {held['rows']} rows to {held['last']}, not {row.rows} to {row.last}."
            yield say("rows", message, "restore the lost rows, or correct this row of coverage.csv too")
    known = dict(zip(before["item"], before["known"].str.split(";"), strict=True))
    for item, missing in now["known"].items():
        holes = set(missing) - set(known.get(item, missing)) if item not in events else set()
        if holes:
            mend = "run summits refresh, or name the period in coverage.csv if it was never published"
            yield Problem(path, None, "known", f"{min(holes)} {HOLE} of {item} ({len(holes)} periods).", mend)


def _events(tables: dict[str, pd.DataFrame]) -> Iterator[Problem]:
    """Check the order of dates, the sources of verified rows, zones, and the derived trading days."""
    path = "events.csv"
    if path not in tables:
        return
    frame = tables[path]
    wrong = partial(_flag, path, frame)
    backwards = (frame["end_date"] != "") & (frame["end_date"] < frame["date"])
    yield from wrong(backwards, "end_date", "{} lies before the date.", "correct the end or the date")
    expected = frame["anticipated_from"] > frame["date"]
    mend = "correct it: an event is expected before it happens"
    yield from wrong(expected, "anticipated_from", "{} lies after the date.", mend)
    early = (frame["public_from"] != "") & (frame["public_from"] <= frame["date"])
    yield from wrong(early, "public_from", "{} is not after the date.", "leave it blank")
    bare = (frame["verified"] == "yes") & (frame["source_url"] == "")
    yield from wrong(bare, "verified", "is yes without a source_url.", "name the page, or set verified to no")
    zones = ~frame["announced_zone"].isin(_time_zones())
    yield from wrong(zones, "announced_zone", "{} is no time zone.", "use an IANA name such as Asia/Shanghai")
    back = np.append(False, frame["date"].values[1:] < frame["date"].values[:-1])
    yield from wrong(back, *_unsorted("date"))
    outside = ~frame["date"].between(timeline.FIRST_SESSION, timeline.LAST_SESSION, inclusive="neither")
    yield from wrong(outside, "date", "{} lies outside the exchange calendars.", "correct the year")
    dates = pd.concat([frame["date"], frame["public_from"]])
    sound = ~frame["date"].isin(_not_dates(dates)) & ~frame["public_from"].isin(_not_dates(dates)) & ~zones
    sound &= frame["us_session"].isin(timeline.KNOWN_AT) & ~outside
    derived = first_sessions(frame[sound]).reindex(frame.index)
    for column in derived:
        differs = sound & (frame[column] != derived[column])
        mend = "run validation.first_sessions and store its result"
        yield from wrong(differs, column, "{} is not what the exchange calendar gives.", mend)


@lru_cache(maxsize=1)
def _time_zones() -> set[str]:
    return available_timezones() | {"unknown"}


def _baskets(tables: dict[str, pd.DataFrame]) -> Iterator[Problem]:
    """Check the HS codes and their years."""
    path = "baskets.csv"
    if path not in tables:
        return
    frame = tables[path]
    bad = ~frame["hs_code"].str.fullmatch(r"(0[1-9]|[1-8]\d|9[0-7])(\d{2}|\d{4}|\d{8})")
    mend = "write 4, 6 or 10 digits without points"
    yield from _flag(path, frame, bad, "hs_code", "{} is no HS code.", mend)
    strange = ~frame["hs_code"].str.match("84|85|90") & ~bad
    yield from _flag(path, frame, strange, "hs_code", "{} is no electronics.", "correct the code")
    years = frame["from_year"].str.fullmatch(r"(19|20)\d\d") & frame["to_year"].str.fullmatch(r"|(19|20)\d\d")
    ended = (frame["to_year"] != "") & (frame["to_year"] < frame["from_year"])
    mend = "correct the years"
    yield from _flag(path, frame, ~years | ended, "from_year", "{} starts no span of years.", mend)


def _claims(folder: Path, tables: dict[str, pd.DataFrame]) -> Iterator[Problem]:
    """Check that the claims stand as pre-specified and that the events and series they name exist."""
    file = folder / "claims.yml"
    if not file.exists():
        return
    if catalog.claims_hash(folder) != CLAIMS_SHA256:
        yield Problem("claims.yml", None, "", "differs from the pre-specified claims.", CLAIMS_MEND)
    try:
        claims = yaml.safe_load(file.read_bytes())
        sets, deviations = claims["sets"], claims["deviations"]
    except (yaml.YAMLError, KeyError, TypeError):
        yield Problem("claims.yml", None, "", "cannot be read as claims.", CLAIMS_MEND)
        return
    for number, deviation in enumerate(deviations, 1):
        if not isinstance(deviation, dict) or not {"date", "what", "why"} <= set(deviation):
            message = f"entry {number} lacks date, what or why."
            yield Problem("claims.yml", None, "deviations", message, "write all three")
    if not {"events.csv", "series.csv"} <= set(tables):
        return
    events, series = set(tables["events.csv"]["event_id"]), set(tables["series.csv"]["series_id"])
    known = events | series | {name.removeprefix("return_") for name in series if name.startswith("return_")}
    for name, members in sets.items():
        for member in members if isinstance(members, list) else []:
            if member not in known:
                mend = "restore the event or series; claims.yml itself must not change"
                yield Problem("claims.yml", None, name, f"{member} is no event, series or share.", mend)


# --- trading days ---------------------------------------------------------------------------------


def first_sessions(events: pd.DataFrame) -> pd.DataFrame:
    """Return the first New York and Hong Kong session that could react to each event.

    The rule is that of `timeline.reaction_days`.

    Parameters
    ----------
    events : pandas.DataFrame
        Text columns ``date``, ``public_from``, ``announced_zone``, ``announced_time`` and ``us_session``.

    Returns
    -------
    pandas.DataFrame
        Text columns ``first_us_trading_day`` and ``first_asia_trading_day``, index as in ``events``.
    """
    blank_is_missing = {
        name: pd.to_datetime(events[name].replace("", None)) for name in ("date", "public_from")
    }
    typed = events[["announced_zone", "announced_time", "us_session"]].assign(**blank_is_missing)
    calendars = {"first_us_trading_day": "XNYS", "first_asia_trading_day": "XHKG"}
    days = {column: timeline.reaction_days(typed, calendar) for column, calendar in calendars.items()}
    return pd.DataFrame({column: each.dt.strftime("%Y-%m-%d") for column, each in days.items()})


def missing_periods(periods: Collection[str], frequency: str) -> list[str]:
    """Return the months, quarters or years missing among some periods, between the first and the last."""
    freq, step = _STEPS.get(frequency, ("", 0))
    if not freq or len(periods) < 2:
        return []
    there = pd.PeriodIndex(sorted(periods), freq=freq).asi8
    # Fiscal quarters may move by a month.
    absent = [
        each
        for a, b in zip(there[:-1], there[1:], strict=True)
        for each in range(a + step, b - step // 2, step)
    ]
    names = pd.PeriodIndex.from_ordinals(absent, freq=freq)
    return list(names.asfreq("D", "E").strftime("%Y-%m-%d") if frequency == "Q" else names.astype(str))


# --- descriptor -----------------------------------------------------------------------------------


def describe(data_dir: Path | None = None) -> None:
    """Write ``datapackage.json`` (Data Package v2) for the files as they are now."""
    folder = data_dir or paths.data_dir()
    tables, _ = _tables(folder)
    text = json.dumps(_descriptor(folder, tables), indent=1, ensure_ascii=False) + "\n"
    (folder / "datapackage.json").write_text(text, encoding="utf-8", newline="\n")


def release(data_dir: Path | None = None) -> None:
    """Write ``build/coverage.csv`` for the tables as they are, against which later states are checked."""
    folder = data_dir or paths.data_dir()
    table = coverage(_tables(folder)[0]).assign(known=lambda each: each["known"].str.join(";"))
    (folder / COVERAGE).parent.mkdir(exist_ok=True)
    table.to_csv(folder / COVERAGE, index=False, lineterminator="\n")
    describe(folder)


def _descriptor(folder: Path, tables: dict[str, pd.DataFrame]) -> dict:
    licences = (
        _licences(tables["sources.csv"])
        if "sources.csv" in tables
        else _licences(pd.DataFrame(columns=schema.SOURCES.names))
    )
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "chips-and-summits",
        "title": "Chip trade and AI investment around US-China summits, AI talks and export controls",
        "description": "Observations with vintages, dated events, baskets of HS codes and claims under test.",
        "licenses": [
            {"name": "other", "title": "Per source: see sources.csv and the licences of each resource"}
        ],
        "resources": [
            _resource(folder, path, tables.get(path), licences) for path in catalog.package_files(folder)
        ],
    }


def _licences(sources: pd.DataFrame) -> pd.DataFrame:
    columns = ["title", "url", "licence", "licence_flag", "redistribution"]
    return sources.drop_duplicates("source_id").set_index("source_id")[columns]


def _resource(folder: Path, path: str, frame: pd.DataFrame | None, licences: pd.DataFrame) -> dict:
    """Describe one file: form, size, hash, and the licences and sources of what is in it."""
    content = folder / path
    stem = re.sub(r"[^a-z0-9]+", "-", path.rsplit(".", 1)[0].lower())
    resource = {"name": stem, "path": path, "bytes": content.stat().st_size, "hash": _hash(content)}
    table = schema.table_of(path)
    if table is None:
        return resource | {"title": "Claims under test", "format": "yml", "mediatype": "application/yaml"}
    resource |= {
        "type": "table",
        "title": table.title,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
    }
    if frame is not None and "source_id" in table.names and path != "sources.csv":
        used = licences[licences.index.isin(frame["source_id"].unique())].sort_index()
        resource["licenses"] = [{"name": "other", "title": text} for text in sorted(used["licence"].unique())]
        resource["sources"] = [
            {"title": row.title} | ({"path": row.url} if row.url else {}) for row in used.itertuples()
        ]
        resource["licence_flags"] = sorted(flag for flag in used["licence_flag"].unique() if flag)
        resource["redistribution"] = sorted(used["redistribution"].unique())
    return resource | {"schema": _table_schema(table)}


def _table_schema(table: schema.Table) -> dict:
    fields = []
    for column in table.columns:
        constraints: dict[str, object] = {"required": True} if column.required else {}
        if column.values:
            constraints["enum"] = list(column.values)
        field = {"name": column.name, "type": column.type, "description": column.description}
        fields.append(field | ({"constraints": constraints} if constraints else {}))
    result: dict[str, object] = {"fields": fields, "missingValues": [""]}
    if table.key:
        result["primaryKey"] = list(table.key)
    if table.links:
        result["foreignKeys"] = [
            {"fields": [name], "reference": {"resource": resource, "fields": [target]}}
            for name, resource, target in table.links
        ]
    return result
