"""Live sources: one small client per publisher, one transport for all. No notebook imports this package.

A client is a module named after its row of ``publishers.csv``: it names the series it serves (a function
`label` or a table `COLUMNS`), says what to ask if that is more than each of its files once (`requests`), and
reads the reply (`parse`). The row says when values are due, which key is needed, and under which terms the
values are stored; a row without a module is read by hand.

To add a series, add a row to ``data/series.csv``.
"""

import csv
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from summits.publishers import keys
from summits.publishers.client import Publisher, Rhythm

_MODULES = [import_module(f"{__name__}.{info.name}") for info in iter_modules(__path__)]
CLIENTS = {module.__name__.rpartition(".")[2]: module for module in _MODULES if hasattr(module, "parse")}
RHYTHMS: dict[str, Rhythm] = {}
PUBLISHERS: dict[str, Publisher] = {}
with Path(__file__).with_name("publishers.csv").open(encoding="utf-8", newline="") as _lines:
    for _row in csv.DictReader(_lines):
        _lag = {each[0]: int(each[1:]) for each in _row.pop("lag").split()}
        _rhythm = RHYTHMS[_row["name"]] = Rhythm(_row.pop("rhythm"), _lag)
        _fixed = _row.pop("never_revised") == "yes"
        if _row["name"] in CLIENTS:
            _client = CLIENTS[_row["name"]]
            PUBLISHERS[_row["name"]] = Publisher(**_row, never_revised=_fixed, rhythm=_rhythm, client=_client)
            keys.VARIABLES.update(filter(None, [_row["needs"]]))
