"""Live sources: one small client per publisher, one transport for all. No notebook imports this package.

A client is a module named after its row of ``publishers.csv``: it names the series it serves (a function
`label` or a table `COLUMNS`), says what to ask (`requests`) and reads the reply (`parse`). The row says when
values are due, which key is needed, and under which terms the values are stored; a row without a module is
read by hand.

To add a series, add a row to ``data/series.csv``.
"""

import csv
from functools import partial
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from helpers.catalog import Series
from summits.publishers.client import Publisher, Rhythm


def _label(columns: dict[str, str], series: Series) -> str | None:
    """Return the publisher's name of a series, where the client has a table of them."""
    return columns.get(series.series_id)


_FILE = Path(__file__).with_name("publishers.csv")
_MODULES = [import_module(f"{__name__}.{info.name}") for info in iter_modules(__path__)]
CLIENTS = tuple(module for module in _MODULES if hasattr(module, "parse"))
with _FILE.open(encoding="utf-8", newline="") as _lines:
    _ROWS = {row["name"]: row for row in csv.DictReader(_lines)}
RHYTHMS = {
    name: Rhythm(row["rhythm"], {each[0]: int(each[1:]) for each in row["lag"].split()})
    for name, row in _ROWS.items()
}
PUBLISHERS: dict[str, Publisher] = {
    name: Publisher(
        name=name,
        title=_ROWS[name]["title"],
        url=_ROWS[name]["url"],
        licence=_ROWS[name]["licence"],
        licence_flag=_ROWS[name]["licence_flag"],
        redistribution=_ROWS[name]["redistribution"],
        needs=_ROWS[name]["needs"],
        never_revised=_ROWS[name]["never_revised"] == "yes",
        rhythm=RHYTHMS[name],
        label=getattr(client, "label", None) or partial(_label, client.COLUMNS),
        requests=client.requests,
        read=client.parse,
        follow=getattr(client, "follow", None),
        combine=getattr(client, "combine", None),
    )
    for client in CLIENTS
    for name in [client.__name__.rpartition(".")[2]]
}
