"""Impulse responses by local projections: one regression per horizon."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import statsmodels.api as sm

from helpers.methods.checks import UnusableInput, complete, enough, in_order, varies
from helpers.methods.results import Estimate, t_estimate


@dataclass(frozen=True)
class LocalProjections:
    """Response of an outcome to one unit of an impulse, by horizon.

    Parameters
    ----------
    effects : dict of int to Estimate
        One estimate per horizon, leads (negative horizons) first.
    """

    effects: dict[int, Estimate]

    def table(self) -> pd.DataFrame:
        """Return one row per horizon."""
        rows = [effect.table() for effect in self.effects.values()]
        return pd.concat(rows, keys=self.effects, names=["horizon"]).droplevel(1)

    def record(self) -> dict[str, Any]:
        """Return the record of the longest horizon."""
        return self.effects[max(self.effects)].record()

    def sentence(self) -> str:
        """Say the response at the longest horizon in plain words."""
        return self.effects[max(self.effects)].sentence()


def local_projections(
    frame: pd.DataFrame,
    *,
    outcome: str,
    impulse: str,
    contemporaneous: Sequence[str],
    horizons: Sequence[int],
    lags: int,
    leads: int,
    unit: str,
) -> LocalProjections:
    """Regress the outcome at each horizon on the impulse, controls of the same period and lags of all.

    Parameters
    ----------
    frame : DataFrame, shape (periods, variables)
        Regularly spaced, increasing index, no gaps.
    outcome, impulse : str
        Columns. A column may be a 0/1 series of event periods.
    contemporaneous : sequence of str
        Columns that the impulse may react to within the period (a recursive ordering with the impulse last).
    horizons : sequence of int
        Periods after the impulse, zero or more. Zero needs an outcome that is not among `contemporaneous`.
    lags : int
        Lags of outcome, impulse and contemporaneous controls.
    leads : int
        Number of periods before the impulse whose response is estimated as a check for anticipation; their
        controls are dated before the outcome.
    unit : str
        Unit of the outcome per unit of the impulse, in words.

    Raises
    ------
    UnusableInput
        If columns are unknown, have gaps or no variation, periods are out of order or skipped, or a horizon
        leaves fewer rows than twice the regressors.

    Notes
    -----
    Errors are Newey-West with Bartlett weights, ``|h| + 1`` lags, no prewhitening, times n/(n-k).

    References
    ----------
    Jordà (2005), American Economic Review 95, 161-182.
    """
    columns = list(dict.fromkeys([outcome, *contemporaneous, impulse]))
    _check(frame, columns, contemporaneous, outcome, horizons, lags, leads)
    data = frame[columns].astype(float)
    effects = {}
    for horizon in [*range(-leads, 0), *horizons]:
        controls = _controls(data, contemporaneous, lags, horizon)
        design = pd.concat([data[impulse].rename("impulse"), controls], axis=1).dropna()
        target = data[outcome].shift(-horizon).dropna()
        rows = design.index.intersection(target.index)
        effects[horizon] = _project(target[rows], design.loc[rows], horizon, leads, unit)
    return LocalProjections(effects)


def _controls(data: pd.DataFrame, contemporaneous: Sequence[str], lags: int, horizon: int) -> pd.DataFrame:
    """Return same-period controls and lags; before the impulse only what precedes the outcome."""
    offset = max(-horizon, 0)
    parts = [data.shift(lag + offset).add_suffix(f"_lag_{lag + offset}") for lag in range(1, lags + 1)]
    if horizon >= 0:
        parts.insert(0, data[list(contemporaneous)])
    return pd.concat(parts, axis=1)


def _project(target: pd.Series, design: pd.DataFrame, horizon: int, leads: int, unit: str) -> Estimate:
    enough(len(target), 2 * (design.shape[1] + 1), f"rows at horizon {horizon}")
    hac = {"maxlags": abs(horizon) + 1, "use_correction": True}
    fit = sm.OLS(target, sm.add_constant(design)).fit(cov_type="HAC", cov_kwds=hac)
    return t_estimate(
        fit.params["impulse"],
        fit.bse["impulse"],
        int(fit.df_resid),
        unit=unit,
        n=len(target),
        method=f"local projection at horizon {horizon}, Newey-West errors",
        window=f"{horizon:+d}",
        leads=f"-{leads}..-1" if leads else "none estimated",
    )


def _check(
    frame: pd.DataFrame,
    columns: list[str],
    contemporaneous: Sequence[str],
    outcome: str,
    horizons: Sequence[int],
    lags: int,
    leads: int,
) -> None:
    in_order(frame, "table")
    unknown = set(columns) - set(frame.columns)
    if unknown:
        raise UnusableInput(f"No columns {sorted(unknown)}: the table has {list(frame.columns)}.")
    if min(horizons) < 0 or leads < 0:
        raise UnusableInput(
            "Horizons and the number of leads are zero or more: give earlier periods as `leads`."
        )
    if lags < 1:
        raise UnusableInput(f"{lags} lags: give at least one, so that the past is held constant.")
    if min(horizons) == 0 and outcome in contemporaneous:
        raise UnusableInput(
            f"At horizon 0 {outcome} would explain itself: start at 1 or drop it from the controls."
        )
    for column in columns:
        complete(frame[column], column)
        varies(frame[column], column)
