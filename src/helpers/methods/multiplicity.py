"""Multiple testing: Romano-Wolf step-down on any bootstrap.

Declare the family before looking: every outcome, window and class of event that was examined, plotted or not.
The usual adjustments of p values (Holm, Benjamini-Hochberg) are statsmodels' ``multipletests``.

Sources: Romano and Wolf (2005, 2016).
"""

import numpy as np
import pandas as pd

from helpers.methods import checks


def romano_wolf(t: pd.Series, null_draws: pd.DataFrame) -> pd.DataFrame:
    """Step-down p values that use the dependence between the tests.

    Parameters
    ----------
    t : Series
        Studentised statistic by hypothesis; two-sided.
    null_draws : DataFrame
        Draws × hypotheses: the same statistics under the null (bootstrap centred at the estimate, sign flips,
        placebo dates). A row is one draw for all hypotheses.

    Returns
    -------
    DataFrame
        By hypothesis: t, p_raw, p_romano_wolf; the +1 rule, monotone in the order of |t|.

    Raises
    ------
    UnusableInput
        If values are not finite.
    WrongCall
        If the columns are not the hypotheses.
    """
    if set(t.index) != set(null_draws.columns) or not t.index.is_unique:
        raise checks.WrongCall(
            "Null draws and statistics name different hypotheses. Use the same names once."
        )
    observed = np.abs(checks.complete(t, "statistics"))
    draws = np.abs(checks.complete(null_draws[t.index], "null draws"))
    order = np.argsort(-observed, kind="stable")
    # Column j holds the largest draw among the hypotheses not yet removed at step j.
    largest = np.maximum.accumulate(draws[:, order][:, ::-1], axis=1)[:, ::-1]
    stepwise = (1 + (largest >= observed[order]).sum(axis=0)) / (1 + len(draws))
    p_romano_wolf = np.empty(len(order))
    p_romano_wolf[order] = np.maximum.accumulate(stepwise)
    p_raw = (1 + (draws >= observed).sum(axis=0)) / (1 + len(draws))
    return pd.DataFrame({"t": t, "p_raw": p_raw, "p_romano_wolf": p_romano_wolf}, index=t.index)
