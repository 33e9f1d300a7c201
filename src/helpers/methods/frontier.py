"""Growth, releases and running maxima around talks, and across a dated break.

Four comparisons share one shape, `helpers.methods.comparison.DateComparison`: the effect with its minimum
detectable effect, the same effect measured before, each unit left out in turn, and what the estimator gives
at placebo dates. The p value of an effect is the two-sided one against these placebo dates.

A running maximum moves only on the day of a record. Between records it says nothing, so that nothing here
follows it by day: quarters are compared with quarters, and the noise is far from normal.

Sources: Wagner et al. (2002) for segmented regression; Schuirmann (1987) for equivalence; Fisher (1935) for
sign flips. Inference of the series models is that of :mod:`helpers.methods.interrupted_series`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from helpers import transforms
from helpers.methods import checks, placebo, power
from helpers.methods.comparison import DateComparison
from helpers.methods.interrupted_series import (
    SEED,
    InterruptedSeries,
    Intervention,
    count_series,
    interrupted_series,
    segmented_regression,
)
from helpers.methods.results import Estimate, mean_over_events, rescale

LEAD_QUARTERS = 4
TALKS = "after talks"


def growth_around(
    values: pd.Series,
    months: pd.DatetimeIndex,
    *,
    length: int,
    delay: int,
    placebo_start: str,
    guard: int,
    seed: int,
) -> DateComparison:
    """Mean log growth across dated months, against months with the same spacing.

    Parameters
    ----------
    values : Series
        Positive monthly values, seasonally adjusted.
    months : DatetimeIndex
        First days of the months of the events; those without full windows are left out.
    length : int
        Months on either side: the mean of months 0..+length-1 over that of months -length..-1.
    delay : int
        Months by which the later window is moved back.
    placebo_start : str
        First month from which placebo sets are drawn, and over which usual growth is measured.
    guard : int
        Placebo months lie more than `guard` months from every event. The noise behind the minimum detectable
        effect is that of the months before the first event, at the same distance.
    seed : int

    Returns
    -------
    DateComparison
        In log points, one row per event. The lead compares months -length..-1 with the `length` months
        before them. ``details``: ``mde``; ``usual``, the mean growth of the placebo months; ``excess``, the
        effect less that; ``t_p`` and ``sign_flip_p`` of a zero mean.

    Raises
    ------
    UnusableInput
        If fewer than two events have full windows, or there are too few placebo sets.
    """
    checks.enough(values.notna().sum(), 2 * length + 1, "months")
    growth = transforms.change_across(values, (-length, -1), (delay, delay + length - 1))
    before = transforms.change_across(values, (-2 * length, -length - 1), (-length, -1))
    wanted = pd.DatetimeIndex(months).unique().sort_values()
    rows = pd.DataFrame({"growth": growth.reindex(wanted), "lead": before.reindex(wanted)}).dropna()
    checks.enough(len(rows), 2, "events with full windows")
    calendar = growth[placebo_start:]
    at = checks.positions(calendar.index, rows.index, "events")
    pool = calendar.iloc[placebo.candidate_rows(calendar.to_numpy(), at, guard)]
    checks.enough(len(pool), placebo.MINIMUM_POOL, "placebo months")
    usual = float(pool.mean())
    test = placebo.placebo_dates(calendar - usual, rows.index, guard=guard, same="spacing", seed=seed)
    noise = pool[: rows.index[0]].std()
    shared = {
        "unit": "log points",
        "method": "mean over events, t interval; placebo months with the same spacing",
        "window": f"{delay:+d}..{delay + length - 1:+d} against {-length}..-1 months",
        "leads": f"{-length}..-1 against {-2 * length}..{-length - 1} months, measured beside it",
    }
    effect = mean_over_events(rows["growth"], **shared)
    details = {
        "mde": power.detectable_mean(len(rows), float(noise), "log points").value,
        "usual": usual,
        "excess": effect.value - usual,
        "t_p": effect.p_value,
        "sign_flip_p": placebo.sign_flips(rows["growth"], seed=seed).p_value,
    }
    left_out = {month: rows["growth"].drop(month) for month in rows.index} if len(rows) > 2 else {}
    return DateComparison(
        replace(effect, p_value=test.p_value, details=details | _placebo(test.distribution + usual)),
        mean_over_events(rows["lead"], **shared | {"window": f"{-length}..-1 months"}),
        rows,
        {month: mean_over_events(kept, **shared) for month, kept in left_out.items()},
        test.distribution + usual,
    )


def growth_change(
    level: pd.Series, last: pd.Timestamp, *, shortest: int, unit: str, draws: int, seed: int = SEED
) -> DateComparison:
    """Change after a quarter in the yearly growth of a quarterly level.

    Growth is the first difference times four; its mean may step after `last`, with AR(1) errors.

    Parameters
    ----------
    level : Series
        By quarter end, complete, such as the difference of two logs.
    last : Timestamp
        Last quarter of the old regime.
    shortest : int
        Quarters that placebo breaks leave on either side.
    unit : str
        Unit of growth, such as "log10 units a year".
    draws, seed : int
        Of the bootstrap.

    Returns
    -------
    DateComparison
        In `unit`. The lead is the departure of the last four quarters of the old regime.
        The rows are the quarters with their growth.

    Raises
    ------
    UnusableInput
        If the level is too short or has gaps, or there are fewer than 19 placebo breaks.
    """
    checks.enough(len(level), 2 * shortest, "quarters")
    growth = 4 * pd.Series(checks.complete(level, "level"), level.index).diff().dropna()

    def fit(leads: int) -> InterruptedSeries:
        settings = {"season": None, "trend": False, "unit": unit, "frequency": "Q"}
        return interrupted_series(growth, [break_after(last, leads)], draws=draws, seed=seed, **settings)

    breaks = _other_breaks(growth.index, last, shortest)
    old, new = growth[:last], growth[growth.index > last]
    mde = power.detectable_difference(len(old), len(new), float(old.std()), unit).value
    steps = np.array([growth[growth.index > day].mean() - growth[:day].mean() for day in breaks])
    observed = new.mean() - old.mean()
    return _across_break(fit, growth.to_frame("growth"), steps, observed, mde)


def release_change(
    counts: pd.Series, exposure: pd.Series, last: pd.Timestamp, *, shortest: int, family: str = "Poisson"
) -> DateComparison:
    """Log rate ratio of quarterly counts after a quarter against before, with another count as exposure.

    Parameters
    ----------
    counts, exposure : Series
        By quarter end; the exposure is positive.
    last : Timestamp
        Last quarter of the old regime.
    shortest : int
        Quarters that placebo breaks leave on either side.
    family : {"Poisson", "quasi-Poisson"}

    Returns
    -------
    DateComparison
        Log rate ratio. Each calendar year is left out in turn.

    Raises
    ------
    UnusableInput
        If the counts are unusable, or there are fewer than 19 placebo breaks.
    """
    checks.enough(len(counts), 2 * shortest, "quarters")

    def fit(leads: int, keep: np.ndarray | slice = slice(None)) -> InterruptedSeries:
        settings = {"season": None, "trend": False, "family": family, "frequency": "Q"}
        return count_series(counts[keep], [break_after(last, leads)], exposure=exposure[keep], **settings)

    def log_ratio(day: pd.Timestamp) -> float:
        late = counts.index > day
        return float(
            np.log(counts[late].sum() / exposure[late].sum())
            - np.log(counts[~late].sum() / exposure[~late].sum())
        )

    breaks = _other_breaks(counts.index, last, shortest)
    late = counts.index > last
    rate = counts[~late].sum() / exposure[~late].sum()
    sizes = {"exposure_inside": exposure[late].sum(), "exposure_outside": exposure[~late].sum()}
    mde = float(np.log(power.detectable_rate_ratio(rate, **sizes).value))
    found = _across_break(
        fit,
        pd.DataFrame({"counts": counts, "exposure": exposure}),
        np.array([log_ratio(day) for day in breaks]),
        log_ratio(last),
        mde,
    )
    years = counts.index.year
    left_out = {
        pd.Timestamp(year, 1, 1): fit(0, years != year).estimate("break: level")
        for year in sorted(set(years))
    }
    return replace(found, leave_one_out=left_out)


def shift_after(
    values: pd.Series, quarters: pd.DatetimeIndex, lead_quarters: pd.DatetimeIndex, *, kind: str, seed: int
) -> DateComparison:
    """Mean departure of the quarters after talks from the other quarters.

    Parameters
    ----------
    values : Series
        By quarter end: counts, or the quarterly growth of a log.
    quarters : DatetimeIndex
        Ends of the quarters that follow talks; those outside `values` are left out.
    lead_quarters : DatetimeIndex
        Ends of the quarters before the talks.
    kind : {"Poisson", "quasi-Poisson", "growth"}
        Counts about a log-linear trend, or growth about its mean with AR(1) errors.
    seed : int
        Of the bootstrap.

    Returns
    -------
    DateComparison
        Log rate ratio, or the unit of `values` per quarter. Placebo sets are all shifts of the pattern that
        hold none of the real quarters.

    Raises
    ------
    UnusableInput
        If fewer than two quarters are in the data, or fewer than 19 placebo sets.
    """
    checks.enough(len(values), 12, "quarters")
    real = quarters[quarters.isin(values.index)]
    checks.enough(len(real), 2, "quarters after talks in the data")

    def estimate(treated: pd.DatetimeIndex, sample: pd.Series = values, quick: bool = False) -> Estimate:
        marked = pd.DataFrame({TALKS: sample.index.isin(treated).astype(float)}, index=sample.index)
        given = {"season": None, "regressors": marked, "frequency": "Q"}
        if kind == "growth":
            how = {"inference": "t"} if quick else {"seed": seed}
            unit = "log10 units in the quarter"
            return interrupted_series(sample, [], trend=False, unit=unit, **given, **how).estimate(TALKS)
        return count_series(sample, [], family=kind, **given).estimate(TALKS)

    shifted = _shifts(values.index, real)
    checks.enough(len(shifted), placebo.MINIMUM_POOL, "placebo sets of quarters")
    null = np.array([estimate(values.index[one], quick=True).value for one in shifted])
    effect = estimate(real)
    p_value = placebo.placebo_test(null, effect.value)
    before = lead_quarters[lead_quarters.isin(values.index)]
    return DateComparison(
        replace(
            effect,
            p_value=p_value,
            n=len(real),
            window="quarters after talks",
            leads="quarters before, measured beside it",
            details=dict(effect.details)
            | {"mde": _shift_mde(values, real, kind), "quarters": len(values)}
            | _placebo(null),
        ),
        estimate(before) if len(before) else None,
        pd.DataFrame({"value": values[real]}),
        {day: estimate(real.drop(day), values.drop(day)) for day in real},
        null,
    )


def break_after(last: pd.Timestamp, leads: int = 0, slope: bool = False) -> Intervention:
    """Describe a break after the quarter `last` as an intervention of a segmented regression."""
    return Intervention("break", str(last.to_period("Q") + 1), leads=leads, slope=slope)


def growth_readings(
    level: pd.Series, last: pd.Timestamp, *, unit: str, draws: int, seed: int = SEED
) -> dict[str, Estimate]:
    """Other readings of the change of :func:`growth_change`, per year.

    Parameters
    ----------
    level, last, unit, draws, seed
        As in :func:`growth_change`.

    Returns
    -------
    dict of str to Estimate
        A segmented trend of the level with a jump at the break, one without, and the step in growth by least
        squares with HAC errors.

    Raises
    ------
    UnusableInput
        If the level is too short or has gaps, or the break is not inside it.
    """
    given = {"season": None, "unit": unit, "frequency": "Q"}
    sampled = given | {"draws": draws, "seed": seed}
    jump = interrupted_series(level, [break_after(last, slope=True)], **sampled).estimate("break: slope")
    kink = bend_after(level.index, last).to_frame()
    joined = interrupted_series(level, [], regressors=kink, **sampled).estimate("bend")
    steps = 4 * level.diff().dropna()
    hac = segmented_regression(steps, [break_after(last)], trend=False, maxlags=LEAD_QUARTERS, **given)
    return {
        "Segmented trend with a jump": rescale(jump, 4),
        "Segmented trend, joined": rescale(joined, 4),
        "Growth, least squares, HAC": hac.estimate("break: level"),
    }


def log_ratio_change(
    counts: pd.Series, exposure: pd.Series, last: pd.Timestamp, *, draws: int, seed: int = SEED
) -> Estimate:
    """Step of the log ratio of two quarterly counts, half a unit added to each, with AR(1) errors.

    Both counts are uncertain here. If the errors are strongly correlated, the step is little more than the
    jump between the two quarters at the break.
    """
    ratio = np.log((counts + 0.5) / (exposure + 0.5))
    given = {"season": None, "trend": False, "unit": "log rate ratio", "frequency": "Q"}
    fit = interrupted_series(ratio, [break_after(last)], draws=draws, seed=seed, **given)
    return fit.estimate("break: level")


def records_of(models: pd.DataFrame) -> pd.DataFrame:
    """Return the models that set a record of training compute, by date.

    Parameters
    ----------
    models : DataFrame
        Columns `model`, `date`, `training_compute_flop`; rows without compute are left out.
    """
    known = models.dropna(subset=["training_compute_flop"]).sort_values("date", kind="stable")
    best = known["training_compute_flop"].cummax().shift(fill_value=0)
    return known[known["training_compute_flop"] > best]


def gap_without(
    model: str, china: pd.DataFrame, united_states: pd.DataFrame, ends: pd.DatetimeIndex
) -> pd.Series:
    """Return the log10 gap of the records, China less United States, as if one model had never been released.

    Parameters
    ----------
    model : str
    china, united_states : DataFrame
        As in :func:`records_of`.
    ends : DatetimeIndex
        Ends of the quarters.
    """
    kept = [one[one["model"] != model].set_index("date") for one in (china, united_states)]
    best = [transforms.running_maximum(one["training_compute_flop"], ends) for one in kept]
    return np.log10(best[0] / best[1])


def counts_after(
    counts: pd.Series,
    quarters: pd.DatetimeIndex,
    bend: pd.Timestamp | None = None,
    season: str | None = None,
) -> Estimate:
    """Quasi-Poisson log rate ratio of the quarters after talks, about another course than a straight trend.

    Parameters
    ----------
    counts : Series
        By quarter end.
    quarters : DatetimeIndex
        Ends of the quarters that follow talks.
    bend : Timestamp, optional
        Quarter after which the log-linear trend may bend. Default: no trend at all.
    season : {"dummies"}, optional
        Give each quarter of the year its own level.
    """
    terms = pd.DataFrame({TALKS: counts.index.isin(quarters).astype(float)}, index=counts.index)
    if bend is not None:
        terms = terms.join(bend_after(counts.index, bend))
    fit = count_series(counts, [], season=season, trend=bend is not None, regressors=terms, frequency="Q")
    return fit.estimate(TALKS)


def bend_after(index: pd.DatetimeIndex, last: pd.Timestamp) -> pd.Series:
    """Count the quarters since `last`, and zero before: the regressor of a trend that bends."""
    since = index.to_period("Q").asi8 - last.to_period("Q").ordinal
    return pd.Series(np.maximum(since, 0).astype(float), index, name="bend")


def widest(comparisons: Mapping[str, DateComparison]) -> str:
    """Name the comparison whose interval reaches furthest from zero: the one that decides equivalence of all.

    Notes
    -----
    A claim that all of several effects are small holds only if the worst of them is small; no correction for
    several looks is needed then (Berger and Hsu 1996, intersection-union test).
    """
    reach = {name: max(abs(one.effect.low), abs(one.effect.high)) for name, one in comparisons.items()}
    return max(reach, key=reach.__getitem__)


def _across_break(
    fit: Callable[..., InterruptedSeries], rows: pd.DataFrame, null: np.ndarray, observed: float, mde: float
) -> DateComparison:
    effect = fit(0).estimate("break: level")
    p_value = placebo.placebo_test(null, observed)
    details = dict(effect.details) | {"mde": mde, "model_p": effect.p_value} | _placebo(null)
    return DateComparison(
        replace(effect, p_value=p_value, leads=f"-{LEAD_QUARTERS}..-1 quarters, beside it", details=details),
        fit(LEAD_QUARTERS).estimate("break: leads"),
        rows,
        {},
        null,
    )


def _other_breaks(index: pd.DatetimeIndex, last: pd.Timestamp, shortest: int) -> pd.DatetimeIndex:
    """List the last quarters of all old regimes but the real one."""
    if not (index[0] <= last < index[-1]):
        raise checks.UnusableInput(
            f"The break after {last:%Y-%m-%d} is not inside the quarters used. Move it."
        )
    others = index[shortest - 1 : len(index) - shortest]
    others = others[others != last]
    checks.enough(len(others), placebo.MINIMUM_POOL, "placebo breaks")
    return others


def _shifts(index: pd.DatetimeIndex, real: pd.DatetimeIndex) -> list[np.ndarray]:
    at = index.get_indexer(real)
    moved = [at + shift for shift in range(-at[0], len(index) - at[-1])]
    return [one for one in moved if not np.isin(one, at).any()]


def _shift_mde(values: pd.Series, real: pd.DatetimeIndex, kind: str) -> float:
    before = values[: real[0]].iloc[:-1]
    sizes = len(real), len(values) - len(real)
    if kind == "growth":
        return power.detectable_difference(*sizes, float(before.std()), "log10 units").value
    rate = float(before.mean())
    inside, outside = map(float, sizes)
    return float(
        np.log(power.detectable_rate_ratio(rate, exposure_inside=inside, exposure_outside=outside).value)
    )


def _placebo(null: np.ndarray) -> dict[str, Any]:
    low, middle, high = (float(one) for one in np.quantile(null, [0.05, 0.5, 0.95]))
    return {"placebo_5": low, "placebo_50": middle, "placebo_95": high, "placebo_sets": len(null)}
