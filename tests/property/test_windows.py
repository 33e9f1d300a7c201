"""Windows and transforms, for any day and any series."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import transforms

DAYS = st.dates(pd.Timestamp("2013-01-01").date(), pd.Timestamp("2026-06-30").date())
LENGTH = st.integers(0, 30)
MONTHS = pd.date_range("2013-01-01", "2026-12-01", freq="MS", name="period")
few = settings(max_examples=60, deadline=None)


@st.composite
def monthly(draw, gaps=True):
    """A monthly series of positive values, with months left out unless `gaps` is False."""
    index = MONTHS[: draw(st.integers(2, 60))]
    values = draw(st.lists(st.floats(0.1, 1e6), min_size=len(index), max_size=len(index)))
    keep = (
        draw(st.lists(st.booleans(), min_size=len(index), max_size=len(index)))
        if gaps
        else [True] * len(index)
    )
    return pd.Series(values, index=index, name="x")[keep]


@few
@given(values=monthly())
def test_a_three_month_sum_needs_its_three_months(values):
    sums = transforms.three_month_sum(values)
    assert sums.index.equals(values.index)
    for month, got in sums.items():
        three = [month - pd.DateOffset(months=back) for back in (0, 1, 2)]
        if all(each in values.index for each in three):
            assert np.isclose(got, sum(values[each] for each in three))
        else:
            assert np.isnan(got)


@few
@given(values=monthly(), periods=st.integers(1, 13))
def test_growth_compares_with_the_calendar_and_not_with_the_row_before(values, periods):
    change = transforms.growth(values, periods)
    for month, got in change.items():
        earlier = month - pd.DateOffset(months=periods)
        if earlier in values.index:
            assert np.isclose(got, values[month] / values[earlier] - 1)
        else:
            assert np.isnan(got)


@few
@given(values=monthly(gaps=False))
def test_a_chain_of_growth_is_the_series_up_to_its_level(values):
    change = transforms.growth(values).iloc[1:]
    index = transforms.chain_index(100 * change)
    assert np.allclose(index / 100, values.iloc[1:] / values.iloc[0])
    assert np.allclose(transforms.growth(index).iloc[1:], change.iloc[1:])
