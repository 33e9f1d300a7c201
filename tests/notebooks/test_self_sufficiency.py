"""China's own tools, counted by notebook 07: its own cells on made-up makers and on the package."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from cells import Cells

from helpers import observations

MONTHS = pd.date_range("2023-01-01", "2026-06-01", freq="MS", name="period")
QUARTERS = pd.date_range("2023-03-31", "2026-06-30", freq="QE", name="period")


def known(values: pd.Series, currency: str = "USD") -> SimpleNamespace:
    return SimpleNamespace(values=values, info=SimpleNamespace(currency=currency))


@pytest.fixture
def package():
    """Names of the notebook after it has read its makers and origins, with its functions."""
    cells = Cells("07_self_sufficiency")
    names = cells.run({"as_of": ""}, "c-setup", until="figures.apply_style()")
    cells.run(names, "own-tools-data")
    return SimpleNamespace(**cells.run(names, "own-tools-share", until="counts = ")), names


@pytest.fixture
def notebook(package):
    """One maker that sells 700 CNY million a quarter, and one origin that ships USD 10 million a month."""
    years = pd.to_datetime(["2023-12-31", "2024-12-31", "2025-12-31"])
    functions, names = package
    names["tool_parts"] = {
        "maker_revenue_cny": known(pd.Series(700.0, QUARTERS)),
        "maker_domestic_share_of_revenue": known(pd.Series([100.0, 100.0, 50.0], years)),
        "maker_tool_segment_share_of_revenue": known(pd.Series([100.0, 80.0, 80.0], years)),
        "cny_per_eur": known(pd.Series(7.7, MONTHS)),
        "usd_per_eur": known(pd.Series(1.1, MONTHS)),
        "us_exp_cn_hs8486": known(pd.Series(10e6, MONTHS)),
    }
    return functions


def test_domestic_sales_take_the_shares_of_their_year_and_the_last_ones_after_it(notebook):
    sold = notebook.sold_at_home("maker")
    expected = {"2023-03-31": 100.0, "2024-12-31": 80.0, "2025-03-31": 40.0, "2026-06-30": 40.0}
    assert sold[list(expected)].tolist() == pytest.approx(list(expected.values()))


def test_the_share_is_of_domestic_tools_and_imports_together(notebook):
    by_quarter = notebook.domestic_share(["maker"], ["us"])
    assert by_quarter["2023-03-31"] == pytest.approx(100 * 100 / (100 + 30))
    assert notebook.domestic_share(["maker"], ["us"], "2025") == pytest.approx(100 * 160 / (160 + 120))


def test_a_quarter_without_all_its_months_is_left_out(notebook, package):
    package[1]["tool_parts"]["us_exp_cn_hs8486"] = known(pd.Series(10e6, MONTHS[:-1]))
    assert notebook.domestic_share(["maker"], ["us"]).index[-1] == pd.Timestamp("2026-03-31")


def test_six_makers_and_five_origins_are_the_ratio_that_is_published(package):
    functions, names = package
    published = observations.load("geomacro2_tool_self_sufficiency").values
    ours = functions.domestic_share(names["CHINESE"], names["ORIGINS"])
    np.testing.assert_allclose(ours[published.index], published, atol=0.02)
