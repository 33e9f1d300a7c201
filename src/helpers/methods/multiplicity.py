"""Multiple testing: Romano-Wolf step-down on any bootstrap, and the usual adjustments of p values.

Declare the family before looking: every outcome, window and class of event that was examined, plotted or not.
Romano-Wolf for the headline family; Benjamini-Hochberg for exploratory maps.

Sources: Romano and Wolf (2005, 2016); Holm (1979); Benjamini and Hochberg (1995); Benjamini and Yekutieli
(2001).
"""

from typing import Literal

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from helpers.methods import checks
from helpers.methods.checks import UnusableInput

_STATSMODELS = {"holm": "holm", "bh": "fdr_bh", "by": "fdr_by", "bonferroni": "bonferroni"}


def adjusted(p_values: pd.Series, method: Literal["holm", "bh", "by", "bonferroni"]) -> pd.Series:
    """Adjust a family of p values.

    Parameters
    ----------
    p_values : Series
        One per hypothesis, by name.
    method : {"holm", "bh", "by", "bonferroni"}
        Holm and Bonferroni hold the chance of any false finding; Benjamini-Hochberg (bh) the share of false
        findings, Benjamini-Yekutieli (by) the same under any dependence.

    Raises
    ------
    UnusableInput
        If a p value is missing or not a probability.
    WrongCall
        If the method is unknown.
    """
    if method not in _STATSMODELS:
        raise checks.WrongCall(f"method is {method!r}. Use one of {', '.join(_STATSMODELS)}.")
    p = checks.complete(p_values, "p values")
    if ((p < 0) | (p > 1)).any():
        raise UnusableInput("A p value is not between 0 and 1. Give probabilities, not percentages.")
    return pd.Series(
        multipletests(p, method=_STATSMODELS[method])[1], index=p_values.index, name=f"p_{method}"
    )


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
