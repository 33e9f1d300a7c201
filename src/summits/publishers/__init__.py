"""Live sources: one small client per publisher, one transport for all. No notebook imports this package.

A client is a module named after its row of ``publishers.csv``: it says what to ask if that is more than
each of its files once (`call` for each series, `requests` for all), and reads the reply (`parse`). The row
says when values are due, which key is needed, and under which terms the values are stored; a row without a
module is read by hand. ``labels.csv`` has the publisher's own name of each series for which the module has
no rule (`label`).

To add a series, add a row to ``data/series.csv``, and one to ``labels.csv`` if its publisher has no rule.
"""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from helpers.catalog import read_text_table
from summits.publishers import keys
from summits.publishers.client import Publisher, Rhythm

_FOLDER = Path(__file__).parent
_MODULES = [import_module(f"{__name__}.{info.name}") for info in iter_modules(__path__)]
CLIENTS = {module.__name__.rpartition(".")[2]: module for module in _MODULES if hasattr(module, "parse")}
_labels = read_text_table(_FOLDER / "labels.csv").set_index(["publisher", "series_id"])["label"]
RHYTHMS: dict[str, Rhythm] = {}
PUBLISHERS: dict[str, Publisher] = {}
for _row in read_text_table(_FOLDER / "publishers.csv").to_dict("records"):
    _name = str(_row["name"])
    _lag = {each[0]: int(each[1:]) for each in _row.pop("lag").split()}
    RHYTHMS[_name] = Rhythm(_row.pop("rhythm"), _lag)
    _fixed = _row.pop("never_revised") == "yes"
    if _name in CLIENTS:
        _own = _labels.xs(_name).to_dict() if _name in _labels.index else {}
        PUBLISHERS[_name] = Publisher(**_row, never_revised=_fixed, labels=_own, client=CLIENTS[_name])
        keys.VARIABLES.update(filter(None, [_row["needs"]]))
