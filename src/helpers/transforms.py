"""Transforms: from the values as published to the form a question needs.

Every function takes a numeric Series on a sorted, unique DatetimeIndex without time zone and returns a new
one. Missing stays missing: no result bridges a gap. Nothing here estimates an effect.
"""

from datetime import date
from functools import lru_cache

import numpy as np
import pandas as pd

DAYS_IN_STEP = {"quarter": 365.25 / 4, "half-year": 365.25 / 2, "fiscal year": 365.25}
FIRST_LUNAR_YEAR, LAST_LUNAR_YEAR = 1930, 2030
# Month and day of each Lunar New Year from the first year on (130 is 30 January), as in the lunisolar tables
# of the Python library holidays 0.109. The official ones are those of the Hong Kong Observatory
# (Gregorian-Lunar Calendar Conversion Table).
LUNAR_NEW_YEARS = (
    130, 217, 206, 126, 214, 204, 124, 211, 131, 219, 208, 127, 215, 205, 125, 213, 202, 122, 210, 129, 217,
    206, 127, 214, 203, 124, 212, 131, 218, 208, 128, 215, 205, 125, 213, 202, 121, 209, 130, 217, 206, 127,
    215, 203, 123, 211, 131, 218, 207, 128, 216, 205, 125, 213, 202, 220, 209, 129, 217, 206, 127, 215, 204,
    123, 210, 131, 219, 207, 128, 216, 205, 124, 212, 201, 122, 209, 129, 218, 207, 126, 214, 203, 123, 210,
    131, 219, 208, 128, 216, 205, 125, 212, 201, 122, 210, 129, 217, 206, 126, 213, 203,
)  # fmt: skip
LUNAR_WINDOWS = {"before": (-7, -1), "during": (0, 6), "after": (7, 21)}
SHORTEST_STRETCH = 36


class BadSeries(ValueError):
    """A series cannot be transformed as asked."""


def log(values: pd.Series) -> pd.Series:
    """Take the natural logarithm.

    Raises
    ------
    BadSeries
        If a value is zero or negative; the message names its period.
    """
    _check(values)
    _refuse_not_positive(values, "a logarithm")
    return np.log(values)


def growth(values: pd.Series, periods: int = 1, kind: str = "simple") -> pd.Series:
    """Growth over a number of periods, as a decimal (0.05 is five percent).

    Parameters
    ----------
    values : pandas.Series
        Levels. Months, quarters, half-years and years are counted on the calendar, so that a gap gives a
        missing result. Daily values are counted in rows, because the trading calendar is that of the series.
    periods : int
        How many periods back to compare with.
    kind : {"simple", "log"}
        ``v(t) / v(t - periods) - 1`` or the difference of logarithms.

    Returns
    -------
    pandas.Series
        On the index of `values`; missing where the earlier period is.

    Raises
    ------
    BadSeries
        If a value that growth is taken from is zero or negative, or the dates keep no regular step.
    """
    _check(values)
    if periods < 1:
        raise BadSeries(f"Growth over {periods} periods is not defined. Give one or more.")
    if kind not in ("simple", "log"):
        raise BadSeries(f"{kind!r} is no kind of growth. Choose simple or log.")
    _refuse_not_positive(values, "growth")
    ratio = values / _earlier(values, periods)
    return np.log(ratio) if kind == "log" else ratio - 1


def three_month_sum(values: pd.Series) -> pd.Series:
    """Sum of a month and the two before it; missing where one of the three is."""
    _check(values, monthly=True)
    return values + _earlier(values, 1) + _earlier(values, 2)


def quarterly_sum(values: pd.Series) -> pd.Series:
    """Sum of the three months of each calendar quarter, on the quarter's last day.

    A quarter of which a month is missing is missing; the first and the last are left out unless whole.
    """
    _check(values, monthly=True)
    quarters = values.dropna().groupby(values.dropna().index.to_period("Q"))
    sums = quarters.sum()[quarters.size() == 3]
    if len(sums):
        sums = sums.reindex(pd.period_range(sums.index[0], sums.index[-1], freq="Q"))
    return sums.set_axis(sums.index.to_timestamp(how="end").normalize().as_unit("us")).rename_axis("period")


def january_february_mean(values: pd.Series) -> pd.Series:
    """Give January and February of a year their common mean.

    The Lunar New Year falls into either month, so that neither can be read alone. Where one of the two is
    missing, the other becomes missing too.
    """
    _check(values, monthly=True)
    known = values.dropna()
    winter = known[known.index.month <= 2]
    years = winter.groupby(winter.index.year)
    return values.where(values.index.month > 2, years.transform("mean").where(years.transform("size") == 2))


def change_across(values: pd.Series, before: tuple[int, int], after: tuple[int, int]) -> pd.Series:
    """Log change between two spans of months, with every month in turn as month 0.

    Parameters
    ----------
    values : pandas.Series
        Positive monthly values.
    before, after : tuple of int
        First and last month of the two spans, counted from month 0: ``(-3, -1)`` and ``(1, 3)`` compare the
        three months after with the three months before and leave month 0 out.

    Returns
    -------
    pandas.Series
        Logarithm of the mean month of `after` over the mean month of `before`, on the index of `values`;
        missing where a month of either span is.

    Raises
    ------
    BadSeries
        If a span ends before it begins, or a value is zero or negative.
    """
    _check(values, monthly=True)
    if before[0] > before[1] or after[0] > after[1]:
        raise BadSeries(f"The spans {before} and {after} must each run from an earlier to a later month.")
    _refuse_not_positive(values, "growth")
    ahead, behind = (
        sum(_earlier(values, -month) for month in range(first, last + 1)) / (last + 1 - first)
        for first, last in (after, before)
    )
    return np.log(ahead / behind).rename(values.name)


def in_months_of(values: pd.Series, dates: pd.Series) -> pd.Series:
    """Value of a monthly series in the month of each date, on the index of `dates`; missing where unknown."""
    _check(values, monthly=True)
    months = dates.dt.to_period("M").dt.to_timestamp()
    return pd.Series(values.reindex(months).to_numpy(dtype=float), index=dates.index)


def total(parts: dict[str, pd.Series]) -> pd.Series:
    """Sum several series in the same unit; missing where one of them is.

    Parameters
    ----------
    parts : dict of str to pandas.Series
        Series by name; convert them with `to_currency` first if their currencies differ.
    """
    if not parts:
        raise BadSeries("There is nothing to sum. Pass at least one series.")
    for part in parts.values():
        _check(part)
    return pd.DataFrame(parts).sum(axis="columns", skipna=False)


def to_currency(values: pd.Series, rate: pd.Series, quoted: str) -> pd.Series:
    """Convert monthly values with monthly average exchange rates.

    Trade is invoiced over the whole month, so the mean of the month is used and not the rate of a day.

    Parameters
    ----------
    values : pandas.Series
        Monthly values in the currency to convert from.
    rate : pandas.Series
        Monthly average rate.
    quoted : {"old per new", "new per old"}
        How the rate is quoted: yuan per dollar is "old per new" when yuan become dollars, dollars per euro is
        "new per old" when euros become dollars.

    Returns
    -------
    pandas.Series
        On the index of `values`; missing where the rate is.
    """
    _check(values, monthly=True)
    _check(rate, monthly=True)
    if quoted == "old per new":
        _refuse_not_positive(rate, "a rate")
        return values / rate.reindex(values.index)
    if quoted == "new per old":
        return values * rate.reindex(values.index)
    raise BadSeries(f"{quoted!r} is no way to quote a rate. Choose 'old per new' or 'new per old'.")


def convert(values: pd.Series, old: str, new: str, per_dollar: dict[str, pd.Series]) -> pd.Series:
    """Convert monthly values from one currency to another by way of the dollar; see `to_currency`.

    Parameters
    ----------
    values : pandas.Series
        Monthly values in the currency `old`.
    old, new : str
        Codes such as ``USD`` or ``JPY``.
    per_dollar : dict of str to pandas.Series
        By code, units of the currency per US dollar, monthly averages.

    Returns
    -------
    pandas.Series
        Months of `values` whose rates are known; `values` itself if the currencies are the same.

    Raises
    ------
    BadSeries
        If a rate that is needed is not given.
    """
    if old == new:
        return values
    without = sorted({old, new} - {"USD", *per_dollar})
    if without:
        raise BadSeries(f"No rate is known for {', '.join(without)}. Keep the currency of the exporter.")
    dollars = values if old == "USD" else to_currency(values, per_dollar[old], "old per new")
    converted = dollars if new == "USD" else to_currency(dollars, per_dollar[new], "new per old")
    return converted.dropna()


def chain_index(growth_rates: pd.Series) -> pd.Series:
    """Chain growth rates into an index that is 100 in the period before the first rate.

    This recovers the shape of a series of which only growth may be published; the level stays unknown.

    Parameters
    ----------
    growth_rates : pandas.Series
        Simple growth on the previous period in percent, without gaps.

    Raises
    ------
    BadSeries
        If a period is missing in between, because a chain cannot bridge it, or a rate is -100 percent or
        less.
    """
    _check(growth_rates)
    numbers = _numbers(growth_rates.index)
    broken = growth_rates.isna().to_numpy() | (np.diff(numbers, prepend=numbers[0] - 1) > 1)
    if broken.any():
        gap = growth_rates.index[broken][0].date()
        raise BadSeries(f"{_name(growth_rates)} has a gap at {gap}. Cut there.")
    factors = 1 + growth_rates / 100
    if (factors <= 0).any():
        raise BadSeries(f"{_name(growth_rates)} falls by 100 percent or more. Check whether it is percent.")
    return 100 * factors.cumprod()


def lunar_new_year_terms(index: pd.DatetimeIndex) -> pd.DataFrame:
    """Regressors for the moving date of the Lunar New Year.

    For the seven days before, the seven days from, and the fifteen days after the New Year, each column
    holds the share of those days that fall into the month, less the mean share of that calendar month over
    1930 to 2030. The centred terms move activity between January, February and March but not the year's
    level, so they can stand beside monthly dummies. The construction is that of the holiday regressors of
    X-13ARIMA-SEATS (``genhol`` of the US Census Bureau; for China: Roberts and White 2015, Reserve Bank of
    Australia, RDP 2015-01).

    Parameters
    ----------
    index : pandas.DatetimeIndex
        First days of months between 1930 and 2030.

    Returns
    -------
    pandas.DataFrame
        Columns ``before``, ``during``, ``after``, without unit.
    """
    _check(pd.Series(0.0, index=index), monthly=True)
    terms = _lunar_terms()
    if len(index) and (index[0] < terms.index[0] or index[-1] > terms.index[-1]):
        raise BadSeries(f"Lunar-New-Year terms exist for {FIRST_LUNAR_YEAR} to {LAST_LUNAR_YEAR} only.")
    return terms.loc[index]


def seasonally_adjust(
    values: pd.Series, seasonal: int = 7, trend: int = 23, robust: bool = True
) -> pd.DataFrame:
    """Remove the seasonal pattern of monthly values by STL on their logarithms.

    Seasonal-trend decomposition by loess (Cleveland, Cleveland, McRae and Terpenning 1990), in the version
    of statsmodels: loess of degree one at every point, a low-pass filter of 13 months. STL does not know
    the Lunar New Year: what the holiday moves between January and February stays in the adjusted series,
    unless the values went through `january_february_mean` before.

    Parameters
    ----------
    values : pandas.Series
        Positive monthly values. Each unbroken stretch is decomposed alone; a stretch shorter than three years
        gives missing results, since a pattern seen less than three times cannot be told from noise.
    seasonal, trend : int
        Odd lengths of the two loess windows: years for the pattern, months for the trend. A short seasonal
        window lets the pattern change.
    robust : bool
        Give outlying months less weight, so that a single shock does not enter the pattern. In a short and
        noisy series it can leave a calendar month to one or two years.

    Returns
    -------
    pandas.DataFrame
        On the index of `values`: ``trend`` in their unit, ``seasonal``, a factor around 1, and ``adjusted``,
        the values divided by it.

    Raises
    ------
    BadSeries
        If no unbroken stretch has three years, or a value is not positive.
    """
    _check(values, monthly=True)
    logs = log(values.dropna())
    stretches = logs.groupby(np.cumsum(np.diff(_numbers(logs.index), prepend=0) != 1))
    if not (stretches.size() >= SHORTEST_STRETCH).any():
        raise BadSeries(f"{_name(values)} has no unbroken stretch of {SHORTEST_STRETCH} months.")
    settings = {"period": 12, "seasonal": seasonal, "trend": trend, "low_pass": 13, "robust": robust}
    iterations = {"inner_iter": 1, "outer_iter": 15} if robust else {"inner_iter": 2, "outer_iter": 0}
    parts = [_decompose(stretch, settings, iterations) for _, stretch in stretches]
    table = np.exp(pd.concat(parts).reindex(values.index))
    return table.assign(adjusted=values / table["seasonal"])


def _decompose(values: pd.Series, settings: dict, iterations: dict) -> pd.DataFrame:
    # Imported here because statsmodels costs a second that runs without STL need not pay.
    from statsmodels.tsa.seasonal import STL

    if len(values) < SHORTEST_STRETCH:
        return pd.DataFrame(np.nan, values.index, ["trend", "seasonal"])
    fit = STL(values.to_numpy(), **settings).fit(**iterations)
    return pd.DataFrame({"trend": fit.trend, "seasonal": fit.seasonal}, values.index)


def _lunar_new_year(year: int) -> date:
    return date(year, *divmod(LUNAR_NEW_YEARS[year - FIRST_LUNAR_YEAR], 100))


@lru_cache
def _lunar_terms() -> pd.DataFrame:
    years = range(FIRST_LUNAR_YEAR, LAST_LUNAR_YEAR + 1)
    new_years = pd.DatetimeIndex([_lunar_new_year(year) for year in years])
    months = pd.date_range(f"{FIRST_LUNAR_YEAR}-01-01", f"{LAST_LUNAR_YEAR}-12-01", freq="MS", name="period")
    shares = np.zeros((len(LUNAR_WINDOWS), len(months)))
    for window, (first, last) in zip(shares, LUNAR_WINDOWS.values(), strict=True):
        for shift in range(first, last + 1):
            days = new_years + pd.Timedelta(days=shift)
            window[month_numbers(days) - month_numbers(months[:1])] += 1 / (last - first + 1)
    terms = pd.DataFrame(shares.T, months, list(LUNAR_WINDOWS))
    return terms - terms.groupby(months.month).transform("mean")


def _check(values: pd.Series, monthly: bool = False) -> None:
    index = values.index
    if not isinstance(index, pd.DatetimeIndex):
        raise BadSeries(f"{_name(values)} is not indexed by dates. Load it with observations.load.")
    if index.tz is not None:
        raise BadSeries(f"{_name(values)} carries a time zone. Remove it with tz_localize(None).")
    if not index.is_unique or not index.is_monotonic_increasing:
        raise BadSeries(f"{_name(values)} has repeated or unsorted dates. Sort it, one value per date.")
    if np.isinf(values.to_numpy(dtype=float)).any():
        raise BadSeries(f"{_name(values)} holds an infinite value. Remove the period.")
    if monthly and not (index.day == 1).all():
        raise BadSeries(f"{_name(values)} is not monthly on first days of months. Average or sum it first.")


def _refuse_not_positive(values: pd.Series, use: str) -> None:
    bad = values.index[values <= 0]
    if len(bad):
        raise BadSeries(f"{_name(values)} is {values[bad[0]]:g} in {bad[0].date()}: {use} has no meaning.")


def _name(values: pd.Series) -> str:
    return f"The series {values.name}" if values.name is not None else "The series"


def _numbers(index: pd.DatetimeIndex) -> np.ndarray:
    """Number the periods so that neighbours differ by one and a gap by more."""
    if len(index) < 2:
        return np.arange(len(index))
    if (index.day == 1).all():
        return month_numbers(index)
    if ((index.month == 12) & (index.day == 31)).all():
        return index.year.to_numpy()
    days = np.diff(index.to_numpy()) / np.timedelta64(1, "D")
    if np.median(days) < 20:
        return np.arange(len(index))
    step = next((step for step in DAYS_IN_STEP.values() if abs(days.min() / step - 1) < 0.15), None)
    if step is None:
        raise BadSeries(f"Dates {days.min():g} days apart are no regular series. Use months or quarters.")
    since = (index - index[0]).days.to_numpy()
    return np.round(since / step).astype(int)


def _earlier(values: pd.Series, periods: int) -> pd.Series:
    """Return, on the index of `values`, what was there a number of periods before; missing across gaps."""
    numbers = _numbers(values.index)
    earlier = pd.Series(values.to_numpy(), index=numbers).reindex(numbers - periods)
    return pd.Series(earlier.to_numpy(), index=values.index, name=values.name)


def month_numbers(index: pd.DatetimeIndex) -> np.ndarray:
    """Number the months of dates, so that one more is the next month; shape (n,)."""
    return (index.year * 12 + index.month).to_numpy()


def months_apart(months: pd.DatetimeIndex, others: pd.DatetimeIndex) -> np.ndarray:
    """Return for each month the distance in months to the nearest of the others, 999 if there are none."""
    distance = np.subtract.outer(month_numbers(months), month_numbers(others))
    return np.abs(distance).min(axis=1, initial=999)


def yearly_sum(values: pd.Series) -> pd.Series:
    """Sum of the months of each calendar year, by the number of the year.

    A year of which a month is missing is left out. Annual values stay as they are.
    """
    _check(values)
    known = values.dropna()
    groups = known.groupby(known.index.year)
    return groups.sum()[groups.size() == (12 if (known.index.day == 1).all() else 1)]
