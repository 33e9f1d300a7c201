"""Shares, their changes around dates, and mirror gaps. All data here are made up."""

import numpy as np
import pandas as pd
import pytest

from helpers.methods import composition
from helpers.methods.checks import UnusableInput

MONTHS = pd.date_range("2015-01-01", periods=96, freq="MS", name="period")
SPANS = {"before": (-12, -1), "after": (1, 12), "guard": 1}


def step_at(month, size=20.0):
    rng = np.random.default_rng(5)
    first = 30 + rng.normal(0, 0.3, len(MONTHS)) + size * (month < MONTHS)
    return pd.DataFrame({"one": first, "other": 100 - first, "third": 50.0}, index=MONTHS)


def test_shares_sum_to_one_and_leave_out_rows_with_a_gap():
    parts = step_at("2019-06-01")
    parts.iloc[3, 1] = np.nan
    found = composition.shares(parts)
    assert len(found) == 95
    assert np.allclose(found.sum(axis=1), 1)


def test_a_step_is_found_and_changes_sum_to_zero():
    found = composition.share_changes(step_at("2019-06-01"), {"event": pd.Timestamp("2019-06-15")}, **SPANS)
    rows = found.table().set_index("part")
    assert rows.at["one", "value"] == pytest.approx(100 * 20 / 150, abs=0.5)
    assert rows["value"].sum() == pytest.approx(0, abs=1e-9)
    assert rows.at["one", "share_after"] - rows.at["one", "share_before"] == pytest.approx(
        rows.at["one", "value"]
    )
    assert found.outside().tolist()[0]


def test_months_near_an_event_are_no_placebo_and_unusable_events_keep_them_away():
    parts = step_at("2019-06-01", size=0)
    events = {"event": pd.Timestamp("2019-06-15"), "too late": pd.Timestamp("2022-01-01")}
    found = composition.share_changes(parts, events, **SPANS)
    # 96 months less 12 at each end, less three months around the first event and one before the second.
    assert found.pool == 96 - 24 - 3 - 1
    assert found.table()["event"].unique().tolist() == ["event"]


def test_no_band_without_enough_placebo_months():
    parts = step_at("2016-06-01").iloc[:40]
    found = composition.share_changes(parts, {"event": pd.Timestamp("2016-06-01")}, **SPANS)
    assert found.pool < 19
    assert found.table()["p_value"].isna().all()
    assert found.detectable.isna().all()
    assert found.record()["outside"] == 0


def test_a_detectable_change_is_found_in_eighty_percent_of_the_placebo_months():
    pool = np.random.default_rng(7).normal(size=60)
    added = composition._detectable(pool)
    found = [composition._against(pool, value + added)["p_value"] <= 0.05 for value in pool]
    assert 0.78 <= np.mean(found) <= 0.9


def test_panels_hold_one_panel_for_each_event():
    found = composition.share_changes(step_at("2019-06-01"), {"event": pd.Timestamp("2019-06-01")}, **SPANS)
    drawn = found.panels("tightening")
    assert set(drawn["group"]) == {"event"}
    assert drawn["label"].tolist() == found.rows["part"].tolist()
    assert drawn[["low", "high"]].isna().all(axis=None)


def test_no_share_change_bridges_a_gap():
    parts = step_at("2019-06-01").drop(index=pd.Timestamp("2019-09-01"))
    with pytest.raises(UnusableInput, match="events with full windows"):
        composition.share_changes(parts, {"event": pd.Timestamp("2019-06-01")}, **SPANS)


def test_mirror_gap_takes_freight_and_lag_into_account():
    imports = pd.Series(np.arange(24.0) + 1, index=MONTHS[:24])
    exports = pd.Series([60.0, 100.0], index=pd.DatetimeIndex(["2015-12-31", "2016-12-31"]))
    plain = composition.mirror_gap(imports, exports, lag=0, freight=0)
    assert plain.table()["ratio"].tolist() == [78 / 60, 222 / 100]
    assert plain.record()["low"] == 78 / 60
    late = composition.mirror_gap(imports, exports, lag=1, freight=10)
    # February 2015 to January 2016; of 2016 only eleven months have arrived.
    assert late.years["ratio"].tolist() == pytest.approx([sum(range(2, 14)) / 1.1 / 60])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: composition.shares(step_at("2019-06-01")[["one"]]), "Too few parts"),
        (lambda: composition.shares(-step_at("2019-06-01")), "negative"),
        (
            lambda: composition.share_changes(
                step_at("2019-06-01"), {}, before=(-1, -3), after=(1, 3), guard=0
            ),
            "earlier to a later",
        ),
        (
            lambda: composition.mirror_gap(
                pd.Series([1.0], index=MONTHS[:1]), pd.Series([1.0], index=MONTHS[:1]), lag=0, freight=0
            ),
            "Too few years",
        ),
    ],
)
def test_bad_input_is_refused(make, message):
    with pytest.raises(UnusableInput, match=message):
        make()
