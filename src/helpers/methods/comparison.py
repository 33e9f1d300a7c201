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
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from helpers.methods import checks, power
from helpers.methods.placebo import MINIMUM_POOL, placebo_p, placebo_range
from helpers.methods.results import Estimate, Shown

Estimator = Callable[[np.ndarray], np.ndarray]


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
    elsewhere : tuple of Estimate
        The effect with its own interval at up to 199 of the placebo sets, evenly spaced; empty where the
        interval is known at the real dates alone.
    """

    effect: Estimate
    lead: Estimate | None
    rows: pd.DataFrame
    leave_one_out: Mapping[Any, Estimate] = field(default_factory=dict)
    placebo: np.ndarray = field(default_factory=lambda: np.empty(0))
    elsewhere: tuple[Estimate, ...] = ()

    def record(self) -> dict[str, Any]:
        """Return the record of the effect."""
        return self.effect.record()

    def summary(self) -> pd.DataFrame:
        """Return a short table: effect, lead, range of the placebo sets, range with each date left out."""
        columns = ["value", "low", "high", "p_value", "n"]
        rows = {"effect": self.effect} | ({"lead": self.lead} if self.lead else {})
        table = {name: [getattr(row, column) for column in columns] for name, row in rows.items()}
        if len(self.placebo):
            low, middle, high = np.quantile(self.placebo, [0.05, 0.5, 0.95], method="nearest")
            table["placebo, 5 to 95 %"] = [middle, low, high, None, len(self.placebo)]
        if self.leave_one_out:
            values = [estimate.value for estimate in self.leave_one_out.values()]
            table["each left out"] = [np.median(values), min(values), max(values), None, len(values)]
        if "mde" in self.effect.details:
            table["detectable"] = [self.effect.details["mde"], None, None, None, self.effect.n]
        return pd.DataFrame.from_dict(table, orient="index", columns=columns)


def compare(
    dates: Sequence[Any] | pd.Index,
    estimate: Estimator,
    *,
    members: np.ndarray,
    placebo_sets: np.ndarray,
    interval: Callable[[np.ndarray], Estimate],
    detectable: float,
    rows: pd.DataFrame,
    lead: Estimate | None = None,
    centre: float | None = None,
    exact: bool = False,
    fewest: int = 2,
    leave_one_out: Mapping[Any, Estimate] | None = None,
    leads: str = "",
    model_p: str = "",
    describe: Callable[[np.ndarray], Mapping[str, float]] = placebo_range,
    details: Mapping[str, Any] | None = None,
) -> DateComparison:
    """Estimate an effect at dates, at placebo sets of dates, and with each date left out.

    Parameters
    ----------
    dates : sequence, shape (events,)
        The dates as the reader knows them; they name the estimates with one left out.
    estimate : callable
        Takes sets of members, an array of int of shape (sets, events), and returns one value for each set,
        shape (sets,). A member is whatever the estimator counts by: a day, a row, a cell of a table.
    members : array of int, shape (events,)
        The dates as members, in the order of `dates`.
    placebo_sets : array of int, shape (sets, events)
        Members of the placebo sets: drawn or enumerated by :mod:`helpers.methods.placebo`.
    interval : callable
        Takes the members of one set, of any size, and returns the estimate with its interval.
    detectable : float
        Minimum detectable effect by the noise of the data, in the unit of the effect. State it from what lies
        before the dates, not from the effect. Where it is below 1.3 half-widths of the interval, which no
        design allows, the larger is kept.
    rows : DataFrame
        What the effect is made of.
    lead : Estimate, optional
        The same before the dates, such as ``interval(members - length)``.
    centre : float, optional
        Value of no effect: the p value counts placebo sets at least as far from it (zero for a change). By
        default it is twice the smaller tail, which needs no centre (for a ratio).
    exact : bool
        The placebo sets are all that there are, the real one among them: no one is added to the counts.
    fewest : int
        Dates that must remain when one is left out; with fewer, none is.
    leave_one_out : mapping of date to Estimate, optional
        Estimates with one left out, where that means more than a set without one member.
    leads : str
        The lead window in words, for the effect alone; by default what `interval` says.
    model_p : str
        Name of the detail that keeps the p value which `interval` gave.
    describe : callable
        Takes the placebo values and returns details about them; it may raise ``mde``.
    details : mapping, optional
        Further details of the effect.

    Returns
    -------
    DateComparison
        With fewer than 19 placebo sets there is neither a placebo p value nor a range.

    Raises
    ------
    UnusableInput
        If dates, members and sets differ in size, or what `estimate` and `interval` refuse.

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
    ...     lambda sets: change[sets].mean(axis=1),
    ...     members=rows,
    ...     placebo_sets=placebo.random_sets(pool, 2, apart=5, draws=999, seed=1),
    ...     interval=lambda members: results.mean_over_events(
    ...         change[members], unit="points", method="mean change"
    ...     ),
    ...     detectable=power.detectable_mean(2, change[pool].std(), "points").value,
    ...     rows=pd.DataFrame({"change": change[rows]}, days[rows]),
    ...     centre=0.0,
    ... )
    >>> result.effect.n, len(result.placebo), len(result.leave_one_out)
    (2, 999, 0)
    """
    members, placebo_sets = np.asarray(members), np.asarray(placebo_sets)
    if len(dates) != len(members) or placebo_sets.ndim != 2 or placebo_sets.shape[1] != len(members):
        raise checks.UnusableInput(
            f"{len(dates)} dates, {len(members)} members and placebo sets of shape {placebo_sets.shape} do "
            "not fit. Give one member per date, and sets of as many."
        )
    effect = interval(members)
    placebo = np.asarray(estimate(placebo_sets)) if len(placebo_sets) else np.empty(0)
    p_value, facts = None, {"mde": power.at_least(detectable, effect)} | dict(details or {})
    if len(placebo) >= MINIMUM_POOL:
        observed = float(estimate(members[None, :])[0])
        p_value = placebo_p(placebo, observed, centre=centre, exact=exact)
        facts |= describe(placebo)
    if model_p:
        facts[model_p] = effect.p_value
    if leave_one_out is None:
        positions = range(len(members)) if len(members) > fewest else ()
        leave_one_out = {dates[position]: interval(np.delete(members, position)) for position in positions}
    return DateComparison(
        replace(effect, p_value=p_value, leads=leads or effect.leads, details=dict(effect.details) | facts),
        lead,
        rows,
        leave_one_out,
        placebo,
        _elsewhere(interval, placebo_sets, placebo),
    )


def _elsewhere(
    interval: Callable[[np.ndarray], Estimate], sets: np.ndarray, values: np.ndarray, most: int = 199
) -> tuple[Estimate, ...]:
    """Estimate with an interval at evenly spaced sets; none if `interval` knows the real dates alone."""
    estimates = []
    for row in np.linspace(0, len(values) - 1, min(most, len(values))).astype(int):
        try:
            estimate = interval(sets[row])
        except checks.UnusableInput:
            continue
        if not np.isclose(estimate.value, values[row]):
            return ()
        estimates.append(estimate)
    return tuple(estimates)


def p_from(values: np.ndarray, effect: float, bound: float) -> float | None:
    """Return how often placebo values lie as far from their mean as an effect lies from a bound.

    A two-sided p value of the hypothesis that the true effect is the bound; None with fewer than 19 values.
    """
    if len(values) < MINIMUM_POOL or not np.isfinite(values).all():
        return None
    return placebo_p(values - values.mean(), effect - bound, centre=0.0)


def without_p(comparison: DateComparison) -> DateComparison:
    """Return a comparison without its placebo p value: of one or two dates a rank says nothing."""
    return replace(comparison, effect=replace(comparison.effect, p_value=None))
