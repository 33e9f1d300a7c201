"""Intervention models on simulated series with known effects, and refusals."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.statespace.sarimax import SARIMAX

from helpers.methods import likelihood
from helpers.methods.checks import UnusableInput
from helpers.methods.interrupted_series import Intervention
from helpers.methods.intervention import sarimax

INDEX = pd.date_range("2012-01-01", periods=120, freq="MS")
PULSE = Intervention("shock", "2017-11", leads=0, end="2017-11")
STEP = Intervention("control", "2017-11", leads=0)
NOISE = {"order": (1, 0, 0), "season": None, "unit": "log points"}


def simulated(response, seed=3):
    """AR(1) noise around 3 plus a response that starts in 2017-11."""
    rng = np.random.default_rng(seed)
    noise = np.zeros(120)
    for t in range(1, 120):
        noise[t] = 0.4 * noise[t - 1] + 0.05 * rng.standard_normal()
    effect = np.zeros(120)
    effect[70:] = response(np.arange(50))
    return pd.Series(3 + effect + noise, index=INDEX, name="simulated")


def test_scaling_does_not_move_the_answer():
    series = simulated(lambda k: -0.3 + 0 * k)
    plain, large = sarimax(series, [STEP], **NOISE), sarimax(series * 1e6 + 1e9, [STEP], **NOISE)
    assert large.coefficients["control: level"] == pytest.approx(
        1e6 * plain.coefficients["control: level"], rel=1e-6
    )


def test_starts_that_disagree_are_refused(monkeypatch):
    heights = iter([0.0, -5.0, -9.0])
    monkeypatch.setattr(likelihood, "_run", lambda model, method, start: (next(heights), start))
    with pytest.raises(likelihood.StartsDisagree, match="different likelihoods"):
        likelihood.maximise(SARIMAX(np.sin(np.arange(30.0)), order=(1, 0, 0)))


def test_a_false_maximum_of_one_start_is_outvoted(monkeypatch):
    series = simulated(lambda k: -0.3 + 0 * k)
    honest = sarimax(series, [STEP], **NOISE)
    run = likelihood._run
    monkeypatch.setattr(
        likelihood,
        "_run",
        lambda model, method, start: (-1e3, start) if method == "lbfgs" else run(model, method, start),
    )
    assert sarimax(series, [STEP], **NOISE).coefficients.to_numpy() == pytest.approx(
        honest.coefficients.to_numpy(), rel=1e-6
    )


@pytest.mark.parametrize(
    ("series", "message"),
    [
        (simulated(lambda k: k).drop(INDEX[5]), "every period"),
        (simulated(lambda k: k) * 0, "constant"),
        (simulated(lambda k: k).iloc[:20], "Too few"),
    ],
)
def test_bad_series_are_refused(series, message):
    with pytest.raises(UnusableInput, match=message):
        sarimax(series, [], **NOISE)


def test_the_maximum_is_exact_from_whichever_side_it_is_approached():
    y = simulated(lambda k: 0 * k)
    model = SARIMAX((y - y.mean()) / y.std(), order=(1, 0, 0), seasonal_order=(1, 0, 0, 12))
    best = likelihood.maximise(model)
    for nudge in (-1e-3, 1e-3):
        assert likelihood._polish(model, best + nudge) == pytest.approx(best, abs=1e-7)
