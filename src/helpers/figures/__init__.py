"""Figures in one house style.

A figure states its conclusion as its title, its unit and basis under it, and its sources below. A notebook
shows it with `publish`, which refuses a figure without title, unit, source, alt text or numbers, and shows
one at the top of the notebook, where `lead` keeps a place; the command writes one to a file with `save`.
Bars, marks and heat maps are seaborn's; style, panels, event lanes and direct labels are ours.
"""
# The imports are the public names.
# ruff: noqa: F401

from helpers.figures.counts import bars, heatmap
from helpers.figures.estimates import coefficient_plot, estimate_panels, event_plot
from helpers.figures.event_marks import event_bands, timeline_chart
from helpers.figures.lines import day_panels, line_panel, small_multiples
from helpers.figures.publishing import IncompleteFigure, lead, publish, save
from helpers.figures.style import COLOURS, apply_style, new_figure
from helpers.paths import FIGURE_MIME
