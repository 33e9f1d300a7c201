"""Panels of rates around events and of placebo distributions."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from helpers.figures import distribution_panels, event_time_panels

PATH = pd.DataFrame(
    {"first": [-10, 1], "last": [-1, 10], "ratio": [2.0, 0.5], "low": [0.2, 0.1], "high": [1.5, 2.0]}
)


def test_each_kind_has_its_panel_with_the_bins_where_they_belong():
    fig = event_time_panels({"Tightening": PATH, "Easing": PATH}, title="t", unit="u")
    assert [ax.get_title(loc="left") or ax.get_title() for ax in fig.axes] == ["Tightening", "Easing"]
    bars = [(bar.get_x(), bar.get_height()) for bar in fig.axes[0].patches]
    assert bars == [(-10.5, pytest.approx(1.3)), (0.5, pytest.approx(1.9))]
    plt.close(fig)
    with pytest.raises(ValueError, match="no path"):
        event_time_panels({}, title="t", unit="u")


def test_infinite_placebo_values_are_not_drawn():
    draws = np.array([0.5, 1.0, 1.5, np.inf])
    fig = distribution_panels({"C16a": (draws, 1.2, "ratio")}, title="t")
    assert sum(bar.get_height() for bar in fig.axes[0].patches[1:]) == 3
    assert len(fig.axes) == 1
    plt.close(fig)
    with pytest.raises(ValueError, match="finite"):
        distribution_panels({"C16a": (draws[3:], 1.2, "ratio")}, title="t")
