"""Notebook 15 on made-up trade: the estimator of notebook 06, plain changes, and quarters of firms."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from notebook_functions import functions_of

from helpers.methods.checks import UnusableInput

RULE = pd.Timestamp("2022-10-01")
MONTHS = pd.date_range("2021-01-01", periods=34, freq="MS")


@pytest.fixture(scope="module")
def names():
    return functions_of("15_other_exporters", oct7=RULE, last=pd.Timestamp("2100-01-01"), UNIT="log points")


@pytest.fixture(scope="module")
def gap():
    rng = np.random.default_rng(8)
    return pd.Series(rng.normal(size=34).cumsum() * 0.02 + 0.1 * rng.normal(size=34), MONTHS)


def test_the_estimator_and_what_it_could_see_are_those_of_notebook_06(names, gap):
    exports = functions_of("06_export_response", oct7=RULE, UNIT="log points")
    here, there = (
        each.respond(gap, RULE, trend=False, inference="t").estimate("window: level")
        for each in (names, exports)
    )
    assert (here.value, here.se) == pytest.approx((there.value, there.se), rel=1e-12)
    noise = exports.noise_before(gap, season=1, regressors=None)
    assert names.could_see(gap, RULE, trend=True) == pytest.approx(exports.could_see(gap, noise).value)


def test_the_treated_series_has_its_fall_and_the_first_rank(names):
    names.boot = {"draws": 199, "seed": 1}
    rng = np.random.default_rng(2)
    levels = np.exp(0.05 * rng.normal(size=(34, 5)))
    table = pd.DataFrame(levels, MONTHS, ["A", "B", "C", "D", "E"])
    table.loc["2022-11":, "A"] *= 0.5
    effect, effects = names.beside_others(names.against(table, "A"), "A", RULE)
    assert effect.value == pytest.approx(np.log(0.5), abs=0.15) and effect.high < 0
    assert (effect.details["rank"], effect.details["of"], len(effects)) == (1, 5, 5)


def test_a_plain_change_leaves_out_a_month_that_one_year_lacks(names):
    values = pd.Series(1e9, pd.date_range("2021-01-01", "2023-12-01", freq="MS"))
    values["2022-11":] = 2e9
    assert names.plain_change(values) == pytest.approx([12, 24, 100, 12])
    assert names.plain_change(values.drop(pd.Timestamp("2022-03-01"))) == pytest.approx([11, 22, 100, 11])
    with pytest.raises(UnusableInput, match="months in both years"):
        names.plain_change(values[:"2022-10"])


def test_fiscal_quarters_meet_the_calendar_quarter_they_overlap(names):
    ends = {"amat": "2024-01-01", "lam": "2023-12-01", "kla": "2023-12-01"}
    info = SimpleNamespace(currency="USD")
    for firm, end in ends.items():
        values = pd.Series([1000.0, 2000.0], pd.date_range(end, periods=2, freq="3MS"))
        names.known = getattr(names, "known", {}) | {f"{firm}_china_revenue": SimpleNamespace(values=values)}
    sold = pd.Series(1e8, pd.date_range("2023-10-01", "2024-03-01", freq="MS"))
    names.known[names.TOOLS] = SimpleNamespace(values=sold, info=info)
    names.trade = SimpleNamespace(dollars=lambda known, name: known[name].values)
    books = names.by_quarter()
    assert list(books.index) == list(pd.to_datetime(["2023-10-01", "2024-01-01"]))
    assert books["Revenue"].tolist() == [3.0, 6.0]
    assert books["Exports"].tolist() == pytest.approx([0.3, 0.3])
