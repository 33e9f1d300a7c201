"""What parsers share: bodies into tables, archives opened with a limit, numbers and periods read strictly.

There is one tolerant reader for each shape of reply (rows in JSON, rows in CSV, sheets), one check of what a
reply says about itself (`about`), and one of its dates (`days`). Cells are texts; a missing one is blank.
"""

import csv
import io
import json
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import defusedxml
import numpy as np
import pandas as pd
from defusedxml.ElementTree import fromstring

from helpers.catalog import read_text_table
from helpers.observations import PERIOD_FORMAT
from summits.publishers.client import Refused, Request, Wanted

LARGEST_MEMBER = 100_000_000
# What publishers print where there is no value.
MISSING = ("", ".", "nan", "null", "None", "NaN")
# Where a reply of status 200 says that it is none, by its name in the JSON.
COMPLAINTS = re.compile(r"errors?|error_?message|error_?code|exception|fault|message|warnings?")
# What a reply can say about the unit of its values.
UNITS = ("@unit", "unit", "units", "currency", "indicators")
_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def json_body(body: bytes, *place: str | int) -> Any:
    """Read what a body of JSON has at a place; refuse one that is none, or that is an error or a notice."""
    try:
        reply = json.loads(body, parse_constant=lambda name: None)
    except ValueError:
        raise Refused("malformed", "The reply is no JSON, or it is cut off.") from None
    for part in [step(reply, *place[:depth]) for depth in range(len(place))] or [reply]:
        for name, text in part.items() if isinstance(part, dict) else ():
            if text and COMPLAINTS.fullmatch(name.lower()) and str(text).lower() not in ("ok", "success"):
                raise Refused("status", f"The reply is no data but {name}: {json.dumps(text)[:200]}")
    return step(reply, *place)


def step(value: Any, *names: str | int) -> Any:
    """Walk into nested JSON, or refuse with the place that is missing."""
    for number, name in enumerate(names):
        try:
            value = value[name]
        except (KeyError, IndexError, TypeError):
            place = ".".join(map(str, names[: number + 1]))
            raise Refused("columns", f"The reply has no {place}: its form has changed.") from None
    return value


def json_table(rows: list, columns: tuple[str, ...], total: int | None = None) -> pd.DataFrame:
    """Read rows of JSON, objects or arrays under a header, with every cell as text and null as blank.

    Parameters
    ----------
    rows : list
        Objects, or arrays of which the first is the header.
    columns : tuple of str
        Columns that must be there, unless there is no row.
    total : int, optional
        How many rows the reply says that it has.
    """
    if total is not None and int(total) != len(rows):
        raise Refused("partial", f"The reply has {len(rows)} of {total} rows.")
    header = None
    if rows and isinstance(rows[0], list):
        header, *rows = rows
        if any(len(row) != len(header) for row in rows):
            raise Refused("truncated", "A row is shorter than the header.")
    table = pd.DataFrame(rows, columns=header, dtype=object)
    if rows or header:
        need(table, *columns)
    return table.map(_text).reindex(columns=[*dict.fromkeys([*columns, *table])]).astype(str)


def _text(cell: Any) -> str:
    return "" if cell is None or cell != cell else str(cell)


def csv_table(body: bytes, columns: tuple[str, ...] = (), member_of_archive: bool = False) -> pd.DataFrame:
    """Read CSV with every cell as text, and refuse a table that lacks columns or has broken rows.

    A last line without its end may be cut in the middle of a number; an archive shows itself that it is not.
    """
    try:
        text = body.decode("utf-8-sig")
        rows = [row for row in csv.reader(io.StringIO(text), strict=True) if any(row)]
    except (UnicodeDecodeError, csv.Error):
        raise Refused("malformed", "The reply is no CSV in UTF-8, or it is cut off.") from None
    if not rows:
        raise Refused("empty", "The reply is an empty table.")
    if not member_of_archive and not text.endswith(("\n", "\r")):
        raise Refused("truncated", "The last line has no end: the reply is cut.")
    header, rows = [name.strip() for name in rows[0]], rows[1:]
    need(pd.DataFrame(columns=header), *columns)
    broken = [number for number, row in enumerate(rows, 2) if len(row) != len(header)]
    if broken:
        message = f"Row {broken[0]} has {len(rows[broken[0] - 2])} cells, not {len(header)}: it is cut."
        raise Refused("truncated", message)
    return pd.DataFrame(rows, columns=header, dtype=str)


def countries(column: str) -> dict[str, str]:
    """Return the publisher's code of each country, by its name in the catalogue."""
    table = read_text_table(Path(__file__).with_name("countries.csv")).set_index("country")[column]
    return table[table != ""].to_dict()


def about(reply: Any, asked: Mapping[str, Any]) -> None:
    """Refuse a reply that says it is about something else; where it says nothing, it is believed.

    Parameters
    ----------
    reply : mapping or pandas.DataFrame
        What the reply says, by name: one text, or several.
    asked : mapping
        What was asked for, by the same names: one text, or all that are right.
    """
    for what, right in asked.items():
        stated, rights = (
            {_text(each).strip() for each in (each if pd.api.types.is_list_like(each) else [each])}
            for each in (reply.get(what), right)
        )
        strangers = stated - rights - {""}
        if strangers:
            message = f"The reply is about {what} {min(strangers)}, not {' or '.join(sorted(rights))}."
            raise Refused("unit" if what in UNITS else "columns", message)


def need(table: pd.DataFrame, *columns: str) -> None:
    """Refuse a table that lacks columns, or has one of them twice."""
    names = list(table)
    if missing := [name for name in columns if names.count(name) != 1]:
        times = "no column" if missing[0] not in names else "more than once the column"
        raise Refused("columns", f"The table has {times} {missing[0]}. It has {', '.join(map(str, names))}.")


def numbers(texts: pd.Series, blanks: tuple[str, ...] = ()) -> pd.Series:
    """Read numbers; what is missing stays missing, anything else that is no number is refused."""
    texts = texts.map(_text).str.strip()
    blank = texts.isin([*MISSING, *blanks])
    values = pd.to_numeric(texts.mask(blank), errors="coerce").astype(float)
    bad = texts[~np.isfinite(values) & ~blank]
    if len(bad):
        raise Refused("malformed", f"{bad.iloc[0]!r} is no number.")
    return values


def days(texts: pd.Series, form: str) -> pd.Series:
    """Read dates of one form; anything else is refused."""
    dates = pd.to_datetime(texts, format=form, errors="coerce")
    if dates.isna().any():
        raise Refused("malformed", f"{texts[dates.isna()].iloc[0]!r} is no date of the form {form}.")
    return dates


def observations(wanted: Wanted, periods: pd.Series, values: pd.Series) -> pd.DataFrame:
    """Return the rows of one series.

    Parameters
    ----------
    wanted : Wanted
    periods : pandas.Series
        Texts, or dates, which are written as the series' frequency has them: day, month, year, or the end of
        the quarter.
    values : pandas.Series
        In the same order.
    """
    if pd.api.types.is_datetime64_any_dtype(periods):
        periods = periods + pd.offsets.QuarterEnd(0) if wanted.series.frequency == "Q" else periods
        periods = periods.dt.strftime(PERIOD_FORMAT[wanted.series.frequency])
    rows = pd.DataFrame({"period": periods.array, "value": values.array})
    rows.insert(0, "series_id", wanted.series.series_id)
    return rows


def by_period(wanted: Wanted, values: pd.Series) -> pd.DataFrame:
    """Return the rows of one series from values indexed by period or date."""
    return observations(wanted, values.index.to_series(), values)


def columns_of(table: pd.DataFrame, dates: pd.Series, request: Request) -> pd.DataFrame:
    """Return the observations of a wide table whose columns carry the labels of the wanted series."""
    need(table, *request.wanted)
    return pd.concat(
        observations(each, dates, numbers(table[label])) for label, each in request.wanted.items()
    )


def member(body: bytes, ending: str) -> bytes:
    """Return the one file of an archive whose name has this ending, if it is of reasonable size.

    The size is counted while reading, because an archive can state a false one.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
        names = [name for name in archive.namelist() if name.lower().endswith(ending.lower())]
        if len(names) != 1:
            raise Refused("columns", f"The archive has {len(names)} files that end with {ending}, not one.")
        with archive.open(names[0]) as file:
            content = file.read(LARGEST_MEMBER + 1)
    except (zipfile.BadZipFile, EOFError, NotImplementedError):
        raise Refused("truncated", "The reply is no archive, or it is cut off.") from None
    if len(content) > LARGEST_MEMBER:
        raise Refused("oversized", f"{names[0]} unpacks to more than {LARGEST_MEMBER:,} bytes.")
    return content


def xml_root(body: bytes) -> Element:
    """Read XML without entities, external files or document types."""
    try:
        return fromstring(body, forbid_dtd=True)
    except defusedxml.DefusedXmlException:
        raise Refused("entity", "The XML declares entities, which no publisher needs.") from None
    except SyntaxError:
        raise Refused("malformed", "The reply is no XML, or it is cut off.") from None


def sheet(body: bytes, name: str) -> pd.DataFrame:
    """Return one sheet of an .xlsx workbook as texts, by number of the row and letter of the column."""
    links = {each.get("Id"): each.get("Target", "") for each in _part(body, "_rels/workbook.xml.rels")}
    found = {each.get("name"): each.get(_LINK) for each in _part(body, "workbook.xml").iter(f"{_SHEET}sheet")}
    if name not in found:
        raise Refused("columns", f"The workbook has no sheet {name!r}. It has {', '.join(map(str, found))}.")
    strings = ["".join(each.itertext()) for each in _part(body, "sharedStrings.xml")]
    cells = {}
    for cell in _part(body, links[found[name]].removeprefix("/xl/")).iter(f"{_SHEET}c"):
        column, row = re.findall(r"^([A-Z]+)(\d+)$", cell.get("r", ""))[0]
        text = "".join(cell.itertext()).strip()
        cells[int(row), column] = strings[int(text)] if cell.get("t") == "s" else text
    return pd.Series(cells, dtype=str).unstack(fill_value="")


def _part(body: bytes, path: str) -> Element:
    return xml_root(member(body, f"xl/{path}"))
