"""Reactions to news and the claim tests built on them. All returns here are simulated, with a known truth."""

import numpy as np
import pandas as pd
import pytest

from helpers.methods import news_claims, reactions
from helpers.methods.abnormal_returns import cars_on_every_day
from helpers.methods.checks import UnusableInput
from helpers.methods.placebo import same_year_sets
from helpers.methods.power import detectable_difference, detectable_mean
from helpers.methods.results import difference_of_means

LAYOUT = reactions.windows(before=1, after=1, leads=9, gap=5, estimation_length=120)
DAYS = pd.bdate_range("2018-01-01", periods=1500)
CONTROLS = pd.Series(
    DAYS[[200, 330, 460, 590, 720, 850, 980, 1110, 1240, 1370]], [f"c{i}" for i in range(10)]
)
MEETINGS = pd.Series(
    DAYS[[260, 390, 520, 650, 780, 910, 1040, 1170, 1300, 1430]], [f"m{i}" for i in range(10)]
)
MARGINS = {"C08a": 0.01, "C08b": 0.01}


def group(seed=0, jump=0.0, assets=6):
    rng = np.random.default_rng(seed)
    market = pd.Series(rng.normal(0, 0.01, len(DAYS)), DAYS)
    noise = 0.010 * rng.normal(size=(len(DAYS), assets)) + 0.005 * rng.normal(size=(len(DAYS), 1))
    returns = pd.DataFrame(market.to_numpy()[:, None] + noise, DAYS, [f"share {i}" for i in range(assets)])
    returns.loc[CONTROLS] += jump
    return returns, market


def placebo(groups, draws=499, excluded=DAYS[:0], **more):
    news = {"tightening_major": CONTROLS, "meetings": MEETINGS} | more
    return reactions.placebo_news(
        groups, news, excluded=excluded, later=dict.fromkeys(groups, False), calendar=DAYS, guard=3,
        draws=draws, seed=1, estimation=LAYOUT["estimation"], window=LAYOUT["window"],
    )  # fmt: skip


def claim_tests(one):
    null = placebo({"g": one})
    models = {
        label: {
            kind: reactions.study((one[0], market), days, **LAYOUT)
            for kind, days in (("tightening_major", CONTROLS), ("meetings", MEETINGS))
        }
        for label, market in (("market", one[1]), ("constant", None))
    }
    alone = {"tightening_major": CONTROLS.index, "meetings": MEETINGS.index}
    return news_claims.control_news(models, null, group="g", alone=alone, margins=MARGINS, seed=1)


def test_windows_follow_each_other():
    assert LAYOUT == {"estimation": (-135, -16), "leads": (-10, -2), "window": (-1, 1)}


def test_a_portfolio_on_every_day_is_the_mean_of_its_shares():
    returns, market = group()
    windows = {"estimation": LAYOUT["estimation"], "window": LAYOUT["window"]}
    every_day = reactions.portfolio_cars(returns, market, **windows)
    studied = reactions.study((returns, market), CONTROLS, **LAYOUT).by_event["car"]
    assert every_day[CONTROLS].to_numpy() == pytest.approx(studied.to_numpy())
    joint = reactions.joint_cars([(returns.iloc[:, :2], market), (returns.iloc[:, 2:], market)], **windows)
    pd.testing.assert_series_equal(joint, every_day, check_names=False)
    path = reactions.portfolio_paths(returns, market, estimation=(-135, -16), first=-10, last=2)
    by_hand = cars_on_every_day(returns, market, estimation=(-135, -16), window=(-10, 2)).mean(axis=1)
    assert path.loc[DAYS[500], 2] == pytest.approx(by_hand[DAYS[500]])


def test_asia_reacts_on_its_next_trading_day():
    cars = pd.Series([1.0, 2.0, 3.0], pd.to_datetime(["2024-01-02", "2024-01-04", "2024-01-05"]))
    news = pd.to_datetime(["2024-01-02", "2024-01-03", "2024-01-05"])
    assert reactions.at_news(cars, news, next_day=True).tolist()[:2] == [2.0, 2.0]
    assert np.isnan(reactions.at_news(cars, news, next_day=True).iloc[2])
    assert reactions.at_news(cars, news, next_day=False).tolist() == [1.0, 2.0, 3.0]


def test_the_earliest_of_events_that_share_days_stands_for_them():
    days = pd.Series(DAYS[[300, 302, 304, 400]], ["a", "b", "c", "d"])
    kept, merged = reactions.spaced(days, DAYS, (-1, 1))
    assert kept.index.tolist() == ["a", "c", "d"] and merged == {"b": "a"}


def test_placebo_sets_lie_in_the_years_of_the_events_and_far_from_them():
    null = placebo({"g": group()})
    events = np.concatenate([CONTROLS, MEETINGS])
    assert (np.abs(DAYS.get_indexer(null.pool)[:, None] - DAYS.get_indexer(events)) > 3).all()
    sets = null.sets["meetings"]
    assert (DAYS.year.to_numpy()[sets] == MEETINGS.dt.year.to_numpy()).all()
    assert (np.diff(np.sort(sets, axis=1), axis=1) > 2).all()
    with pytest.raises(UnusableInput, match="same year"):
        same_year_sets(DAYS, np.arange(900, 1000), np.array([100]), apart=0, draws=19, seed=1)


def test_no_placebo_day_lies_near_a_listed_event_of_any_kind():
    listed = DAYS[[295, 296, 700, 1005]]
    free, kept_off = placebo({"g": group()}), placebo({"g": group()}, excluded=listed)
    assert listed.isin(free.pool).all()  # far enough from the events tested
    gone = free.pool.difference(kept_off.pool)
    assert gone.equals(DAYS[[*range(292, 300), *range(697, 704), *range(1002, 1009)]])
    drawn = np.concatenate([sets.ravel() for sets in kept_off.sets.values()])
    assert not DAYS[drawn].isin(gone).any()
    with pytest.raises(UnusableInput, match="listed days"):
        placebo({"g": group()}, excluded=pd.DatetimeIndex(["2020-02-01"]))  # a Saturday


def test_a_family_finds_the_one_true_reaction_and_no_other():
    groups = {"moved": group(1, jump=-0.05), "quiet": group(2)}
    cells = {
        (name, kind): days
        for name in groups
        for kind, days in (("tightening_major", CONTROLS), ("meetings", MEETINGS))
    }
    found, missing = reactions.studies(groups, cells | {("quiet", "none"): CONTROLS[:1]}, **LAYOUT)
    assert list(missing) == [("quiet", "none")] and "at least 2" in missing["quiet", "none"]
    table = reactions.family(found, placebo(groups)).set_index(["group", "kind"])
    strong = table["p_romano_wolf"] <= 0.05
    assert strong[strong].index.tolist() == [("moved", "tightening_major")]
    assert (table["p_romano_wolf"] >= table["p_placebo"]).all()
    assert (table["placebo_low"] < table["placebo_high"]).all()
    assert reactions.family({}, placebo(groups)).empty


def test_one_event_is_compared_with_single_days():
    one = group(jump=0.0)
    one[0].loc[DAYS[700]] += 0.2
    null = placebo({"g": one}, shock=pd.Series(DAYS[[700]], ["x"]))
    row = reactions.one_event(null, "shock").iloc[0]
    assert row["value"] > row["placebo_high"] > row["placebo_low"]
    assert reactions.one_event(null, "unheard of").empty


def test_a_null_panel_is_not_supported_and_a_strong_one_is():
    for seed in range(3):
        assert {test.verdict.word for test in claim_tests(group(seed)).values()} <= {
            "inconclusive",
            "contradicted",
        }
    strong = claim_tests(group(jump=-0.06))
    assert {test.verdict.word for test in strong.values()} == {"supported"}
    assert strong["C08a"].others["overlap_free"].value == pytest.approx(strong["C08a"].estimate.value)
    assert len(strong["C08a"].without) == 20 and len(strong["C08b"].without) == 10


def test_a_rise_contradicts_the_claimed_fall():
    assert claim_tests(group(jump=0.06))["C08b"].verdict.word == "contradicted"


def test_records_and_row_of_a_missing_test_say_why():
    test = news_claims.missing("C08a", "no data")
    effect = test.records()[0]
    assert effect["name"] == "C08a_effect" and effect["value"] is None and effect["why"] == "no data"
    assert test.row("claim") == {"claim": "claim", "verdict": "descriptive only", "why": "no data"}
    null = placebo({"g": group()})
    both = news_claims.control_news(
        {"market": {}, "constant": {}}, null, group="g", alone={}, margins=MARGINS, seed=1
    )
    assert all(one.estimate is None for one in both.values())


def around(before, after, event=700):
    rng = np.random.default_rng(3)
    sides = [pd.Series(rng.normal(0, 0.02, len(DAYS)), DAYS) for _ in range(2)]
    sides[0].iloc[event], sides[1].iloc[event] = before, after
    return reactions.around_one_day(
        *sides, DAYS[event], span=(-10, 2), excluded=DAYS[[100, 101]], flagged=DAYS[[800]], years=(2018, 2023)
    )


def test_a_single_event_is_judged_by_the_conditions_of_its_claim():
    calm, wild, risen = around(0.001, 0.001), around(0.10, -0.10), around(0.10, 0.001)

    def word(*tables):
        both = dict(enumerate(tables))
        return news_claims.low_expectations(both, both, margin=0.05)[0].verdict.word

    assert word(calm, calm) == "supported"
    assert word(calm, wild) == "contradicted"
    assert word(calm, risen) == "inconclusive"
    strict = news_claims.low_expectations({"a": calm}, {"a": calm}, margin=0.01)[1]
    assert strict.verdict.word == "inconclusive"
    assert not strict.verdict.conditions["the interval lies where the claim puts it"]


def test_the_conditions_of_a_single_event_name_only_what_was_asked():
    calm, wild = around(0.001, 0.001), around(0.10, -0.10)
    written, strict = news_claims.low_expectations({"a": calm}, {"a": wild}, margin=0.09)
    assert not any("interval" in name or "agrees" in name for name in written.verdict.conditions)
    assert not written.verdict.conditions["both hold with the second estimator"]
    assert written.verdict.inputs["supports_if"] == []
    # The first estimator lies within the margin, the second beyond it.
    assert strict.verdict.conditions["the interval lies where the claim puts it"]
    assert not strict.verdict.conditions["a second estimator agrees"]


def test_the_most_unusual_return_keeps_its_own_spread_and_pays_for_being_picked():
    noisy, quiet = around(0.0, 0.0), around(0.05, 0.0)
    noisy["spread"] *= 10
    test = news_claims.low_expectations({"a": noisy, "b": quiet}, {"a": noisy, "b": quiet}, margin=0.05)[0]
    row = quiet.loc["before"]
    assert test.estimate.value == row["value"] and test.mde.se == row["spread"]
    records = {record["name"]: record for record in test.records()}
    adjusted = records["C12a_placebo_p"]
    assert adjusted["value"] == pytest.approx(4 * row["p_value"]) and adjusted["n"] == row["pool"]
    assert "Bonferroni" in adjusted["method"] and records["C12a_effect"]["p_value"] == row["p_value"]
    usual = news_claims.low_expectations({"a": around(0.0, 0.0)}, {"a": noisy}, margin=0.05)[0]
    assert usual.p_values["placebo_p"] == 1


def test_placebo_days_of_one_event_share_no_day_with_it():
    table = around(0.0, 0.0)
    # 2 days excluded, and the 25 days whose windows overlap the event's.
    assert table["pool"].tolist() == [1500 - 2 - 25] * 2
    assert table["pool_unflagged"].tolist() == [1500 - 2 - 25 - 13] * 2
    with pytest.raises(UnusableInput, match="not full"):
        around(np.nan, 0.0)


def test_sensitivity_reports_or_says_why_not():
    row = news_claims.sensitivity("as is", group(), CONTROLS, MEETINGS, LAYOUT)
    assert row["n_controls"] == 10 and row["size_low"] < row["size"] < row["size_high"]
    assert "why" in news_claims.sensitivity("none", group(), CONTROLS[:1], MEETINGS, LAYOUT)


def test_difference_of_means_is_welch():
    first, second = [0.1, 0.2, 0.4, 0.7], [0.0, 0.1, 0.1]
    from scipy import stats

    expected = stats.ttest_ind(first, second, equal_var=False)
    interval = expected.confidence_interval(0.95)
    found = difference_of_means(first, second, unit="x", method="m")
    assert (found.value, found.low, found.high) == pytest.approx(
        (np.mean(first) - np.mean(second), *interval)
    )
    assert found.p_value == pytest.approx(expected.pvalue)
    with pytest.raises(UnusableInput):
        difference_of_means([1.0], second, unit="x", method="m")


def test_detectable_difference_needs_more_than_a_mean():
    two = detectable_difference(10, 10, 0.02, "x")
    assert two.value > detectable_mean(20, 0.02, "x").value
    assert two.value == pytest.approx(0.02 * 1.3249, rel=1e-3)


def test_quiet_days_are_counted_in_the_years_of_the_events():
    table = reactions.quiet_by_year(placebo({"g": group()}))
    events = pd.concat([CONTROLS, MEETINGS]).dt.year.value_counts().sort_index()
    assert table["events"].to_dict() == events.to_dict() and table["enough"].all()
    crowded = placebo({"g": group()}, excluded=DAYS[(DAYS.year == 2019) & (DAYS.day_of_year > 20)])
    assert reactions.quiet_by_year(crowded)["enough"].to_dict()[2019] is False


def test_every_cell_leaves_a_record_or_its_reason():
    cells = {("g", "tightening_major"): CONTROLS, ("g", "none"): CONTROLS[:1]}
    found, missing = reactions.studies({"g": group()}, cells, **LAYOUT)
    tested = reactions.family(found, placebo({"g": group()}))
    known, unknown = reactions.cell_records(cells, found, missing, tested)
    assert known["name"] == "reaction_g_tightening_major" and known["p_placebo"] == tested["p_placebo"][0]
    assert unknown["value"] is None and "at least 2" in unknown["why"]


def test_paths_around_events_stand_beside_those_of_quiet_days():
    one, rest = group(), {"estimation": (-135, -16), "years": (2018, 2022), "excluded": DAYS[[100, 101]]}
    one[0].loc[DAYS[700]] += 0.5
    table, leaving = reactions.paths_around(one, {"a": DAYS[700], "b": DAYS[900]}, span=(-10, 10), **rest)
    assert table.groupby("event").size().to_dict() == {"a": 21, "b": 21}
    jumped = table[(table["event"] == "a") & (table["day"] >= 0)]
    assert (jumped["value"] > jumped["high"]).all()
    # A tenth of quiet days lies outside on each day, and more on some of the 21.
    assert 0.15 < leaving < 0.6


def test_tables_of_a_claim_test_are_in_percent():
    test = claim_tests(group(jump=-0.06))["C08b"]
    assert set(test.conditions_table()["Holds"]) == {"yes"}
    first = test.estimates_table().iloc[0]
    assert first["Estimate"] == "headline" and first["Value, %"] == pytest.approx(100 * test.estimate.value)
    assert test.without_table().loc["c0", "value"] == pytest.approx(100 * test.without["c0"].value)
    assert news_claims.missing("C08a", "no data").estimates_table().empty
