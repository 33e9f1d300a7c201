"""Break procedures on simulated series, by brute force, and refusals."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from notebook_functions import functions_of

from helpers.methods import breaks
from helpers.methods.checks import UnusableInput

robust_sup_f = functions_of("06_export_response").robust_sup_f


def simulated(n=60, shift=3.0, seed=1):
    """Two shifts, after periods 20 and 40."""
    rng = np.random.default_rng(seed)
    t = np.arange(n)
    values = shift * (t >= 20) - shift * (t >= 40) + rng.standard_normal(n)
    return pd.Series(values, index=pd.date_range("2015-01-01", periods=n, freq="MS"), name="simulated")


def test_dynamic_programme_finds_the_best_of_all_partitions():
    series = simulated(n=24, shift=1)
    y, h = series.to_numpy(), 5

    def rss(a, b):
        return ((y[a:b] - y[a:b].mean()) ** 2).sum()

    def fits(ends):
        return all(b - a >= h for a, b in zip((0, *ends), (*ends, 24), strict=True))

    best = min(
        sum(rss(a, b) for a, b in zip((0, *ends), (*ends, 24), strict=True))
        for ends in combinations(range(1, 24), 2)
        if fits(ends)
    )
    found = breaks.break_dates(series, breaks=2, shortest=h)
    assert found.selection.loc[2, "rss"] == pytest.approx(best)


def test_known_breaks_are_dated_and_covered():
    found = breaks.break_dates(simulated())
    assert [f"{date:%Y-%m}" for date in found.dates["date"]] == ["2016-08", "2018-04"]
    assert ((found.dates["low"] <= found.dates["date"]) & (found.dates["date"] <= found.dates["high"])).all()
    assert found.record()["value"] == 2 and "2016-08" in repr(found)
    # Up and back down: one break is the wrong alternative, two are the right one.
    assert robust_sup_f(simulated(), most=2)["rejected"].tolist() == [False, True]


@pytest.mark.parametrize("shift", [0.5, 1.0, 2.0])
def test_interval_is_wider_for_a_smaller_shift_and_symmetric_in_time(shift):
    probability = breaks._argmax_distribution(1.0, 1.0)
    assert probability(-1e-9) == pytest.approx(0.5, abs=1e-4)
    assert probability(-7.0) == pytest.approx(1 - probability(7.0))
    # Bai (1997): the 97.5 percent quantile with equal regimes is 11.0.
    assert breaks._quantile(probability, 0.975, 1) == pytest.approx(11.0, abs=0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: breaks.break_dates(s, breaks=9), "cannot hold"),
        (lambda s: breaks.break_dates(s, shortest=1), "cannot hold"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(UnusableInput, match=message):
        call(simulated())
