"""The four estimators of notebook 10, run on simulated data: its own functions are executed."""

from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from notebook_functions import functions_of

from helpers import paths, transforms
from helpers.methods.checks import UnusableInput
from helpers.methods.dated_terms import window_counts
from helpers.methods.interrupted_series import design, interrupted_series, whiten
from helpers.methods.results import difference_of_means
from summits import notebooks, parameters

NOTEBOOK = notebooks.read(paths.notebooks_dir() / "10_specification_curve.ipynb")
MONTHS = pd.date_range("2013-01-01", "2023-12-01", freq="MS")
CONTROL = pd.DatetimeIndex(["2022-04-01"])
MEETINGS = pd.DatetimeIndex(["2016-05-01", "2018-03-01", "2020-09-01"])
number = transforms.month_numbers


@pytest.fixture
def names() -> ModuleType:
    """Imports, functions and plain constants of the notebook; a test adds the data."""
    module = functions_of("10_specification_curve")
    # The stores of the notebook, empty.
    module.number, module.members, module.ended = number, {}, {}
    module.before_control, module.without_meetings, module.models_h19b = {}, {}, {}
    return module


@pytest.fixture(scope="module")
def series() -> pd.Series:
    errors = np.random.default_rng(3).standard_normal(len(MONTHS))
    for t in range(1, len(errors)):
        errors[t] += 0.5 * errors[t - 1]
    return pd.Series(0.1 * errors + 0.01 * np.arange(len(errors)), MONTHS)


def generalised(y: pd.Series, terms: np.ndarray, rho: float) -> np.ndarray:
    """Coefficients of the terms by generalised least squares, with season, trend and Lunar New Year."""
    base = design(y.index, [], season="dummies", regressors=transforms.lunar_new_year_terms(y.index)).frame
    X, outcome = (
        whiten(part, np.diff(number(y.index)), rho) for part in (np.column_stack([terms, base]), y.to_numpy())
    )
    return np.linalg.lstsq(X, outcome, rcond=None)[0][: terms.shape[1]]


def test_the_published_choices_are_the_defaults_and_options_of_their_choices(names: ModuleType) -> None:
    known = parameters.schema(NOTEBOOK)
    for test, options in names.PUBLISHED.items():
        own = [known[name] for name in known if name.startswith(f"{test.lower()}_")]
        assert [parameter.default for parameter in own] == list(options.values())
    assert names.PUBLISHED["C07a"]["Errors"] == names.PUBLISHED["H19b"]["Errors"] == "ar1"


def c07a(names: ModuleType, series: pd.Series) -> None:
    """The data of C07a as the notebook sets them up: one outcome, no cycle."""
    names.tools, names.cycles = {"latest_values": series}, {"none": None}
    names.control, names.control_at = CONTROL, number(CONTROL)[:, None]
    names.quiet_end = CONTROL[0] - pd.DateOffset(months=3)
    names.horizons, names.lead_months = {"12_months": 12}, {"3_months": 3}
    quiet = names.quiet_months(names.tools, "2013", names.quiet_end, 12, 3)
    names.quiet_at = number(quiet)[:, None]


def published(names: ModuleType, test: str) -> list[str]:
    """The published options in the order of the estimator."""
    return list(names.PUBLISHED[test].values())


def test_placebo_months_close_before_the_leads_and_follow_two_years(
    names: ModuleType, series: pd.Series
) -> None:
    c07a(names, series)
    quiet = names.quiet_months(names.tools, "2013", names.quiet_end, 12, 3)
    # The window of the last ends in the month before the leads: 2021-12 for an event in 2022-04.
    assert quiet[-1] == pd.Timestamp("2020-12-01")
    assert quiet[0] == pd.Timestamp("2015-04-01") and len(quiet) == 69
    gappy = {"a": series, "b": series.drop(pd.Timestamp("2018-06-01"))}
    gone = quiet.difference(names.quiet_months(gappy, "2013", names.quiet_end, 12, 3))
    assert (gone[0], gone[-1]) == (pd.Timestamp("2017-06-01"), pd.Timestamp("2018-09-01"))


def test_the_published_step_is_the_regression_with_the_autocorrelation_before_the_leads(
    names: ModuleType, series: pd.Series
) -> None:
    # Leads that swing would raise or lower an autocorrelation that saw them.
    swing = series.copy()
    swing["2022-01":"2022-03"] += [3.0, -3.0, 3.0]
    c07a(names, swing)
    effect, null = names.after_control(*published(names, "C07a"))
    before = series[:"2021-12"]
    rho = interrupted_series(
        before, [], season="dummies", regressors=transforms.lunar_new_year_terms(before.index), unit="u",
        inference="t",
    ).details["rho"]  # fmt: skip
    assert names.base_c07a("latest_values", "none", "2013", "linear")[2] == pytest.approx(rho, abs=1e-6)
    cut = swing[:"2023-04"]
    terms = window_counts(number(cut.index), names.control_at, before=3, after=12)[:, :, 0]
    assert effect.value == pytest.approx(generalised(cut, terms, rho)[0], abs=1e-6)
    assert effect.n == len(cut) and len(null) == len(names.quiet_at)
    month = names.quiet_at[40, 0]
    part = swing[number(MONTHS) <= month + 12]
    terms = window_counts(number(part.index), np.array([[month]]), before=3, after=12)[:, :, 0]
    assert null[40] == pytest.approx(generalised(part, terms, rho)[0], abs=1e-6)


def test_a_cycle_is_a_regressor_or_is_taken_off_one_for_one(names: ModuleType, series: pd.Series) -> None:
    cycle = pd.Series(np.linspace(1.0, 2.0, 120) ** 2, MONTHS[:120])
    names.cycles = {"none": None, "korea": cycle, "korea_one_for_one": cycle}
    y, base = names.baseline(series, "none", True)
    assert y.equals(series) and {"trend", "constant"} <= set(base) and "cycle" not in base
    y, base = names.baseline(series, "korea", False)
    assert len(y) == 120 and base["cycle"].equals(cycle.rename("cycle")) and "trend" not in base
    y, base = names.baseline(series, "korea_one_for_one", True)
    assert "cycle" not in base and y.to_numpy() == pytest.approx((series[:120] - cycle).to_numpy())


def test_a_window_that_is_not_full_leaves_the_specification_out(names: ModuleType, series: pd.Series) -> None:
    c07a(names, series[:"2023-03"])
    with pytest.raises(UnusableInput, match="full window"):
        names.after_control(*published(names, "C07a"))


def h19b(names: ModuleType, series: pd.Series) -> None:
    names.chips, names.cycles, names.rules = {"latest_values": series}, {"none": None}, MEETINGS[:0]
    names.widths, names.draws, names.seed = {"3_months": 3}, 30, 1
    names.every_meeting, names.meeting_months = MEETINGS, {"all": MEETINGS, "two": MEETINGS[:2]}
    names.sets_h19b = names.sets_for_all(names.chips, "2013", 3)


def test_placebo_sets_are_any_months_as_far_apart_as_the_meetings(
    names: ModuleType, series: pd.Series
) -> None:
    h19b(names, series)
    assert names.sets_h19b.shape == (30, 3)
    assert np.diff(np.sort(names.sets_h19b, axis=1)).min() >= np.diff(number(MEETINGS)).min()
    # Windows are full: no member in the first or last three months. Any place of a set may come first.
    assert names.sets_h19b.min() >= number(MONTHS)[3] and names.sets_h19b.max() <= number(MONTHS)[-4]
    assert len(set(names.sets_h19b.argmin(axis=1))) == 3
    assert np.abs(np.subtract.outer(names.placebo_sets(MONTHS, MEETINGS), number(MEETINGS))).min() == 0


def test_the_published_choice_has_the_placebo_p_of_the_notebook_on_exports(
    names: ModuleType, series: pd.Series
) -> None:
    h19b(names, series)
    options = dict(names.PUBLISHED["H19b"]) | {"World cycle": "none"}
    change, p_value = names.published_h19b(*options.values())
    exports = functions_of("06_export_response", window=3, seed=names.seed, cycle=None, UNIT="log points")
    exports.sides, exports.STEP = {"before": 3, "after": 3}, "after less before"
    exports.meetings, exports.boot = pd.DataFrame({"month": MEETINGS}), {"draws": 199, "seed": 1}
    there = exports.pooled(series)
    assert (change, p_value) == (pytest.approx(there.observed, abs=1e-12), there.effect.p_value)
    sets = names.placebo_sets(MONTHS[3:-3], MEETINGS)
    rows = exports.placebo_sets(MONTHS, MONTHS.get_indexer(MEETINGS))
    assert np.array_equal(sets, number(MONTHS)[rows])


@pytest.mark.parametrize("single", [False, True])
def test_the_published_change_is_the_regression_with_shared_windows(
    names: ModuleType, series: pd.Series, single: bool
) -> None:
    h19b(names, series)
    options = dict(names.PUBLISHED["H19b"]) | {"World cycle": "none"}
    options |= {"Errors": "ar1_by_meeting"} if single else {}
    effect, null = names.after_meetings(*options.values())
    rho = names.without_meetings["latest_values", "none", "2013"][2]

    def change(members: np.ndarray) -> float:
        counts = window_counts(number(MONTHS), members[None, :], before=3, after=3)[:, :, 0]
        behind, _, ahead = generalised(series, counts, rho)
        return behind - ahead

    for members, value in ((number(MEETINGS), effect.value), (names.sets_h19b[7], null[7])):
        expected = np.mean([change(members[[i]]) for i in range(3)]) if single else change(members)
        assert value == pytest.approx(expected, abs=1e-9)
    assert effect.n == 3
    pair = names.after_meetings(*(options | {"Meetings": "two"}).values())
    assert pair[0].n == 2 and pair[1][7] != null[7]


def test_equal_changes_are_no_evidence_of_precision(names: ModuleType) -> None:
    same = names.mean_over(np.array([1.0, 1.0, 1.0]), "events")
    assert (same.value, same.low, same.high) == (1.0, -np.inf, np.inf)
    with pytest.raises(UnusableInput, match="meetings"):
        names.mean_over(np.array([1.0]), "events")


def test_sizes_are_compared_by_welch_and_a_missing_event_is_left_out(names: ModuleType) -> None:
    days = pd.bdate_range("2020-01-01", periods=400)
    size = pd.Series(np.abs(np.random.default_rng(1).standard_normal(400)), days)
    size.iloc[120] = np.nan
    controls, others = days[[50, 120, 260, 300]], days[[80, 200, 350]]
    names.days, names.UNIT, names.sizes = days, "u", {("w", "e", "m", "b"): size}
    names.standing = {("w", "Controls", "all"): pd.Series(controls, list("abcd"))}
    names.standing |= {("w", "Meetings", "all"): pd.Series(others, list("efg"))}
    names.standing |= {("w", "Meetings", "one"): pd.Series(others[:1], ["e"])}
    names.placebo_days = pd.DataFrame(np.arange(140).reshape(20, 7) % 110, columns=list("abcdefg"))
    effect, null = names.compare_sizes("w", "e", "m", "b", "all", "all")
    expected = difference_of_means(size[controls].dropna(), size[others], unit="u", method="m")
    assert (effect.value, effect.low, effect.high, effect.n) == (
        expected.value, expected.low, expected.high, 6,
    )  # fmt: skip
    rows = names.placebo_days.loc[3]
    assert null[3] == pytest.approx(size.iloc[rows[list("acd")]].mean() - size.iloc[rows[list("efg")]].mean())
    with pytest.raises(UnusableInput):
        names.compare_sizes("w", "e", "m", "b", "all", "one")


def h19a(names: ModuleType) -> None:
    rows = [
        ("2020-01-05", "control", "tightening", "high"),
        ("2020-01-07", "control", "tightening", "low"),
        ("2020-01-20", "relief", "easing", "high"),
        ("2020-01-20", "truce", "easing", "high"),
    ]
    table = pd.DataFrame(rows, columns=["date", "category", "direction", "confidence"])
    names.rows, names.span = (
        table.assign(date=pd.to_datetime(table["date"])),
        pd.date_range("2020-01-01", "2020-01-31"),
    )


def test_events_are_counted_by_kind_and_confidence_and_bursts_once(names: ModuleType) -> None:
    h19a(names)
    both = ["high", "low"]
    assert names.running(["control"], "tightening", both, 0)[[4, 5, 7, -1]].tolist() == [0, 1, 2, 2]
    assert names.running(["control"], "tightening", ["high"], 0)[-1] == 1
    assert names.running(["control"], "tightening", both, 7)[-1] == 1
    assert names.running(["relief", "truce"], "easing", both, 0)[-1] == 2
    assert names.running(["relief"], "tightening", both, 0)[-1] == 0


def test_the_balance_changes_from_the_days_before_to_those_after(names: ModuleType) -> None:
    h19a(names)
    total = names.running(["control"], "tightening", ["high", "low"], 0)
    day = {d: i for i, d in enumerate(names.span.day)}
    at = np.array([day[6]])
    # One event the day before the sixth, one the day after; the sixth itself counts on no side.
    assert names.across(at, total, 1, 0) == [0] and names.across(at, total, 1, 1) == [1]
    assert names.across(np.array([day[5]]), total, 2, 0) == [1]
    assert names.across(np.array([day[7]]), total, 2, 0) == [-1] and names.across(
        np.array([day[7]]), total, 2, 1
    ) == [-1]
