"""Minimum detectable effects: what a design could have seen, stated before what it saw.

All effects are for a two-sided test. If the minimum detectable effect exceeds the margin that matters, say so
at the top: the likely reading is "cannot tell".

Sources: Bloom (1995) for the multiplier; Campbell, Lo and MacKinlay (1997, ch. 4) for event studies;
generalised least squares with AR(1) errors for series.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, stats
from statsmodels.stats.power import TTestIndPower, TTestPower

from helpers.methods import checks
from helpers.methods.checks import UnusableInput
from helpers.methods.placebo import MINIMUM_POOL
from helpers.methods.results import Estimate

ALPHA = 0.05
POWER = 0.80
HALF_WIDTHS = 1.3
# A finding of the wrong sign is no success, so only the tail of the true sign counts.
ONE_TAIL = {"alpha": ALPHA / 2, "alternative": "larger"}


@dataclass(frozen=True)
class DetectableEffect:
    """Smallest true effect that a design finds with the stated power.

    Attributes
    ----------
    value : float
        Minimum detectable effect, in `unit`.
    unit : str
    se : float or None
        Standard error behind it, on the scale of the estimator (log points for a rate ratio); None where the
        power was enumerated.
    n : int
        Events, or periods of a series.
    design : str
    alpha, power : float
    """

    value: float
    unit: str
    se: float | None
    n: int
    design: str
    alpha: float = ALPHA
    power: float = POWER

    def record(self) -> dict[str, Any]:
        """Return the fields of a record."""
        row = {"value": self.value, "unit": self.unit, "n": self.n, "method": self.design}
        return row | {"se": self.se, "alpha": self.alpha, "power": self.power}


def normal_multiplier() -> float:
    """Return the number of standard errors in a minimum detectable effect (2.80 for 5 and 80 percent)."""
    return float(stats.norm.ppf(1 - ALPHA / 2) + stats.norm.ppf(POWER))


def at_least(detectable: float, estimate: Estimate) -> float:
    """Return a detectable effect, but no less than 1.3 half-widths of the interval that decides.

    No design sees less: the detectable effect is two quantiles of the same spread, the half-width one of
    them, and with three degrees of freedom or more the two are at least 1.3 times the one.
    """
    if estimate.low is None or estimate.high is None or not np.isfinite(estimate.high - estimate.low):
        return detectable
    return max(detectable, HALF_WIDTHS * (estimate.high - estimate.low) / 2)


def detectable_coefficient(se: float, *, df: float = np.inf, ratios: np.ndarray | None = None) -> float:
    """Coefficient of a fitted model that is found with 80 percent power, in its unit.

    Parameters
    ----------
    se : float
        Its standard error.
    df : float
        Degrees of freedom of its t distribution.
    ratios : array, shape (draws,), optional
        Absolute t ratios of a bootstrap, in place of the t distribution. Under errors that hardly return to
        their mean they have far longer tails, so that the usual 2.80 standard errors would promise too much.
    """
    if ratios is None:
        quantiles = stats.t.ppf([1 - ALPHA / 2, POWER], df)
    else:
        quantiles = np.quantile(ratios, [1 - ALPHA, 2 * POWER - 1])
    return float(quantiles.sum() * se)


def detectable_mean(n: int, sd: float, unit: str) -> DetectableEffect:
    """Mean of `n` event effects with standard deviation `sd`, t test with n - 1 degrees of freedom.

    Raises
    ------
    UnusableInput
        If there are fewer than two events or the standard deviation is not positive.
    """
    checks.enough(n, 2, "events")
    _positive(sd=sd)
    size = TTestPower().solve_power(nobs=n, **ONE_TAIL, power=POWER)
    return DetectableEffect(float(size) * sd, unit, sd / np.sqrt(n), n, "mean over events, t test")


def detectable_difference(first: int, second: int, sd: float, unit: str) -> DetectableEffect:
    """Difference in means of two groups of event effects with the same standard deviation `sd`, t test.

    Raises
    ------
    UnusableInput
        If a group has fewer than two events or the standard deviation is not positive.
    """
    checks.enough(min(first, second), 2, "events in the smaller group")
    _positive(sd=sd)
    size = TTestIndPower().solve_power(nobs1=first, ratio=second / first, **ONE_TAIL, power=POWER)
    se = sd * np.sqrt(1 / first + 1 / second)
    return DetectableEffect(float(size) * sd, unit, se, first + second, "difference in means, t test")


def detectable_correlation(n: int) -> DetectableEffect:
    """Correlation of two series of `n` independent pairs, by Fisher's z; a search over lags needs more.

    Raises
    ------
    UnusableInput
        If there are fewer than four pairs.
    """
    checks.enough(n, 4, "pairs")
    se = 1 / np.sqrt(n - 3)
    value = float(np.tanh(normal_multiplier() * se))
    return DetectableEffect(value, "correlation", float(se), n, "correlation, Fisher's z")


def detectable_term(
    frame: pd.DataFrame, periods: np.ndarray, term: str, *, rho: float, sd: float, unit: str
) -> DetectableEffect:
    """Coefficient of one regressor in a series with AR(1) errors, by generalised least squares.

    Parameters
    ----------
    frame : DataFrame, shape (n, k)
        All regressors of the design.
    periods : array of int, shape (n,)
        Number of each row's period, so that distances across missing periods are right.
    term : str
        Column of `frame`.
    rho, sd : float
        AR(1) coefficient and standard deviation of the errors (not of their innovations), from before the
        event.
    unit : str

    Raises
    ------
    UnusableInput
        If there is no such column, rho is not between -1 and 1, or too few periods remain.
    """
    if term not in frame:
        raise UnusableInput(f"No regressor {term!r}. There are {list(frame)}.")
    if not -1 < rho < 1:
        raise UnusableInput(f"rho is {rho}. An AR(1) error needs a value between -1 and 1.")
    _positive(sd=sd)
    checks.enough(len(frame), frame.shape[1] + 1, "periods for the terms of the model")
    correlation = rho ** np.abs(np.subtract.outer(periods, periods).astype(float))
    X = frame.to_numpy()
    information = X.T @ np.linalg.solve(correlation, X)
    at = frame.columns.get_loc(term)
    se = sd * np.sqrt(np.linalg.inv(information)[at, at])
    value, design = normal_multiplier() * float(se), "regression term with AR(1) errors"
    return DetectableEffect(value, unit, float(se), len(frame), design)


def detectable_shift(placebo: np.ndarray) -> float:
    """Smallest change that is found around 80 percent of the placebo dates it is added to.

    Found means that no more placebo changes lie as far from their median as p = 0.05 allows.

    Parameters
    ----------
    placebo : array, shape (dates,)
        Changes around dates on which nothing happened.

    Returns
    -------
    float
        In the unit of the changes; missing with fewer than 19 of them.
    """
    if len(placebo) < MINIMUM_POOL:
        return float("nan")
    distance = np.asarray(placebo) - np.median(placebo)
    # So many placebo changes may be as extreme and p still be at most ALPHA.
    hits = int(np.floor(ALPHA * (1 + len(placebo)) + 1e-9)) - 1
    threshold = np.sort(np.abs(distance))[::-1][hits]
    low, high = np.quantile(distance, [1 - POWER, POWER])
    return float(threshold + max(-low, high))


def detectable_share_difference(
    total_before: int, total_after: int, share_before: float = 0.0
) -> DetectableEffect:
    """Smallest rise of a share that Fisher's exact test finds, by enumeration of all counts.

    Parameters
    ----------
    total_before, total_after : int
        Meetings (say) in each group.
    share_before : float
        True share in the first group; 0 is where a rise is easiest to see.

    Raises
    ------
    UnusableInput
        If a group is empty, the share is none, or not even a rise to 1 would be found often enough.
    """
    checks.enough(min(total_before, total_after), 1, "cases in a group")
    if not 0 <= share_before < 1:
        raise UnusableInput(f"A share of {share_before} leaves no room to rise: give 0 to below 1.")
    before, after = np.arange(total_before + 1), np.arange(total_after + 1)
    finds = np.array(
        [[_fisher_finds(k, total_before, m, total_after) for m in after.tolist()] for k in before.tolist()]
    )
    chance_before = stats.binom.pmf(before, total_before, share_before)

    def power(share_after: float) -> float:
        return float(chance_before @ finds @ stats.binom.pmf(after, total_after, share_after))

    if power(1.0) < POWER:
        raise UnusableInput(
            f"{total_before} and {total_after} cases are too few for any rise. Describe only."
        )
    value = optimize.brentq(lambda share: power(share) - POWER, share_before, 1.0) - share_before
    n = total_before + total_after
    design = f"Fisher exact test, {total_before} against {total_after} cases, share before {share_before:.2f}"
    return DetectableEffect(float(value), "difference in shares", None, n, design)


def _fisher_finds(count_before: Any, total_before: int, count_after: Any, total_after: int) -> bool:
    table = [[count_before, total_before - count_before], [count_after, total_after - count_after]]
    rises = count_after / total_after > count_before / total_before
    return bool(rises and stats.fisher_exact(table).pvalue <= ALPHA)


def detectable_rate_ratio(
    rate: float, *, exposure_inside: float, exposure_outside: float
) -> DetectableEffect:
    """Smallest rate ratio above 1 between two periods of a Poisson count; its inverse is the one below 1.

    Parameters
    ----------
    rate : float
        Events per unit of time under no effect.
    exposure_inside, exposure_outside : float
        Length of the windows and of the rest, in the same unit of time.

    Raises
    ------
    UnusableInput
        If an input is not positive.
    """
    _positive(rate=rate, exposure_inside=exposure_inside, exposure_outside=exposure_outside)
    expected = rate * np.array([exposure_inside, exposure_outside])
    se = float(np.sqrt((1 / expected).sum()))
    ratio = float(np.exp(normal_multiplier() * se))
    n, design = round(expected.sum()), "Poisson rate inside against outside"
    return DetectableEffect(ratio, "rate ratio", se, n, design)


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not (np.isfinite(value) and value > 0):
            raise UnusableInput(f"{name} is {value}. It must be finite and above zero.")
