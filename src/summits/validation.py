"""Is the data package sound? Finds every fault with file, row and mend, and writes ``datapackage.json``.

Row numbers are those of a text editor: the header is row 1.
"""

import json
import re
from collections.abc import Iterator
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
    "D": "a day",
    "E": "a day",
    "Q": "the last day of a quarter",
    "H": "the last day of a half-year",
    "M": "a month",
    "A": "a year",
}
# No published monthly or quarterly value of ours moved by this factor from one vintage or level to the next.
SCALE_JUMP = 500
# A daily return beyond this is a percent written as a decimal, or a lost split.
LARGEST_RETURN = 1.0
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
    problems = list(_files(folder))
    tables = {}
    for path in catalog.package_files(folder):
        if schema.table_of(path) is not None:
            frame, faults = _read(folder, path)
            problems += faults
            if frame is not None:
                tables[path] = frame
    problems += chain.from_iterable(_cells(path, frame) for path, frame in tables.items())
    problems += _links(tables)
    for judge in (_series, _observations, _events, _baskets):
        problems += judge(tables)
    return problems + list(_claims(folder, tables))


# --- files ----------------------------------------------------------------------------------------


def _files(folder: Path) -> Iterator[Problem]:
    """Compare the files with the descriptor: missing, unknown, changed, or not plain UTF-8 text."""
    descriptor = folder / "datapackage.json"
    try:
        resources = {each["path"]: each for each in json.loads(descriptor.read_text("utf-8"))["resources"]}
    except (OSError, ValueError, KeyError) as error:
        yield Problem(
            "datapackage.json", None, "", f"cannot be read ({error}).", "restore it or run describe()"
        )
        resources = {}
    present = {each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file()}
    own = {path for path in present if not path.startswith(("build/", "receipts/"))}
    own -= {"datapackage.json", "README.md"}
    for path in sorted(set(resources) - own):
        yield Problem(
            path, None, "", "is in datapackage.json but missing.", "restore it from version control"
        )
    for path in sorted(own - set(resources)):
        yield Problem(
            path, None, "", "is not in datapackage.json.", "remove it, or run describe() if it belongs"
        )
    for path in sorted(own & set(resources)):
        content = (folder / path).read_bytes()
        if resources[path].get("hash") != f"sha256:{catalog.file_hash(folder / path)}":
            mend = "restore it from version control, or run describe() after a wanted change"
            yield Problem(path, None, "", "has other bytes than datapackage.json says.", mend)
        yield from _text_form(path, content)


def _text_form(path: str, content: bytes) -> Iterator[Problem]:
    if content.startswith(b"\xef\xbb\xbf"):
        yield Problem(path, 1, "", "starts with a byte order mark.", "save it as UTF-8 without a mark")
    if b"\r" in content:
        row = content[: content.index(b"\r")].count(b"\n") + 1
        yield Problem(path, row, "", "has carriage returns at line ends.", "save it with line feeds only")
    if not content.endswith(b"\n"):
        row = content.count(b"\n") + 1
        yield Problem(
            path, row, "", "ends without a line feed: the last line may be cut.", "restore the last line"
        )
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        yield Problem(path, row, "", "is not UTF-8 text.", "save it as UTF-8")


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
    problems = [
        Problem(path, 1, name, "column is missing.", f"put the columns back: {', '.join(names)}")
        for name in names
        if name not in frame.columns
    ]
    problems += [
        Problem(path, 1, name, "column is not in the schema.", "remove it, or add it to helpers.schema")
        for name in frame.columns
        if name not in names
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
    path: str, frame: pd.DataFrame, wrong: np.ndarray | pd.Series, field: str, message: str, mend: str
) -> Iterator[Problem]:
    """Report the marked rows: the first five each, the rest as a count. ``{}`` in the message is the cell."""
    positions = np.flatnonzero(np.asarray(wrong))
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
        if texts.str.contains(r"[\n\r]|^\s|\s$").any():
            odd = cell.str.contains(r"[\n\r]|^\s|\s$")
            yield from wrong(odd, message="has a line break or outer blanks.", mend="remove them")
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
    if table.key:
        twice = frame.duplicated(list(table.key))
        named = ", ".join(table.key)
        yield from _flag(
            path, frame, twice, table.key[0], f"repeats an earlier row ({named}).", "remove one of the two"
        )


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
    yield from wrong(
        leak, "stored_as", "is level, which the licence bars.", "store growth, returns or changes"
    )
    unit, money = frame["unit"], frame["currency"]
    odd_code = ~money.str.fullmatch(r"|[A-Z]{3}")
    yield from wrong(odd_code, "currency", "{} is no ISO 4217 code.", "use three capitals such as USD")
    starts = np.array(
        [text.startswith(code) or f"per {code}" in text for text, code in zip(unit, money, strict=True)]
    )
    is_level = frame["stored_as"] == "level"
    yield from wrong(
        is_level & ~starts, "unit", "{} does not fit the currency.", "start the unit with the currency"
    )
    for stored, form in (("growth", "percent change on previous month"), ("return", "return (decimal)")):
        odd = (frame["stored_as"] == stored) & (unit != form)
        yield from wrong(odd, "unit", f"{{}} does not fit stored_as {stored}.", f"use {form!r}")
    if "baskets.csv" in tables:
        unknown = ~frame["basket"].isin([*tables["baskets.csv"]["basket"], ""])
        yield from wrong(unknown, "basket", "{} is not in baskets.csv.", "correct it, or add the basket")
    with_values = {
        each
        for name, rows in tables.items()
        if name.startswith("observations/")
        for each in rows["series_id"]
    }
    empty = ~frame["series_id"].isin(with_values) & (frame["redistribution"] != "fetch")
    yield from wrong(
        empty,
        "series_id",
        "{} has no observations.",
        "set redistribution to fetch if it is to be fetched, else remove the row or restore its observations",
    )
    yield from wrong(frame["series_id"] != frame["series_id"].sort_values().values, *_unsorted("series_id"))


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
            series[["table", "frequency", "flow", "stored_as", "redistribution"]], on="series_id"
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
        mend = f"write {PERIOD_WORDS[letter]} such as {date(2021, 6, 30):{form}}"
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
    same = (frame[["series_id", "period", "value"]] == frame[["series_id", "period", "value"]].shift()).all(
        axis=1
    )
    mend = "remove the row: only a changed value is a new vintage"
    yield from _flag(path, frame, same, "value", "{} repeats the vintage before.", mend)


def _sizes(path: str, frame: pd.DataFrame, rows: pd.DataFrame) -> Iterator[Problem]:
    value = pd.to_numeric(frame["value"], errors="coerce")
    traded = rows["flow"].isin(["export", "import"])
    mend = "remove the row if the month is unpublished, else correct the value"
    yield from _flag(path, frame, traded & (value <= 0), "value", "{} is no amount of trade.", mend)
    leaked = (rows["stored_as"] == "return") & (value.abs() > LARGEST_RETURN)
    mend = "store the return as a decimal, never a percent or a price"
    yield from _flag(path, frame, leaked, "value", "{} is too large for a daily return.", mend)
    typical = value.abs().groupby(frame["series_id"]).transform("median")
    comparable = (
        (rows["stored_as"] == "level") & rows["frequency"].isin(["M", "Q"]) & (rows["table"] != "frontier")
    )
    off = comparable & ((value > typical * SCALE_JUMP) | (value * SCALE_JUMP < typical)) & (value > 0)
    mend = "check the unit: thousand against one, million against thousand"
    yield from _flag(path, frame, off, "value", "{} is on another scale than its series.", mend)


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
    years = frame["from_year"].str.fullmatch(r"(19|20)\d\d") & frame["to_year"].str.fullmatch(r"|(19|20)\d\d")
    ended = (frame["to_year"] != "") & (frame["to_year"] < frame["from_year"])
    yield from _flag(
        path, frame, ~years | ended, "from_year", "{} starts no span of years.", "correct the years"
    )


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


# --- descriptor -----------------------------------------------------------------------------------


def describe(data_dir: Path | None = None) -> None:
    """Write ``datapackage.json`` (Data Package v2) for the files as they are now."""
    folder = data_dir or paths.data_dir()
    licences = _licences(folder)
    package = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "chips-and-summits",
        "title": "Chip trade and AI investment around US-China summits, AI talks and export controls",
        "description": "Observations with vintages, dated events, baskets of HS codes and claims under test.",
        "licenses": [
            {"name": "other", "title": "Per source: see sources.csv and the licences of each resource"}
        ],
        "resources": [_resource(folder, path, licences) for path in catalog.package_files(folder)],
    }
    text = json.dumps(package, indent=1, ensure_ascii=False) + "\n"
    (folder / "datapackage.json").write_text(text, encoding="utf-8", newline="\n")


def _licences(folder: Path) -> pd.DataFrame:
    columns = ["title", "url", "licence", "licence_flag", "redistribution"]
    return catalog.read_text_table(folder / "sources.csv").set_index("source_id")[columns]


def _resource(folder: Path, path: str, licences: pd.DataFrame) -> dict:
    """Describe one file: form, size, hash, and the licences and sources of what is in it."""
    content = folder / path
    stem = re.sub(r"[^a-z0-9]+", "-", path.rsplit(".", 1)[0].lower())
    resource = {
        "name": stem,
        "path": path,
        "bytes": content.stat().st_size,
        "hash": f"sha256:{catalog.file_hash(content)}",
    }
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
    frame = catalog.read_text_table(content)
    if "source_id" in table.names and path != "sources.csv":
        used = licences.loc[sorted(frame["source_id"].unique())]
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
