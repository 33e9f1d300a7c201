"""Effects of dated events: one driver for effect, lead, placebo dates, each date left out, detectable effect.

The same is asked of every effect of dated events: how large is it and how sure, was it there before the
dates, does one date carry it, what do dates give on which nothing happened, and how large must it be to be
seen? `compare` asks this of any estimator that takes many sets of dates at once. What the dates are (days,
months, breaks) and what is estimated (a rate ratio, a mean change, a regression term) is the estimator's
matter; how often a placebo set is as extreme is decided here alone.

Sources: Fisher (1935) for randomisation inference; Abadie, Diamond and Hainmueller (2010) for placebo dates;
Bloom (1995) for minimum detectable effects.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, final

import numpy as np
import pandas as pd

from helpers.methods import checks, power
from helpers.methods.placebo import MINIMUM_POOL, PLACEBO_TEST, placebo_p, placebo_range
from helpers.methods.results import Estimate, Shown


@dataclass(frozen=True)
class DateEstimator:
    """What is estimated around dates, and what is known of the estimator.

    A member is whatever the estimator counts dates by: a day, a row, a cell of a table.

    Parameters
    ----------
    value : callable
        Takes sets of members, an array of int of shape (sets, events), and returns one value for each set,
        shape (sets,).
    interval : callable
        Takes the members of one set, shape (events,), and returns the estimate with its interval.
    error : callable, optional
        Takes sets as `value` does and returns a standard error for each; the placebo p then compares
        distances in standard errors.
    ratio : bool
        Values are ratios: the placebo p compares their logs.
    fewest : int or None
        Dates from which `interval` gives an estimate, at any set. None if it knows the real dates alone, such
        as a fit made before: then it is neither asked at placebo sets nor with a date left out.
    """

    value: Callable[[np.ndarray], np.ndarray]
    interval: Callable[[np.ndarray], Estimate]
    error: Callable[[np.ndarray], np.ndarray] | None = None
    ratio: bool = False
    fewest: int | None = None


@final
@dataclass(frozen=True, repr=False)
class DateComparison(Shown):
    """What happens around dates, compared with the same around placebo dates.

    Parameters
    ----------
    effect : Estimate
        The effect at the dates; its p value is that of the placebo sets. ``details`` hold the 5th, 50th and
        95th percentile of the placebo values and ``mde``, the minimum detectable effect.
    lead : Estimate or None
        The same before the dates; None where the measure looks both ways or is itself a lead.
    rows : DataFrame
        What the effect is made of, such as one row per date.
    leave_one_out : dict of date to Estimate
        The effect with each date left out.
    placebo : array, shape (sets,)
        The effect at the placebo sets.
    errors : array, shape (sets,), or None
        Its standard error at each, where the estimator gives one.
    observed, observed_error : float
        The effect at the dates by the estimator that the placebo sets have, and its standard error.
    ratio : bool
        The effect is a ratio, whose logs are compared.
    exact : bool
        The placebo sets are all that there are, the real one among them.
    elsewhere : callable
        Returns the effect with its own interval at up to 199 of the placebo sets, evenly spaced, by their
        place; empty where the interval is known at the real dates alone. Few ask for it, and it takes longer
        than all else, so it is computed when asked for.
    """

    effect: Estimate
    lead: Estimate | None
    rows: pd.DataFrame
    leave_one_out: Mapping[Any, Estimate] = field(default_factory=dict)
    placebo: np.ndarray = field(default_factory=lambda: np.empty(0))
    errors: np.ndarray | None = None
    observed: float = np.nan
    observed_error: float | None = None
    ratio: bool = False
    exact: bool = False
    elsewhere: Callable[[], Mapping[int, Estimate]] = dict

    def p_value(self, bound: float = 0.0, place: int | None = None) -> float | None:
        """Return how often placebo sets lie as far off as the effect lies from a bound.

        A two-sided p value of the hypothesis that the true effect is the bound (of a ratio: its log). With a
        `place` the effect is that at one of the placebo sets. None with fewer than 19 sets, or where a set
        has no value. See :func:`helpers.methods.placebo.placebo_p`.
        """
        if len(self.placebo) < MINIMUM_POOL or np.isnan(self.placebo).any():
            return None
        value, error = self.observed, self.observed_error
        if place is not None:
            value = self.placebo[place]
            error = None if self.errors is None else float(self.errors[place])
        values = self.placebo
        if self.ratio:
            with np.errstate(divide="ignore"):
                values, value = np.log(values), np.log(value)
        return placebo_p(values, float(value) - bound, errors=self.errors, error=error, exact=self.exact)

    def with_details(self, **details: Any) -> "DateComparison":
        """Return the comparison with further details of its effect."""
        return replace(self, effect=self.effect.changed(details=dict(self.effect.details) | details))

    def record(self) -> dict[str, Any]:
        """Return the record of the effect."""
        return self.effect.record()


def compare(
    dates: Sequence[Any] | pd.Index,
    members: np.ndarray,
    placebo_sets: np.ndarray,
    estimator: DateEstimator,
    *,
    detectable: float,
    rows: pd.DataFrame,
    lead: Estimate | None = None,
    leave_one_out: Mapping[Any, Estimate] | None = None,
    exact: bool = False,
    details: Mapping[str, Any] | None = None,
) -> DateComparison:
    """Estimate an effect at dates, at placebo sets of dates, and with each date left out.

    Parameters
    ----------
    dates : sequence, shape (events,)
        The dates as the reader knows them; they name the estimates with one left out.
    members : array of int, shape (events,)
        The dates as members of `estimator`, in the order of `dates`.
    placebo_sets : array of int, shape (sets, events)
        Members of the placebo sets: drawn or enumerated by :mod:`helpers.methods.placebo`.
    estimator : DateEstimator
    detectable : float
        Minimum detectable effect by the noise of the data, in the unit of the effect. State it from what lies
        before the dates, not from the effect. Where it is below 1.3 half-widths of the interval, which no
        design allows, the larger is kept.
    rows : DataFrame
        What the effect is made of.
    lead : Estimate, optional
        The same before the dates, such as ``interval(members - length)``.
    leave_one_out : mapping of date to Estimate, optional
        Estimates with one left out, where that means more than a set without one member.
    exact : bool
        The placebo sets are all that there are, the real one among them: no one is added to the counts.
    details : mapping, optional
        Further details of the effect, such as the p value that its interval gives.

    Returns
    -------
    DateComparison
        The effect has the placebo p as its p value and names the test in its details. With fewer than 19
        placebo sets there is neither a placebo p value nor a range.

    Raises
    ------
    WrongCall
        If dates, members and sets differ in size.
    UnusableInput
        What the estimator refuses.

    Examples
    --------
    Does a series change more in the five days after two dates than after any other days?

    >>> import numpy as np, pandas as pd
    >>> from helpers.methods import comparison, placebo, power, results
    >>> days = pd.date_range("2024-01-01", periods=200, freq="D")
    >>> values = pd.Series(np.sin(np.arange(200)), days)
    >>> change = (values.shift(-5) - values).to_numpy()
    >>> rows = days.get_indexer(pd.to_datetime(["2024-03-01", "2024-05-01"]))
    >>> pool = placebo.candidate_rows(change, rows, 5)
    >>> result = comparison.compare(
    ...     days[rows],
    ...     rows,
    ...     placebo.date_sets(pool, rows, apart=5, seed=1)[0],
    ...     comparison.DateEstimator(
    ...         value=lambda sets: change[sets].mean(axis=1),
    ...         interval=lambda members: results.mean_over_events(
    ...             change[members], unit="points", method="mean change"
    ...         ),
    ...         error=lambda sets: change[sets].std(axis=1, ddof=1) / np.sqrt(2),
    ...         fewest=2,
    ...     ),
    ...     detectable=power.detectable_mean(2, change[pool].std(), "points").value,
    ...     rows=pd.DataFrame({"change": change[rows]}, days[rows]),
    ... )
    >>> result.effect.n, len(result.placebo), len(result.leave_one_out)
    (2, 14058, 0)
    """
    members, sets = np.asarray(members), np.asarray(placebo_sets)
    if len(dates) != len(members) or sets.ndim != 2 or sets.shape[1] != len(members):
        raise checks.WrongCall(
            f"{len(dates)} dates, {len(members)} members and placebo sets of shape {sets.shape} do "
            "not fit. Give one member per date, and sets of as many."
        )
    effect = estimator.interval(members)
    if leave_one_out is None:
        fewest = len(members) if estimator.fewest is None else estimator.fewest
        places = range(len(members)) if len(members) > fewest else ()
        leave_one_out = {dates[place]: estimator.interval(np.delete(members, place)) for place in places}
    facts = {"mde": power.at_least(detectable, effect)} | dict(details or {})
    comparison = DateComparison(effect, lead, rows, leave_one_out)
    p_value = None
    if len(sets):
        comparison = replace(_beside_placebo(comparison, members, sets, estimator), exact=exact)
        p_value = comparison.p_value()
    if p_value is not None:
        studentised = "" if comparison.errors is None else ", in standard errors"
        facts |= placebo_range(comparison.placebo) | {"p_test": PLACEBO_TEST + studentised}
    effect = replace(effect, p_value=p_value, details=dict(effect.details) | facts)
    return replace(comparison, effect=effect)


def _beside_placebo(
    comparison: DateComparison, members: np.ndarray, sets: np.ndarray, estimator: DateEstimator
) -> DateComparison:
    """Add what the estimator gives at the placebo sets, and at the dates by the same way."""

    def elsewhere() -> dict[int, Estimate]:
        estimates = {}
        for place in spread_out(len(sets)) if estimator.fewest is not None else ():
            with suppress(checks.UnusableInput):
                estimates[int(place)] = estimator.interval(sets[place])
        return estimates

    return replace(
        comparison,
        placebo=np.asarray(estimator.value(sets)),
        errors=np.asarray(estimator.error(sets)) if estimator.error else None,
        observed=float(estimator.value(members[None, :])[0]),
        observed_error=float(estimator.error(members[None, :])[0]) if estimator.error else None,
        ratio=estimator.ratio,
        elsewhere=elsewhere,
    )


def spread_out(sets: int, most: int = 199) -> np.ndarray:
    """Return the places of at most so many placebo sets, evenly spaced."""
    return np.linspace(0, sets - 1, min(most, sets)).astype(int)
