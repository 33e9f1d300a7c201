"""Published numbers come out of the bundled data again, through the cells of notebook 13."""

import numpy as np
import pandas as pd
import pytest
from cells import Cells

from helpers import observations

CELLS = ("setup", "load", "total", "sums-code", "shares-code", "panel-code", "waves-code")
CELLS += ("ratio-code", "ours-code", "judge-code")
LISTED = observations.list_as_of("published_estimates")
EXACT = LISTED[(LISTED["class"] == "exact") & (LISTED["operation"] != "")].set_index("estimate_id")
NEW = {"estimate_id": "new", "operation": "sum", "series": "jp_exp_cn_hs8486", "against": "", "base": ""}
NEW |= {"periods": "2024-01..2024-03", "term": "", "known_on": pd.NaT, "unit": "JPY billion", "remark": ""}


@pytest.fixture(scope="module")
def names():
    return Cells("13_published_and_ours").run({}, *(f"n13-{cell}" for cell in CELLS))


@pytest.mark.parametrize("operation", sorted(set(EXACT["operation"])))
def test_exact_rows_come_out_within_their_tolerance(names, operation):
    rows = EXACT[EXACT["operation"] == operation]
    found = {row["label"]: names["ours"](row)[0] - float(row["value"]) for _, row in rows.iterrows()}
    apart = pd.Series(found).abs().to_numpy()
    assert (apart <= rows["tolerance"].to_numpy()).all(), found


def test_a_new_row_of_a_known_kind_needs_no_code(names):
    values = observations.load("jp_exp_cn_hs8486").values
    assert names["ours"](NEW)[0] == pytest.approx(values["2024-01":"2024-03"].sum() / 1e9)
    grown = NEW | {"operation": "growth", "base": "2023-01..2023-03", "unit": "percent"}
    ratio = values["2024-01":"2024-03"].sum() / values["2023-01":"2023-03"].sum()
    assert names["ours"](grown)[0] == pytest.approx(100 * (ratio - 1))


def test_what_is_not_there_is_refused_with_its_reason(names):
    value, why = names["ours"](NEW | {"periods": "2015-01..2018-03"})
    assert value is None and "of 39 months" in why
    assert names["ours"](NEW | {"operation": "", "remark": "a model"}) == (None, "a model")
    with pytest.raises(ValueError, match="'median' is none of"):
        names["ours"](NEW | {"operation": "median"})


def test_what_was_not_known_on_the_day_gives_no_value(names):
    assert names["ours"](NEW, as_of="2024-02-29") == (None, "its periods end after 2024-02-29")
    first = observations.vintages("jp_exp_cn_hs8486").columns.min()
    early = NEW | {"periods": "2015-01..2015-03"}
    value, why = names["ours"](early, as_of=f"{first - pd.Timedelta(days=1):%Y-%m-%d}")
    assert value is None and "first vintage" in why


def test_the_word_for_a_pair(names):
    row = {"value": "2.0", "tolerance": 0.5, "class": "close", "operation": "growth"}
    judged = names["judged"]
    assert judged(row, 2.4) == ("agrees", pytest.approx(0.4))
    assert judged(row, 2.6)[0] == "differs"
    assert judged(row, None) == ("cannot be had", None)
    assert judged(row | {"tolerance": np.nan}, 2.0)[0] == "other definition"
    for other in ("definition", "not reproducible"):
        assert judged(row | {"class": other}, 2.0)[0] == "other definition"
        assert judged(row | {"class": other}, 9.0)[0] == "other definition"


@pytest.mark.parametrize(
    ("published", "value", "word"),
    [
        ("negative", -9, "agrees"),
        ("-3", 9, "differs"),
        ("no change", 4, "agrees"),
        ("positive", 4, "differs"),
    ],
)
def test_a_sign_is_compared_as_a_sign(names, published, value, word):
    row = {"value": published, "tolerance": np.nan, "class": "sign", "operation": "growth"}
    assert names["judged"](row, value) == (word, None)


def test_steps_of_waves_are_found_in_a_made_up_panel(names, monkeypatch):
    months = pd.date_range("2021-01-01", "2023-12-01", freq="MS")
    level = pd.Series(np.exp(5 + 0.01 * np.arange(36)), months)
    steps = np.where(months >= "2022-10-01", -0.4, 0) + np.where(months >= "2023-06-01", 0.1, 0)
    made = {"a": level * np.exp(steps), "b": level * 2, "c": level * 3}
    monkeypatch.setitem(names, "load", lambda *_: made)
    row = {"series": "a", "against": "b c", "periods": "2021-01..2023-12", "base": "2022-10 2023-06"}
    assert names["waves"](row | {"term": "2022-10"}) == pytest.approx(-0.4)
    assert names["waves"](row | {"term": "sum"}) == pytest.approx(-0.3)
    quarter = names["path"](row | {"base": "2022Q3", "term": "2023Q1"})
    assert quarter == pytest.approx(-0.4)
