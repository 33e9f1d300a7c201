"""Local projections on a simulated autoregression with a known response, and refusals."""

import numpy as np
import pandas as pd
import pytest

from helpers.methods.checks import UnusableInput
from helpers.methods.local_projections import local_projections

SETTINGS = {
    "outcome": "y",
    "impulse": "shock",
    "contemporaneous": [],
    "horizons": [0, 1, 2],
    "lags": 2,
    "leads": 2,
    "unit": "points",
}


@pytest.fixture
def frame():
    rng = np.random.default_rng(6)
    shock, y = rng.normal(size=400), np.zeros(400)
    for t in range(1, 400):
        y[t] = 0.5 * y[t - 1] + shock[t] + rng.normal(scale=0.3)
    return pd.DataFrame({"y": y, "shock": shock})


def test_the_response_decays_as_simulated_and_leads_are_zero(frame):
    result = local_projections(frame, **SETTINGS)
    table = result.table()
    assert list(table.index) == [-2, -1, 0, 1, 2]
    assert table.loc[[0, 1, 2], "value"].tolist() == pytest.approx([1, 0.5, 0.25], abs=0.12)
    assert (table.loc[[-2, -1], "low"] < 0).all()
    assert (table.loc[[-2, -1], "high"] > 0).all()
    assert result.record()["window"] == "+2"


@pytest.mark.parametrize(
    ("spoil", "settings", "message"),
    [
        (lambda f: f.drop(columns="shock"), {}, "No columns"),
        (lambda f: f.assign(shock=1.0), {}, "constant"),
        (lambda f: f.assign(y=f["y"].where(f.index != 7)), {}, "missing"),
        (lambda f: f, {"contemporaneous": ["y"]}, "explain itself"),
        (lambda f: f, {"horizons": [-1]}, "zero or more"),
        (lambda f: f.iloc[:12], {"lags": 4}, "Too few rows"),
    ],
)
def test_unusable_input_is_refused(frame, spoil, settings, message):
    with pytest.raises(UnusableInput, match=message):
        local_projections(spoil(frame), **{**SETTINGS, **settings})
