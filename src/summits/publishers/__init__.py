"""Live sources: one small client per publisher, one transport for all. No notebook imports this package.

A client is a module with a ``PUBLISHER``: it names the series it serves (`label`), says what to ask
(`requests`), reads the reply (`parse`), and states when values are due and which key it needs. It is found by
being here. To add a series, add a row to ``data/series.csv``.
"""

from importlib import import_module
from pkgutil import iter_modules

from summits.publishers.client import DAILY, Publisher, Rhythm

_MODULES = [import_module(f"{__name__}.{info.name}") for info in iter_modules(__path__)]
CLIENTS = tuple(module for module in _MODULES if hasattr(module, "PUBLISHER"))
PUBLISHERS: dict[str, Publisher] = {client.PUBLISHER.name: client.PUBLISHER for client in CLIENTS}
# Loaders of the catalogue without a client: their values are read by hand.
READ_BY_HAND = {
    "ai_index": Rhythm("yearly report, in April", {"A": 105}),
    "arena": Rhythm("running leaderboard, read at the end of the month", {"M": 2}),
    "csindex": DAILY,
    "waugh": Rhythm("monthly, after the Census release", {"M": 45}),
}
RHYTHMS = READ_BY_HAND | {name: publisher.rhythm for name, publisher in PUBLISHERS.items()}
