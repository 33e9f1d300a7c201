"""Your own series and your own dates: from a file to effect, interval, placebo rank and word in one call.

Nothing here is pre-specified: the word follows the rule that the claims of this project follow, for a margin
and a sign that you state, and says no more than "own study".

Source: Fisher (1935) for the comparison with other dates.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from helpers import catalog
from helpers.claims import evidence
from helpers.figures import publishing, style
from helpers.methods import checks, placebo, power
from helpers.methods.abnormal_returns import cars_on_every_day
from helpers.methods.checks import UnusableInput
from helpers.methods.comparison import DateComparison, DateEstimator, compare
from helpers.methods.results import Estimate, Shown, t_estimate
from helpers.methods.verdict import verdict
from helpers.observations import calendar_day

ESTIMATION = (-250, -21)  # trading days behind the usual return of an asset
MONTHS, DAYS = 6, (0, 2)  # windows where none is asked for
YEARS = 4  # of monthly data from which on the usual change of each calendar month is taken out
SEED = 20261130
SIGNS = (
    "Say how: date='day', sep=';', decimal=',', thousands='.', date_format='%d.%m.%Y' (--separator ';', ...)."
)


@dataclass(frozen=True, repr=False)
class Study(Shown):
    """What followed some dates in one series, beside other dates.

    Attributes
    ----------
    comparison : DateComparison
        Effect, lead, each date left out, placebo sets. Log changes of levels; returns as they are.
    word : str
        By the rule of the claims, where a sign and a margin are stated; else "descriptive only".
    reasons : tuple of str
    relative : bool
        The effect is a log change, which `summary` turns into percent.
    name : str
    """

    comparison: DateComparison
    word: str
    reasons: tuple[str, ...]
    relative: bool
    name: str

    def summary(self) -> pd.DataFrame:
        """Return one short table: effect with interval, placebo, detectable effect and word, in percent."""
        effect, lead, sets = self.comparison.effect, self.comparison.lead, self.comparison.placebo
        rank, mde = float((sets < effect.value).mean()), effect.details["mde"]
        rows = {
            "effect, percent": self._percent(effect.value),
            "95 % interval": f"{self._percent(effect.low)} to {self._percent(effect.high)}",
            "before, percent": self._percent(lead.value) if lead else "not measured",
            "dates": effect.n,
            "placebo p": f"{effect.p_value:.3f}",
            "placebo rank": f"{rank:.0%} of {len(sets)} placebo sets lie below",
            "detectable, percent": " or ".join(map(self._percent, (mde, -mde))),
            "word": f"{self.word} (own study, not pre-specified)",
            "because": "; ".join(self.reasons),
        }
        return pd.DataFrame.from_dict(rows, orient="index", columns=[self.name])

    def plot(self) -> Figure:
        """Draw the effect with its interval among the placebo sets."""
        effect, percent = self.comparison.effect, pd.Series(self.comparison.placebo).map(self._number)
        value, ends = self._number(effect.value), [self._number(end) for end in (effect.low, effect.high)]
        title = f"{self.name} changed {value:+.1f}% after {effect.n} date{'s' if effect.n != 1 else ''}"
        unit = f"Percent; gray: the same at {len(percent)} sets of other dates"
        fig, ax = style.new_figure(2.6, title=title, unit=unit)
        sns.histplot(percent, ax=ax, color=style.FAINT, edgecolor="white", stat="count")
        top = ax.get_ylim()[1]
        ax.plot(ends, [1.05 * top] * 2, color=style.ACCENT, linewidth=2)
        ax.plot(value, 1.05 * top, "D", color=style.ACCENT)
        ax.axvline(value, color=style.ACCENT, linewidth=1)
        ax.set_xlabel(effect.window)
        ax.set_ylabel("Placebo sets")
        publishing.lay_out(fig, "Source: own data.")
        return fig

    def _number(self, value: float | None) -> float:
        if value is None:
            return float("nan")
        return 100 * (float(np.expm1(value)) if self.relative else value)

    def _percent(self, value: float | None) -> str:
        return f"{self._number(value):+.1f}"


def read_series(path: str | Path, *, date: str = "date", value: str = "value", **options: Any) -> pd.Series:
    """Read one series from a CSV file.

    Parameters
    ----------
    path : str or Path
    date, value : str
        Names of the two columns. Dates are ``2024-03`` or ``2024-03-15``; a value may be missing.
    **options
        How the file is written, as `pandas.read_csv` takes it: ``sep=";"``, ``decimal=","``,
        ``date_format="%d.%m.%Y"``.

    Returns
    -------
    Series
        Floats by date, in the order of time, without missing values at its ends; named like the file.

    Raises
    ------
    helpers.catalog.BadFile
        If a column is missing, or a row cannot be read; the message names the file, the row and the mend.
    UnusableInput
        If a date comes twice.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from helpers import read_series
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "sales.csv")
    ...     _ = path.write_text("month,usd\\n2024-01,10\\n2024-02,12.5\\n")
    ...     read_series(path, date="month", value="usd").tolist()
    [10.0, 12.5]
    """
    path, form = Path(path), {"dtype": {date: str}, "na_values": ["."]} | options
    table = catalog.read_own(path, (date, value), SIGNS, **form)
    days = pd.to_datetime(table[date].str.strip(), format=form.get("date_format", "ISO8601"), errors="coerce")
    numbers = pd.to_numeric(table[value], errors="coerce")
    faults = {
        f"{date} is not written like 2024-03-15 or 2024-03. {SIGNS}": days.isna(),
        f"{value} is not written like 1234.5. {SIGNS}": numbers.isna() & table[value].notna(),
    }
    catalog.refuse_rows(path, table, faults)
    series = pd.Series(numbers.to_numpy(float), pd.DatetimeIndex(days), name=path.stem).sort_index()
    checks.index_in_order(series.index, path.name)
    return series.loc[series.first_valid_index() : series.last_valid_index()]


def study(
    series: pd.Series,
    events: str | pd.Timestamp | Sequence[str | pd.Timestamp] | Mapping[str, str | pd.Timestamp],
    *,
    kind: Literal["levels", "returns"],
    window: int | tuple[int, int] | None = None,
    market: pd.Series | None = None,
    sign: Literal["positive", "negative"] | None = None,
    margin: float | None = None,
) -> Study:
    """Measure what followed some dates in one series, and how often other dates give as much.

    Levels (exports, revenue: above zero, by month) are compared as the mean of so many months after the month
    of a date with the mean of as many before it, less the usual change of that calendar month. Returns
    (decimals, by trading day) are added up over a window, less what the market model of days -250 to -21
    gives. Every date counts alike. The interval is that of the spread among all dates, which a
    large effect widens: the dates themselves are among them.

    Parameters
    ----------
    series : Series, shape (n,)
        Dates as index, in order, without gaps; see `read_series`.
    events : day, sequence of days, or mapping of label to day
        Days such as "2022-10-07". A day without trading counts for the next one.
    kind : {"levels", "returns"}
    window : int or (int, int), optional
        Months on either side (6), or first and last trading day after the date (0, 2).
    market : Series, optional
        Return of the market on the same days; without it the mean return is the model.
    sign : {"positive", "negative"}, optional
        Direction that is claimed.
    margin : float, optional
        Smallest effect that matters, in percent, above zero. Returns need a market too before a word of the
        rule can follow: the mean return is their second estimator.

    Returns
    -------
    Study
        Displays as one table; `plot()` draws it.

    Raises
    ------
    UnusableInput
        If the series is not of its kind, or too few placebo dates remain; the message says what to do.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from helpers import study
    >>> months = pd.date_range("2015-01-01", periods=120, freq="MS")
    >>> sales = pd.Series(100 + np.arange(120) % 7, months, name="sales")
    >>> sales["2020-03":] *= 2
    >>> result = study(sales, ["2020-02-10"], kind="levels", sign="positive", margin=10)
    >>> result.comparison.effect.value > 0.5
    True
    """
    _check(series, kind)
    if margin is not None and not 0 < margin < (100 if sign == "negative" else np.inf):
        raise UnusableInput(f"The margin is {margin} percent. Give a size above 0; a fall is below 100.")
    first, last = _window(kind, window)
    names, days = _dated(events)
    if kind == "levels":
        days = days.to_period("M").to_timestamp()
        words = f"{last} months after the month of a date against {last} before"
        change, second = _changes(series, last), _changes(series, max(1, last // 2))
    else:
        words = f"trading days {first} to {last}"
        asset, about = series.to_frame("asset"), {"estimation": ESTIMATION, "window": (first, last)}
        cars = (cars_on_every_day(asset, model, **about) for model in (market, None))
        change, second = (each["asset"].to_numpy() for each in cars)
        # Without a market both models are one, and a model does not confirm itself.
        second = second if market is not None else np.full(len(series), np.nan)
    length = last - first + 1
    rows = _usable(series.index.searchsorted(days), change, names, series)
    # Any date may be drawn, as in a permutation test: kept away from the real ones, the few that are left
    # would know too little of the spread, and a true null would be rejected 8 to 10 times in 100.
    pool = np.flatnonzero(~np.isnan(change))
    sets = pool[:0]
    with suppress(UnusableInput):
        sets, _ = placebo.date_sets(pool, rows, apart=2 * length, seed=SEED)
    if min(len(pool), len(sets)) < placebo.MINIMUM_POOL:
        few = f"Fewer than {placebo.MINIMUM_POOL} placebo dates have a whole window of their own."
        if last > max(first, 0):
            shorter = last - 1 if kind == "levels" else (first, last - 1)
            # It says in its turn what is short enough, if this is not.
            study(series, events, kind=kind, window=shorter, market=market)
            raise UnusableInput(f"{few} Use window={shorter}.")
        raise UnusableInput(f"{few} Begin the series earlier.")

    def interval(members: np.ndarray, values: np.ndarray = change) -> Estimate:
        calm = values[pool][~np.isnan(values[pool])]
        n, se = len(members), calm.std(ddof=1) / np.sqrt(len(members))
        value = float(values[members].mean() - calm.mean())
        unit, method = "log points" if kind == "levels" else "return", "spread among placebo dates"
        return t_estimate(value, float(se), len(calm) - 1, unit=unit, n=n, method=method, window=words)

    usual = change - change[pool].mean()
    # The window right before the event, without its own month or day.
    shift = length + max(first, 0)
    early = np.concatenate([np.full(shift, np.nan), change[:-shift]])
    # What could be seen is asked of windows that hold nothing of the event, where there are enough.
    near = (np.abs(sets[:, :, None] - rows) < 2 * length).any(axis=(1, 2))
    clear = sets if (~near).sum() < placebo.MINIMUM_POOL else sets[~near]
    comparison = compare(
        names,
        rows,
        sets,
        DateEstimator(lambda sets: usual[sets].mean(axis=1), interval, fewest=1),
        detectable=power.detectable_shift(usual[clear].mean(axis=1)),
        rows=pd.DataFrame({"change": usual[rows]}, names),
        lead=interval(rows, early) if np.isfinite(early[rows]).all() else None,
    )
    word: str = "descriptive only"
    reasons: tuple[str, ...] = ("no sign and margin are stated",)
    if sign and margin:
        # A fall of m percent is farther from zero, in logs, than a rise of as much.
        side = 1 if sign == "positive" else -1
        size = abs(float(np.log1p(side * margin / 100))) if kind == "levels" else margin / 100
        rungs = [interval(rows, second)] if np.isfinite(second[rows]).all() else []
        single = len(rows) == 1
        decision = verdict(evidence(comparison, rungs=rungs, sign=sign, margin=size, single_event=single))
        word, reasons = decision.word, decision.reasons
    return Study(comparison, word, reasons, kind == "levels", str(series.name or "series"))


def _window(kind: str, window: int | tuple[int, int] | None) -> tuple[int, int]:
    """First and last month or trading day after a date."""
    usual = MONTHS if kind == "levels" else DAYS
    ends = [1] * (kind == "levels") + np.atleast_1d(usual if window is None else window).tolist()
    if len(ends) != 2 or any(type(end) is not int for end in ends) or ends[1] < ends[0]:
        raise UnusableInput(f"window is {window}. Levels take months, as 3; returns two days, as (0, 2).")
    return ends[0], ends[1]


def _dated(events: Any) -> tuple[list[str], pd.DatetimeIndex]:
    """Names and days of the dates; a date without a name is called by its day."""
    listed = [events] if isinstance(events, str | pd.Timestamp) else events
    pairs = listed.items() if isinstance(listed, Mapping) else [("", day) for day in listed]
    days = pd.DatetimeIndex([calendar_day(day) for _, day in pairs])
    return [name or f"{day:%Y-%m-%d}" for (name, _), day in zip(pairs, days, strict=True)], days


def _changes(series: pd.Series, length: int) -> np.ndarray:
    """Log change around every month, less what is usual in the calendar month."""
    means = np.log(series).rolling(length).mean()
    change = means.shift(-length) - means.shift(1)
    if len(series) >= 12 * YEARS:
        change -= change.groupby(change.index.month).transform("mean")
    return change.to_numpy()


def _usable(rows: np.ndarray, change: np.ndarray, names: list[str], series: pd.Series) -> np.ndarray:
    """Rows of the dates; a date whose window the series does not span is refused by name."""
    for row, name in zip(rows, names, strict=True):
        if row >= len(change) or np.isnan(change[row]):
            span = f"{series.index[0]:%Y-%m-%d} to {series.index[-1]:%Y-%m-%d}"
            raise UnusableInput(f"{name}: its window does not lie within the series ({span}). Leave it out.")
    if len(set(rows)) < len(rows):
        raise UnusableInput("Two dates fall into the same month or trading day. Keep one of them.")
    return rows


def _check(series: pd.Series, kind: str) -> None:
    """Refuse what is not one series of its kind, with the mend."""
    if not isinstance(series, pd.Series):
        mend = "Pass one column, such as table['value']; for firms with dates of their own, study each firm."
        raise UnusableInput(f"A study follows one series. {mend}")
    if isinstance(series.index, pd.PeriodIndex):
        raise UnusableInput("The index holds periods. Use series.index = series.index.to_timestamp().")
    index = checks.index_in_order(series.index, "series")
    if index.tz is not None:
        raise UnusableInput("The dates have a time zone. Use series.tz_localize(None).")
    values = checks.complete(series, "series")
    step = float(np.median(np.diff(index.to_numpy()) / np.timedelta64(1, "D"))) if len(index) > 1 else 0.0
    if kind not in ("levels", "returns"):
        raise UnusableInput(f"kind is {kind!r}. Use 'levels' (by month) or 'returns' (by trading day).")
    faults = _faults_of_levels(index, values, step) if kind == "levels" else _faults_of_returns(values, step)
    for mend, wrong in faults.items():
        if wrong:
            raise UnusableInput(mend)


def _faults_of_levels(index: pd.DatetimeIndex, values: np.ndarray, step: float) -> dict[str, bool]:
    months = index.to_period("M")
    skipped = pd.period_range(months[0], months[-1], freq="M").difference(months)
    return {
        f"Levels are studied by month; these dates lie {step:g} days apart. Sum them.": not 27 < step < 32,
        f"Months are missing: {', '.join(map(str, skipped))}. Begin after, or end before.": len(skipped) > 0,
        "Levels must be above zero: their relative change is measured.": bool((values <= 0).any()),
        "Date each month by its first day: series.index.to_period('M').to_timestamp().": any(index.day != 1),
    }


def _faults_of_returns(values: np.ndarray, step: float) -> dict[str, bool]:
    prices, percent = np.mean(values > 0) > 0.99, (values < -1).any() or np.median(np.abs(values)) > 0.1
    return {
        f"Returns are studied by trading day; these dates lie {step:g} days apart.": step > 4,
        "These look like prices, not returns. Use series.pct_change().dropna().": bool(prices),
        "These look like returns in percent. Divide them by 100.": bool(percent),
    }
