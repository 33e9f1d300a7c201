"""Figures in one house style.

A figure states its conclusion as its title, its unit and basis under it, and its sources below. `publish`
shows it in a notebook and refuses it without title, unit, source, alt text or numbers; `save` writes a figure
to a file. Bars,
marks, distributions and heat maps are seaborn's; style, panels, event lanes and direct labels are ours.
"""
# The imports are the public names.
# ruff: noqa: F401

from helpers.figures.counts import bars, distribution_panels, distribution_plot, heatmap
from helpers.figures.estimates import coefficient_plot, draw_estimates, estimate_panels, event_plot
from helpers.figures.events import event_bands, timeline_chart
from helpers.figures.lines import day_panels, event_time_panels, forecast_panels, line_panel, small_multiples
from helpers.figures.publishing import IncompleteFigure, publish, save
from helpers.figures.style import COLOURS, apply_style, new_figure
from helpers.paths import FIGURE_MIME
