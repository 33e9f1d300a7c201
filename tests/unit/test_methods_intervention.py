"""The intervention model of notebook 06 on simulated series with known effects, and refusals."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from notebook_functions import functions_of
from statsmodels.tsa.statespace.sarimax import SARIMAX

from helpers.methods.checks import UnusableInput
from helpers.methods.interrupted_series import Intervention

NOTEBOOK = functions_of("06_export_response")
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
    plain, large = (
        NOTEBOOK.arima(series, [STEP], **NOISE),
        NOTEBOOK.arima(series * 1e6 + 1e9, [STEP], **NOISE),
    )
    assert large.coefficients["control: level"] == pytest.approx(
        1e6 * plain.coefficients["control: level"], rel=1e-6
    )


class Disagreeing:
    """A model whose optimisers end at different likelihoods."""

    def fit(self, method, **settings):
        return SimpleNamespace(llf={"lbfgs": 0.0, "bfgs": -5.0}[method], params=np.zeros(1))


def test_starts_that_disagree_are_refused():
    with pytest.raises(UnusableInput, match="different likelihoods"):
        NOTEBOOK.maximum(Disagreeing())


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
        NOTEBOOK.arima(series, [], **NOISE)


def test_the_maximum_is_where_the_likelihood_is_flat():
    y = simulated(lambda k: 0 * k)
    model = SARIMAX((y - y.mean()) / y.std(), order=(1, 0, 0), seasonal_order=(1, 0, 0, 12))
    best = NOTEBOOK.maximum(model)
    for change in (-1e-4, 1e-4):
        for place in range(len(best)):
            assert model.loglike(best + change * (np.arange(len(best)) == place)) < model.loglike(best)


def test_the_last_bits_of_a_series_do_not_move_the_answer():
    series = simulated(lambda k: -0.3 + 0 * k)
    bits = series * (1 + 4e-16 * np.random.default_rng(9).integers(-3, 4, size=len(series)))
    first, second = (NOTEBOOK.arima(values, [STEP], **NOISE).coefficients for values in (series, bits))
    assert second.to_numpy() == pytest.approx(first.to_numpy(), rel=1e-9)
