"""Is a reply believable beside what is held, and what does it add? Pure functions."""

from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.catalog import Series, read_text_table
from summits.publishers.client import Refused, Request
from summits.validation import missing_periods

# The collection starts here; earlier history is kept only where it is held already.
FIRST_PERIOD = "2010"
# By frequency: how many values before a new one say what is usual, and how many periods may be revised at
# once where the series has no larger revision behind it.
WINDOW = {"D": 250, "M": 36, "Q": 12, "H": 6, "A": 4}
REVISED = {"D": 40, "M": 24, "Q": 8, "H": 4, "A": 3}
# A new value may leave the range of the window by this factor, or by half more than any before it did.
LARGEST_JUMP = 3.0
# A revision may be this large a part of the value, twice that if it is one of a few, or twice the largest one
# before; for growth and returns, it is a part of the usual size. Changes of closing levels are not revised.
LARGEST_REVISION = {"level": 0.25, "growth": 0.5, "return": 0.5, "change": 0.0}
FEW = 3
# What all moved by one factor or amount, or took each other's values, is judged from this many periods on.
ENOUGH_PERIODS = 6
# Beyond this factor another unit is named as the reason.
OTHER_UNIT = 50
# Returns recomputed from adjusted prices differ by rounding; half a basis point is no news.
RETURN_TOLERANCE = 5e-5


@dataclass(frozen=True)
class Revision:
    """A value that differs from the one held; ``old`` or ``new`` is missing where there is no value."""

    series_id: str
    period: str
    old: float
    new: float

    @property
    def size(self) -> float:
        """Change relative to the old value; infinite where that is zero or one of the two is missing."""
        known = self.old == self.old and self.new == self.new
        return abs(self.new / self.old - 1) if self.old and known else np.inf


class Unusual(Refused):
    """A reply that a person may still accept: it is of the right form, but not like what is held.

    Attributes
    ----------
    changes : tuple of Revision
        Old and new side by side.
    """

    def __init__(self, reason: str, message: str, changes: tuple[Revision, ...] = ()):
        super().__init__(reason, message)
        self.changes = changes


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


@dataclass(frozen=True)
class Case:
    """One series in a reply beside what is held of it: what the checks judge.

    Attributes
    ----------
    series : Series
    new, own : pandas.Series
        The last value of each period in the reply and among those held, by period.
    history : pandas.DataFrame
        Every vintage held, in order.
    request : Request
    """

    series: Series
    new: pd.Series
    own: pd.Series
    history: pd.DataFrame
    request: Request

    @property
    def never_zero(self) -> bool:
        """Whether a zero can only stand for no value: for money, and where no value held is zero."""
        money, own = bool(self.series.currency), self.own
        return self.series.stored_as == "level" and (money or (len(own) > 0 and (own != 0).all()))

    @cached_property
    def both(self) -> pd.DataFrame:
        """The periods in the reply and held, with columns ``new``, ``old`` and ``size`` of the difference."""
        return self._sized(pd.DataFrame({"new": self.new, "old": self.own}).dropna())

    @cached_property
    def revised(self) -> pd.DataFrame:
        """The rows of `both` that differ by more than the digits held, the largest difference first."""
        unit = 10.0 ** -(self.history["digits"].max() if len(self.history) else 15)
        tolerance = RETURN_TOLERANCE if self.series.stored_as == "return" else 0.5000001 * unit
        changed = self.both[(self.both["new"] - self.both["old"]).abs() > tolerance]
        return changed.sort_values("size", ascending=False)

    @cached_property
    def past(self) -> pd.DataFrame:
        """The revisions of the series before, as `both`, with their vintage."""
        old = self.history.groupby("period")["value"].shift()
        rows = self.history.assign(new=self.history["value"], old=old)
        return self._sized(rows.dropna(subset=["new", "old"]))

    @cached_property
    def ratio(self) -> pd.Series:
        """New over old of the revised periods, where that is a number."""
        return (self.revised["new"] / self.revised["old"]).replace([np.inf, -np.inf], np.nan).dropna()

    @property
    def fresh(self) -> pd.Series:
        """The values of periods that are not held."""
        return self.new[~self.new.index.isin(self.own.index)].dropna()

    def _sized(self, rows: pd.DataFrame) -> pd.DataFrame:
        least = 0.0 if self.series.stored_as == "level" else self.own.abs().median()
        return rows.assign(size=(rows["new"] - rows["old"]).abs() / rows["old"].abs().clip(lower=least))


# --- checks: each returns the periods that are unusual -------------------------------------------------


NONE = pd.Index([])


def _zeros(case: Case) -> pd.Index:
    """Zeros where a value is held."""
    zeros = case.new.index[case.new == 0].intersection(case.own.index[case.own != 0])
    return zeros if case.never_zero else NONE


def _lost(case: Case) -> pd.Index:
    """Periods held, of those asked for, that are not in the reply."""
    held = case.own.index
    asked = (held >= case.request.first) & (held <= (case.request.last or "9999"))
    return held[asked].difference(case.new.index)


def _other_unit(case: Case) -> pd.Index:
    """Many periods a multiple of what is held, or a small part of it."""
    count, ratio = len(case.revised), abs(case.ratio.median())
    many = count > len(case.both) / 2 or count >= ENOUGH_PERIODS
    return case.revised.index if many and not 1 / OTHER_UNIT < ratio < OTHER_UNIT and ratio == ratio else NONE


def _flipped(case: Case) -> pd.Index:
    """Levels of the other sign."""
    return case.revised.index if case.series.stored_as == "level" and (case.ratio < 0).any() else NONE


def _one_step(case: Case) -> pd.Index:
    """Periods that moved all by the same factor or amount, beside rounding."""
    for moves in (case.ratio - 1, case.revised["new"] - case.revised["old"]):
        middle = abs(moves.median())
        if middle > 0 and moves.quantile(0.95) - moves.quantile(0.05) < 0.2 * middle:
            return case.revised.index if len(case.revised) >= ENOUGH_PERIODS else NONE
    return NONE


def _swapped(case: Case) -> pd.Index:
    """Periods that have the values of others near them."""
    if len(case.revised) < FEW:
        return NONE
    places = case.own.index.get_indexer(case.revised.index)
    near = case.own.iloc[max(places.min() - 1, 0) : places.max() + 2]
    distinct = near.nunique() > 0.8 * len(near)
    return case.revised.index if distinct and case.revised["new"].isin(near).mean() > 0.5 else NONE


def _large(case: Case) -> pd.Index:
    """Revisions larger than those of the series before, and than a part of the value."""
    few = 2 if len(case.revised) <= FEW else 1
    largest = np.fmax(LARGEST_REVISION[case.series.stored_as] * few, 2 * case.past["size"].max())
    return case.revised.index if (case.revised["size"] > largest).any() else NONE


def _many(case: Case) -> pd.Index:
    """More revisions at once than of the series before."""
    most = 2 * case.past.groupby("vintage").size().max() if len(case.past) else 0
    withdrawn = case.new.index[case.new.isna()].intersection(case.own.index)
    changed = case.revised.index.union(withdrawn)
    return changed if len(changed) > max(REVISED[case.series.frequency], most) else NONE


def _low(case: Case) -> pd.Index:
    """New values that the series cannot have."""
    form = case.series.stored_as
    lowest = {"level": 0.0, "growth": -100.0, "return": -1.0, "change": -np.inf}[form]
    possible = form == "level" and (case.own < lowest).any()
    return case.fresh.index[(case.fresh < lowest) & (not possible)]


def _far(case: Case) -> pd.Index:
    """New values outside the range of those before them, further than these left theirs."""
    size = pd.concat([case.own, case.fresh]).sort_index().abs().replace(0, np.nan)
    window = size.rolling(WINDOW[case.series.frequency], min_periods=3)
    positive = len(case.own) > 0 and (case.own >= 0).all()
    far: set[str] = set()
    for excess in (size / window.max().shift(), window.min().shift() / size)[: 1 + positive]:
        limit = np.fmax(LARGEST_JUMP, 1.5 * excess[case.own.index].quantile(0.995))
        far |= set(case.fresh.index[excess[case.fresh.index] > limit])
    return pd.Index(sorted(far))


# Reason and message of each check, in the order in which they are applied.
CHECKS = read_text_table(Path(__file__).with_name("checks.csv")).to_dict("records")


def _judge(case: Case, review: Callable[[Unusual], bool]) -> list[str]:
    """Apply every check, and return the periods that a person believes to be gone."""
    believed = NONE
    for check in CHECKS:
        periods = globals()[check["function"]](case)
        if periods.isin(believed).all():
            continue
        changes = tuple(
            Revision(case.series.series_id, each, case.own.get(each, np.nan), case.new.get(each, np.nan))
            for each in periods
        )
        usual, count = case.own.tail(8).median(), len(changes)
        text = check["message"].format(**asdict(changes[0]), usual=usual, count=count)
        fault = Unusual(check["reason"], text, changes)
        if not review(fault):
            raise fault
        believed = believed.union(periods)
    return [period for period in believed if period not in case.new.index]


def accept(
    fetched: pd.DataFrame,
    request: Request,
    held: pd.DataFrame,
    today: date,
    review: Callable[[Unusual], bool] = lambda fault: False,
) -> pd.DataFrame:
    """Return the rows of one reply that may be added, or refuse the reply.

    Parameters
    ----------
    fetched : pandas.DataFrame
        Columns ``series_id``, ``period`` and ``value``, and ``vintage`` if the publisher states it.
    request : Request
        The periods asked for.
    held : pandas.DataFrame
        Every vintage held, in order: ``series_id``, ``period``, ``value``, ``vintage`` and ``digits``.
    today : datetime.date
    review : callable
        Called with each `Unusual`; if it says yes, the reply is taken all the same.

    Raises
    ------
    Refused
        For two values of a period, and for a period that is not over.
    Unusual
        For lost periods, zeros and signs out of place, new values far from the range of the series, and
        revisions that are larger, more, or of another kind than those of the series before.
    """
    rows = fetched.reset_index(drop=True)
    if "vintage" not in rows:
        rows["vintage"] = ""
    twice = rows[rows.duplicated(["series_id", "period", "vintage"])]
    if len(twice):
        first = twice.iloc[0]
        raise Refused("duplicate", f"{first['series_id']} has two values for {first['period']}.")
    for each in request.wanted.values():
        series = each.series
        rows = _asked(rows, series, request, today)
        history = held[held["series_id"] == series.series_id]
        mine = rows[rows["series_id"] == series.series_id].sort_values(["period", "vintage"])
        case = Case(series, _latest(mine), _latest(history).dropna().sort_index(), history, request)
        if case.never_zero:
            no_value = mine.index[(mine["value"] == 0) & ~mine["period"].isin(case.own.index)]
            rows = rows.drop(index=no_value)
            case = replace(case, new=_latest(mine.drop(index=no_value)))
        gone = _judge(case, review)
        blank = pd.DataFrame({"series_id": series.series_id, "period": gone, "vintage": ""})
        rows = pd.concat([rows, blank], ignore_index=True) if gone else rows
    return rows


def _latest(rows: pd.DataFrame) -> pd.Series:
    """Return the last value of each period of one series."""
    return rows.drop_duplicates("period", keep="last").set_index("period")["value"].astype(float)


def _asked(rows: pd.DataFrame, series: Series, request: Request, today: date) -> pd.DataFrame:
    """Leave out the running period where a client asks up to it, or a day; refuse others not over or asked.

    A fiscal year is named after the calendar year in which it ends; its filing shows that it is over.
    """
    day = today.isoformat()
    now = {"M": day[:7], "A": day[:4]}.get(series.frequency, day)
    mine, period = rows["series_id"] == series.series_id, rows["period"].astype(str)
    filed = (series.frequency == "A") & (rows["vintage"] != "") & (rows["vintage"] <= day)
    running = mine & (period == now) & ((series.frequency == "D") | bool(request.last))
    late = period[mine & (period >= now) & ~filed & ~running]
    stray = period[mine & ((period < request.first) | (period > (request.last or "9999"))) & ~running]
    for odd, reason, why in ((late, "future", "is not over"), (stray, "columns", "was not asked for")):
        if len(odd):
            raise Refused(reason, f"{series.series_id} has a value for {odd.iloc[0]}, which {why}.")
    return rows[~running]


def additions(
    fetched: pd.DataFrame, held: pd.DataFrame, series: dict[str, Series], today: date, never_revised: bool
) -> Additions:
    """Return what is new in the accepted rows.

    A value enters with the vintage its publisher states, else with today; where values are never revised,
    with the day it is about. New values are rounded to the digits in which the series is held, unless nothing
    would be left of them. A value withdrawn on a day that the publisher states is kept as a row without one,
    and so are the rows of `gaps`.

    Parameters
    ----------
    fetched : pandas.DataFrame
        ``series_id``, ``period``, ``value`` and ``vintage`` (blank where the publisher states none).
    held : pandas.DataFrame
        As for `accept`; ``digits`` are the decimals in which the series is held.
    series : dict
        The catalogue rows by id.
    today : datetime.date
    never_revised : bool
    """
    held = held.drop_duplicates(["series_id", "period"], keep="last")
    known = {(row.series_id, row.period): (row.value, row.vintage) for row in held.itertuples()}
    digits = held.groupby("series_id")["digits"].max()
    starts = held.groupby("series_id")["period"].min()
    day = today.isoformat()
    rows, revisions, counts = [], [], {"new": 0, "unchanged": 0, "waiting": 0}
    for row in _worth_reading(fetched, held).itertuples():
        key = (row.series_id, row.period)
        if row.period < min(FIRST_PERIOD, starts.get(row.series_id, FIRST_PERIOD)):
            continue
        value = round(row.value, int(digits.get(row.series_id, 15))) or row.value
        old, since = known.get(key, (None, ""))
        vintage = row.vintage or (row.period if never_revised and old is None else day)
        tolerance = RETURN_TOLERANCE if series[row.series_id].stored_as == "return" else 0.0
        if old is None and value != value and row.vintage:
            continue
        if old is None:
            counts["new"] += value == value
        elif value != value and old != old or abs(value - old) <= tolerance:
            counts["unchanged"] += 1
            continue
        elif max(vintage, day) <= since:
            counts["waiting"] += 1
            continue
        else:
            vintage = vintage if vintage > since else day
            revisions.append(Revision(row.series_id, row.period, old, value))
        known[key] = (value, vintage)
        rows.append((row.series_id, row.period, number_text(value), vintage))
    table = pd.DataFrame(rows, columns=["series_id", "period", "value", "vintage"])
    return Additions(table, **counts, revisions=tuple(sorted(revisions, key=lambda each: -each.size)))


def gaps(
    fetched: pd.DataFrame,
    held: pd.DataFrame,
    series: dict[str, Series],
    silent: Collection[tuple[str, str]],
    review: Callable[[Unusual], bool] = lambda fault: False,
) -> pd.DataFrame:
    """Return rows without a value for the periods between others that the publisher names without one.

    Parameters
    ----------
    fetched, held, series
        As for `additions`.
    silent : collection of (str, str)
        Pairs of series and period that the publisher names without a value.
    review : callable
        As for `accept`.

    Raises
    ------
    Unusual
        For a period missing between the last one held and a new one that the publisher does not name.
    """
    lasts = held.groupby("series_id")["period"].max()
    there = pd.concat([each[["series_id", "period"]] for each in (fetched, held)])
    rows = []
    for series_id, part in there.groupby("series_id"):
        missing = missing_periods(set(part["period"]), series[str(series_id)].frequency)
        named = [period for period in missing if (series_id, period) in silent]
        holes = [each for each in missing if each > lasts.get(series_id, "9999") and each not in named]
        if holes:
            message = f"{series_id} has a value for {part['period'].max()} but none for {holes[0]}."
            changes = tuple(Revision(str(series_id), each, np.nan, np.nan) for each in holes)
            fault = Unusual("hole", message, changes)
            if not review(fault):
                raise fault
        rows += [(series_id, period, np.nan, "") for period in [*named, *holes]]
    return pd.DataFrame(rows, columns=["series_id", "period", "value", "vintage"])


def _worth_reading(fetched: pd.DataFrame, held: pd.DataFrame) -> pd.DataFrame:
    """Sort the rows, and leave out stated vintages that are superseded and not later than the one held."""
    rows = fetched.sort_values(["series_id", "period", "vintage"])
    since = held.set_index(["series_id", "period"])["vintage"].rename("since")
    rows = rows.join(since, on=["series_id", "period"])
    last = ~rows.duplicated(["series_id", "period"], keep="last")
    return rows[last | ~(rows["vintage"] <= rows["since"].fillna(""))]


def number_text(value: float) -> str:
    """Write a number in full, without binary noise: 706000000, 0.0001, but 5e+26; a missing one is blank."""
    if value != value:
        return ""
    exact = Decimal(repr(float(value))).normalize()
    plain = format(exact, "f")
    return plain if len(plain) < 22 else str(exact).lower()


def decimals(text: str) -> int:
    """Return the digits after the point of a number as text: 2 for 1.25, 0 for 5e+26."""
    return max(0, -int(Decimal(text or 0).as_tuple().exponent))
