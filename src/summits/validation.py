"""Is the data package sound? Finds every fault with file, row and mend, and writes ``datapackage.json``.

What is wrong with a cell follows from ``schema.csv`` of the helpers and ``rules.yml``, what is wrong with a
row from ``rules.yml``; here is what neither can say. Row numbers are those of a text editor: the header is
row 1.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import chain, pairwise
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import numpy as np
import pandas as pd
import yaml

from helpers import catalog, paths, schema, timeline
from helpers.observations import PERIOD_FORMAT
from summits import notebooks

PLACE = "datapackage.json"
HOLE = "lies in a hole"
# What was held at the last release: no table of the package, but what it is checked against.
COVERAGE = "build/coverage.csv"
# Columns by which the rows of a table are sorted.
ORDER = {"series.csv": ["series_id"], "sources.csv": ["source_id"], "events.csv": ["date"]}
_STEPS = {"M": ("M", 1), "Q": ("M", 3), "A": ("Y", 1)}
# A value this many times those around it is in another unit.
SPIKE = 100
TRADE_ID = "^(?P<reporter>[a-z0-9]+)_(?P<flow>exp|imp|reexp)_(?:from_)?(?P<partner>[a-z]+)_"
TRADE_ID += r"(?:hs(?P<product>\d+))?"
# Columns of plain letters.
PLAIN = ("series_id", "event_id", "source_id", "item", "period")
# Everything of claims.yml above its `deviations`, which alone may grow.
CLAIMS_SHA256 = "fea8a6224f32fcf48bda9f4c5f053c4b5aeb127db3f6ea0b4eabdd1196b37db5"
CLAIMS_MEND = "restore claims.yml; only `deviations` may grow"

Tables = dict[str, pd.DataFrame]


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
    tables, unread = _tables(folder)
    problems = [*_files(folder, tables), *unread]
    problems += chain.from_iterable(_rows(path, frame) for path, frame in tables.items())
    problems += _links(tables)
    if "series.csv" in tables:
        problems += _judged("series.csv", tables["series.csv"], _series_facts(tables))
        problems += [*_observations(tables), *_coverage(folder, tables)]
    if "events.csv" in tables:
        problems += _events(tables["events.csv"])
    if "baskets.csv" in tables:
        problems += _judged("baskets.csv", tables["baskets.csv"])
    return problems + list(_claims(folder, tables))


def may_be_mended(problem: Problem) -> bool:
    """Say whether a refresh mends the fault: a hole inside a series, or a damaged receipt."""
    return HOLE in problem.message or problem.file.startswith("receipts/")


def _tables(folder: Path) -> tuple[Tables, list[Problem]]:
    """Read every table of the package; those that are no table are problems."""
    tables, problems = {}, []
    for path in catalog.package_files(folder):
        if form := schema.table_of(path):
            frame, faults = _read(folder, path, form.names)
            problems += faults
            if not faults:
                tables[path] = frame
    return tables, problems


# --- files ----------------------------------------------------------------------------------------


def _files(folder: Path, tables: Tables) -> Iterator[Problem]:
    """Compare the files with the descriptor, and the descriptor with what `describe` would write."""
    try:
        descriptor = json.loads((folder / PLACE).read_text("utf-8"))
        resources = {each["path"]: each for each in descriptor["resources"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        yield Problem(PLACE, None, "", f"cannot be read ({error}).", "restore it or run describe()")
        descriptor, resources = {}, {}
    present = {each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file()}
    own = {path for path in present if not path.startswith(("build/", "receipts/"))} - {PLACE, "README.md"}
    restore = "restore it from version control"
    differ = False
    for path in sorted(own | set(resources)):
        if path not in own:
            fault = "is in datapackage.json but missing.", restore
        elif path not in resources:
            fault = "is not in datapackage.json.", "remove it, or run describe() if it belongs"
        elif resources[path].get("hash") != _hash(folder / path):
            mend = f"{restore}, or run describe() after a wanted change"
            fault = "has other bytes than datapackage.json says.", mend
        else:
            continue
        differ = True
        yield Problem(path, None, "", *fault)
    for path in sorted(own & set(resources)):
        yield from _text_form(path, (folder / path).read_bytes())
    # Where a file or a table is at fault, the descriptor differs for that reason.
    if not differ and len(tables) + 1 >= len(own) and descriptor != (written := _descriptor(folder, tables)):
        odd = [each.get("path") for each in descriptor["resources"] if each not in written["resources"]]
        about = f"of {', '.join(map(str, odd[:3]))} " if odd else ""
        message = f"says something {about}that describe() would not write."
        yield Problem(PLACE, None, "", message, f"run describe(), or {restore}")
    for file in sorted(folder.glob("receipts/*.json")):
        try:
            json.loads(file.read_bytes())
        except (ValueError, OSError):
            mend = "remove it: the next refresh writes a new one"
            yield Problem(f"receipts/{file.name}", None, "", "is no JSON.", mend)


def _hash(file: Path) -> str:
    return f"sha256:{notebooks.digest(file.read_bytes())}"


def _text_form(path: str, content: bytes) -> Iterator[Problem]:
    """Say where a file is not UTF-8 text with line feeds."""
    mark, returns = content.find(b"\xef\xbb\xbf", 0, 3), content.find(b"\r")
    cut = -1 if content.endswith(b"\n") else len(content)
    faults = [
        (mark, "starts with a byte order mark.", "save it as UTF-8 without a mark"),
        (returns, "has carriage returns at line ends.", "save it with line feeds only"),
        (cut, "ends without a line feed: the last line may be cut.", "restore the last line"),
    ]
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        faults.append((error.start, "is not UTF-8 text.", "save it as UTF-8"))
    for place, message, mend in faults:
        if place >= 0:
            yield Problem(path, content[:place].count(b"\n") + 1, "", message, mend)


def _read(folder: Path, path: str, names: list[str]) -> tuple[pd.DataFrame, list[Problem]]:
    """Read a table as text, and say where its columns are not the ones of its schema."""
    try:
        frame = catalog.read_text_table(folder / path)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        line = re.search(r"line (\d+)", str(error))
        row, message = int(line[1]) if line else None, "is no table: a line has too many cells."
        return pd.DataFrame(), [Problem(path, row, "", message, "restore the line")]
    frame.columns = frame.columns.str.removeprefix("\ufeff")
    if list(frame.columns) == names:
        return frame, []
    odd = next((name for name in [*names, *frame] if (name in frame) != (name in names)), "")
    mend = f"put the columns back, or change helpers.schema: {', '.join(names)}"
    return frame, [Problem(path, 1, odd, "columns are not those of the schema, in their order.", mend)]


# --- rows -----------------------------------------------------------------------------------------


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


def _rows(path: str, frame: pd.DataFrame) -> Iterator[Problem]:
    """Check every cell against its column, the key, and the order."""
    table = schema.table_of(path)
    assert table is not None
    for column in table.columns:
        cell = frame[column.name]
        texts = pd.Series(cell.unique(), dtype=str)
        for wrong, message, mend in _cells(column, texts):
            if np.any(wrong):
                yield from _flag(path, frame, cell.isin(texts[wrong]), column.name, message, mend)
    key = list(table.key or table.names)
    message = f"repeats an earlier row ({', '.join(table.key) or 'all columns'})."
    yield from _flag(path, frame, frame.duplicated(key), key[0], message, "remove one of the two")
    if order := order_of(path):
        keys = frame[order[0]].str.cat(frame[order[1:]], sep="\t").to_numpy()
        back = np.append(False, keys[1:] < keys[:-1])
        mend = f"sort the file by {', '.join(order)}"
        yield from _flag(path, frame, back, order[0], "is out of order.", mend)


def order_of(path: str) -> list[str]:
    """Return the columns by which the rows of a table are sorted; none if they stand in any order."""
    return list(schema.OBSERVATIONS.key) if path.startswith("observations/") else ORDER.get(path, [])


def in_order(tables: Mapping[str, pd.DataFrame]) -> dict[str, bytes]:
    """Return tables, by path, as their files: the rows sorted, those of one place as they stand."""
    ordered = {path: rows.sort_values(order_of(path), kind="stable") for path, rows in tables.items()}
    return {path: rows.to_csv(index=False, lineterminator="\n").encode() for path, rows in ordered.items()}


def _cells(column: schema.Column, texts: pd.Series) -> Iterator[tuple[pd.Series, str, str]]:
    """Say of the different texts of a column which are wrong, why, and what to do."""
    kinds = {"all", column.type, "required" * column.required, "plain" * (column.name in PLAIN)}
    kinds |= {"url" * column.name.endswith("url")}
    for rule in _rules()["cells"]:
        if rule["of"] in kinds:
            yield texts.map(re.compile(rule["pattern"]).search).notna(), rule["message"], rule["mend"]
    if column.values:
        mend = f"use one of {', '.join(column.values)}"
        yield ~texts.isin([*column.values, ""]), "{} is not allowed.", mend
    if column.type == "date":
        yield (texts != "") & _dates(texts).isna(), "{} is no date.", "write it as 2021-06-30"


def _dates(cells: pd.Series) -> pd.Series:
    """Read days; what is none is missing."""
    return pd.to_datetime(cells, format="%Y-%m-%d", errors="coerce").where(cells.str.len() == 10)


@lru_cache
def _rules() -> dict[str, Any]:
    return yaml.safe_load(Path(__file__).with_name("rules.yml").read_text(encoding="utf-8"))


def _judged(path: str, frame: pd.DataFrame, facts: pd.DataFrame | None = None) -> Iterator[Problem]:
    """Check the rows of a table by its rules, which may also name the columns of `facts`."""
    terms = frame if facts is None else facts.join(frame[frame.columns.difference(facts.columns)])
    for rule in _rules()[path.partition("/")[0]]:
        for field in rule["field"].split():
            fault, message = (rule[part].replace("FIELD", field) for part in ("fault", "message"))
            yield from _flag(path, frame, terms.eval(fault, engine="python"), field, message, rule["mend"])


def _links(tables: Tables) -> Iterator[Problem]:
    """Check that every series, source and basket that is named exists; a blank names none."""
    for path, frame in tables.items():
        for field, table, target in getattr(schema.table_of(path), "links", ()):
            if f"{table}.csv" in tables:
                unknown = ~frame[field].isin([*tables[f"{table}.csv"][target], ""])
                mend = f"correct it, or add the row to {table}.csv"
                yield from _flag(path, frame, unknown, field, f"{{}} is not in {table}.csv.", mend)


# --- tables ---------------------------------------------------------------------------------------


def _named(tables: Tables, *columns: str) -> Iterator:
    """Yield the cells of some columns of all observations, each combination once a table."""
    for path, rows in tables.items():
        if path.startswith("observations/"):
            found = rows[list(columns)].drop_duplicates()
            yield from found.itertuples(index=False, name=None) if columns[1:] else found[columns[0]]


def _series_facts(tables: Tables) -> pd.DataFrame:
    """Say of each series what its rules name."""
    frame = tables["series.csv"]
    money = zip(frame["unit"], frame["currency"], strict=True)
    facts = pd.DataFrame({"observed": frame["series_id"].isin(set(_named(tables, "series_id")))})
    facts["money_fits"] = [unit.startswith(code) or f"per {code}" in unit for unit, code in money]
    # The one series of a publisher that alone differs from all its others.
    for column in frame.columns:
        pairs = frame.groupby("publisher")[column]
        same = frame.groupby(["publisher", column])[column].transform("size")
        two_among_many = (pairs.transform("nunique") == 2) & (pairs.transform("size") >= 4)
        facts[f"{column}_alone"] = (same == 1) & two_among_many
    # What the id of a trade series names.
    parts = frame["series_id"].str.extract(TRADE_ID)
    named = {"flow": parts["flow"].map({"exp": "export", "reexp": "export", "imp": "import"})}
    named["product"] = parts["product"].map("HS {}".format, na_action="ignore")
    for column in ("reporter", "partner"):
        usual = frame[frame[column] != ""].groupby(parts[column])[column].agg(lambda names: names.mode()[0])
        named[column] = parts[column].map(usual)
    for column, name in named.items():
        cells = frame[column].str.partition(" (")[0]
        facts[f"{column}_misnamed"] = parts["flow"].notna() & name.notna() & (cells != name) & (cells != "")
    # A series is as restricted as the sources its values were read in.
    terms = tables.get("sources.csv", pd.DataFrame(columns=schema.SOURCES.names))
    terms = terms.drop_duplicates("source_id").set_index("source_id")
    used = pd.DataFrame(_named(tables, "series_id", "source_id"), columns=["series_id", "source_id"])
    used = used.join(terms[["redistribution", "licence_flag"]], on="source_id")
    for column in ("redistribution", "licence_flag"):
        allowed = used.dropna(subset=column).groupby("series_id")[column].agg(set)
        pairs = zip(frame["series_id"], frame[column], strict=True)
        facts[f"{column}_loosened"] = [cell not in allowed.get(item, {cell}) for item, cell in pairs]
    return facts


def _observations(tables: Tables) -> Iterator[Problem]:
    """Check periods, vintages and plausible size of the values."""
    series = tables["series.csv"].drop_duplicates("series_id").set_index("series_id")
    described = series[["table", "frequency", "flow", "stored_as", "averaging", "unit"]]
    for path in [path for path in tables if path.startswith("observations/")]:
        frame = tables[path]
        facts = _facts(frame, described.reindex(frame["series_id"]).set_index(frame.index))
        facts["file"] = path.removeprefix("observations/").removesuffix(".csv")
        yield from _judged(path, frame, facts)


def _facts(frame: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Add to what is known of the series of each row what follows from the rows: the terms of the rules."""
    names, value = frame["series_id"], pd.to_numeric(frame["value"], errors="coerce")
    latest, level = ~frame.duplicated(["series_id", "period"], keep="last"), facts["stored_as"] == "level"
    cells, known = frame[["series_id", "period", "value"]], _dates(frame["vintage"])
    magnitude = pd.DataFrame(_rules()["magnitude"], index=["smallest", "largest"]).T

    return facts.assign(
        value=value,
        blank=frame["value"] == "",
        repeated=(cells == cells.shift()).all(axis=1),
        start=_starts(frame["period"], facts["frequency"]),
        known=known,
        future=known > pd.Timestamp.now(),
        latest=latest,
        typical=value.abs().groupby(names).transform("median"),
        share_negative=(value < 0).groupby(names).transform("mean"),
        percent=facts["unit"].str.startswith("percent", na=False),
        highest=value.where(latest).groupby(names).cummax(),
        spike=_spikes(value.where(value > 0)[latest & level], names).reindex(frame.index, fill_value=False),
        smallest=facts["unit"].map(magnitude["smallest"]),
        largest=facts["unit"].map(magnitude["largest"]),
    )


def _starts(periods: pd.Series, frequency: pd.Series) -> pd.Series:
    """First day that a period names; missing where it is not written as the frequency of its series asks."""
    starts = pd.Series(pd.NaT, index=periods.index, dtype="datetime64[ns]")
    for letter, form in PERIOD_FORMAT.items():
        texts = periods[frequency == letter]
        unique = pd.Series(texts.unique(), dtype=str)
        dates = pd.to_datetime(unique, format=form, errors="coerce")
        # Read and written again, so that 2021-6 is no month.
        fits = (dates.dt.strftime(form) == unique) & (dates.dt.is_month_end | (letter not in "QH"))
        starts[texts.index] = texts.map(dict(zip(unique, dates.where(fits), strict=True)))
    return starts


def _spikes(value: pd.Series, names: pd.Series) -> pd.Series:
    """Mark the values that are far from those just before and after; ``value`` is positive and in order."""
    logs = np.log(value)
    near = pd.concat([logs.groupby(names[logs.index]).shift(step) for step in (-2, -1, 1, 2)], axis=1)
    gap = np.fmax(logs - near.max(axis=1), near.min(axis=1) - logs)
    return (gap > np.log(SPIKE)) & (near.notna().sum(axis=1) > 1)


def coverage(tables: Tables) -> pd.DataFrame:
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


def _coverage(folder: Path, tables: Tables) -> Iterator[Problem]:
    """Compare what is held with what was held at the last release, and find holes not known then."""
    if not (folder / COVERAGE).exists():
        return
    before, now = catalog.read_text_table(folder / COVERAGE), coverage(tables).set_index("item")
    events = set(tables["events.csv"]["event_id"] if "events.csv" in tables else ())
    known = dict(zip(before["item"], before["known"].str.split(";"), strict=True))
    for number, row in enumerate(before.itertuples(), 2):
        say = partial(Problem, COVERAGE, number)
        if row.item not in now.index:
            yield say("item", f"{row.item} is gone.", "restore it, or remove this row of coverage.csv")
            continue
        first, last, rows, holes = now.loc[row.item]
        if row.item in events:
            lost = [first, last, holes] != [row.first, row.last, [row.known]]
        else:
            lost = rows < float(row.rows) or first > row.first or last < row.last
        if lost:
            message = f"{row.item} has {rows} rows from {first} to {last} ({';'.join(holes)}), not as here."
            yield say("rows", message, "restore what was lost, or correct this row of coverage.csv too")
    for item, missing in now["known"].items():
        if item not in events and (holes := set(missing) - set(known.get(item, missing))):
            mend = "run summits refresh, or name the period in coverage.csv if it was never published"
            message = f"{min(holes)} {HOLE} of {item} ({len(holes)} periods)."
            yield Problem(COVERAGE, None, "known", message, mend)


def _events(frame: pd.DataFrame) -> Iterator[Problem]:
    """Check the order of dates, the sources of verified rows, zones, and the derived trading days."""
    zones = frame["announced_zone"].isin(available_timezones() | {"unknown"})
    inside = frame["date"].between(timeline.FIRST_SESSION, timeline.LAST_SESSION, inclusive="neither")
    sound = inside & zones & frame["us_session"].isin(timeline.KNOWN_AT) & _dates(frame["date"]).notna()
    sound &= (frame["public_from"] == "") | _dates(frame["public_from"]).notna()
    facts = first_sessions(frame[sound]).reindex(frame.index).set_axis(["derived_us", "derived_asia"], axis=1)
    facts = facts.assign(zone_known=zones, in_calendar=inside, sound=sound, now=str(pd.Timestamp.now()))
    yield from _judged("events.csv", frame, facts)


def _claims(folder: Path, tables: Tables) -> Iterator[Problem]:
    """Check that the claims stand as pre-specified and that the events and series they name exist."""
    file = folder / "claims.yml"
    if not file.exists():
        return
    if catalog.claims_hash(folder) != CLAIMS_SHA256:
        yield Problem("claims.yml", None, "", "differs from the pre-specified claims.", CLAIMS_MEND)
    try:
        claims = yaml.load(file.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
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
    days = events[["date", "public_from"]].apply(lambda cells: pd.to_datetime(cells.replace("", None)))
    typed = days.join(events[["announced_zone", "announced_time", "us_session"]])
    return timeline.trading_days(typed).apply(lambda days: days.dt.strftime("%Y-%m-%d"))


def missing_periods(periods: Collection[str], frequency: str) -> list[str]:
    """Return the months, quarters or years missing among some periods, between the first and the last."""
    freq, step = _STEPS.get(frequency, ("", 0))
    if not freq or len(periods) < 2:
        return []
    there = pd.PeriodIndex(sorted(periods), freq=freq).asi8
    # Fiscal quarters may move by a month.
    absent = [each for a, b in pairwise(there) for each in range(a + step, b - step // 2, step)]
    names = pd.PeriodIndex.from_ordinals(absent, freq=freq)
    return list(names.asfreq("D", "E").strftime("%Y-%m-%d") if frequency == "Q" else names.astype(str))


# --- descriptor -----------------------------------------------------------------------------------


def describe(data_dir: Path | None = None) -> None:
    """Write ``datapackage.json`` (Data Package v2) for the files as they are now."""
    folder = data_dir or paths.data_dir()
    text = json.dumps(_descriptor(folder, _tables(folder)[0]), indent=1, ensure_ascii=False) + "\n"
    (folder / PLACE).write_text(text, encoding="utf-8", newline="\n")


def release(data_dir: Path | None = None) -> None:
    """Write ``build/coverage.csv`` for the tables as they are, against which later states are checked."""
    folder = data_dir or paths.data_dir()
    table = coverage(_tables(folder)[0]).assign(known=lambda each: each["known"].str.join(";"))
    (folder / COVERAGE).parent.mkdir(exist_ok=True)
    table.to_csv(folder / COVERAGE, index=False, lineterminator="\n")
    describe(folder)


def _descriptor(folder: Path, tables: Tables) -> dict:
    sources = tables.get("sources.csv", pd.DataFrame(columns=schema.SOURCES.names))
    sources = sources.drop_duplicates("source_id").set_index("source_id").sort_index()
    resources = [_resource(folder, path, tables.get(path), sources) for path in catalog.package_files(folder)]
    return _rules()["package"] | {"resources": resources}


def _resource(folder: Path, path: str, frame: pd.DataFrame | None, sources: pd.DataFrame) -> dict:
    """Describe one file: form, size, hash, and the licences and sources of what is in it."""
    content = folder / path
    stem = re.sub(r"[^a-z0-9]+", "-", path.rsplit(".", 1)[0].lower())
    resource = {"name": stem, "path": path, "bytes": content.stat().st_size, "hash": _hash(content)}
    table = schema.table_of(path)
    if table is None:
        return resource | {"title": "Claims under test", "format": "yml", "mediatype": "application/yaml"}
    resource |= {"type": "table", "title": table.title, "format": "csv", "mediatype": "text/csv"}
    resource["encoding"] = "utf-8"
    if frame is not None and "source_id" in table.names and path != "sources.csv":
        used = sources[sources.index.isin(frame["source_id"].unique())]
        resource["licenses"] = [{"name": "other", "title": text} for text in sorted(used["licence"].unique())]
        resource["sources"] = [{"title": row.title} | _filled(path=row.url) for row in used.itertuples()]
        resource["licence_flags"] = sorted(flag for flag in used["licence_flag"].unique() if flag)
        resource["redistribution"] = sorted(used["redistribution"].unique())
    return resource | {"schema": _table_schema(table)}


def _table_schema(table: schema.Table) -> dict:
    fields = []
    for column in table.columns:
        constraints = _filled(required=column.required, enum=list(column.values))
        field = {"name": column.name, "type": column.type, "description": column.description}
        fields.append(field | _filled(constraints=constraints))
    links = [
        {"fields": [name], "reference": {"resource": resource, "fields": [target]}}
        for name, resource, target in table.links
    ]
    return {"fields": fields, "missingValues": [""]} | _filled(primaryKey=list(table.key), foreignKeys=links)


def _filled(**parts: Any) -> dict[str, Any]:
    """Parts of a descriptor; those that say nothing are left out."""
    return {name: part for name, part in parts.items() if part}
