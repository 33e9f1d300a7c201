"""Response of one monthly series to dated events: leads, the month itself, and the months after.

Two designs. *One event*: an interrupted series that ends with the window, so that nothing after it helps to
say what would have been; the same is done at placebo months. *Several events*: one regression over the whole
series in which all windows share their terms; placebo sets of months take the events' place.

Sources: as in `helpers.methods.interrupted_series` and `helpers.methods.placebo`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from helpers import transforms
from helpers.methods import checks, power
from helpers.methods.comparison import DateComparison
from helpers.methods.counterfactual import Counterfactual, placebo_effects, structural_counterfactual
from helpers.methods.interrupted_series import (
    InterruptedSeries,
    Intervention,
    design,
    interrupted_series,
    segmented_regression,
    whiten,
)
from helpers.methods.intervention import sarimax
from helpers.methods.placebo import MINIMUM_POOL, PlaceboTest, placebo_dates, placebo_test
from helpers.methods.power import DetectableEffect
from helpers.methods.results import Estimate, mean_over_events

UNIT = "log points"
EVENT, WINDOW = "event", "window"
CHANGE, AROUND, MONTH = "after less before", "around", "month 0"
BEFORE, AFTER = "window before", "window after"
JOINT = "With terms for the other events"
LONG = 48  # months before the window from which dummies and Lunar-New-Year terms are estimated


@dataclass(frozen=True)
class Noise:
    """AR(1) errors of a model without events: correlation of neighbours and standard deviation."""

    rho: float
    sd: float


def noise(
    series: pd.Series, *, season: str | int | None, regressors: pd.DataFrame | None = None, trend: bool = True
) -> Noise:
    """Estimate the errors of a series from which no event is taken out, by restricted likelihood.

    Parameters
    ----------
    series : Series, shape (months,)
        Log outcome, before the event.
    season, regressors, trend
        As in :func:`helpers.methods.interrupted_series.design`.
    """
    fit = interrupted_series(
        series, [], season=season, regressors=regressors, trend=trend, unit=UNIT, inference="t"
    )
    spread = np.sqrt(np.sum(fit.innovations**2) / fit.df)
    return Noise(fit.details["rho"], float(spread))


def one_event(month: pd.Timestamp, *, horizon: int, leads: int) -> tuple[Intervention, Intervention]:
    """Return the terms of one event: its month with the leads, and the window from month +1 to `horizon`."""
    start, end = month + pd.DateOffset(months=1), month + pd.DateOffset(months=horizon)
    return (
        Intervention(EVENT, f"{month:%Y-%m}", leads=leads, end=f"{month:%Y-%m}"),
        Intervention(WINDOW, f"{start:%Y-%m}", leads=0, end=f"{end:%Y-%m}"),
    )


def before_leads(series: pd.Series, month: pd.Timestamp, leads: int) -> pd.Series:
    """Return the series before the lead window of an event."""
    return series[series.index < month - pd.DateOffset(months=leads)]


def cut(series: pd.Series, month: pd.Timestamp, horizon: int) -> pd.Series:
    """Return the series to the end of the window.

    Raises
    ------
    UnusableInput
        If a month of the window is missing.
    """
    window = pd.date_range(month + pd.DateOffset(months=1), periods=horizon, freq="MS")
    absent = window.difference(series.index)
    if len(absent):
        raise checks.UnusableInput(
            f"The window after {month:%Y-%m} lacks {len(absent)} of {horizon} months, {absent[0]:%Y-%m} on. "
            "Choose a shorter horizon or another event."
        )
    return series.loc[: window[-1]]


def respond(
    series: pd.Series,
    month: pd.Timestamp,
    *,
    horizon: int,
    leads: int,
    season: str | int | None,
    regressors: pd.DataFrame | None = None,
    estimator=interrupted_series,
    **settings,
) -> InterruptedSeries:
    """Estimate the mean response in months +1 to `horizon` with an estimator of interrupted series.

    Parameters
    ----------
    series : Series, shape (months,)
        Log outcome; it is cut after the window.
    month : Timestamp
        First day of the month of the event, which has a term of its own.
    horizon, leads : int
        Months of the window after, and of the lead window before.
    season, regressors
        As in :func:`helpers.methods.interrupted_series.design`.
    estimator : callable
        `interrupted_series`, or another with the same first arguments; `settings` go to it.

    Raises
    ------
    UnusableInput
        If a month of the window is missing, or the series or design is unusable.
    """
    outcome = cut(series, month, horizon)
    aligned = None if regressors is None else regressors.loc[outcome.index]
    terms = one_event(month, horizon=horizon, leads=leads)
    return estimator(outcome, terms, season=season, regressors=aligned, unit=UNIT, **settings)


def placebo_responses(
    series: pd.Series, months: pd.DatetimeIndex, *, horizon: int, leads: int, **settings
) -> pd.Series:
    """Estimate the same response at months in which the event did not happen.

    Months without a full window (leads included) or with too short a series before them are left out.

    Returns
    -------
    Series
        Response by placebo month, in log points.
    """
    found = {}
    for month in months:
        window = pd.date_range(month - pd.DateOffset(months=leads), periods=leads + 1 + horizon, freq="MS")
        if window.isin(series.index).all():
            try:
                fit = respond(series, month, horizon=horizon, leads=leads, inference="t", **settings)
            except checks.UnusableInput:
                continue
            found[month] = fit.coefficients[f"{WINDOW}: level"]
    return pd.Series(found, dtype=float, name="response")


def detectable_response(
    series: pd.Series,
    month: pd.Timestamp,
    errors: Noise,
    *,
    horizon: int,
    leads: int,
    season: str | int | None,
    regressors: pd.DataFrame | None = None,
) -> DetectableEffect:
    """Return the mean response that the design of `respond` could see, with the errors given."""
    outcome = cut(series, month, horizon)
    aligned = None if regressors is None else regressors.loc[outcome.index]
    made = design(
        outcome.index, one_event(month, horizon=horizon, leads=leads), season=season, regressors=aligned
    )
    return power.detectable_term(
        made.frame, made.periods.asi8, f"{WINDOW}: level", rho=errors.rho, sd=errors.sd, unit=UNIT
    )


def compare(
    fit: InterruptedSeries,
    mde: DetectableEffect,
    placebo: pd.Series,
    without: Mapping[str, Estimate] | None = None,
) -> DateComparison:
    """Put a response beside its placebo months; with fewer than 19 of them there is no placebo p value."""
    effect, lead = fit.estimate(f"{WINDOW}: level"), None
    if f"{EVENT}: leads" in fit.coefficients:
        leads = fit.design.interventions[0].leads
        lead = replace(fit.estimate(f"{EVENT}: leads"), window=f"-{leads}..-1 months")
    details = dict(effect.details) | {
        "mde": mde.value,
        "bootstrap_p": effect.p_value,
        "placebos": len(placebo),
    }
    p_value = None
    if len(placebo) >= MINIMUM_POOL:
        p_value = placebo_test(placebo.to_numpy(), effect.value)
        details |= {f"placebo_{q}": float(placebo.quantile(q / 100)) for q in (5, 50, 95)}
    shown = fit.path().loc[fit.design.acting[WINDOW]]
    return DateComparison(
        replace(effect, p_value=p_value, details=details),
        lead,
        shown,
        dict(without or {}),
        placebo.to_numpy(),
    )


def choices(
    series: pd.Series,
    month: pd.Timestamp,
    *,
    horizon: int,
    leads: int,
    horizons: Sequence[int],
    other: Mapping[str, Intervention],
    years: Sequence[int],
) -> dict[str, Estimate]:
    """Estimate the mean response to one event again, each time with one choice changed.

    Segmented regression with AR(1) errors, monthly dummies and Lunar-New-Year terms, as `respond`, but with
    t intervals, which are faster and somewhat narrower. What is refused is left out.

    Parameters
    ----------
    series, month, horizon, leads
        As in :func:`respond`.
    horizons : sequence of int
        Other lengths of the window.
    other : mapping of words to Intervention
        Terms for other events, each added alone.
    years : sequence of int
        Later years for the series to begin in.
    """

    def by(outcome=series, horizon=horizon, leads=leads, extra=(), trend=True):
        kept = cut(outcome, month, horizon)
        events = [*one_event(month, horizon=horizon, leads=leads), *extra]
        named = {"season": "dummies", "unit": UNIT, "inference": "t", "trend": trend}
        lunar = transforms.lunar_new_year_terms(kept.index)
        return interrupted_series(kept, events, regressors=lunar, **named).estimate(f"{WINDOW}: level")

    tries = {"As written": by} | {
        f"With a term for {name}": lambda term=term: by(extra=[term]) for name, term in other.items()
    }
    tries |= {f"Months +1 to +{length}": lambda length=length: by(horizon=length) for length in horizons}
    tries |= {
        "Without leads": lambda: by(leads=0),
        f"{2 * leads} months of leads": lambda: by(leads=2 * leads),
        "No trend": lambda: by(trend=False),
    }
    tries |= {f"From {year}": lambda year=year: by(series[series.index >= str(year)]) for year in years}
    return _possible(tries)


def speed_up(levels: pd.Series, day: pd.Timestamp, periods: int) -> float:
    """Return the mean log growth per period in up to so many periods after a day less that before it."""
    after, before = levels[day:].iloc[: periods + 1], levels[:day].iloc[-periods - 1 :]
    checks.enough(min(len(after), len(before)), 2, "periods on either side")
    means = [np.log(part.iloc[-1] / part.iloc[0]) / (len(part) - 1) for part in (after, before)]
    return float(means[0] - means[1])


def speed_up_against(
    levels: Mapping[str, pd.Series], name: str, day: pd.Timestamp, periods: int, others: int
) -> tuple[float, float]:
    """Return `speed_up` of one holder of a stock, and its mean over the largest others on that day."""
    rest = sorted(levels.keys() - {name}, key=lambda one: (-levels[one][day], one))[:others]
    return speed_up(levels[name], day, periods), float(
        np.mean([speed_up(levels[one], day, periods) for one in rest])
    )


def compare_forecast(forecast: Counterfactual, placebo: pd.Series) -> DateComparison:
    """Put the mean effect of a forecast beside placebo months, whose last value is that of the real month.

    The minimum detectable effect is that of the forecast itself and does not look at the outcome.
    """
    effect, null = forecast.mean_effect(), placebo.iloc[:-1].to_numpy()
    p_value = placebo_test(null, placebo.iloc[-1]) if len(null) >= MINIMUM_POOL else None
    mde = power.normal_multiplier() * forecast.mean_se
    details = dict(effect.details) | {"mde": mde, "placebos": len(null)}
    shown = replace(effect, p_value=p_value, details=details)
    return DateComparison(shown, None, forecast.path(), {}, null)


def against_cycle(
    series: pd.Series,
    cycle: pd.Series,
    month: pd.Timestamp,
    *,
    first: int,
    last: int,
    leads: int,
    draws: int,
    seed: int,
) -> Counterfactual:
    """Forecast a log series over some months around an event from its own level, the season and the cycle.

    With at least 48 months before the fit ends, the season has monthly dummies and Lunar-New-Year terms;
    with fewer, one annual wave.

    Parameters
    ----------
    series, cycle : Series, shape (months,)
        Log outcome and log control; the months they share are used.
    month : Timestamp
        First day of the month of the event.
    first, last : int
        Months of the window, counted from the event; a path through the leads starts below zero.
    leads : int
        Months before the window that belong neither to it nor to the fit.
    draws, seed : int

    Raises
    ------
    UnusableInput
        If the window is not inside the data, or too few months lie before it.
    """
    outcome, event, rest = setting(series, cycle, month, first=first, last=last, leads=leads)
    return structural_counterfactual(outcome, event, unit=UNIT, draws=draws, seed=seed, **rest)


def placebos_against_cycle(
    series: pd.Series,
    cycle: pd.Series,
    month: pd.Timestamp,
    months: pd.DatetimeIndex,
    *,
    first: int,
    last: int,
    leads: int,
) -> pd.Series:
    """Return the mean effect of `against_cycle` as if the event had happened in other months.

    Variances are those before the real event throughout; the value at the real event comes last. Where the
    real event has monthly dummies, a placebo month too needs 48 months before it.
    """
    outcome, event, rest = setting(series, cycle, month, first=first, last=last, leads=leads)
    shifted = pd.DatetimeIndex([one + pd.DateOffset(months=first) for one in months])
    shortest = LONG if rest["season"] == "dummies" else 0
    return placebo_effects(outcome, event, shifted, shortest=shortest, **rest)


def setting(
    series: pd.Series, cycle: pd.Series, month: pd.Timestamp, *, first: int, last: int, leads: int
) -> tuple[pd.Series, Intervention, dict]:
    """Return outcome, window, and controls with season as `against_cycle` uses them."""
    start, end = month + pd.DateOffset(months=first), month + pd.DateOffset(months=last)
    index = series.index.intersection(cycle.index)
    checks.enough(len(index), 12, "months that outcome and cycle share")
    controls, season = cycle.loc[index].rename("cycle").to_frame(), 1
    if (index < start - pd.DateOffset(months=leads)).sum() >= LONG:
        controls, season = controls.join(transforms.lunar_new_year_terms(index)), "dummies"
    event = Intervention("event", f"{start:%Y-%m}", leads=leads, end=f"{end:%Y-%m}")
    return series.loc[index], event, {"controls": controls, "season": season}


def ladder(
    series: pd.Series,
    cycle: pd.Series | None,
    month: pd.Timestamp,
    *,
    horizon: int,
    leads: int,
    maxlags: int,
    draws: int,
    seed: int,
) -> dict[str, Estimate]:
    """Estimate the mean response to one event by every rung that the data allow.

    Segmented regression with monthly dummies and Lunar-New-Year terms: AR(1) REML without and with the cycle,
    HAC errors, ARIMA(0,1,1) noise; and the forecast of `against_cycle`. Rungs that are refused are left out.

    Parameters
    ----------
    series, cycle, month, horizon, leads, draws, seed
        As in :func:`respond` and :func:`against_cycle`.
    maxlags : int
        Lags of the HAC errors.
    """
    lunar, shape = transforms.lunar_new_year_terms(series.index), {"horizon": horizon, "leads": leads}
    dummies, boot = {"season": "dummies"}, {"draws": draws, "seed": seed}

    def by(outcome, regressors, **settings):
        fit = respond(outcome, month, regressors=regressors, **shape, **dummies, **settings)
        return fit.estimate(f"{WINDOW}: level")

    tries = {
        "AR(1) REML": lambda: by(series, lunar, **boot),
        "HAC": lambda: by(series, lunar, estimator=segmented_regression, maxlags=maxlags),
        "ARIMA(0,1,1)": lambda: by(series, lunar, estimator=sarimax, order=(0, 1, 1)),
    }
    if cycle is not None:
        both, window = lunar.join(cycle).dropna(), {"first": 1, "last": horizon, "leads": leads + 1}
        tries["AR(1) REML, cycle as control"] = lambda: by(series[both.index], both, **boot)
        tries["Counterfactual, cycle as control"] = lambda: against_cycle(
            series, cycle, month, **window, **boot
        ).mean_effect()
    return _possible(tries)


def change_ladder(
    series: pd.Series,
    found: DateComparison,
    others: Sequence[pd.Timestamp],
    *,
    before: int,
    after: int,
    season: str | int | None,
    regressors: pd.DataFrame,
    maxlags: int,
    draws: int,
    seed: int,
) -> dict[str, Estimate]:
    """Estimate the change of `pooled_response` by other rungs.

    With window terms for `others` (events of another kind near by), with HAC errors, with ARIMA(0,1,1) noise,
    and as the mean over single events. Rungs that are refused are left out.

    Parameters
    ----------
    found : DateComparison
        Result of `pooled_response`; its rows name the events.
    others : sequence of Timestamp
        Months of the other events, each once.
    series, before, after, season, regressors, draws, seed
        As in :func:`pooled_response`.
    maxlags : int
        Lags of the HAC errors.
    """
    terms = regressors.join(window_terms(series.index, found.rows.index, before=before, after=after))
    theirs = window_terms(series.index, others, before=before, after=after, split=True)
    theirs = theirs.loc[:, theirs.any()].add_prefix("other ")

    def by(estimator, columns, **settings):
        return estimator(
            series, [], season=season, regressors=columns, unit=UNIT, **settings
        ).estimate(CHANGE)  # fmt: skip

    return _possible(
        {
            JOINT: lambda: by(interrupted_series, terms.join(theirs), draws=draws, seed=seed),
            "HAC": lambda: by(segmented_regression, terms, maxlags=maxlags),
            "ARIMA(0,1,1)": lambda: by(sarimax, terms, order=(0, 1, 1)),
            "Mean over single events": lambda: mean_response(found.rows),
        }
    )


def _possible(tries: Mapping[str, Callable[[], Estimate]]) -> dict[str, Estimate]:
    """Run what the data allow; what is refused is left out."""
    found = {}
    for name, make in tries.items():
        try:
            found[name] = make()
        except checks.UnusableInput:
            continue
    return found


def window_terms(
    index: pd.DatetimeIndex, months: Sequence[pd.Timestamp], *, before: int, after: int, split: bool = False
) -> pd.DataFrame:
    """Build the shared regressors of several windows.

    Parameters
    ----------
    index : DatetimeIndex, shape (months,)
        Months of the series.
    months : sequence of Timestamp
        Months of the events.
    before, after : int
        Months in each span; the month of the event has its own term.
    split : bool
        Give the two spans a term each, in place of `after less before` and their common level.

    Returns
    -------
    DataFrame
        Columns `after less before`, `around`, `month 0`, or `window before`, `window after`, `month 0`. The
        coefficient of the first is the mean of the span after less that of the span before.
    """
    distance = np.subtract.outer(
        transforms.month_numbers(index), transforms.month_numbers(pd.DatetimeIndex(months))
    )
    behind = ((distance >= 1) & (distance <= after)).sum(axis=1).astype(float)
    ahead = ((distance <= -1) & (distance >= -before)).sum(axis=1).astype(float)
    zero = (distance == 0).sum(axis=1).astype(float)
    spans = {BEFORE: ahead, AFTER: behind} if split else {
        CHANGE: (behind - ahead) / 2,
        AROUND: (behind + ahead) / 2,
    }  # fmt: skip
    return pd.DataFrame(spans | {MONTH: zero}, index=index)


def path_terms(
    index: pd.DatetimeIndex, months: Sequence[pd.Timestamp], *, before: int, after: int
) -> pd.DataFrame:
    """Build one shared regressor per month, from `before` months ahead of the events to `after` behind."""
    distance = np.subtract.outer(
        transforms.month_numbers(index), transforms.month_numbers(pd.DatetimeIndex(months))
    )
    steps = range(-before, after + 1)
    return pd.DataFrame({f"{step:+d}": (distance == step).sum(axis=1) * 1.0 for step in steps}, index=index)


def full_windows(index: pd.DatetimeIndex, *, before: int, after: int) -> np.ndarray:
    """Say of each month of `index` whether all months from `before` ahead to `after` behind are there."""
    numbers = transforms.month_numbers(index)
    steps = np.arange(-before, after + 1)
    return np.isin(numbers[:, None] + steps[None, :], numbers).all(axis=1)


def pooled_response(
    series: pd.Series,
    months: Sequence[pd.Timestamp],
    *,
    before: int,
    after: int,
    season: str | int | None,
    regressors: pd.DataFrame,
    guard: int,
    draws: int,
    seed: int,
) -> DateComparison:
    """Estimate the mean change from before several events to after them, with placebo sets of months.

    One regression with AR(1) errors by restricted likelihood and bootstrap t. The lead is the level of the
    span before against months outside all windows. For the placebo p value the autocorrelation is that of the
    model without events, for the real months as for the placebo ones. Each event is left out in turn, with t
    intervals.

    Parameters
    ----------
    series : Series, shape (months,)
        Log outcome.
    months : sequence of Timestamp
        Months of the events, with full windows.
    before, after : int
        Months in the two spans.
    season, regressors
        As in :func:`helpers.methods.interrupted_series.design`; regressors on the dates of `series`.
    guard : int
        Placebo months are more than so many months from every event.
    draws, seed : int
        Of the bootstrap.

    Returns
    -------
    DateComparison
        `rows` holds the change around each event alone, at the same autocorrelation.

    Raises
    ------
    UnusableInput
        If a window is not full, or the design is unusable.
    """
    events = pd.DatetimeIndex(sorted(months))
    common = {"season": season, "unit": UNIT, "draws": draws, "seed": seed}

    def pooled(chosen: pd.DatetimeIndex, term: str, inference: str = "bootstrap t") -> Estimate:
        split = term == BEFORE
        terms = window_terms(series.index, chosen, before=before, after=after, split=split)
        fit = interrupted_series(series, [], regressors=regressors.join(terms), inference=inference, **common)
        window = f"+1..+{after} less -{before}..-1 months"
        return replace(fit.estimate(term), n=len(chosen), window=window, leads=f"-{before}..-1 months")

    errors = noise(series, season=season, regressors=regressors)
    test, single = _placebo(series, events, errors, before, after, season, regressors, guard, seed)
    effect = pooled(events, CHANGE)
    mde = _detectable_change(series, events, errors, before, after, season, regressors)
    low, middle, high = test.quantiles()
    details = {"bootstrap_p": effect.p_value, "mde": mde, "placebos": len(test.distribution)}
    details |= {"placebo_5": low, "placebo_50": middle, "placebo_95": high, "months": len(series)}
    effect = replace(effect, p_value=test.p_value, details=dict(effect.details) | details)
    without = {month: pooled(events.drop(month), CHANGE, "t") for month in events}
    return DateComparison(effect, pooled(events, BEFORE), single.to_frame(), without, test.distribution)


def mean_response(rows: pd.DataFrame) -> Estimate:
    """Mean of the changes around single events (`rows` of `pooled_response`), t on events minus one."""
    return mean_over_events(
        rows["change"], unit=UNIT, method="mean over events of the change around each, t interval"
    )


def _detectable_change(series, events, errors, before, after, season, regressors) -> float:
    terms = window_terms(series.index, events, before=before, after=after)
    made = design(series.index, [], season=season, regressors=regressors.join(terms))
    found = power.detectable_term(
        made.frame, made.periods.asi8, CHANGE, rho=errors.rho, sd=errors.sd, unit=UNIT
    )
    return found.value


def _placebo(
    series, events, errors, before, after, season, regressors, guard, seed
) -> tuple[PlaceboTest, pd.Series]:
    """Placebo sets of months, and the change around each event alone, at a fixed autocorrelation."""
    full = full_windows(series.index, before=before, after=after)
    real = checks.positions(series.index, events, "events")
    if not full[real].all():
        lacking = ", ".join(f"{month:%Y-%m}" for month in events[~full[real]])
        raise checks.UnusableInput(f"No full window around {lacking}. Drop these events.")
    made = design(series.index, [], season=season, regressors=regressors)
    basis, _ = np.linalg.qr(whiten(made.frame.to_numpy(), made.gaps, errors.rho))
    # One column for each month of the series: its own terms, freed of all other regressors.
    single = [window_terms(series.index, [month], before=before, after=after) for month in series.index]
    free = [_free(np.column_stack([one[term] for one in single]), made.gaps, errors.rho, basis)
            for term in (CHANGE, AROUND, MONTH)]  # fmt: skip
    outcome = _free(series.to_numpy()[:, None], made.gaps, errors.rho, basis)[:, 0]

    def change(sets: np.ndarray, axis: int = -1) -> np.ndarray:
        members = np.moveaxis(sets.astype(int), axis, 0)
        columns = np.stack([sum(part[:, member] for member in members) for part in free], axis=-1)
        cross = np.einsum("tsi,tsj->sij", columns, columns)
        return np.linalg.solve(cross, np.einsum("tsi,t->si", columns, outcome)[..., None])[:, 0, 0]

    positions = pd.Series(np.where(full, np.arange(len(series)), np.nan), index=series.index)
    spacing = int(np.diff(np.sort(real)).min()) - 1 if len(real) > 1 else 0
    test = placebo_dates(positions, events, guard=guard, apart=max(0, spacing), aggregate=change, seed=seed)
    alone = pd.Series(change(real[:, None]), index=events, name="change")
    return test, alone


def _free(columns: np.ndarray, gaps: np.ndarray, rho: float, basis: np.ndarray) -> np.ndarray:
    whitened = whiten(columns, gaps, rho)
    return whitened - basis @ (basis.T @ whitened)


def _distances(index: pd.DatetimeIndex, months: Iterable[pd.Timestamp]) -> np.ndarray:
    """Months from each of `months` (columns) to each row of `index`."""
    numbers = transforms.month_numbers
    return np.subtract.outer(numbers(index), numbers(pd.DatetimeIndex(list(months))))
