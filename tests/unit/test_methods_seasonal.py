"""X-13 in notebook 02 on a simulated series with a known season, and refusals."""

import numpy as np
import pandas as pd
import pytest
from notebook_functions import functions_of

from helpers import transforms
from helpers.methods.checks import UnusableInput

x13 = functions_of("02_chip_exports").x13
INDEX = pd.date_range("2010-01-01", periods=120, freq="MS")
LONGER = pd.date_range("2010-01-01", periods=132, freq="MS")
AIRLINE = "(0 1 1)(0 1 1)"


def simulated():
    """A season of 20 percent, and 30 percent less in the days of the Lunar New Year."""
    rng = np.random.default_rng(1)
    during = transforms.lunar_new_year_terms(INDEX)["during"].to_numpy()
    logs = 5 + 0.004 * np.arange(120) + 0.2 * np.sin(2 * np.pi * INDEX.month / 12) - 0.3 * during
    return pd.Series(np.exp(logs + 0.01 * rng.standard_normal(120)), index=INDEX, name="simulated")


def test_season_and_holiday_are_removed():
    terms = transforms.lunar_new_year_terms(LONGER)
    adjusted = x13(simulated(), arima=AIRLINE, holiday=terms)
    assert np.log(adjusted).diff().std() < 0.03
    without = x13(simulated(), arima=AIRLINE)
    assert np.log(without).diff().std() > 0.05
    assert adjusted.index.equals(INDEX) and adjusted.name == "simulated"


@pytest.mark.parametrize(
    ("values", "settings", "message"),
    [
        (simulated().drop(INDEX[5]), {}, "without a gap"),
        (simulated() - 200, {}, "above zero"),
        (simulated().iloc[:30], {}, "Too few"),
        (simulated(), {"holiday": transforms.lunar_new_year_terms(INDEX)}, "twelve months past"),
    ],
)
def test_bad_input_is_refused(values, settings, message):
    with pytest.raises(UnusableInput, match=message):
        x13(values, **settings)


def test_a_programme_that_stops_gives_no_series():
    with pytest.raises(UnusableInput, match="X-13 stopped"):
        x13(simulated(), arima="(9 9 9)(9 9 9)")
