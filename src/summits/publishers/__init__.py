"""Live sources: one small client per publisher, one transport for all. No notebook imports this package.

A client is a module named after its row of ``publishers.csv``: it says what to ask if that is more than each
of its files once (`requests`), and reads the reply (`parse`). The row says when values are due, which key is
needed, and under which terms the values are stored; a row without a module is read by hand. ``labels.csv``
has the publisher's own name of each series for which the module has no rule (`label`).

To add a series, add a row to ``data/series.csv``, and one to ``labels.csv`` if its publisher has no rule.
"""

import csv
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from summits.publishers import keys
from summits.publishers.client import Publisher, Rhythm

_FOLDER = Path(__file__).parent
_MODULES = [import_module(f"{__name__}.{info.name}") for info in iter_modules(__path__)]
CLIENTS = {module.__name__.rpartition(".")[2]: module for module in _MODULES if hasattr(module, "parse")}
RHYTHMS: dict[str, Rhythm] = {}
PUBLISHERS: dict[str, Publisher] = {}
_LABELS: dict[str, dict[str, str]] = {name: {} for name in CLIENTS}
with (_FOLDER / "labels.csv").open(encoding="utf-8", newline="") as _lines:
    for _row in csv.DictReader(_lines):
        _LABELS[_row["publisher"]][_row["series_id"]] = _row["label"]
with (_FOLDER / "publishers.csv").open(encoding="utf-8", newline="") as _lines:
    for _row in csv.DictReader(_lines):
        _lag = {each[0]: int(each[1:]) for each in _row.pop("lag").split()}
        _rhythm = RHYTHMS[_row["name"]] = Rhythm(_row.pop("rhythm"), _lag)
        _fixed = _row.pop("never_revised") == "yes"
        if client := CLIENTS.get(_name := _row["name"]):
            PUBLISHERS[_name] = Publisher(
                **_row, never_revised=_fixed, rhythm=_rhythm, labels=_LABELS[_name], client=client
            )
            keys.VARIABLES.update(filter(None, [_row["needs"]]))
