"""Is a reply believable beside what is held, and what does it add? Pure functions."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd

from helpers.catalog import Series
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
        return (
            abs(self.new / self.old - 1)
            if self.old and self.old == self.old and self.new == self.new
            else np.inf
        )


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
    rows = fetched.copy()
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
        own = _latest(history).dropna().sort_index()
        mine = rows["series_id"] == series.series_id
        if _is_never_zero(series, own):
            rows = rows[~(mine & (rows["value"] == 0) & ~rows["period"].isin(own.index))]
        told = _latest(rows[rows["series_id"] == series.series_id].sort_values(["period", "vintage"]))
        for judge in (_judge_lost, _judge_revisions, _judge_new):
            try:
                judge(series, told, own, history, request)
            except Unusual as fault:
                if not review(fault):
                    raise
                gone = [each.period for each in fault.changes if each.new != each.new]
                blank = pd.DataFrame({"series_id": series.series_id, "period": gone, "vintage": ""})
                rows = pd.concat([rows, blank]) if gone else rows
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
    if len(late):
        raise Refused("future", f"{series.series_id} has a value for {late.iloc[0]}, which is not over.")
    stray = period[mine & ((period < request.first) | (period > (request.last or "9999"))) & ~running]
    if len(stray):
        raise Refused(
            "columns", f"{series.series_id} has a value for {stray.iloc[0]}, which was not asked for."
        )
    return rows[~running]


def _is_never_zero(series: Series, own: pd.Series) -> bool:
    """Say whether a zero can only stand for no value: for money, and where no value held is zero."""
    return series.stored_as == "level" and (bool(series.currency) or (len(own) > 0 and (own != 0).all()))


def _changes(series: Series, new: pd.Series, own: pd.Series) -> tuple[Revision, ...]:
    return tuple(Revision(series.series_id, each, own.get(each, np.nan), new[each]) for each in new.index)


def _judge_lost(
    series: Series, new: pd.Series, own: pd.Series, history: pd.DataFrame, request: Request
) -> None:
    """Refuse a reply that lacks periods held of those asked for, or has zeros in their place."""
    zeros = new[new == 0].index.intersection(own[own != 0].index)
    if len(zeros) and _is_never_zero(series, own):
        message = f"{series.series_id} is 0 in {zeros[0]}, where a value is held."
        raise Unusual("zero", message, _changes(series, new[zeros], own))
    asked = (own.index >= request.first) & (own.index <= (request.last or "9999"))
    lost = own.index[asked].difference(new.index)
    if len(lost):
        message = f"{series.series_id} has no value for {lost[0]} any more ({len(lost)} periods are lost)."
        raise Unusual("shrunk", message, _changes(series, pd.Series(np.nan, lost), own))


def _judge_revisions(
    series: Series, new: pd.Series, own: pd.Series, history: pd.DataFrame, request: Request
) -> None:
    """Compare the revised periods with the revisions of the series before: their kind, number and size."""
    both = pd.DataFrame({"new": new, "own": own}).dropna()
    unit = 10.0 ** -(history["digits"].max() if len(history) else 15)
    tolerance = RETURN_TOLERANCE if series.stored_as == "return" else 0.5000001 * unit
    changed = both[(both["new"] - both["own"]).abs() > tolerance]
    if changed.empty:
        return
    name, count = series.series_id, len(changed)
    least = 0.0 if series.stored_as == "level" else own.abs().median()
    size = ((changed["new"] - changed["own"]).abs() / changed["own"].abs().clip(lower=least)).max()
    before = history.assign(old=history.groupby("period")["value"].shift()).dropna(subset=["old", "value"])
    past = ((before["value"] - before["old"]).abs() / before["old"].abs().clip(lower=least)).max()
    largest = np.fmax(LARGEST_REVISION[series.stored_as] * (2 if count <= FEW else 1), 2 * past)
    most = max(REVISED[series.frequency], 2 * before.groupby("vintage").size().max() if len(before) else 0)
    ratio = (changed["new"] / changed["own"]).replace([np.inf, -np.inf], np.nan).dropna()
    places = own.index.get_indexer(changed.index)
    near = own.iloc[max(places.min() - 1, 0) : places.max() + 2]
    reason = message = ""
    many = count > len(both) / 2 or count >= ENOUGH_PERIODS
    if len(ratio) and many and not 1 / OTHER_UNIT < abs(ratio.median()) < OTHER_UNIT:
        reason, message = "scale", f"{name} is {ratio.median():,.4g} times what is held."
    elif series.stored_as == "level" and (changed["new"] * changed["own"] < 0).any():
        reason, message = "sign", f"{name} has values of the other sign than held."
    elif count >= ENOUGH_PERIODS and (
        _is_one_step(ratio - 1) or _is_one_step(changed["new"] - changed["own"])
    ):
        reason, message = (
            "unit",
            f"{count} periods of {name} moved by one factor or amount: its base has changed.",
        )
    elif count >= 3 and near.nunique() > 0.8 * len(near) and changed["new"].isin(near).mean() > 0.5:
        reason, message = "order", f"{count} periods of {name} have the values of other periods."
    elif size > largest:
        reason, message = (
            "revision",
            f"{name} is revised by {size:.0%}; {largest:.0%} is the most that is usual.",
        )
    elif count > most:
        reason, message = "revision", f"{count} periods of {name} are revised; {most} are the most usual."
    if reason:
        raise Unusual(reason, message, _changes(series, changed["new"], own))


def _is_one_step(moves: pd.Series) -> bool:
    """Say whether values moved all by the same factor or amount, beside rounding."""
    middle = abs(moves.median())
    return middle > 0 and moves.quantile(0.95) - moves.quantile(0.05) < 0.2 * middle


def _judge_new(
    series: Series, new: pd.Series, own: pd.Series, history: pd.DataFrame, request: Request
) -> None:
    """Compare each new value with the range of those before it, and with how far these left theirs."""
    fresh = new[~new.index.isin(own.index)].dropna()
    positive = len(own) > 0 and (own >= 0).all()
    lowest = {"level": 0.0, "growth": -100.0, "return": -1.0, "change": -np.inf}[series.stored_as]
    wrong = fresh[(fresh < lowest) & ((own >= lowest).all() or series.stored_as != "level")]
    if len(wrong):
        message = f"{series.series_id} is {wrong.iloc[0]:,.6g} in {wrong.index[0]}, which it cannot be."
        raise Unusual("sign", message, _changes(series, wrong, own))
    size = pd.concat([own, fresh]).sort_index().abs().replace(0, np.nan)
    window = size.rolling(WINDOW[series.frequency], min_periods=3)
    for excess in (size / window.max().shift(), window.min().shift() / size)[: 1 + positive]:
        far = fresh[excess[fresh.index] > np.fmax(LARGEST_JUMP, 1.5 * excess[own.index].quantile(0.995))]
        if len(far):
            usual = own.tail(8).median()
            message = f"{series.series_id} is {far.iloc[0]:,.6g} in {far.index[0]}; {usual:,.6g} is usual."
            raise Unusual("scale", message, _changes(series, far, own))


def additions(
    fetched: pd.DataFrame,
    held: pd.DataFrame,
    series: dict[str, Series],
    today: date,
    never_revised: bool,
    silent: Collection[tuple[str, str]] = (),
) -> Additions:
    """Return what is new in the accepted rows.

    A value enters with the vintage its publisher states, else with today; where values are never revised,
    with the day it is about. New values are rounded to the digits in which the series is held, unless nothing
    would be left of them. A period that the publisher names without a value, between others that have one, is
    kept as a row without a value, and so is a value withdrawn on a day that the publisher states.

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
    silent : collection of (str, str)
        Pairs of series and period that the publisher names without a value.
    """
    held = held.drop_duplicates(["series_id", "period"], keep="last")
    known = {(row.series_id, row.period): (row.value, row.vintage) for row in held.itertuples()}
    digits = held.groupby("series_id")["digits"].max()
    starts = held.groupby("series_id")["period"].min()
    day = today.isoformat()
    rows, revisions, counts = [], [], {"new": 0, "unchanged": 0, "waiting": 0}
    gaps = _gaps(fetched, held, series, silent)
    for row in pd.concat([_worth_reading(fetched, held), gaps]).itertuples():
        key = (row.series_id, row.period)
        if row.period < min(FIRST_PERIOD, starts.get(row.series_id, FIRST_PERIOD)):
            continue
        value = round(row.value, int(digits.get(row.series_id, 15))) or row.value
        old, since = known.get(key, (None, ""))
        vintage = row.vintage or (row.period if never_revised and old is None else day)
        if old is None and value != value and row.vintage:
            continue
        if old is None:
            counts["new"] += value == value
        elif value != value and old != old or abs(value - old) <= _tolerance(series[row.series_id]):
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


def _tolerance(series: Series) -> float:
    return RETURN_TOLERANCE if series.stored_as == "return" else 0.0


def refuse_holes(
    fetched: pd.DataFrame, held: pd.DataFrame, series: dict[str, Series], silent: Collection[tuple[str, str]]
) -> None:
    """Refuse a period missing between the last one held and a new one, unless the publisher says that it is.

    Parameters are those of `additions`.

    Raises
    ------
    Unusual
        With the periods that are missing.
    """
    lasts = held.groupby("series_id")["period"].max()
    new = fetched[fetched["period"] > fetched["series_id"].map(lasts).fillna("9999")]
    for series_id, part in new.groupby("series_id"):
        periods = {lasts[series_id], *part["period"]}
        holes = [
            Revision(str(series_id), period, np.nan, np.nan)
            for period in missing_periods(periods, series[str(series_id)].frequency)
            if (series_id, period) not in silent
        ]
        if holes:
            message = f"{series_id} has a value for {part['period'].max()} but none for {holes[0].period}."
            raise Unusual("hole", message, tuple(holes))


def _gaps(
    fetched: pd.DataFrame, held: pd.DataFrame, series: dict[str, Series], silent: Collection[tuple[str, str]]
) -> pd.DataFrame:
    """Return the periods between others that the publisher names without a value."""
    there = pd.concat([fetched[["series_id", "period"]], held[["series_id", "period"]]])
    named = {series_id for series_id, _ in silent}
    rows = [
        (series_id, period, np.nan, "")
        for series_id, part in there[there["series_id"].isin(named)].groupby("series_id")
        for period in missing_periods(set(part["period"]), series[str(series_id)].frequency)
        if (series_id, period) in silent
    ]
    return pd.DataFrame(rows, columns=["series_id", "period", "value", "vintage"])


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
    """Write a number in full, without binary noise: 706000000, 0.0001, but 5e+26; a missing one is blank."""
    if value != value:
        return ""
    exact = Decimal(repr(float(value))).normalize()
    plain = format(exact, "f")
    return plain if len(plain) < 22 else str(exact).lower()


def decimals(text: str) -> int:
    """Return the digits after the point of a number as text: 2 for 1.25, 0 for 5e+26."""
    return max(0, -int(Decimal(text or 0).as_tuple().exponent))
