"""Observations: one tidy series as it was known on a date.

Every observation carries a period (what it is about) and a vintage (the first date for which there is
evidence that the value was public). A revision is a new row, never a changed one. Reading "as of" a date
keeps, for each period, the row with the latest vintage that is not later than that date.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import catalog, paths

PERIOD_FORMAT = {"D": "%Y-%m-%d", "M": "%Y-%m", "Q": "%Y-%m-%d", "H": "%Y-%m-%d", "A": "%Y", "E": "%Y-%m-%d"}
DAYS_IN_QUARTER = 365.25 / 4


class NotADay(ValueError):
    """A value that should be a plain calendar day is something else."""


class NotYetKnown(ValueError):
    """Nothing of the series or list was public on the date asked for."""


class NotFetched(ValueError):
    """The catalogue has the series, but its values must be fetched from the publisher first."""


class BadObservations(ValueError):
    """An observations table holds rows that cannot be read."""


@dataclass(frozen=True)
class SeriesData:
    """One series as it was known on a date.

    Attributes
    ----------
    info : catalog.Series
        The catalogue row: unit, currency, seasonal treatment, publisher, licence and so on.
    values : pandas.Series
        Float values in `info.unit`, one per known period; the index is a sorted, unique DatetimeIndex named
        ``period`` (month: first day; quarter and half-year: last day; year: 31 December). Gaps are not
        filled.
    vintages : pandas.Series
        The vintage of each value, on the same index.
    as_of : pandas.Timestamp or None
        The date asked for; None means the latest known values.
    sources : list of str
        The ``source_id`` of every value kept, sorted.
    """

    info: catalog.Series
    values: pd.Series
    vintages: pd.Series
    as_of: pd.Timestamp | None
    sources: list[str]

    @property
    def missing(self) -> pd.DatetimeIndex:
        """Months or quarters without a value between the first and the last; empty for other frequencies."""
        periods = self.values.index
        if self.info.frequency == "M":
            return pd.date_range(periods[0], periods[-1], freq="MS", name="period").difference(periods)
        if self.info.frequency == "Q":
            return _missing_quarters(periods)
        return periods[:0]


def calendar_day(value: str | date | pd.Timestamp) -> pd.Timestamp:
    """Read a calendar day without a time zone.

    Parameters
    ----------
    value : str, datetime.date or pandas.Timestamp
        Text must be a full ISO date such as ``2021-06-30``.

    Returns
    -------
    pandas.Timestamp
        Midnight of that day, without a zone.

    Raises
    ------
    NotADay
        If the text is not a full ISO date, the value is missing, or it carries a time zone.

    Examples
    --------
    >>> from helpers.observations import calendar_day
    >>> calendar_day("2024-03-15")
    Timestamp('2024-03-15 00:00:00')
    """
    try:
        day = pd.Timestamp(date.fromisoformat(value.strip()) if isinstance(value, str) else value)
    except (ValueError, TypeError):
        raise NotADay(f"{value!r} is not a calendar day. Write it as 2021-06-30.") from None
    if day is pd.NaT:
        raise NotADay("The day is missing. Write it as 2021-06-30.")
    if day.tz is not None:
        raise NotADay(f"{value} carries a time zone. Pass the local calendar day, such as {day.date()}.")
    return day.normalize()


def as_of_day(as_of: str | date | pd.Timestamp | None) -> pd.Timestamp | None:
    """Read an ``as_of`` parameter: None or empty text means the latest, anything else is a calendar day."""
    return None if as_of is None or as_of == "" else calendar_day(as_of)


def load(series_id: str, as_of: str | date | pd.Timestamp | None = None) -> SeriesData:
    """Load one series as it was known on a date.

    Parameters
    ----------
    series_id : str
        An id of the catalogue.
    as_of : str, datetime.date, pandas.Timestamp or None
        Keep only values whose vintage is on or before this day. None or ``''`` keeps the latest values.

    Returns
    -------
    SeriesData

    Raises
    ------
    catalog.UnknownSeries
        If the catalogue has no such id; the message names near ids.
    NotYetKnown
        If nothing was public on `as_of`; the message names the first vintage.
    NotFetched
        If the values must be fetched first; the message names the command.
    catalog.MissingData
        If the table the catalogue names does not exist.
    BadObservations
        If the table lacks the series or holds rows that cannot be read.

    Examples
    --------
    >>> from helpers import observations
    >>> exports = observations.load("us_exp_cn_hs8542", as_of="2024-06-30")
    >>> exports.info.unit, bool(exports.vintages.max() <= exports.as_of)
    ('USD', True)
    """
    info = catalog.series(series_id)
    day = as_of_day(as_of)
    rows = _rows(info, day)
    public = rows if day is None else rows[rows["vintage"] <= day]
    if day is not None and public.empty:
        raise NotYetKnown(
            f"Nothing of {series_id} was public on {day.date()}; its first vintage is "
            f"{rows['vintage'].min().date()}. Ask for that day or a later one."
        )
    # A row without a value says that the publisher had none from that day on.
    latest = public.drop_duplicates("period", keep="last").set_index("period").dropna(subset="value")
    return SeriesData(
        info=info,
        values=latest["value"].rename(series_id),
        vintages=latest["vintage"],
        as_of=day,
        sources=sorted(latest["source_id"].unique()),
    )


def load_many(
    series_ids: list[str] | tuple[str, ...], as_of: str | date | pd.Timestamp | None = None
) -> dict[str, SeriesData]:
    """Load several series as they were known on one date, keyed by id in the order given; see `load`.

    Examples
    --------
    >>> from helpers import observations
    >>> list(observations.load_many(["us_exp_cn_hs8542", "kr_exp_cn_hs8542"]))
    ['us_exp_cn_hs8542', 'kr_exp_cn_hs8542']
    """
    return {series_id: load(series_id, as_of) for series_id in series_ids}


def known(
    series_ids: list[str] | tuple[str, ...], as_of: str | date | pd.Timestamp | None = None
) -> list[str]:
    """Name the series of which anything was public on a date; `load` refuses the others.

    Examples
    --------
    >>> from helpers import observations
    >>> observations.known(["us_exp_cn_hs8542"], as_of="1990-01-01")
    []
    """
    day = as_of_day(as_of)
    rows = {series_id: _rows(catalog.series(series_id), day) for series_id in series_ids}
    return [series_id for series_id, each in rows.items() if day is None or each["vintage"].min() <= day]


def load_known(
    series_ids: list[str] | tuple[str, ...], as_of: str | date | pd.Timestamp | None = None
) -> tuple[dict[str, SeriesData], list[str]]:
    """Load the series of which anything was public on a date; also name those that were not known yet.

    Examples
    --------
    >>> from helpers import observations
    >>> series, unknown = observations.load_known(["us_exp_cn_hs8542"], as_of="1990-01-01")
    >>> list(series), unknown
    ([], ['us_exp_cn_hs8542'])
    """
    there = known(series_ids, as_of)
    return load_many(there, as_of), [series_id for series_id in series_ids if series_id not in there]


def vintages(series_id: str) -> pd.DataFrame:
    """Show what was known of each period at each vintage.

    Returns
    -------
    pandas.DataFrame
        One row per period, one column per vintage, in the unit of the series. A cell is the value a reader
        had on that vintage's day; it is missing where nothing was public yet.

    Examples
    --------
    >>> from helpers import observations
    >>> table = observations.vintages("us_exp_cn_hs8542")
    >>> table.columns.is_monotonic_increasing, table.index.name
    (True, 'period')
    """
    rows = _rows(catalog.series(series_id))
    triangle = rows.pivot(index="period", columns="vintage", values="value").sort_index(axis="columns")
    withdrawn = rows[rows["value"].isna()].assign(value=1.0)
    gone = withdrawn.pivot(index="period", columns="vintage", values="value").reindex_like(triangle)
    # Filled by steps: a value lasts until the next one, and until it is withdrawn.
    return triangle.fillna(gone * np.inf).ffill(axis="columns").replace(np.inf, np.nan)


def first_editions(series_id: str, as_of: str | date | pd.Timestamp | None = None) -> pd.Series:
    """Return for each period the value that was published first, among those known on a date.

    Raises
    ------
    NotYetKnown
        If nothing of the series was public on that date.

    Examples
    --------
    >>> from helpers import observations
    >>> first = observations.first_editions("us_exp_cn_hs8542")
    >>> first.index.is_unique
    True
    """
    table, day = vintages(series_id), as_of_day(as_of)
    kept = table if day is None else table.loc[:, table.columns <= day]
    if not kept.shape[1]:
        raise NotYetKnown(f"{series_id} was first known on {table.columns[0]:%Y-%m-%d}. Choose a later date.")
    return kept.bfill(axis=1).iloc[:, 0].dropna().rename(series_id)


def revisions(series_id: str) -> pd.DataFrame:
    """List every change of a value that had been public before.

    Returns
    -------
    pandas.DataFrame
        Columns ``period``, ``vintage_from``, ``vintage_to``, ``old``, ``new``; one row for each pair of
        neighbouring vintages of a period whose values differ. Empty when nothing was revised.

    Examples
    --------
    >>> from helpers import observations
    >>> observations.revisions("us_exp_cn_hs8542").empty
    False
    """
    rows = _rows(catalog.series(series_id))
    before = rows.groupby("period")[["vintage", "value"]].shift()
    chain = rows[["period"]].assign(vintage_from=before["vintage"], vintage_to=rows["vintage"])
    chain = chain.assign(old=before["value"], new=rows["value"])
    changed = chain[["vintage_from", "old", "new"]].notna().all(axis=1) & (chain["old"] != chain["new"])
    return chain[changed].reset_index(drop=True)


def list_as_of(name: str, as_of: str | date | pd.Timestamp | None = None) -> pd.DataFrame:
    """Read one list of `data/lists`, such as ``models`` or ``hardware``.

    Parameters
    ----------
    name : str
        The file name without its ending.
    as_of : str, datetime.date, pandas.Timestamp or None
        Keep only rows whose vintage is on or before this day. A list without vintages is returned whole.

    Returns
    -------
    pandas.DataFrame
        The rows of the list in file order, with dates and numbers typed.

    Raises
    ------
    catalog.MissingData
        If there is no such list.
    NotYetKnown
        If no row was public on `as_of`.

    Examples
    --------
    >>> from helpers import observations
    >>> "model" in observations.list_as_of("models")
    True
    """
    table = catalog.list_table(name)
    day = as_of_day(as_of)
    if day is None or "vintage" not in table:
        return table
    public = table[table["vintage"] <= day]
    if public.empty:
        first = table["vintage"].min().date()
        raise NotYetKnown(f"Nothing of {name} was public on {day.date()}; its first vintage is {first}.")
    return public.reset_index(drop=True)


def every_row(table: str, as_of: str | date | pd.Timestamp | None = None) -> pd.DataFrame:
    """Read all rows of one observations table that were public on a day, every vintage of them.

    Parameters
    ----------
    table : str
        The file name without its ending, such as ``trade``.
    as_of : str, datetime.date, pandas.Timestamp or None
        Keep only rows whose vintage is on or before this day.

    Returns
    -------
    pandas.DataFrame
        Columns ``series_id``, ``period``, ``value``, ``vintage``, ``source_id``, all text.

    Raises
    ------
    catalog.MissingData
        If there is no such table.

    Examples
    --------
    >>> from helpers import observations
    >>> bool(observations.every_row("trade")["vintage"].isna().any())
    False
    """
    rows = catalog.read_text_table(paths.data_dir() / "observations" / f"{table}.csv")
    catalog.ask(f"observations/{table}.csv")
    day = as_of_day(as_of)
    return rows if day is None else rows[rows["vintage"] <= f"{day:%Y-%m-%d}"].reset_index(drop=True)


def _rows(info: catalog.Series, day: pd.Timestamp | None = None) -> pd.DataFrame:
    """Return all rows of one series by period and vintage, typed; those after `day` are not of use."""
    path = paths.data_dir() / "observations" / f"{info.table}.csv"
    known = {} if day is None else {"known": f"{day:%Y-%m-%d}"}
    catalog.ask(f"observations/{path.name}", series_id=[info.series_id], **known)
    state = catalog.file_state(path)
    tables = _tables(path, state)
    if info.series_id not in tables and info.redistribution == "fetch":
        raise NotFetched(
            f"The values of {info.series_id} are not in the package. With a network, fetch them: "
            f"summits refresh --series {info.series_id}"
        )
    if info.series_id not in tables:
        raise BadObservations(f"observations/{path.name} has no row of {info.series_id}. Add some.")
    return _typed(path, state, info.series_id, info.frequency)


@lru_cache(maxsize=64)
def _tables(path: Path, state: tuple[int, int] | None) -> dict[str, pd.DataFrame]:
    text = catalog.read_text_table(path)
    return {str(series_id): rows for series_id, rows in text.groupby("series_id", sort=False)}


@lru_cache(maxsize=512)
def _typed(path: Path, state: tuple[int, int] | None, series_id: str, frequency: str) -> pd.DataFrame:
    file, rows = path.name, _tables(path, state)[series_id]
    typed = pd.DataFrame(
        {
            "period": _dates(file, rows["period"], PERIOD_FORMAT[frequency]),
            "vintage": _dates(file, rows["vintage"], "%Y-%m-%d"),
            "value": _numbers(file, rows["value"], rows["source_id"].str.endswith("_live")),
            "source_id": rows["source_id"],
        }
    )
    if frequency == "A":
        typed["period"] += pd.offsets.YearEnd()
    typed = typed.sort_values(["period", "vintage"])
    twice = typed.duplicated(["period", "vintage"], keep=False)
    if twice.any():
        lines = ", ".join(str(row + 2) for row in typed.index[twice][:2])
        raise BadObservations(
            f"observations/{file} lines {lines}: the same series, period and vintage. Keep one."
        )
    return typed.reset_index(drop=True)


def _dates(file: str, text: pd.Series, form: str) -> pd.Series:
    dates = pd.to_datetime(text, format=form, errors="coerce").astype("datetime64[us]")
    _refuse_unread(file, text, dates, f"a {text.name} written like {date(2021, 6, 30).strftime(form)}")
    return dates


def _numbers(file: str, text: pd.Series, may_be_blank: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(text, errors="coerce").astype(float)
    read = numbers.where(np.isfinite(numbers)).mask((text == "") & may_be_blank, 0.0)
    _refuse_unread(file, text, read, "a plain number")
    return numbers


def _refuse_unread(file: str, text: pd.Series, read: pd.Series, expected: str) -> None:
    if read.isna().any():
        row = read.index[read.isna()][0]
        raise BadObservations(
            f"observations/{file} line {row + 2}: {text[row]!r} is not {expected}. Correct the row, "
            "or remove it if the value is missing."
        )


def _missing_quarters(periods: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """List the quarter ends skipped between neighbouring ones, which may be those of a fiscal year."""
    skipped = []
    for earlier, later in zip(periods[:-1], periods[1:], strict=True):
        quarters = round((later - earlier).days / DAYS_IN_QUARTER)
        skipped += [
            earlier + pd.DateOffset(months=3 * n) + pd.offsets.MonthEnd(0) for n in range(1, quarters)
        ]
    return pd.DatetimeIndex(skipped, name="period")
