"""Panels of observed values and forecasts."""

import numpy as np
import pandas as pd
import pytest

from helpers import figures

INDEX = pd.date_range("2022-01-01", periods=6, freq="MS")
PIECE = pd.DataFrame(
    {
        "observed": [10, 11, 12, 9, 8, 7.0],
        "counterfactual": [np.nan] * 3 + [12, 12, 13],
        "low": [np.nan] * 3 + [8] * 3,
        "high": [np.nan] * 3 + [16] * 3,
    },
    index=INDEX,
)


def test_a_panel_holds_both_lines_the_band_and_the_date_of_the_event():
    marks = {"First": INDEX[3], "Second": INDEX[2]}
    fig = figures.forecast_panels({"First": PIECE, "Second": PIECE}, marks, title="Fell", unit="USD million")
    first = fig.axes[0]
    assert (
        fig.get_suptitle() == "Fell"
        and first.get_title(loc="left") == "First"
        and first.get_yscale() == "log"
    )
    lengths = sorted(len(line.get_xdata()) for line in first.lines)
    assert lengths[-1] == 6 and 3 in lengths
    assert len(first.collections) == 1
    assert any(set(line.get_xdata()) == {INDEX[3]} for line in first.lines)


def test_no_forecast_is_refused():
    with pytest.raises(ValueError, match="no forecast"):
        figures.forecast_panels({}, {}, title="Fell", unit="USD million")
