"""Synthetic control and synthetic difference-in-differences for one treated unit."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from helpers.methods.checks import UnusableInput, complete, in_order, varies
from helpers.methods.results import Estimate, Shown

INTERVAL_FROM_DONORS = "interval from the spread of the same estimate over the donors"


@dataclass(frozen=True, repr=False)
class SyntheticControl(Shown):
    """A unit against a weighted average of donors.

    Parameters
    ----------
    effect : Estimate
        Mean gap after treatment; the p value is the rank of the RMSPE ratio in space.
    weights : Series
        Donor weights, largest first; they are not negative and sum to one.
    gap : Series
        Observed minus synthetic outcome, by period.
    pre_rmspe : float
        Root mean squared gap over the fitting periods, in the outcome's unit.
    placebo : DataFrame
        One row per unit, treated as if it were the treated one: pre_rmspe, post_rmspe, ratio, rank, mean_gap.
    """

    effect: Estimate
    weights: pd.Series
    gap: pd.Series
    pre_rmspe: float
    placebo: pd.DataFrame


def synthetic_control(
    outcomes: pd.DataFrame, treated: str, first_treated: Any, *, anticipation: int, unit: str
) -> SyntheticControl:
    """Estimate the effect on one unit by a synthetic control on outcomes only, with placebo in space.

    Weights minimise the squared gap over the fitting periods on the simplex; no covariates enter.

    Parameters
    ----------
    outcomes : DataFrame, shape (periods, units)
        Outcome by period (index, increasing) and unit (columns); no gaps.
    treated : str
        Column of the treated unit.
    first_treated : label
        First treated period, in the index.
    anticipation : int
        Periods before `first_treated` kept out of the fit because the event was foreseen.
    unit : str
        Unit of the outcome, in words.

    Raises
    ------
    UnusableInput
        If the table has gaps, is not in order, lacks the unit or the period, the treated unit never changes,
        or fewer than two fitting periods or two donors are left.

    References
    ----------
    Abadie, Diamond & Hainmueller (2010), Journal of the American Statistical Association 105, 493-505.
    """
    fitting, *_ = _spans(outcomes, treated, first_treated, anticipation)
    gaps, weights = {}, {}
    for name in outcomes.columns:
        donors = fitting.drop(columns=name)
        weights[name] = pd.Series(
            simplex_weights(donors.to_numpy(), fitting[name].to_numpy()), donors.columns
        )
        gaps[name] = outcomes[name] - outcomes.drop(columns=name) @ weights[name]
    before, lead, after = _spans(pd.DataFrame(gaps), treated, first_treated, anticipation)
    sizes = {"pre_rmspe": np.sqrt((before**2).mean()), "post_rmspe": np.sqrt((after**2).mean())}
    placebo = pd.DataFrame(sizes).rename_axis("unit")
    # A unit that its donors fit exactly would divide by zero: it ranks first, which is conservative.
    placebo["ratio"] = placebo["post_rmspe"] / placebo["pre_rmspe"].clip(lower=np.finfo(float).tiny)
    placebo["rank"] = placebo["ratio"].rank(ascending=False, method="max").astype(int)
    placebo["mean_gap"] = after.mean()
    details = {"rmspe_ratio": placebo["ratio"][treated], "rank": int(placebo["rank"][treated])}
    effect = Estimate(
        placebo["mean_gap"][treated],
        **_beside_donors(placebo["mean_gap"], treated, first_treated, anticipation),
        unit=unit,
        method=f"synthetic control on outcomes only, placebo in space ({INTERVAL_FROM_DONORS})",
        p_value=placebo["rank"][treated] / len(placebo),
        details=details | ({"lead_gap": float(lead[treated].mean())} if anticipation else {}),
    )
    ranked = weights[treated].sort_values(ascending=False)
    return SyntheticControl(effect, ranked, gaps[treated], placebo["pre_rmspe"][treated], placebo)


def synthetic_difference_in_differences(
    outcomes: pd.DataFrame, treated: str, first_treated: Any, *, anticipation: int, unit: str
) -> Estimate:
    """Estimate the effect on one unit with unit and time weights, both fitted with an intercept.

    Parameters and errors are those of :func:`synthetic_control`.

    References
    ----------
    Arkhangelsky, Athey, Hirshberg, Imbens & Wager (2021), American Economic Review 111, 4088-4118, algorithms
    1, 4.
    """
    before, _, after = _spans(outcomes, treated, first_treated, anticipation)
    others = before.columns.drop(treated)
    estimates = {name: _synthetic_did(before[others], after[others], name) for name in others}
    estimates = pd.Series({treated: _synthetic_did(before, after, treated)} | estimates)
    return Estimate(
        estimates[treated],
        **_beside_donors(estimates, treated, first_treated, anticipation),
        unit=unit,
        method=f"synthetic difference-in-differences ({INTERVAL_FROM_DONORS})",
        p_value=(estimates.abs() >= abs(estimates[treated])).mean(),
    )


def simplex_weights(donors: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Return the weights, not negative and summing to one, whose average of `donors` is nearest to `target`.

    Parameters
    ----------
    donors : array, shape (periods, donors)
    target : array, shape (periods,)

    Notes
    -----
    The sum is imposed by one heavily weighted row of a non-negative least squares problem.
    """
    scale = 1e3 * (max(np.abs(donors).max(), np.abs(target).max()) or 1.0)
    rows = np.vstack([donors, np.full(donors.shape[1], scale)])
    weights, _ = nnls(rows, np.append(target, scale), maxiter=100 * donors.shape[1])
    return weights / weights.sum()


def _spans(
    outcomes: pd.DataFrame, treated: str, first_treated: Any, anticipation: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return the rows to fit on, of the leads and from the first treated period on.

    Raises UnusableInput unless the table can carry a comparison of one unit with its donors.
    """
    if treated not in outcomes.columns:
        raise UnusableInput(f"No column {treated!r}: the treated unit is one of {list(outcomes.columns)}.")
    if outcomes.shape[1] < 3:
        raise UnusableInput("Fewer than two donors: add untreated units as columns.")
    if not outcomes.columns.is_unique:
        raise UnusableInput("A unit appears twice: keep one column per unit.")
    in_order(outcomes, "outcomes")
    if first_treated not in outcomes.index:
        raise UnusableInput(f"The first treated period {first_treated} is not in the table.")
    for name in outcomes.columns:
        complete(outcomes[name], f"outcome of {name}")
    varies(outcomes[treated], f"outcome of {treated}")
    start = outcomes.index.get_loc(first_treated)
    if anticipation < 0 or start - anticipation < 2:
        raise UnusableInput(f"Before {first_treated} lie fewer than two periods to fit on: start earlier.")
    fitting = start - anticipation
    return outcomes.iloc[:fitting], outcomes.iloc[fitting:start], outcomes.iloc[start:]


def _beside_donors(
    estimates: pd.Series, treated: str, first_treated: Any, anticipation: int
) -> dict[str, Any]:
    """Ends and standard error from the spread of the estimate over the donors."""
    value, se = estimates[treated], estimates.drop(treated).std(ddof=1)
    when = {"window": f"from {first_treated}", "leads": f"{anticipation} periods before, out of the fit"}
    return when | {"low": value - 1.96 * se, "high": value + 1.96 * se, "se": se, "n": len(estimates)}


def _synthetic_did(before: pd.DataFrame, after: pd.DataFrame, name: str) -> float:
    donors, target = before.drop(columns=name).to_numpy(), before[name].to_numpy()
    later = after.drop(columns=name).mean().to_numpy()
    noise = np.diff(donors, axis=0).std(ddof=1)
    unit_weights = _ridge_simplex(donors, target, len(after) ** 0.25 * noise)
    time_weights = _ridge_simplex(donors.T, later, 1e-6 * noise)
    return after[name].mean() - time_weights @ target - unit_weights @ (later - time_weights @ donors)


def _ridge_simplex(donors: np.ndarray, target: np.ndarray, ridge: float) -> np.ndarray:
    """Fit simplex weights with an intercept and a ridge penalty of ``rows * ridge**2``."""
    rows, columns = donors.shape
    penalty = ridge * np.sqrt(rows) * np.eye(columns)
    centred = np.vstack([donors - donors.mean(axis=0), penalty])
    return simplex_weights(centred, np.append(target - target.mean(), np.zeros(columns)))
