"""Specification curves: batched estimates equal those of the estimators they stand for (simulated data)."""

import numpy as np
import pandas as pd
import pytest

from helpers import paths, transforms
from helpers.figures.specifications import describe_curve, specification_curve
from helpers.methods import placebo
from helpers.methods import specifications as sp
from helpers.methods.abnormal_returns import cars_on_every_day
from helpers.methods.checks import UnusableInput
from helpers.methods.interrupted_series import design, segmented_regression, whiten
from helpers.methods.rates import change_around
from helpers.methods.responses import noise, one_event, window_terms
from helpers.methods.results import difference_of_means
from summits import notebooks, parameters

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
    found = sp.change_curve(
        {"y": series}, {"none": None}, windows={"3": 3}, starts={"2013": "2013"}, meetings={"all": EVENTS},
        overlaps={"no": EVENTS[:0]}, errors=[kind], guard=3, draws=30, seed=1, **CLAIM,
    )  # fmt: skip
    # The same draws again: full windows, more than three months from every event.
    apart = np.abs(np.subtract.outer(transforms.month_numbers(MONTHS), transforms.month_numbers(EVENTS))).min(
        axis=1
    )
    pool = [row for row in np.flatnonzero(apart > 3) if 3 <= row < len(MONTHS) - 3]
    sets = placebo.random_sets(pool, 3, apart=3, draws=30, seed=1)
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
    found = sp.size_curve(
        {("0..+1", "market"): car}, ["Window", "Model"], windows={"0..+1": 1}, controls={"all": controls},
        meetings={"all": meetings, "none": meetings[:0]}, listed=days[[50, 200]], guard=5,
        draws=40, seed=1, **CLAIM,
    )  # fmt: skip
    sizes = [car[controls[["a", "c", "d"]]].abs(), car[meetings].abs()]
    expected = difference_of_means(*sizes, unit="u", method="m")
    assert found.specs[["value", "low", "high"]].iloc[0].to_list() == pytest.approx(
        [expected.value, expected.low, expected.high]
    )
    assert (len(found.specs), found.left_out, found.specs["n"].iloc[0]) == (1, 1, 6)
    assert found.placebo.shape == (40, 1) and found.placebo.std() > 0


def test_balances_equal_the_change_around_dates() -> None:
    span = pd.date_range("2018-01-01", "2020-12-31")
    rng = np.random.default_rng(5)
    up, down = (span[np.sort(rng.integers(0, len(span), 40))] for _ in range(2))
    dates = pd.DatetimeIndex(["2018-06-01", "2019-03-10", "2020-05-05"])
    per_day = [days.value_counts().reindex(span, fill_value=0).to_numpy() for days in (up, down)]
    found = sp.balance_curve(
        {("all",): per_day[0] - per_day[1]}, ["Kind"], lengths={"60": 60}, gaps={"14": 14},
        span=span, meetings={"all": dates, "two": dates[:2]}, guard=30, draws=500, seed=1, **CLAIM,
    )  # fmt: skip
    whole = change_around(
        dates, added=up, subtracted=down, length=60, anticipation=14, span=(span[0], span[-1]), guard=30,
        draws=99, seed=1,
    ).effect  # fmt: skip
    assert found.specs[["value", "low", "high"]].iloc[0].to_list() == pytest.approx(
        [whole.value, whole.low, whole.high]
    )
    assert found.placebo[:, 0].mean() == pytest.approx(whole.details["placebo_median"], abs=1)


def test_the_joint_test_sees_a_curve_that_placebo_dates_do_not_give() -> None:
    rng = np.random.default_rng(2)
    null = rng.standard_normal((99, 1)) + 0.1 * rng.standard_normal((99, 40))
    specs = pd.DataFrame({"Choice": ["a", "b"] * 20, "value": 5.0, "low": 4.0, "high": 6.0, "n": 9})
    far = sp.curve(specs, null, **CLAIM)
    assert far.joint()["median_p"] == 0.01 and far.share("supports") == 1
    usual = sp.curve(specs.assign(value=0.0, low=-1.0, high=1.0), null, **CLAIM)
    assert usual.joint()["median_p"] > 0.5
    assert usual.within("Choice", "a").placebo.shape == (99, 20)
    assert far.point({"Choice": "b"})["value"] == 5 and far.point({"Choice": "c"}) is None
    with pytest.raises(UnusableInput, match="one option for each"):
        far.point({})
    with pytest.raises(UnusableInput, match="specifications"):
        sp.curve(specs.assign(low=np.nan), null, **CLAIM)


def test_the_figure_draws_every_class_and_marks_the_point() -> None:
    specs = pd.DataFrame({"Choice": ["a", "b", "a"], "value": [2.0, 0.0, -1.0], "low": [1.0, -3.0, -2.0]})
    made = sp.curve(
        specs.assign(high=[3.0, 3.0, -0.5], Kind=["x", "x", "y"], n=9), np.zeros((20, 3)), **CLAIM
    )
    point = {"Choice": "a", "Kind": "x"}
    points = {"published": point, "chosen": point, "lost": {"Choice": "b", "Kind": "y"}}
    fig = specification_curve(made, points, title="t", unit="u", margin=0.1, scale=100, labels={"a": "A"})
    top, grid = fig.axes
    names = [label.get_text() for label in grid.get_yticklabels()]
    assert names == ["Choice:  A", "b", "Kind:  x", "y"]
    shades = grid.collections[0].get_array().data.reshape(4, 3).tolist()
    assert shades == [[1, 0, 1], [0, 1, 0], [0, 1, 1], [1, 0, 0]]
    said = [text.get_text() for text in top.get_legend().get_texts()]
    assert "published: 200" in said and len(said) == 4
    assert "published 200 at place 3." in describe_curve(made, points, scale=100)


def test_the_published_choices_are_the_defaults_of_the_notebook() -> None:
    known = parameters.schema(notebooks.read(paths.notebooks_dir() / "10_specification_curve.ipynb"))
    for test, options in sp.PUBLISHED.items():
        defaults = [one.default for name, one in known.items() if name.startswith(f"{test.lower()}_")]
        assert sorted(defaults) == sorted(options.values())


def test_a_grid_of_returns_has_every_way_to_measure_them() -> None:
    days = pd.bdate_range("2020-01-01", periods=200)
    rng = np.random.default_rng(1)
    returns, market = pd.DataFrame(rng.normal(size=(200, 2)), days), pd.Series(rng.normal(size=200), days)
    grid = sp.car_grid({"both": returns}, {"market": market, "own_mean": None}, {"0..+1": (0, 1)}, (60, 90),
                       leads=9, gap=5)  # fmt: skip
    assert list(grid) == [
        ("0..+1", f"{n}_days", model, "both") for n in (60, 90) for model in ("market", "own_mean")
    ]
    by_hand = cars_on_every_day(returns, None, estimation=(-104, -15), window=(0, 1)).mean(axis=1)
    pd.testing.assert_series_equal(grid["0..+1", "90_days", "own_mean", "both"], by_hand)


def test_balances_count_easing_less_tightening_and_bursts_once() -> None:
    span = pd.date_range("2020-01-01", "2020-01-31")
    rows = [
        ("2020-01-05", "control", "tightening", "high"),
        ("2020-01-07", "control", "tightening", "low"),
        ("2020-01-20", "relief", "easing", "high"),
        ("2020-01-20", "truce", "easing", "high"),
    ]
    events = pd.DataFrame(rows, columns=["date", "category", "direction", "confidence"]).assign(
        date=lambda table: pd.to_datetime(table["date"])
    )
    found = sp.event_balances(
        events, span, tightening={"t": ["control"]}, easing={"e": ["relief"], "all": ["relief", "truce"]},
        confidence={"any": ["high", "low"], "high": ["high"]}, bursts={"rows": 0, "merged": 7},
    )  # fmt: skip
    assert len(found) == 8
    rows = found["t", "all", "any", "rows"]
    assert (rows[4], rows[6], rows[19], rows.sum()) == (-1, -1, 2, 0)
    assert found["t", "e", "any", "merged"].sum() == 0 and found["t", "e", "high", "rows"][6] == 0


def test_the_tables_of_a_curve_find_the_choice_that_moves_it() -> None:
    null = np.random.default_rng(2).standard_normal((99, 4))
    specs = pd.DataFrame({"Loud": list("aabb"), "Mute": list("xyxy"), "value": [1.0, 1.1, 5.0, 5.1], "n": 9})
    made = {"T": sp.curve(specs.assign(low=specs["value"] - 2, high=specs["value"] + 2), null, **CLAIM)}
    top = sp.drivers(made).iloc[0]
    assert (top["choice"], top["with_lowest"], top["with_highest"]) == ("Loud", "a", "b")
    assert top["range"] == pytest.approx(4 / specs["value"].std())
    parts = sp.within_options(made, {"T": "Loud"}).set_index("option")
    assert parts["supports"].to_dict() == {"a": 0, "b": 1} and parts["n"].tolist() == [2, 2]
    joint = sp.joint_tests(made).iloc[0]
    assert (joint["n"], joint["in_direction"], joint["median_p"]) == (4, 1, made["T"].joint()["median_p"])
    point = made["T"].estimate({"Loud": "a", "Mute": "y"})
    assert (point.value, point.details["share_not_above"], point.details["class"]) == (
        1.1,
        0.5,
        "inconclusive",
    )
    assert made["T"].estimate({"Loud": "c", "Mute": "y"}) is None
    assert sp.option_name("-1..+1") == "\N{MINUS SIGN}1..+1" and sp.option_name(sp.KOREA) == "Korean exports"
