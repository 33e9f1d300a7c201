"""Trade series in US dollars and the chip cycle, against a conversion by hand."""

import pandas as pd
import pytest

from helpers import observations, trade

IDS = ["us_exp_cn_hs8542", "jp_exp_cn_hs8542", "jpy_per_usd", "wsts_billings_world"]


@pytest.fixture(scope="module")
def known():
    return observations.load_known(IDS)[0]


def test_a_series_in_dollars_is_left_as_it_is(known):
    assert trade.dollars(known, IDS[0]).equals(known[IDS[0]].values)


def test_yen_are_divided_by_yen_per_dollar(known):
    month = pd.Timestamp("2024-06-01")
    expected = known[IDS[1]].values[month] / known["jpy_per_usd"].values[month]
    assert trade.dollars(known, IDS[1])[month] == pytest.approx(expected)


def test_what_is_not_known_is_empty(known):
    without_rate = {IDS[1]: known[IDS[1]]}
    assert trade.dollars(without_rate, IDS[1]).empty and trade.dollars({}, IDS[0]).empty
    assert trade.cycle({}, "wsts_billings_world").empty


def test_growth_is_chained(known):
    level = trade.cycle(known, "wsts_billings_world")
    growth = known["wsts_billings_world"].values
    assert level.iloc[-1] / level.iloc[-2] == pytest.approx(1 + growth.iloc[-1] / 100)
    assert trade.cycle(known, IDS[0]).equals(trade.dollars(known, IDS[0]))


@pytest.mark.parametrize(
    ("whole", "part", "inside"),
    [
        ("kr_exp_world_hs8542", "kr_exp_cn_hs8542", True),
        ("kr_exp_world_hs8542", "kr_exp_cn_hs8542323000", True),
        ("eu27_exp_cn_hs8486", "nl_exp_cn_hs8486", True),
        ("kr_exp_cn_hs8542", "kr_exp_world_hs8542", False),
        ("kr_exp_world_hs8542", "kr_exp_cn_hs8486", False),
        ("kr_exp_world_hs8542", "us_exp_cn_hs8542", False),
        ("wsts_billings_world", "us_exp_cn_hs8542", False),
    ],
)
def test_a_flow_contains_its_parts(whole, part, inside):
    assert trade.contains(whole, part) == inside
