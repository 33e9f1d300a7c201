"""Composition: shares of a sum and how they move around dates, and two customs offices' views of one trade.

Shares say where trade went relative to the other parts of the sum. They say nothing of what is outside it,
and a share falls when another part grows.

Sources: placebo dates as in :mod:`helpers.methods.placebo`; mirror statistics as in Bhagwati (1964) and
Morgenstern (1963).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from helpers import transforms
from helpers.methods import checks, placebo
from helpers.methods.results import number

LEVEL = 0.05
POWER = 0.8


@dataclass(frozen=True)
class ShareChanges:
    """Changes of shares around dates, in percentage points, against placebo months.

    Attributes
    ----------
    rows : DataFrame
        One row per event and part: ``event``, ``part``, ``share_before``, ``share_after`` (percent),
        ``value`` (percentage points), ``placebo_low``, ``placebo_high`` (middle 95 percent of the placebo
        months) and ``p_value`` (two-sided, distance from the placebo median). The last three are missing
        with fewer than 19 placebo months.
    detectable : Series
        By part: the smallest change, in percentage points, that would be found at the 5 percent level in 80
        percent of the placebo months it were added to; missing with fewer than 19 placebo months.
    placebo : DataFrame
        Placebo months × parts: the same change around months without an event.
    method : str
    """

    rows: pd.DataFrame
    detectable: pd.Series
    placebo: pd.DataFrame
    method: str

    @property
    def pool(self) -> int:
        """Number of placebo months."""
        return len(self.placebo)

    def table(self) -> pd.DataFrame:
        """Return `rows`."""
        return self.rows

    def record(self) -> dict[str, Any]:
        """Return the fields of a record: the change farthest from its usual range's middle, and counts."""
        outside = self.outside()
        widest = self.rows.loc[self.rows["value"].abs().idxmax()]
        fields = {"value": float(widest["value"]), "n": self.rows["event"].nunique(), "method": self.method}
        fields |= {"unit": "percentage points", "event": widest["event"], "part": widest["part"]}
        return fields | {"outside": int(outside.sum()), "tests": len(self.rows), "pool": self.pool}

    def sentence(self) -> str:
        """Say the widest change in plain words."""
        one = self.record()
        return (
            f"The widest of {one['tests']} changes is {number(one['value'])} percentage points "
            f"({one['part']}, {one['event']}); {one['outside']} lie outside the middle 95% of "
            f"{self.pool} placebo months."
        )

    def panels(self, kind: str) -> pd.DataFrame:
        """Return `rows` as `figures.estimate_panels` takes them: a panel for each event, no intervals."""
        drawn = self.rows.rename(columns={"event": "group", "part": "label"})
        return drawn.assign(kind=kind, low=np.nan, high=np.nan)

    def outside(self) -> pd.Series:
        """True for rows outside the middle 95 percent of the placebo months; False where that is missing."""
        rows = self.rows
        return (rows["value"] < rows["placebo_low"]) | (rows["value"] > rows["placebo_high"])


@dataclass(frozen=True)
class MirrorGap:
    """Importer's over exporter's value of one trade, by year.

    Attributes
    ----------
    years : DataFrame
        By year: ``imports`` (freight taken off) and ``exports`` in the unit given, and their ``ratio``.
    lag : int
        Months between leaving and arriving.
    freight : float
        Freight and insurance taken off, percent of the exporter's value.
    """

    years: pd.DataFrame
    lag: int
    freight: float

    def table(self) -> pd.DataFrame:
        """Return `years` with the year as a column."""
        return self.years.rename_axis("year").reset_index()

    def record(self) -> dict[str, Any]:
        """Return the fields of a record: the median ratio, and the lowest and highest as its ends."""
        ratio, years = self.years["ratio"], self.years.index
        return {
            "value": float(ratio.median()),
            "low": float(ratio.min()),
            "high": float(ratio.max()),
            "unit": "importer's over exporter's value",
            "n": len(ratio),
            "method": f"median of years; ends: lowest and highest year; arrival {self.lag} months later, "
            f"{self.freight:g} percent freight taken off",
            "window": f"{years[0]} to {years[-1]}",
        }

    def sentence(self) -> str:
        """Say the gap in plain words."""
        one = self.record()
        return (
            f"The importer counts {number(one['value'])} times what the exporter counts (median of "
            f"{one['n']} years; {number(one['low'])} to {number(one['high'])})."
        )


def shares(parts: pd.DataFrame) -> pd.DataFrame:
    """Divide each part by the sum of all, so that every row sums to one.

    Parameters
    ----------
    parts : DataFrame
        Periods × parts in one unit, none of them negative and no part contained in another.

    Returns
    -------
    DataFrame
        Rows with all parts known; the others are left out.

    Raises
    ------
    UnusableInput
        If there are fewer than two parts, no row has all of them, or a value is negative.
    """
    checks.index_in_order(parts.index, "parts of the sum")
    checks.enough(parts.shape[1], 2, "parts of the sum")
    whole = parts.dropna()
    checks.enough(len(whole), 1, "periods in which every part is known")
    if (whole < 0).any(axis=None) or (whole.sum(axis=1) <= 0).any():
        raise checks.UnusableInput("A part is negative or the sum is zero: a share of it has no meaning.")
    return whole.div(whole.sum(axis=1), axis=0)


def share_changes(
    parts: pd.DataFrame,
    events: Mapping[str, pd.Timestamp],
    *,
    before: tuple[int, int],
    after: tuple[int, int],
    guard: int,
) -> ShareChanges:
    """Compare shares of the sum over a span after each event with those over a span before it.

    Every other month with full spans that lies more than `guard` months from all events is a placebo month.
    Their spans overlap, so they are far fewer independent draws than months; the p value ranks, no more. A
    real step also moves the placebo months whose spans reach over it, which widens their range.

    Parameters
    ----------
    parts : DataFrame
        First days of months × parts, in one unit, no part contained in another.
    events : mapping of name to Timestamp
        Any day of month 0. Events without full spans are left out, but keep placebo months away.
    before, after : tuple of int
        First and last month of the spans, from month 0. Leave the months in which an event was anticipated
        out of `before`.
    guard : int
        Months.

    Returns
    -------
    ShareChanges

    Raises
    ------
    UnusableInput
        As :func:`shares`; if a span ends before it begins; if no event has full spans.
    """
    if before[0] > before[1] or after[0] > after[1]:
        raise checks.UnusableInput(
            f"The spans {before} and {after} must run from an earlier to a later month."
        )
    shares(parts)
    monthly = parts.dropna().asfreq("MS")
    behind, ahead = (_share_over(monthly, span) for span in (before, after))
    change = (ahead - behind).dropna()
    months = {name: pd.Timestamp(day).to_period("M").to_timestamp() for name, day in events.items()}
    usable = {name: month for name, month in months.items() if month in change.index}
    checks.enough(len(usable), 1, "events with full windows")
    pool = change[transforms.months_apart(change.index, pd.DatetimeIndex(list(months.values()))) > guard]
    rows = [
        {"event": name, "part": part}
        | {"share_before": behind.at[month, part], "share_after": ahead.at[month, part]}
        | _against(pool[part].to_numpy(), float(change.at[month, part]))
        for name, month in usable.items()
        for part in parts
    ]
    method = (
        f"share over months {after[0]} to {after[1]} less share over months {before[0]} to {before[1]}; "
        f"placebo months more than {guard} months from any event"
    )
    detectable = pool.apply(lambda values: _detectable(values.to_numpy()))
    return ShareChanges(pd.DataFrame(rows), detectable, pool, method)


def mirror_gap(imports: pd.Series, exports: pd.Series, *, lag: int, freight: float) -> MirrorGap:
    """Set an importer's monthly values against an exporter's annual ones.

    Exports of a year are compared with the imports of the twelve months that begin `lag` months later.
    Freight and insurance, which importers' values include (CIF) and exporters' (FOB) do not, are taken off at
    one rate.

    Parameters
    ----------
    imports : Series
        By first day of month.
    exports : Series
        By 31 December of the year, in the unit of `imports`.
    lag : int
        Months between leaving and arriving.
    freight : float
        Percent of the exporter's value.

    Returns
    -------
    MirrorGap
        Years of which all twelve months and the exporter's value are known.

    Raises
    ------
    UnusableInput
        If there is no such year, or `lag` or `freight` is negative.
    """
    if lag < 0 or freight < 0:
        raise checks.UnusableInput("Lag and freight cannot be negative. Give zero or more.")
    checks.index_in_order(imports.index, "imports")
    known = imports.dropna()
    year = (known.index - pd.DateOffset(months=lag)).year
    groups = known.groupby(year)
    arrived = groups.sum()[groups.size() == 12] / (1 + freight / 100)
    left = exports.dropna()
    years = pd.DataFrame({"imports": arrived, "exports": left.set_axis(left.index.year)}).dropna()
    checks.enough(len(years), 1, "years with twelve months of imports and a year of exports")
    return MirrorGap(years.assign(ratio=years["imports"] / years["exports"]), lag, freight)


def _share_over(monthly: pd.DataFrame, span: tuple[int, int]) -> pd.DataFrame:
    """Percent of the sum over a span of months, with every month in turn as month 0."""
    summed = sum(monthly.shift(-month) for month in range(span[0], span[1] + 1))
    return 100 * summed.div(summed.sum(axis=1, skipna=False), axis=0)


def _against(pool: np.ndarray, value: float) -> dict[str, float]:
    if len(pool) < placebo.MINIMUM_POOL:
        return {"value": value, "placebo_low": np.nan, "placebo_high": np.nan, "p_value": np.nan}
    low, middle, high = np.quantile(pool, [0.025, 0.5, 0.975])
    p_value = placebo.placebo_test(pool - middle, value - middle)
    return {"value": value, "placebo_low": low, "placebo_high": high, "p_value": p_value}


def _detectable(pool: np.ndarray) -> float:
    if len(pool) < placebo.MINIMUM_POOL:
        return np.nan
    distance = pool - np.median(pool)
    # So many placebo months may be as extreme and p still be at most LEVEL.
    hits = int(np.floor(LEVEL * (1 + len(pool)) + 1e-9)) - 1
    threshold = np.sort(np.abs(distance))[::-1][hits]
    low, high = np.quantile(distance, [1 - POWER, POWER])
    return float(threshold + max(-low, high))
