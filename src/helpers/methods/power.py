"""Minimum detectable effects: what a design could have seen, stated before what it saw.

All effects are for a two-sided test. If the minimum detectable effect exceeds the margin that matters, say so
at the top: the likely reading is "cannot tell".

Sources: Bloom (1995) for the multiplier; Campbell, Lo and MacKinlay (1997, ch. 4) for event studies.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats
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


def by_whole_rule(inputs: Mapping[str, Any]) -> float | None:
    """Return the smallest effect that the first estimator and every second one can see.

    Parameters
    ----------
    inputs : mapping
        What a verdict was reached from, as it is recorded: `mde` of the first estimator and, of each second
        one, `low` and `high`. No second one sees less than 1.3 half-widths of its interval.
    """
    mde, rungs = inputs.get("mde"), inputs.get("rungs") or []
    ends = [(rung["low"], rung["high"]) for rung in rungs if None not in (rung.get("low"), rung.get("high"))]
    return max([mde, *(HALF_WIDTHS * (high - low) / 2 for low, high in ends)]) if mde else mde


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
