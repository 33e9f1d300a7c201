"""What the domain modules of the build share: reading the figures, dating values, and writing tables."""

import csv
import re
from decimal import Decimal
from pathlib import Path

import pandas as pd

METADATA = Path(__file__).parent / "metadata"


def read(path: Path) -> pd.DataFrame:
    """Read a CSV file with every cell as text."""
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")


def metadata(name: str) -> pd.DataFrame:
    """Read a hand-written table of this build step."""
    return read(METADATA / f"{name}.csv")


def write(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as UTF-8 with line feeds, quoted only where needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(path, index=False, lineterminator="\n", encoding="utf-8", quoting=csv.QUOTE_MINIMAL)


def number(text: str, scale: str = "1") -> str:
    """Return a figure as plain text after scaling, without binary rounding: ``number("706", "1000000")``."""
    if text == "":
        return ""
    scaled = (Decimal(text) * Decimal(scale)).normalize()
    plain = format(scaled, "f")
    return plain if len(plain) < 22 else str(scaled).lower()


def significant(values: pd.Series, digits: int = 8) -> pd.Series:
    """Return numbers as text with the given number of significant digits."""
    return values.map(lambda value: format(value, f".{digits}g"))


def tidy(frame: pd.DataFrame) -> pd.DataFrame:
    """Replace line breaks and runs of blanks in every cell by one blank."""
    return frame.map(lambda text: " ".join(text.split()))


def slug(text: str) -> str:
    """Return a name as lower-case words joined by underscores."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


def period(dates: pd.Series, frequency: str) -> pd.Series:
    """Write full dates as the period text of a frequency: ``2021-06``, ``2021`` or the date itself."""
    return dates.str[: {"M": 7, "A": 4}.get(frequency, 10)]


def vintages(rows: pd.DataFrame) -> pd.Series:
    """Return the vintage of each row by the rule of its source.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns ``series_id``, ``source_id`` and ``date`` (full date as in the figures).
    """
    sources = metadata("sources").set_index("source_id")
    days = metadata("vintage_rules").set_index("rule")["days"]
    rule = rows["source_id"].map(sources["rule"])
    fixed = {"undated_file": "2026-10-10", "undated_page": "2026-07-10"}
    result = rows["source_id"].map(sources["date"]).where(~rule.isin(fixed), rule.map(fixed))

    dates = pd.to_datetime(rows["date"])
    lag = pd.to_numeric(rule.map(days), errors="coerce")
    lagged = (dates + pd.to_timedelta(lag.fillna(0), unit="D")).dt.strftime("%Y-%m-%d")
    result = result.where(lag.isna(), lagged)
    next_month = (dates.dt.to_period("M") + 1).dt.to_timestamp() + pd.Timedelta(days=9)
    result = result.where(rule != "tenth", next_month.dt.strftime("%Y-%m-%d"))

    for exception in metadata("vintage_exceptions").itertuples():
        hit = (rows["source_id"] == exception.source_id) & rows["date"].between(
            exception.first, exception.last
        )
        if exception.series_id:
            hit &= rows["series_id"] == exception.series_id
        result = result.mask(hit, exception.vintage)
    return result


def append_changes(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep, for each period, the first vintage and every later one whose value differs.

    A value rounded to a multiple of ``rounded_to`` that agrees with the last known value within half that
    multiple says nothing new and is dropped. An exact value after a rounded one is kept: it says more.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns series_id, period, value (text), vintage, source_id, rounded_to (number, 0 for exact).
    """
    rows = rows.sort_values(["series_id", "period", "vintage"], kind="stable")
    keep = []
    known_of, known = None, 0.0
    for row in rows.itertuples():
        value, key = float(row.value), (row.series_id, row.period)
        new = key != known_of or abs(value - known) > row.rounded_to / 2
        if new:
            known_of, known = key, value
        keep.append(new)
    return rows[keep]
