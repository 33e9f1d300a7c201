"""Is a reply believable beside what is held, and what does it add? Pure functions."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd

from helpers.catalog import Series
from summits.publishers.client import Refused, Request

# The collection starts here; earlier history is kept only where it is held already.
FIRST_PERIOD = "2010"
# A value this far from its neighbours, or from what is held of its period, is in another unit.
LARGEST_JUMP, LARGEST_REVISION = 200, 50
# So many shared periods that all moved by one factor are a new base year or unit.
ENOUGH_PERIODS = 6
# Returns recomputed from adjusted prices differ by rounding; half a basis point is no news.
RETURN_TOLERANCE = 5e-5


@dataclass(frozen=True)
class Revision:
    """A value that differs from the one held."""

    series_id: str
    period: str
    old: float
    new: float

    @property
    def size(self) -> float:
        """Change relative to the old value; infinite where that is zero."""
        return abs(self.new / self.old - 1) if self.old else np.inf


@dataclass(frozen=True)
class Additions:
    """What a refresh adds.

    Attributes
    ----------
    rows : pandas.DataFrame
        ``series_id``, ``period``, ``value`` (text) and ``vintage``: the rows to append.
    new, unchanged, waiting : int
        Periods held for the first time, periods whose value is as held, and values that changed a second time
        on one day and wait for the next, because a vintage is a day.
    revisions : tuple of Revision
        Largest first.
    """

    rows: pd.DataFrame
    new: int
    unchanged: int
    waiting: int
    revisions: tuple[Revision, ...]


def accept(fetched: pd.DataFrame, request: Request, held: pd.DataFrame, today: date) -> pd.DataFrame:
    """Return the rows of one reply that may be added, or refuse the reply.

    Parameters
    ----------
    fetched : pandas.DataFrame
        Columns ``series_id``, ``period`` and ``value``, and ``vintage`` if the publisher states it.
    request : Request
        The periods asked for.
    held : pandas.DataFrame
        The latest value of each period held: ``series_id``, ``period``, ``value`` (float), ``vintage``.
    today : datetime.date

    Raises
    ------
    Refused
        For duplicates, future periods, zeros in place of money, lost periods, and changes of scale or unit.
    """
    rows = fetched.copy()
    if "vintage" not in rows:
        rows["vintage"] = ""
    _refuse_duplicates(rows)
    _refuse_future(rows, today)
    for each in request.wanted.values():
        series = each.series
        own = held[held["series_id"] == series.series_id].set_index("period")["value"].sort_index()
        mine = rows["series_id"] == series.series_id
        latest = rows[mine].sort_values(["period", "vintage"]).drop_duplicates("period", keep="last")
        new = latest.set_index("period")["value"]
        if _is_never_zero(series, own):
            _refuse_zeros(series, new, own)
            rows = rows[~(mine & (rows["value"] == 0))]
        if series.currency and series.stored_as == "level":
            _refuse_jumps(series, new[new != 0], own)
        _refuse_shrinking(series, new, own, request)
        if series.stored_as == "level":
            _refuse_other_units(series, new, own)
    return rows


def _refuse_duplicates(rows: pd.DataFrame) -> None:
    twice = rows[rows.duplicated(["series_id", "period", "vintage"])]
    if len(twice):
        first = twice.iloc[0]
        raise Refused("duplicate", f"{first['series_id']} has two values for {first['period']}.")


def _refuse_future(rows: pd.DataFrame, today: date) -> None:
    day = today.isoformat()
    late = rows[[period > day[: len(period)] for period in rows["period"]]]
    if len(late):
        first = late.iloc[0]
        raise Refused("future", f"{first['series_id']} has a value for {first['period']}, which is not over.")


def _is_never_zero(series: Series, own: pd.Series) -> bool:
    """Say whether a zero can only stand for no value: for money, and where no value held is zero."""
    return series.stored_as == "level" and (bool(series.currency) or (len(own) > 0 and (own != 0).all()))


def _refuse_zeros(series: Series, new: pd.Series, own: pd.Series) -> None:
    lost = new[new == 0].index.intersection(own[own != 0].index)
    if len(lost):
        raise Refused("zero", f"{series.series_id} is 0 in {lost[0]}, where a value is held.")


def _refuse_jumps(series: Series, new: pd.Series, own: pd.Series) -> None:
    typical = own.tail(8).median()
    fresh = new[~new.index.isin(own.index)]
    if own.empty or not typical:
        return
    ratio = fresh.abs() / abs(typical)
    far = fresh[(ratio > LARGEST_JUMP) | (ratio < 1 / LARGEST_JUMP)]
    if len(far):
        message = f"{series.series_id} is {far.iloc[0]:,.6g} in {far.index[0]}; {typical:,.6g} is usual."
        raise Refused("scale", message)


def _refuse_shrinking(series: Series, new: pd.Series, own: pd.Series, request: Request) -> None:
    asked = own.index >= request.first
    if request.last:
        asked &= own.index <= request.last
    lost = own.index[asked].difference(new.index)
    if len(lost):
        message = f"{series.series_id} has no value for {lost[0]} any more ({len(lost)} periods are lost)."
        raise Refused("shrunk", message)


def _refuse_other_units(series: Series, new: pd.Series, own: pd.Series) -> None:
    both = pd.DataFrame({"new": new, "own": own}).dropna()
    both = both[(both["own"] != 0) & (both["new"] != 0)]
    if both.empty:
        return
    ratio = both["new"] / both["own"]
    middle = ratio.median()
    if not 1 / LARGEST_REVISION < abs(middle) < LARGEST_REVISION:
        raise Refused("scale", f"{series.series_id} is {middle:,.4g} times what is held.")
    spread = ratio.max() - ratio.min()
    if len(both) >= ENOUGH_PERIODS and abs(middle - 1) > 0.005 and spread < abs(middle) * 1e-3:
        message = f"All of {series.series_id} moved by the factor {middle:.4g}: its base or unit has changed."
        raise Refused("unit", message)


def additions(
    fetched: pd.DataFrame, held: pd.DataFrame, series: dict[str, Series], today: date, never_revised: bool
) -> Additions:
    """Return what is new in the accepted rows.

    A value enters with the vintage its publisher states, else with today; where values are never revised,
    with the day it is about. New values are rounded to the digits in which the series is held.

    Parameters
    ----------
    fetched : pandas.DataFrame
        ``series_id``, ``period``, ``value`` and ``vintage`` (blank where the publisher states none).
    held : pandas.DataFrame
        As for `accept`, with a column ``digits``: decimals in which the series is held.
    series : dict
        The catalogue rows by id.
    today : datetime.date
    never_revised : bool
    """
    known = {(row.series_id, row.period): (row.value, row.vintage) for row in held.itertuples()}
    digits = held.groupby("series_id")["digits"].max()
    starts = held.groupby("series_id")["period"].min()
    day = today.isoformat()
    rows, revisions, counts = [], [], {"new": 0, "unchanged": 0, "waiting": 0}
    for row in _worth_reading(fetched, held).itertuples():
        key = (row.series_id, row.period)
        if row.period < min(FIRST_PERIOD, starts.get(row.series_id, FIRST_PERIOD)):
            continue
        value = round(row.value, int(digits.get(row.series_id, 15)))
        old, since = known.get(key, (None, ""))
        vintage = row.vintage or (row.period if never_revised and old is None else day)
        if old is None:
            counts["new"] += 1
        elif abs(value - old) <= (RETURN_TOLERANCE if series[row.series_id].stored_as == "return" else 0):
            counts["unchanged"] += 1
            continue
        else:
            vintage = vintage if vintage > since else day
            if vintage <= since:
                counts["waiting"] += 1
                continue
            revisions.append(Revision(row.series_id, row.period, old, value))
        known[key] = (value, vintage)
        rows.append((row.series_id, row.period, number_text(value), vintage))
    return Additions(
        rows=pd.DataFrame(rows, columns=["series_id", "period", "value", "vintage"]),
        revisions=tuple(sorted(revisions, key=lambda each: -each.size)),
        **counts,
    )


def _worth_reading(fetched: pd.DataFrame, held: pd.DataFrame) -> pd.DataFrame:
    """Sort the rows, and leave out stated vintages that are superseded and not later than the one held."""
    rows = fetched.sort_values(["series_id", "period", "vintage"])
    rows = rows.merge(
        held[["series_id", "period", "vintage"]],
        on=["series_id", "period"],
        how="left",
        suffixes=("", "_held"),
    )
    last = ~rows.duplicated(["series_id", "period"], keep="last")
    return rows[last | ~(rows["vintage"] <= rows["vintage_held"].fillna(""))]


def number_text(value: float) -> str:
    """Write a number in full, without binary noise: 706000000 and 0.0001, but 5e+26 for very large ones."""
    exact = Decimal(repr(float(value))).normalize()
    plain = format(exact, "f")
    return plain if len(plain) < 22 else str(exact).lower()


def decimals(text: str) -> int:
    """Return the digits after the point of a number as text: 2 for 1.25, 0 for 5e+26."""
    return max(0, -int(Decimal(text).as_tuple().exponent))
