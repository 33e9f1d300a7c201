"""Is the data package sound? Finds every fault with file, row and mend, and writes ``datapackage.json``.

Row numbers are those of a text editor: the header is row 1.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from zoneinfo import available_timezones

import exchange_calendars
import numpy as np
import pandas as pd
import yaml

from helpers import catalog, paths, schema

CALENDAR_SPAN = {"start": "2014-01-01", "end": "2027-12-31"}
# Nominal local hour of an announcement whose place in the trading day is unknown, and of the known places.
HOURS = {"unknown": 12, "during": 12, "before_open": 8, "after_close": 17}
PERIOD_FORMS = {"D": "%Y-%m-%d", "E": "%Y-%m-%d", "Q": "%Y-%m-%d", "H": "%Y-%m-%d", "M": "%Y-%m", "A": "%Y"}
PERIOD_LENGTHS = {"D": 10, "E": 10, "Q": 10, "H": 10, "M": 7, "A": 4}
PERIOD_WORDS = {
    "D": "a day such as 2021-06-30",
    "E": "a day such as 2021-06-30",
    "Q": "the last day of a quarter such as 2021-06-30",
    "H": "the last day of a half-year such as 2021-06-30",
    "M": "a month such as 2021-06",
    "A": "a year such as 2021",
}
# No published monthly or quarterly value of ours moved by this factor from one vintage or level to the next.
SCALE_JUMP = 500
# A daily return beyond this is a percent written as a decimal, or a lost split.
LARGEST_RETURN = 1.0
# Everything of claims.yml above its `deviations`, which alone may grow.
CLAIMS_SHA256 = "df8926e653e542bd79daed433dc719c66c65ebf0585f11d002ce1aa81069cc22"
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


def first_sessions(events: pd.DataFrame) -> pd.DataFrame:
    """Return the first New York and Hong Kong session that could react to each event.

    An event becomes known on ``public_from`` if there is one, else on ``date``, at noon in ``announced_zone`` (UTC if
    unknown), or at 8 or 17 o'clock in New York if it is known to lie before the open or after the close. The first
    session that closes after that moment can react.

    Parameters
    ----------
    events : pandas.DataFrame
        Text columns ``date``, ``public_from``, ``announced_zone`` and ``us_session``.

    Returns
    -------
    pandas.DataFrame
        Text columns ``first_us_trading_day`` and ``first_asia_trading_day``, index as in ``events``.
    """
    moments = pd.DatetimeIndex([_moment(row) for row in events.itertuples()])
    days = {}
    for column, calendar in (("first_us_trading_day", "XNYS"), ("first_asia_trading_day", "XHKG")):
        closes = _closes(calendar)
        days[column] = closes.index[closes.searchsorted(moments, side="right")].strftime("%Y-%m-%d")
    return pd.DataFrame(days, index=events.index)


def _moment(row) -> pd.Timestamp:
    zone = "America/New_York" if row.us_session in ("before_open", "after_close") else row.announced_zone
    day = pd.Timestamp(row.public_from or row.date) + pd.Timedelta(hours=HOURS[row.us_session])
    return day.tz_localize("UTC" if zone == "unknown" else zone).tz_convert("UTC")


@lru_cache(maxsize=4)
def _closes(calendar: str) -> pd.Series:
    return exchange_calendars.get_calendar(calendar, **CALENDAR_SPAN).closes


def describe(data_dir: Path | None = None) -> None:
    """Write ``datapackage.json`` (Data Package v2) for the files as they are now."""
    folder = data_dir or paths.data_dir()
    licences = _licences(folder)
    package = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "chips-and-summits",
        "title": "Chip trade and AI investment around US-China summits, AI talks and export controls",
        "description": "Observations with vintages, dated events, baskets of HS codes and claims under test.",
        "licenses": [{"name": "other", "title": "Per source: see sources.csv and the licences of each resource"}],
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
    resource = {"name": stem, "path": path, "bytes": content.stat().st_size, "hash": f"sha256:{catalog.file_hash(content)}"}
    table = schema.table_of(path)
    if table is None:
        return resource | {"title": "Claims under test", "format": "yml", "mediatype": "application/yaml"}
    resource |= {"type": "table", "title": table.title, "format": "csv", "mediatype": "text/csv", "encoding": "utf-8"}
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
        constraints = {"required": True} if column.required else {}
        if column.values:
            constraints["enum"] = list(column.values)
        field = {"name": column.name, "type": column.type, "description": column.description}
        fields.append(field | ({"constraints": constraints} if constraints else {}))
    result = {"fields": fields, "missingValues": [""]}
    if table.key:
        result["primaryKey"] = list(table.key)
    if table.links:
        result["foreignKeys"] = [
            {"fields": [name], "reference": {"resource": resource, "fields": [target]}}
            for name, resource, target in table.links
        ]
    return result
