"""Growth of one series per year: a trend in its level, or the drift of its steps.

The two differ in what they take noise to be. A trend with AR(1) errors returns to its line; a drift adds up
steps that are never undone, so that its interval is wider. Where they disagree, the result depends on that.

Sources: as in `helpers.methods.interrupted_series`; Harvey (1989, section 2.3) for the walk with drift.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from helpers.methods import checks, power
from helpers.methods.comparison import DateComparison
from helpers.methods.interrupted_series import InterruptedSeries, interrupted_series
from helpers.methods.results import Estimate, mean_over_events, t_estimate

UNIT = "log points a year"
YEARS = "years"


def yearly_trend(
    series: pd.Series,
    *,
    season: str | int | None,
    regressors: pd.DataFrame | None = None,
    frequency: str = "M",
    estimator=interrupted_series,
    **settings: Any,
) -> DateComparison:
    """Estimate the linear trend of a log series, per year, with the effect that could have been seen.

    Parameters
    ----------
    series : Series, shape (periods,)
        Logs, such as the log of a ratio.
    season, regressors, frequency
        As in :func:`helpers.methods.interrupted_series.design`.
    estimator : callable
        `interrupted_series`, or another with the same first arguments; `settings` go to it.

    Returns
    -------
    DateComparison
        `effect` in log points a year. A trend has no dates that could be moved, so its p value is kept in the
        detail ``trend_p`` and there is no placebo. ``mde`` is the minimum detectable effect with the noise
        around the fitted line and the interval that was asked for. `rows` hold observed and fitted values.

    Raises
    ------
    UnusableInput
        If the series is too short, constant, or has missing values.
    """
    terms = _years(checks.series(series, str(series.name or "the outcome"), 12).index, frequency)
    terms = terms if regressors is None else terms.join(regressors.loc[terms.index])
    model = {"season": season, "trend": False, "regressors": terms, "frequency": frequency, "unit": UNIT}
    fit = estimator(series, [], **model, **settings)
    effect = fit.estimate(YEARS)
    details = dict(effect.details) | {"mde": _detectable(fit), "trend_p": effect.p_value}
    window = f"{series.index[0]:%Y-%m}..{series.index[-1]:%Y-%m}"
    shown = replace(effect, p_value=None, window=window, details=details)
    return DateComparison(shown, None, fit.path()[["observed", "fitted"]], {}, np.empty(0))


def drift(series: pd.Series, *, neighbours: bool, method: str) -> DateComparison:
    """Estimate the mean growth per year of a quarterly log series that may have gaps.

    A random walk with drift: the mean of a step grows with its length, and so does its variance. With steps
    of equal length this is the mean of the steps with its t interval.

    Parameters
    ----------
    series : Series, shape (quarters,)
        Logs by last day of the quarter.
    neighbours : bool
        Use only steps between neighbouring quarters, not those across a gap.
    method : str
        What is measured, in words.

    Returns
    -------
    DateComparison
        As `yearly_trend`; `n` counts steps, and `rows` hold each step with its length in years.

    Raises
    ------
    UnusableInput
        If there are fewer than three steps, or they do not vary.
    """
    quarters = series.index.to_period("Q")
    lengths = np.diff(quarters.asi8) / 4
    steps = pd.DataFrame({"step": series.diff().iloc[1:], "years": lengths, "since": quarters[:-1]})
    steps = steps[steps["years"] == 0.25] if neighbours else steps
    checks.enough(len(steps), 3, "steps between quarters")
    checks.varies(steps["step"] / steps["years"], "growth")
    total = steps["years"].sum()
    value = steps["step"].sum() / total
    variance = ((steps["step"] - value * steps["years"]) ** 2 / steps["years"]).sum() / (len(steps) - 1)
    se = np.sqrt(variance / total)
    estimate = t_estimate(value, se, len(steps) - 1, unit=UNIT, n=len(steps), method=method)
    mde = power.detectable_mean(len(steps), se * np.sqrt(len(steps)), UNIT).value
    window = f"{steps['since'].iloc[0]}..{steps.index[-1].to_period('Q')}"
    details = {"mde": mde, "trend_p": estimate.p_value}
    shown = replace(estimate, p_value=None, window=window, details=details)
    return DateComparison(shown, None, steps[["step", "years"]], {}, np.empty(0))


def growth_of_quarters(level: pd.Series, *, draws: int, seed: int) -> Estimate:
    """Estimate the mean growth per year of a quarterly log series, its steps with AR(1) errors and one wave.

    Unlike `yearly_trend` it takes the level for a walk without a line to return to.

    Parameters
    ----------
    level : Series, shape (quarters,)
        Logs, without gaps.
    draws, seed : int
        Of the bootstrap.
    """
    steps = 4 * level.diff().dropna()
    same = {"season": 1, "trend": False, "frequency": "Q", "unit": UNIT, "draws": draws, "seed": seed}
    return interrupted_series(steps, [], **same).estimate("constant")


def steps_left_out(found: DateComparison) -> dict[pd.Timestamp, Estimate]:
    """Estimate a `drift` over neighbouring quarters again without each step; none with fewer than four."""
    steps = found.rows["step"]
    left = {day: 4 * steps.drop(day) for day in steps.index} if len(steps) > 3 else {}
    method = "mean step, one left out, t"
    return {day: mean_over_events(kept, unit=UNIT, method=method) for day, kept in left.items()}


def _years(index: pd.DatetimeIndex, frequency: str) -> pd.DataFrame:
    """Years since the first row, counted on the calendar."""
    positions = index.to_period(frequency).asi8
    return pd.DataFrame({YEARS: (positions - positions[0]) / {"M": 12, "Q": 4, "Y": 1}[frequency]}, index)


def _detectable(fit: InterruptedSeries) -> float:
    """Trend that is found with 80 percent power: the quantiles for size and for power, in standard errors.

    Under errors that hardly return to the line the bootstrap t has far longer tails than the normal, so that
    the usual 2.80 standard errors would promise too much.
    """
    if fit.draws is None:
        quantiles = stats.t.ppf([1 - power.ALPHA / 2, power.POWER], fit.df)
    else:
        ratios = fit.draws.t((fit.coefficients.index == YEARS).astype(float))
        quantiles = np.quantile(ratios, [1 - power.ALPHA, 2 * power.POWER - 1])
    return float(quantiles.sum() * fit.estimate(YEARS).se)
