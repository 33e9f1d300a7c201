"""Figures in one house style.

A figure states its conclusion as its title, its unit and basis under it, and its sources below. `publish` is
the only way out of a notebook: it refuses a figure without title, unit, source, alt text or numbers.
"""

from helpers.figures.counts import bars, heatmap
from helpers.figures.distributions import distribution_panels, distribution_plot
from helpers.figures.estimates import coefficient_plot, draw_estimates, estimate_panels, event_plot
from helpers.figures.event_time import day_panels, event_time_panels, forecast_panels
from helpers.figures.events import event_bands, timeline_chart
from helpers.figures.lines import line_panel, small_multiples
from helpers.figures.publishing import FIGURE_MIME, IncompleteFigure, publish, save
from helpers.figures.style import COLOURS, apply_style, new_figure

__all__ = [
    "COLOURS",
    "FIGURE_MIME",
    "IncompleteFigure",
    "apply_style",
    "bars",
    "coefficient_plot",
    "day_panels",
    "distribution_panels",
    "distribution_plot",
    "draw_estimates",
    "estimate_panels",
    "event_bands",
    "event_plot",
    "event_time_panels",
    "forecast_panels",
    "heatmap",
    "line_panel",
    "new_figure",
    "publish",
    "save",
    "small_multiples",
    "timeline_chart",
]
