"""Formulas that turn what a publisher sends into a series. Each has a worked example in the tests."""

import pandas as pd

from summits.publishers.client import Refused

QUARTER_DAYS = (80, 100)
# Weeks-based fiscal quarters end up to a week beside the end of the month they are named after.
WEEK = pd.Timedelta(days=7)


def sum_of_codes(rows: pd.DataFrame, scale: float = 1.0) -> pd.Series:
    """Sum the detailed customs codes of each month.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns ``code``, ``period`` and ``value``; one row per code and month.
    scale : float
        Factor to the unit of the series, 1000 for thousand yen.

    Returns
    -------
    pandas.Series
        Indexed by period. A month is missing if a code is, and if its sum is zero: the publisher prints 0
        before it publishes.

    Raises
    ------
    Refused
        If a code has two values for one month.
    """
    if rows.duplicated(["code", "period"]).any():
        raise Refused("duplicate", "A customs code has two values for one month.")
    total = rows.groupby("period")["value"].sum(skipna=False) * scale
    return total[total != 0]


def comtrade_totals(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows that are totals over second partners, customs procedures and modes of transport.

    The others are parts of these, so that a sum over all rows would count trade twice or more.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns ``partner2Code``, ``customsCode`` and ``motCode`` beside those that are kept.
    """
    total = rows["partner2Code"].astype(int).eq(0) & rows["motCode"].astype(int).eq(0)
    return rows[total & rows["customsCode"].eq("C00")]


def month_end(dates: pd.Series) -> pd.Series:
    """Return the end of the month a fiscal period is named after: 26 January gives 31 January."""
    return dates - WEEK + pd.offsets.MonthEnd(0)


def editions(facts: pd.DataFrame) -> pd.DataFrame:
    """Return every edition of each fact: its first value, and each later filing that changed it.

    Parameters
    ----------
    facts : pandas.DataFrame
        Columns ``start``, ``end`` and ``filed`` (timestamps) and ``value``; one row per filing of a fact.

    Returns
    -------
    pandas.DataFrame
        The rows that are editions, with a column ``edition`` counted from 0. A value a hundred times the
        first one, or less than a hundredth of it, is in another unit and no edition.
    """
    fact = ["start", "end"]
    filing = [*fact, "filed"]
    facts = facts.sort_values(filing).drop_duplicates(filing, keep="last")
    first, size = facts.groupby(fact)["value"].transform("first"), facts["value"].abs()
    facts = facts[(size < 100 * first.abs()) & (100 * size > first.abs()) | (first == 0)]
    facts = facts[facts["value"] != facts.groupby(fact)["value"].shift()]
    return facts.assign(edition=facts.groupby(fact).cumcount())


def fiscal_years(facts: pd.DataFrame, month: int) -> pd.DataFrame:
    """Return the facts of a fiscal year; twelve months that end elsewhere in it are none.

    Parameters
    ----------
    facts : pandas.DataFrame
        As from `editions`.
    month : int
        Month in which the fiscal year ends, 1 to 12.

    Returns
    -------
    pandas.DataFrame
        Columns ``end``, ``value`` and ``filed``, one row per edition.
    """
    days = (facts["end"] - facts["start"]).dt.days
    at_end = month_end(facts["end"]).dt.month == month
    return facts.loc[days.between(350, 380) & at_end, ["end", "value", "filed"]]


def quarters(facts: pd.DataFrame) -> pd.DataFrame:
    """Return quarterly values from facts of a quarter, half a year, nine months and a year.

    Cash-flow statements are cumulative within the fiscal year, so that the second quarter is six months minus
    three, and the fourth is the year minus nine months. A difference is taken within one edition, never
    across two, and dated by the later of its filings. A fact that lasts a quarter is used as it is.

    Parameters and result are those of `fiscal_years`.
    """
    direct = facts[(facts["end"] - facts["start"]).dt.days.between(*QUARTER_DAYS)]
    chain = facts.sort_values(["start", "edition", "end"])
    before = chain.groupby(["start", "edition"])[["end", "value", "filed"]].shift()
    step = (chain["end"] - before["end"]).dt.days.between(*QUARTER_DAYS)
    filed = chain["filed"].where(chain["filed"] > before["filed"], before["filed"])
    differences = chain.assign(value=chain["value"] - before["value"], filed=filed)[step]
    differences = differences[~differences["end"].isin(direct["end"])]
    both = pd.concat([direct, differences])[["end", "value", "filed"]]
    return both.drop_duplicates(["end", "filed"]).sort_values(["end", "filed"]).reset_index(drop=True)


def growth(levels: pd.Series) -> pd.Series:
    """Return the percent change on the previous month, to eight significant digits; none across a gap.

    Parameters
    ----------
    levels : pandas.Series
        Positive values, indexed by month text such as ``2021-06``.
    """
    levels = levels.sort_index()
    month = pd.Series(pd.PeriodIndex(levels.index, freq="M").astype("int64"), index=levels.index)
    change = (levels / levels.shift() - 1) * 100
    return change[month.diff() == 1].map(lambda value: float(f"{value:.8g}"))


def monthly_mean(rates: pd.Series, inverse: bool) -> pd.Series:
    """Return the mean of daily exchange rates per month, to four decimals; days without a rate are left out.

    Parameters
    ----------
    rates : pandas.Series
        Daily rates on a DatetimeIndex.
    inverse : bool
        Turn each rate round first: dollars per euro become euros per dollar.
    """
    rates = 1 / rates if inverse else rates
    means = rates.dropna().resample("MS").mean().dropna().round(4)
    return means.set_axis(means.index.strftime("%Y-%m"))


def returns(closes: pd.Series) -> pd.Series:
    """Return simple close-to-close returns as decimals, to eight significant digits.

    The first day has none, and neither has a day without a close or the one after it.

    Parameters
    ----------
    closes : pandas.Series
        Closing prices adjusted for splits and dividends, indexed by day.
    """
    change = closes / closes.shift() - 1
    return change.dropna().map(lambda value: float(f"{value:.8g}"))


def running_maximum(values: pd.Series, frequency: str) -> pd.Series:
    """Return the highest value so far at the end of each month (``ME``) or quarter (``QE``).

    Parameters
    ----------
    values : pandas.Series
        Values by release date; several a day are allowed.
    """
    return values.sort_index().resample(frequency).max().cummax().ffill()
