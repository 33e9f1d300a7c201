"""Panels: staggered difference-in-differences, two-way fixed effects, Poisson gravity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import special, stats

from helpers.methods.checks import UnusableInput, complete, varies
from helpers.methods.results import Estimate, Shown, rows_of, t_estimate

Scaling = Literal["none", "clusters", "clusters and coefficients"]


MOST_ROUNDS = 10_000  # of taking out fixed effects
MOST_STEPS = 200  # of reweighting


class NotConverged(ValueError):
    """A likelihood that was not maximised: the coefficients are not estimates."""


@dataclass(frozen=True, repr=False)
class PanelRegression(Shown):
    """Coefficients of a panel regression.

    Parameters
    ----------
    effects : mapping of str to Estimate
        One estimate per regressor, leads last; the first is the headline.
    """

    effects: Mapping[str, Estimate]

    def summary(self) -> pd.DataFrame:
        """Return one row per regressor."""
        return rows_of(self.effects)

    def record(self) -> dict[str, Any]:
        """Return the record of the first regressor."""
        return next(iter(self.effects.values())).record()


@dataclass(frozen=True, repr=False)
class StaggeredEffects(Shown):
    """Group-time effects of a staggered treatment and their averages.

    Parameters
    ----------
    effect : Estimate
        Mean over treated group-periods, weighted by group size.
    group_time : DataFrame
        One row per group and period: group, period, event_time, effect, se, low, high.
    event_study : DataFrame
        One row per period since treatment (negative: before): effect, se, low, high.
    event_study_mean : Estimate
        Plain mean of the event-study effects from treatment on.
    """

    effect: Estimate
    group_time: pd.DataFrame
    event_study: pd.DataFrame
    event_study_mean: Estimate

    def summary(self) -> pd.DataFrame:
        """Return the event-study table."""
        return self.event_study

    def record(self) -> dict[str, Any]:
        """Return the record of the overall effect."""
        return self.effect.record()


def staggered_effects(
    frame: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    period: str,
    first_treated: str,
    anticipation: int,
    outcome_unit: str,
) -> StaggeredEffects:
    """Estimate group-time effects against never-treated units, without covariates.

    Each effect is the mean change of a group minus the mean change of the never-treated units. From the first
    period that anticipation can reach, changes start at the last period before it; earlier changes are from
    one period to the next, so that they test for trends before treatment.

    Parameters
    ----------
    frame : DataFrame
        Balanced panel, one row per unit and period.
    outcome, unit, period, first_treated : str
        Column names. `first_treated` is the unit's first treated period, missing for never-treated units.
    anticipation : int
        Periods before treatment in which units may already react.
    outcome_unit : str
        Unit of the outcome, in words.

    Raises
    ------
    UnusableInput
        If the panel is not balanced or finite, no unit is never treated, or a group has no period before
        treatment.

    Notes
    -----
    Errors come from the units' influence functions, with the group sizes taken as given, and t with units
    minus one degrees of freedom. Below about 30 treated units prefer placebo dates or units.

    References
    ----------
    Callaway & Sant'Anna (2021), Journal of Econometrics 225, 200-230.
    """
    wide, first = _balanced(frame, outcome, unit, period, first_treated)
    rows, columns = [], []
    for group in sorted(first.dropna().unique()):
        start = _last_clean_period(wide.columns, group, anticipation)
        for position in range(1, wide.shape[1]):
            base = min(position - 1, start)
            change = (wide.iloc[:, position] - wide.iloc[:, base]).to_numpy()
            value, scores = _difference_of_means(change, (first == group).to_numpy(), first.isna().to_numpy())
            event_time = position - wide.columns.get_loc(group)
            rows.append((group, wide.columns[position], event_time, (first == group).sum(), value))
            columns.append(scores)
    cells = pd.DataFrame(rows, columns=["group", "period", "event_time", "units", "effect"])
    influence = np.array(columns)
    treated = cells["event_time"] >= 0
    shares, names = _event_time_weights(cells)
    estimates = shares @ cells["effect"].to_numpy()
    after = (names >= 0) / (names >= 0).sum()
    leads = f"{anticipation} periods of anticipation"
    name = "group-time difference-in-differences, never-treated controls"
    overall = cells["units"].where(treated, 0).to_numpy(dtype=float)
    overall /= overall.sum()
    return StaggeredEffects(
        effect=_average(
            overall,
            cells["effect"].to_numpy(),
            influence,
            method=f"{name}, weighted by group size",
            unit=outcome_unit,
            n=len(wide),
            leads=leads,
        ),
        group_time=_with_errors(cells, influence),
        event_study=_with_errors(
            pd.DataFrame({"event_time": names, "effect": estimates}), shares @ influence
        ),
        event_study_mean=_average(
            after,
            estimates,
            shares @ influence,
            method=f"{name}, mean over periods since treatment",
            unit=outcome_unit,
            n=len(wide),
            leads=leads,
        ),
    )


def two_way_fixed_effects(
    frame: pd.DataFrame,
    *,
    outcome: str,
    unit: str,
    period: str,
    first_treated: str,
    leads: int,
    outcome_unit: str,
    count_unit_effects: bool = False,
) -> PanelRegression:
    """Estimate one treatment effect with unit and period fixed effects, errors clustered by unit.

    Biased when units are treated at different times and effects differ or grow: use :func:`staggered_effects`
    for the answer and this one for comparison with published numbers.

    Parameters
    ----------
    frame, outcome, unit, period, first_treated, outcome_unit
        As in :func:`staggered_effects`.
    leads : int
        Number of periods before treatment that get a term of their own.
    count_unit_effects : bool
        Whether unit effects count as coefficients in n/(n-k). Nested in the clusters, they usually do not.

    Raises
    ------
    UnusableInput
        If a value is missing, the panel is not balanced, `leads` is negative or a regressor is collinear.
    """
    if leads < 0:
        raise UnusableInput(f"{leads} leads: give a number of periods, 0 for none.")
    wide, _ = _balanced(frame, outcome, unit, period, first_treated)
    when = frame[period].map({label: number for number, label in enumerate(wide.columns)})
    start = frame[first_treated].map({label: number for number, label in enumerate(wide.columns)})
    data = frame[[outcome, unit, period]].assign(treated=(when >= start).astype(float))
    names = [f"lead_{number}" for number in range(1, leads + 1)]
    for number, name in enumerate(names, start=1):
        data[name] = (when == start - number).astype(float)
    return _regression(
        data,
        outcome=outcome,
        regressors=["treated", *names],
        fixed_effects=[unit, period],
        cluster=unit,
        poisson=False,
        count_nested=count_unit_effects,
        scaling="clusters and coefficients",
        unit=outcome_unit,
        method=f"two-way fixed effects, errors clustered by {unit}",
        leads=f"{leads} lead terms",
        df=len(wide) - 1,
    )


def poisson_fixed_effects(
    frame: pd.DataFrame,
    *,
    outcome: str,
    regressors: Sequence[str],
    leads: Sequence[str],
    fixed_effects: Sequence[str],
    cluster: str | None,
    scaling: Scaling = "clusters and coefficients",
) -> PanelRegression:
    """Estimate a gravity equation by Poisson pseudo maximum likelihood with fixed effects.

    Parameters
    ----------
    frame : DataFrame
        One row per observation; zeros of the outcome are kept, missing values are refused.
    outcome : str
        Trade value, not negative, in levels.
    regressors, leads : sequence of str
        Columns that enter linearly in the log of the mean. `leads` are the terms for the periods before the
        event; an empty list says that the design has no event.
    fixed_effects : sequence of str
        Columns, or products such as ``"origin^year"``.
    cluster : str or None
        Column to cluster errors by; None for errors robust to unequal variance only.
    scaling : {"none", "clusters", "clusters and coefficients"}
        Small-sample factor on the variance: none (HC0), G/(G-1), or G/(G-1) and n/(n-k). Without a cluster
        "clusters" does nothing.

    Raises
    ------
    UnusableInput
        If values are missing, negative or all the same, or a regressor is collinear with the rest.
    NotConverged
        If the iterations stop before the maximum.

    References
    ----------
    Santos Silva & Tenreyro (2006), Review of Economics and Statistics 88, 641-658; Correia, Guimarães &
    Zylkin (2019) on separation.
    """
    if (frame[outcome] < 0).any():
        raise UnusableInput(f"{outcome} has negative values: a Poisson mean needs values of zero or more.")
    return _regression(
        frame,
        outcome=outcome,
        regressors=[*regressors, *leads],
        fixed_effects=fixed_effects,
        cluster=cluster,
        poisson=True,
        count_nested=False,
        scaling=scaling,
        unit="log points",
        method="Poisson pseudo maximum likelihood with fixed effects, "
        + (f"errors clustered by {cluster}" if cluster else "heteroskedasticity-robust errors"),
        leads=", ".join(leads) or "none in the model",
        df=None,
    )


def _regression(
    frame: pd.DataFrame,
    *,
    outcome: str,
    regressors: Sequence[str],
    fixed_effects: Sequence[str],
    cluster: str | None,
    poisson: bool,
    count_nested: bool,
    scaling: Scaling,
    unit: str,
    method: str,
    leads: str,
    df: float | None,
) -> PanelRegression:
    for column in (outcome, *regressors):
        complete(frame[column], column)
    varies(frame[outcome], outcome)
    for column in " ".join([*fixed_effects, cluster or ""]).replace("^", " ").split():
        if frame[column].isna().any():
            row = int(frame[column].isna().argmax())
            raise UnusableInput(f"{column} is missing in row {row}. Drop that row, or give it a label.")
    used, details = _informative(frame, outcome, fixed_effects, poisson)
    effects = [_codes(used, name) for name in fixed_effects]
    y, x = used[outcome].to_numpy(dtype=float), used[list(regressors)].to_numpy(dtype=float)
    weights, working = _poisson(y, x, effects) if poisson else (np.ones(len(y)), y)
    free = _without_effects(np.column_stack([working, x]), weights, effects)
    residual, free = free[:, 0], free[:, 1:]
    spread = np.sqrt((weights[:, None] * free**2).sum(axis=0))
    lost = spread <= 1e-9 * np.sqrt((weights[:, None] * x**2).sum(axis=0))
    if lost.any() or np.linalg.matrix_rank(np.sqrt(weights)[:, None] * free / spread) < x.shape[1]:
        names = [name for name, is_lost in zip(regressors, lost, strict=True) if is_lost] or list(regressors)
        raise UnusableInput(
            f"{names} are collinear with the fixed effects or other regressors: leave them out."
        )
    bread = np.linalg.inv(free.T @ (weights[:, None] * free))
    beta = bread @ (free.T @ (weights * residual))
    scores = free * (weights * (residual - free @ beta))[:, None]
    groups = _codes(used, cluster) if cluster else None
    factor = _factor(x.shape[1], effects, groups, scaling, count_nested)
    if groups is not None:
        scores = _sums(scores, groups)
    errors = np.sqrt(np.diag(bread @ (scores.T @ scores) @ bread) * factor)
    half = special.stdtrit(np.inf if df is None else df, 0.975)
    estimates = {
        name: Estimate(
            value,
            value - half * se,
            value + half * se,
            unit=unit,
            n=len(used),
            method=method,
            p_value=2 * special.stdtr(np.inf if df is None else df, -abs(value / se)),
            se=se,
            df=df,
            leads=leads,
            details=details,
        )
        for name, value, se in zip(regressors, beta, errors, strict=True)
    }
    return PanelRegression(estimates)


def _informative(
    frame: pd.DataFrame, outcome: str, fixed_effects: Sequence[str], poisson: bool
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Drop rows alone in a fixed effect; for a Poisson mean, also those of effects with zeros only."""
    details = {"separated_rows": 0, "single_rows": 0}
    while True:
        rows = len(frame)
        for name in fixed_effects:
            codes = _codes(frame, name)
            single = (np.bincount(codes) == 1)[codes]
            zero = (np.bincount(codes, frame[outcome]) == 0)[codes] & poisson
            details["separated_rows"] += int(zero.sum())
            details["single_rows"] += int((single & ~zero).sum())
            frame = frame[~(single | zero)]
        if len(frame) == rows:
            break
    if frame.empty:
        raise UnusableInput("No fixed effect has two rows to compare: leave one of the fixed effects out.")
    return frame, {name: count for name, count in details.items() if count}


def _codes(frame: pd.DataFrame, name: str) -> np.ndarray:
    """Number the labels of a column, or of a product of columns such as ``origin^year``."""
    return frame.groupby(name.split("^"), sort=False).ngroup().to_numpy()


def _sums(columns: np.ndarray, codes: np.ndarray) -> np.ndarray:
    return np.column_stack([np.bincount(codes, column) for column in columns.T])


def _without_effects(columns: np.ndarray, weights: np.ndarray, effects: Sequence[np.ndarray]) -> np.ndarray:
    """Free columns of all fixed effects, by taking weighted means out of one after the other."""
    scale = np.abs(columns).max(axis=0)
    totals = [np.bincount(codes, weights) for codes in effects]
    for _ in range(MOST_ROUNDS):
        before = columns
        for codes, total in zip(effects, totals, strict=True):
            columns = columns - (_sums(weights[:, None] * columns, codes) / total[:, None])[codes]
        if len(effects) == 1 or (np.abs(columns - before) <= 1e-12 * scale).all():
            return columns
    raise NotConverged("The fixed effects hardly overlap: drop sparse ones.")


def _poisson(y: np.ndarray, x: np.ndarray, effects: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return weights and working outcome at the maximum, by iteratively reweighted least squares."""
    eta = np.log((y + y.mean()) / 2)
    deviance, beta = np.inf, np.full(x.shape[1], np.inf)
    for _ in range(MOST_STEPS):
        mean = np.exp(eta)
        working = eta + (y - mean) / mean
        free = _without_effects(np.column_stack([working, x]), mean, effects)
        root = np.sqrt(mean)
        last, beta = beta, np.linalg.lstsq(root[:, None] * free[:, 1:], root * free[:, 0], rcond=None)[0]
        eta = working - (free[:, 0] - free[:, 1:] @ beta)
        before, deviance = deviance, 2 * (special.xlogy(y, y) - y * eta - y + np.exp(eta)).sum()
        # Without a maximum the height settles while a coefficient runs off.
        settled = np.abs(beta - last).max() <= 1e-6 * (1 + np.abs(beta).max())
        if settled and abs(before - deviance) <= 1e-13 * (1 + abs(deviance)):
            mean = np.exp(eta)
            return mean, eta + (y - mean) / mean
    raise NotConverged(
        "The Poisson mean has no maximum. Rescale the regressors or drop sparse fixed effects."
    )


def _factor(
    regressors: int,
    effects: Sequence[np.ndarray],
    groups: np.ndarray | None,
    scaling: Scaling,
    count_nested: bool,
) -> float:
    """Small-sample factor on the variance; effects nested in the clusters are one coefficient each."""
    n, factor = len(effects[0]), 1.0
    if groups is not None and scaling != "none":
        clusters = groups.max() + 1
        factor = clusters / (clusters - 1)
    if scaling == "clusters and coefficients":
        levels = 0
        for codes in effects:
            pairs = len(np.unique(np.column_stack([codes, codes if groups is None else groups]), axis=0))
            nested = groups is not None and pairs == codes.max() + 1 and not count_nested
            levels += 1 if nested else codes.max() + 1
        k = regressors + levels - (len(effects) - 1)
        factor *= (n if groups is None else n - 1) / (n - k)
    return factor


def _balanced(
    frame: pd.DataFrame, outcome: str, unit: str, period: str, first_treated: str
) -> tuple[pd.DataFrame, pd.Series]:
    """Return outcomes by unit and period, and each unit's first treated period."""
    if frame.duplicated([unit, period]).any():
        row = frame.loc[frame.duplicated([unit, period]), [unit, period]].iloc[0]
        raise UnusableInput(f"{row[unit]} has two rows in {row[period]}: keep one row per unit and period.")
    wide = frame.pivot(index=unit, columns=period, values=outcome)
    bad = ~np.isfinite(wide.to_numpy(dtype=float))
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise UnusableInput(
            f"{wide.index[row]} has no value in {wide.columns[column]}: the panel must be balanced."
        )
    varies(wide.to_numpy(dtype=float), outcome)
    if (frame.groupby(unit)[first_treated].nunique() > 1).any():
        raise UnusableInput(f"{first_treated} changes within a unit: it must be one period per unit.")
    first = frame.groupby(unit)[first_treated].first().reindex(wide.index)
    unknown = set(first.dropna()) - set(wide.columns)
    if unknown:
        raise UnusableInput(
            f"First treated periods {sorted(unknown)} are not in the panel: leave them missing if never."
        )
    if first.isna().all() or first.notna().all():
        raise UnusableInput("The panel needs both treated and never-treated units.")
    return wide, first


def _last_clean_period(periods: pd.Index, group: Any, anticipation: int) -> int:
    start = periods.get_loc(group) - 1 - anticipation
    if anticipation < 0 or start < 0:
        raise UnusableInput(
            f"Group {group} has no period before its {anticipation} periods of anticipation: "
            "start the panel earlier or leave the group out."
        )
    return start


def _difference_of_means(
    change: np.ndarray, treated: np.ndarray, control: np.ndarray
) -> tuple[float, np.ndarray]:
    """Return the difference of mean changes and each unit's influence on it."""
    scores = np.zeros(len(change))
    means = {}
    for sign, group in ((1, treated), (-1, control)):
        means[sign] = change[group].mean()
        scores[group] = sign * (change[group] - means[sign]) / group.sum()
    return means[1] - means[-1], scores


def _event_time_weights(cells: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return group-size weights, one row per period since treatment, and those periods in order."""
    names = np.sort(cells["event_time"].unique())
    member = names[:, None] == cells["event_time"].to_numpy()
    weights = member * cells["units"].to_numpy(dtype=float)
    return weights / weights.sum(axis=1, keepdims=True), names


def _with_errors(table: pd.DataFrame, influence: np.ndarray) -> pd.DataFrame:
    se = np.sqrt((influence**2).sum(axis=1))
    half = stats.t.ppf(0.975, influence.shape[1] - 1) * se
    return table.assign(se=se, low=table["effect"] - half, high=table["effect"] + half)


def _average(
    weights: np.ndarray, effects: np.ndarray, influence: np.ndarray, *, n: int, **fields: Any
) -> Estimate:
    value = float(weights @ np.asarray(effects))
    se = float(np.sqrt(((weights @ influence) ** 2).sum()))
    return t_estimate(value, se, n - 1, n=n, **fields)
