"""The shape every estimate has: a value with its interval, unit, size and method."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import pandas as pd

from helpers.methods import checks
from helpers.methods.checks import UnusableInput


class BadEstimate(ValueError):
    """A number that must not be reported: not finite, or an interval with its ends swapped."""


class Shown:
    """A result that shows itself as one short table, by default of its estimates."""

    def summary(self) -> pd.DataFrame:
        """Return one row per estimate: value, standard error, interval, p value."""
        return rows_of({name: part for name, part in vars(self).items() if isinstance(part, Estimate)})

    def __repr__(self) -> str:
        return f"{type(self).__name__}\n{self.summary().to_string(na_rep='')}"

    def _repr_html_(self) -> str:
        return self.summary().to_html(na_rep="")


@dataclass(frozen=True, repr=False)
class Estimate:
    """One number with its interval.

    Parameters
    ----------
    value : float
        Point estimate, in `unit`.
    low, high : float or None
        Ends of the 95 percent interval; None where the design gives none (an exact count, say). An infinite
        end is allowed: a one-sided interval has one.
    unit : str
        Unit of `value`, in words: "log points", "cumulative abnormal return", "events per day".
    n : int
        Number of units of inference: events for an event design, periods for a series.
    method : str
        Estimator and interval in the words of the field.
    p_value : float or None
        Two-sided p value unless `method` says otherwise.
    se : float or None
        Standard error, in `unit`.
    df : float or None
        Degrees of freedom of the t distribution behind the interval.
    window : str
        Window the effect refers to: "0..+2 trading days".
    leads : str
        Lead window that was modelled or measured beside it: "-10..-1 trading days".
    details : mapping
        Further scalars or short lists worth keeping in the record.

    Raises
    ------
    BadEstimate
        If the value, an interval end, the p value or the standard error cannot be a result.
    """

    value: float
    low: float | None
    high: float | None
    unit: str
    n: int
    method: str
    p_value: float | None = None
    se: float | None = None
    df: float | None = None
    window: str = ""
    leads: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("value", "low", "high", "p_value", "se", "df"):
            number = getattr(self, name)
            if number is not None:
                object.__setattr__(self, name, float(number))
        object.__setattr__(self, "n", int(self.n))
        if not math.isfinite(self.value):
            raise BadEstimate(f"{self.method}: the estimate is {self.value}. Look for gaps or constants.")
        if (self.low is None) != (self.high is None):
            raise BadEstimate(f"{self.method}: give both ends of the interval, or neither.")
        if self.low is not None and self.high is not None and not self.low <= self.high:
            raise BadEstimate(f"{self.method}: the interval runs {self.low} to {self.high}. Order its ends.")
        if self.p_value is not None and not 0 <= self.p_value <= 1:
            raise BadEstimate(f"{self.method}: p = {self.p_value} is not a probability.")
        if self.se is not None and not (math.isfinite(self.se) and self.se >= 0):
            raise BadEstimate(f"{self.method}: the standard error {self.se} must be finite, not below 0.")
        clash = set(self.details) & {f.name for f in fields(self)}
        if clash:
            raise BadEstimate(f"{self.method}: details repeat {sorted(clash)}. Use the fields of that name.")

    def __repr__(self) -> str:
        text = f"{self.method}: {self.value:,.4g} {self.unit}"
        if self.low is not None and self.high is not None:
            text += f" (95% interval {self.low:,.4g} to {self.high:,.4g})"
        if self.p_value is not None:
            text += f", p = {self.p_value:.3f}" if self.p_value >= 0.001 else ", p < 0.001"
        if self.window:
            text += f", window {self.window}"
        return f"{text}, n = {self.n}."

    def changed(self, **fields: Any) -> "Estimate":
        """Return the estimate with some fields changed, such as its window."""
        return replace(self, **fields)

    def record(self) -> dict[str, Any]:
        """Return the keyword arguments of ``helpers.records.record``; unused fields are left out."""
        full = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "details"}
        used = {name: value for name, value in full.items() if value is not None and value != ""}
        return used | dict(self.details)


def t_estimate(value: float, se: float, df: float, **rest: Any) -> Estimate:
    """Return an estimate with a 95 percent t interval and its two-sided p value; `rest` goes to Estimate.

    Equal values on a handful of dates are no evidence of precision: without an error the interval is endless.
    """
    from scipy import special  # Here, so that the pages can be built without scipy.

    half = special.stdtrit(df, 0.975) * se if se > 0 else math.inf
    p_value = 2 * special.stdtr(df, -abs(value / se)) if se > 0 else None
    return Estimate(value, value - half, value + half, p_value=p_value, se=se, df=df, **rest)


def mean_over_events(effects: np.ndarray | pd.Series, **rest: Any) -> Estimate:
    """Mean of one effect per event, with t on events minus one degrees of freedom.

    Raises
    ------
    UnusableInput
        If an effect is missing, or there are fewer than two events.
    """
    x = checks.complete(effects, "effects")
    checks.enough(len(x), 2, "events")
    return t_estimate(x.mean(), x.std(ddof=1) / np.sqrt(len(x)), len(x) - 1, n=len(x), **rest)


def median_over_events(effects: np.ndarray | pd.Series, **rest: Any) -> Estimate:
    """Median of all pairwise means of one effect per event, with the exact signed-rank interval.

    One extreme event moves it little. Its interval, of at least 95 percent, assumes only that the effects are
    symmetric about their centre; ties make it wider.

    Raises
    ------
    UnusableInput
        If an effect is missing, or there are fewer than six events: the interval would cover less.

    References
    ----------
    Hodges & Lehmann (1963), Annals of Mathematical Statistics 34, 598-611; Wilcoxon (1945).
    """
    x = checks.complete(effects, "effects")
    n = len(x)
    checks.enough(n, 6, "events")
    pairs = np.sort(((x[:, None] + x[None, :]) / 2)[np.triu_indices(n)])
    ways = np.ones(1)
    for rank in range(1, n + 1):
        ways = np.convolve(ways, np.r_[1, np.zeros(rank - 1), 1])
    cut = int((np.cumsum(ways) / 2.0**n < 0.025).sum())
    return Estimate(np.median(pairs), pairs[cut - 1], pairs[-cut], n=n, **rest)


def difference_of_means(
    first: np.ndarray | pd.Series, second: np.ndarray | pd.Series, **rest: Any
) -> Estimate:
    """Mean of the first group of event effects less that of the second, with Welch's t interval.

    Raises
    ------
    UnusableInput
        If an effect is missing, or a group has fewer than two events.

    Notes
    -----
    Welch (1947): each group keeps its own variance.
    """
    groups = [checks.complete(effects, "effects") for effects in (first, second)]
    checks.enough(min(len(x) for x in groups), 2, "events in the smaller group")
    parts = np.array([x.var(ddof=1) / len(x) for x in groups])
    df = parts.sum() ** 2 / (parts**2 / [len(x) - 1 for x in groups]).sum()
    value = groups[0].mean() - groups[1].mean()
    return t_estimate(value, np.sqrt(parts.sum()), df, n=sum(len(x) for x in groups), **rest)


def rescale(estimate: Estimate, factor: float = 1.0, shift: float = 0.0) -> Estimate:
    """Multiply an estimate and its interval by a positive factor, then add a constant.

    Raises
    ------
    UnusableInput
        If the factor is not positive: the ends of the interval would change places.
    """
    if not factor > 0:
        raise UnusableInput(f"The factor is {factor}. Give one above zero.")
    low, high = (None if end is None else factor * end + shift for end in (estimate.low, estimate.high))
    se = None if estimate.se is None else factor * estimate.se
    return replace(estimate, value=factor * estimate.value + shift, low=low, high=high, se=se)


def widen(estimate: Estimate, looks: int = 1, dispersion: float = 1.0) -> Estimate:
    """Give an estimate the interval it needs as one of several looks (Bonferroni), or of a dispersed count.

    Each side grows in proportion, as the t (without degrees of freedom the normal) quantile grows from 0.95
    to 1 - 0.05 / `looks`, and by the root of the dispersion. The p value is left out.

    Parameters
    ----------
    estimate : Estimate
        With or without an interval; without one nothing changes.
    looks : int
        Tests of the family.
    dispersion : float
        Variance of a count over that of the Poisson count which its interval takes it for; below 1 it counts
        as 1.
    """
    from scipy import special

    df = np.inf if estimate.df is None else estimate.df
    times = float(special.stdtrit(df, 1 - 0.025 / looks) / special.stdtrit(df, 0.975))
    times *= math.sqrt(max(1.0, dispersion))
    if times == 1 or estimate.low is None or estimate.high is None:
        return estimate
    value, low, high = estimate.value, estimate.low, estimate.high
    low, high = value - times * (value - low), value + times * (high - value)
    method = f"{estimate.method}, interval for {looks} looks" if looks > 1 else estimate.method
    return replace(estimate, low=low, high=high, p_value=None, method=method)


def table_of(estimates: Mapping[str, Estimate], *, log: bool = False) -> pd.DataFrame:
    """Return one row per named estimate with `label`, `value`, `low`, `high`, as figures take them.

    An infinite end is missing. With `log`, the logarithms of ratios; that of zero is missing.
    """
    table = rows_of(estimates)[["value", "low", "high"]].astype(float).replace([np.inf, -np.inf], np.nan)
    table = np.log(table.where(table > 0)) if log else table
    return table.rename_axis("label").reset_index()


def rows_of(estimates: Mapping[str, Estimate]) -> pd.DataFrame:
    """Return one row per named estimate: value, standard error, interval and p value."""
    columns = ["value", "se", "low", "high", "p_value"]
    rows = [[getattr(estimate, column) for column in columns] for estimate in estimates.values()]
    return pd.DataFrame(rows, columns=columns, index=list(estimates))
