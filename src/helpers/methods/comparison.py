"""An estimate at dates beside the same estimate at placebo dates: the result that most tests share."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from helpers.methods.results import Estimate


@dataclass(frozen=True)
class DateComparison:
    """What happens around dates, compared with the same around placebo dates.

    Parameters
    ----------
    effect : Estimate
        Rate ratio, mean count, mean change or relative distance. ``details`` hold the 5th, 50th and 95th
        percentile of the placebo values and ``mde``, the minimum detectable effect: the larger of that of the
        interval and ``mde_placebo``, that of the spread of the placebo values, since a finding needs both.
    lead : Estimate or None
        The same before the dates; None where the measure looks both ways or is itself a lead.
    rows : DataFrame
        What the effect is made of: one row per date, or per calendar year for a rate ratio.
    leave_one_out : dict of Timestamp to Estimate
        The effect with each date left out.
    placebo : array, shape (draws,)
        The effect at the placebo dates.
    """

    effect: Estimate
    lead: Estimate | None
    rows: pd.DataFrame
    leave_one_out: dict[pd.Timestamp, Estimate]
    placebo: np.ndarray

    def table(self) -> pd.DataFrame:
        """Return one row per date or year."""
        return self.rows

    def record(self) -> dict[str, Any]:
        """Return the record of the effect."""
        return self.effect.record()

    def sentence(self) -> str:
        """Say the effect in plain words."""
        return self.effect.sentence()


def without_p(comparison: DateComparison) -> DateComparison:
    """Return a comparison without its placebo p value: of one or two dates a rank says nothing."""
    return replace(comparison, effect=replace(comparison.effect, p_value=None))
