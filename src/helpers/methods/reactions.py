"""Names of the event study that the specification curve still calls by this module."""

from helpers.methods.abnormal_returns import portfolio_cars
from helpers.methods.event_study import spaced as _spaced
from helpers.methods.event_study import windows
from helpers.timeline import NEWS

__all__ = ["NEWS", "portfolio_cars", "spaced", "windows"]


def spaced(days, index, window):
    """Return the events that stand for others, as :func:`helpers.methods.event_study.spaced`."""
    return _spaced(days, index, window), {}
