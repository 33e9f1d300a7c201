"""Panels: Poisson and linear regressions with fixed effects, errors clustered by unit.

statsmodels fits them with a dummy for every level of every effect, which is quick up to some hundred levels.

Sources: Santos Silva & Tenreyro (2006), Review of Economics and Statistics 88, 641-658, for the Poisson model
of trade; Correia, Guimarães & Zylkin (2019) on separation.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy import linalg

from helpers.methods.checks import UnusableInput, complete, varies
from helpers.methods.results import Estimate, t_estimate

FAMILIES = {"poisson": sm.families.Poisson(), "linear": sm.families.Gaussian()}
# Share of the mean outcome. Where less is expected of a zero, the fit is on its way to minus infinity.
SEPARATED = 1e-9


def fixed_effects(
    frame: pd.DataFrame,
    *,
    outcome: str,
    regressors: Sequence[str],
    leads: Sequence[str],
    effects: Sequence[str],
    cluster: str,
    family: str,
    unit: str,
) -> dict[str, Estimate]:
    """Estimate a regression with fixed effects.

    Parameters
    ----------
    frame : DataFrame
        One row per observation; missing values are refused.
    outcome : str
        Column. For a Poisson mean in levels, not negative; zeros are kept.
    regressors, leads : sequence of str
        Columns that enter linearly (Poisson: in the log of the mean). `leads` are the terms for the periods
        before the event; an empty list says that the design has no event.
    effects : sequence of str
        Columns, or products such as ``"origin^year"``.
    cluster : str
        Column whose labels share errors. Below about 30 of them, or with one of them treated, the errors are
        too small: set the estimate against the same one with each unit treated in turn.
    family : {"poisson", "linear"}
    unit : str
        Unit of the coefficients, in words.

    Returns
    -------
    dict of str to Estimate
        By regressor and lead. The variance carries the factor G/(G-1) * (n-1)/(n-k) with k counting every
        effect; intervals are t with clusters less one degrees of freedom. ``empty_rows`` in the details are
        the rows left out because their effect has only zeros, which a Poisson mean fits exactly.

    Raises
    ------
    UnusableInput
        If values are missing, negative or all the same, or a regressor is collinear with the rest or tells
        zeros from other values, so that the Poisson likelihood has no maximum (separation).
    """
    names = [*regressors, *leads]
    for column in (outcome, *names):
        complete(frame[column], column)
    for column in "^".join([*effects, cluster]).split("^"):
        if frame[column].isna().any():
            row = int(frame[column].isna().argmax())
            raise UnusableInput(f"{column} is missing in row {row}. Drop that row, or give it a label.")
    varies(frame[outcome], outcome)
    poisson = family == "poisson"
    if poisson and (frame[outcome] < 0).any():
        raise UnusableInput(f"{outcome} has negative values: a Poisson mean needs values of zero or more.")
    used = _without_empty(frame, outcome, effects) if poisson else frame
    dummies, x = _dummies(used, effects), used[names].to_numpy(dtype=float)
    design = np.column_stack([x, dummies])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise UnusableInput(f"{names} are collinear with the fixed effects or each other: leave some out.")
    # In units of its mean, the deviance of any outcome has the same tolerance.
    y = used[outcome].to_numpy(dtype=float) / (used[outcome].mean() if poisson else 1.0)
    groups = _levels(used, cluster)
    model = sm.GLM(y, design, family=FAMILIES[family])
    fit = model.fit(maxiter=200, tol=1e-12, cov_type="cluster", cov_kwds={"groups": groups})
    if not fit.converged or (poisson and fit.fittedvalues[y == 0].min(initial=1.0) < SEPARATED):
        raise UnusableInput(f"{names} tell zeros of {outcome} apart (separation): leave out what does.")
    method = f"{family} regression with effects of {', '.join(effects)}, errors clustered by {cluster}"
    details = {"empty_rows": len(frame) - len(used)} if len(frame) > len(used) else {}
    return {
        name: t_estimate(
            value,
            se,
            groups.max(),
            unit=unit,
            n=len(used),
            method=method,
            leads=", ".join(leads) or "none in the model",
            details=details,
        )
        for name, value, se in zip(names, fit.params, fit.bse, strict=False)
    }


def _levels(frame: pd.DataFrame, name: str) -> np.ndarray:
    """Number the labels of a column, or of a product of columns such as ``origin^year``."""
    return frame.groupby(name.split("^"), sort=False).ngroup().to_numpy()


def _without_empty(frame: pd.DataFrame, outcome: str, effects: Sequence[str]) -> pd.DataFrame:
    """Drop rows of levels with zeros only, until none is left."""
    rows = len(frame) + 1
    while len(frame) < rows:
        rows = len(frame)
        for name in effects:
            frame = frame[frame[outcome].groupby(_levels(frame, name)).transform("sum") > 0]
    return frame


def _dummies(frame: pd.DataFrame, effects: Sequence[str]) -> np.ndarray:
    """Return a column per level of every effect, less those that the others already span."""
    columns = np.column_stack([pd.get_dummies(_levels(frame, name), dtype=float) for name in effects])
    triangle, order = linalg.qr(columns, mode="r", pivoting=True)
    sizes = np.abs(np.diag(triangle))
    return columns[:, np.sort(order[: int((sizes > 1e-9 * sizes[0]).sum())])]
