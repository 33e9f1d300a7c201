"""Specification curves: batched estimates equal those of the estimators they stand for (simulated data)."""

import numpy as np
import pandas as pd
import pytest

from helpers import transforms
from helpers.figures import specification_curve
from helpers.methods import placebo
from helpers.methods import specifications as sp
from helpers.methods.checks import UnusableInput
from helpers.methods.interrupted_series import design, segmented_regression, whiten
from helpers.methods.rates import change_around
from helpers.methods.responses import noise, one_event, window_terms
from helpers.methods.results import difference_of_means

MONTHS = pd.date_range("2013-01-01", "2023-12-01", freq="MS")
EVENTS = pd.DatetimeIndex(["2016-05-01", "2018-03-01", "2020-09-01"])
CLAIM = {"sign": "positive", "margin": 0.1, "unit": "log points"}


@pytest.fixture(scope="module")
def series() -> pd.Series:
    errors = np.random.default_rng(3).standard_normal(len(MONTHS))
    for t in range(1, len(errors)):
        errors[t] += 0.5 * errors[t - 1]
    return pd.Series(0.1 * errors + 0.01 * np.arange(len(errors)), MONTHS)


@pytest.mark.parametrize(
    ("sign", "expected"),
    [("positive", ["supports", "contradicts", "inconclusive", "inconclusive"]),
     ("negative", ["contradicts", "inconclusive", "contradicts", "inconclusive"])],
)  # fmt: skip
def test_an_interval_has_the_class_of_the_rule(sign: str, expected: list[str]) -> None:
    low, high = np.array([0.2, -0.5, 0.01, -1.0]), np.array([0.6, 0.05, 0.05, 1.0])
    assert list(sp.interval_class(low, high, sign=sign, margin=0.1)) == expected
    with pytest.raises(UnusableInput, match="margin"):
        sp.interval_class(low, high, sign=sign, margin=-0.1)


@pytest.mark.parametrize("kind", [sp.AR1, sp.LEAST_SQUARES])
def test_changes_equal_the_regression_with_shared_windows(series: pd.Series, kind: str) -> None:
    pool = np.flatnonzero(np.abs(np.subtract.outer(sp._months(MONTHS), sp._months(EVENTS))).min(axis=1) > 3)
    sets = placebo.random_sets(pool[6:-6], 3, apart=3, draws=30, seed=1)
    found = sp.change_curve(
        {"y": series}, {"none": None}, windows={"3": 3}, starts={"2013": "2013"}, meetings={"all": EVENTS},
        overlaps={"no": EVENTS[:0]}, errors=[kind], placebo_months=MONTHS.to_numpy()[sets], **CLAIM,
    )  # fmt: skip
    terms = transforms.lunar_new_year_terms(MONTHS)
    rho = noise(series, season="dummies", regressors=terms).rho
    assert found.placebo.shape == (30, 1)
    for months, value in [(EVENTS, found.specs["value"][0]), (MONTHS[sets[7]], found.placebo[7, 0])]:
        joined = terms.join(window_terms(MONTHS, months, before=3, after=3))
        if kind == sp.LEAST_SQUARES:
            fit = segmented_regression(
                series, [], season="dummies", unit="u", maxlags=12, regressors=joined
            ).estimate("after less before")
            assert value == pytest.approx(fit.value, abs=1e-9)
        else:
            X = design(MONTHS, [], season="dummies", regressors=joined).frame.to_numpy()
            white, ones = (whiten(part, np.ones(len(MONTHS) - 1), rho) for part in (X, series.to_numpy()))
            fitted = np.linalg.lstsq(white, ones, rcond=None)[0]
            assert value == pytest.approx(fitted[-3], abs=1e-9)
    if kind == sp.LEAST_SQUARES:
        whole = segmented_regression(
            series, [], season="dummies", unit="u", maxlags=12,
            regressors=terms.join(window_terms(MONTHS, EVENTS, before=3, after=3)),
        ).estimate("after less before")  # fmt: skip
        assert found.specs[["low", "high"]].iloc[0].to_list() == pytest.approx([whole.low, whole.high])


def test_steps_equal_the_regression_that_ends_with_the_window(series: pd.Series) -> None:
    gappy, month = series.drop(pd.Timestamp("2019-12-01")), pd.Timestamp("2022-04-01")
    found = sp.step_curve(
        {"y": gappy}, {"none": None}, month, horizons={"6": 6}, leads={"3": 3}, starts={"2013": "2013"},
        trends={"linear": True}, errors=[sp.LEAST_SQUARES, sp.RANDOM_WALK], **CLAIM,
    )  # fmt: skip
    outcome = gappy.loc[:"2022-10"]
    fit = segmented_regression(
        outcome, one_event(month, horizon=6, leads=3), season="dummies", unit="u", maxlags=12,
        regressors=transforms.lunar_new_year_terms(outcome.index),
    ).estimate("window: level")  # fmt: skip
    first = found.specs.iloc[0]
    assert [first["value"], first["low"], first["high"]] == pytest.approx([fit.value, fit.low, fit.high])
    assert len(found.placebo) > 19 and np.isfinite(found.placebo).all()


def test_sizes_equal_welch_and_neighbours_count_once() -> None:
    days = pd.bdate_range("2020-01-01", periods=400)
    car = pd.Series(np.random.default_rng(1).standard_normal(400), days)
    controls = pd.Series(days[[50, 51, 120, 300]], ["a", "b", "c", "d"])
    meetings = pd.Series(days[[80, 200, 350]], ["e", "f", "g"])
    drawn = pd.DataFrame({event: days[np.arange(5, 30)] for event in "abcdefg"})
    found = sp.size_curve(
        {("0..+1", "market"): car}, ["Window", "Model"], windows={"0..+1": 1}, controls={"all": controls},
        meetings={"all": meetings, "none": meetings[:0]}, placebo_days=drawn, **CLAIM,
    )  # fmt: skip
    sizes = [car[controls[["a", "c", "d"]]].abs(), car[meetings].abs()]
    expected = difference_of_means(*sizes, unit="u", method="m")
    assert found.specs[["value", "low", "high"]].iloc[0].to_list() == pytest.approx(
        [expected.value, expected.low, expected.high]
    )
    assert (len(found.specs), found.left_out, found.specs["n"].iloc[0]) == (1, 1, 6)
    # Every placebo set puts all events on one day: the two sizes are equal.
    assert np.allclose(found.placebo, 0)


def test_balances_equal_the_change_around_dates() -> None:
    span = pd.date_range("2018-01-01", "2020-12-31")
    rng = np.random.default_rng(5)
    up, down = (span[np.sort(rng.integers(0, len(span), 40))] for _ in range(2))
    dates = pd.DatetimeIndex(["2018-06-01", "2019-03-10", "2020-05-05"])
    per_day = [days.value_counts().reindex(span, fill_value=0).to_numpy() for days in (up, down)]
    number = span.get_indexer(dates)
    found = sp.balance_curve(
        {("all",): per_day[0] - per_day[1]}, ["Kind"], lengths={"60": 60}, gaps={"14": 14},
        meetings={"all": number, "two": number[:2]}, placebo_days=number[None, :] + np.arange(20)[:, None],
        **CLAIM,
    )  # fmt: skip
    whole = change_around(
        dates, added=up, subtracted=down, length=60, anticipation=14, span=(span[0], span[-1]), guard=30,
        draws=99, seed=1,
    ).effect  # fmt: skip
    assert found.specs[["value", "low", "high"]].iloc[0].to_list() == pytest.approx(
        [whole.value, whole.low, whole.high]
    )
    assert found.placebo[0] == pytest.approx(found.specs["value"])


def test_the_joint_test_sees_a_curve_that_placebo_dates_do_not_give() -> None:
    rng = np.random.default_rng(2)
    null = rng.standard_normal((99, 1)) + 0.1 * rng.standard_normal((99, 40))
    specs = pd.DataFrame({"Choice": ["a", "b"] * 20, "value": 5.0, "low": 4.0, "high": 6.0, "n": 9})
    far = sp.curve(specs, null, **CLAIM)
    assert far.joint()["median_p"] == 0.01 and far.share("supports") == 1
    usual = sp.curve(specs.assign(value=0.0, low=-1.0, high=1.0), null, **CLAIM)
    assert usual.joint()["median_p"] > 0.5
    assert usual.within("Choice", "a").placebo.shape == (99, 20)
    assert far.point({"Choice": "b"}).name == 1 and far.point({"Choice": "c"}) is None
    with pytest.raises(UnusableInput, match="one option for each"):
        far.point({})
    with pytest.raises(UnusableInput, match="specifications"):
        sp.curve(specs.assign(low=np.nan), null, **CLAIM)


def test_the_figure_draws_every_class_and_marks_the_point() -> None:
    table = pd.DataFrame({"Choice": ["a", "b", "a"], "value": [-1.0, 0.0, 2.0], "low": [-2.0, -3.0, 1.0]})
    table = table.assign(high=[-0.5, 3.0, 3.0], **{"class": ["contradicts", "inconclusive", "supports"]})
    fig = specification_curve(
        table, {"Choice": {"a": "A", "b": "B"}}, {"published": 2}, title="t", unit="u", margin=0.1
    )
    top, grid = fig.axes
    assert [label.get_text() for label in grid.get_yticklabels()] == ["Choice:  A", "B"]
    assert grid.collections[0].get_array().data.reshape(2, 3).tolist() == [[1, 0, 1], [0, 1, 0]]
    assert "published: 2" in [text.get_text() for text in top.get_legend().get_texts()]
    with pytest.raises(ValueError, match="sorted"):
        specification_curve(table[::-1], {}, {}, title="t", unit="u", margin=0.1)
