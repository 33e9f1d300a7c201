"""Inside a kernel: which of the project's files a notebook opened, and whether it reached for the network.

The engine starts the watch before the first cell and asks for the answer after the last one. An audit hook
sees every file that Python opens, so what a notebook reads is observed, not declared.
"""

import json
import os
import sys
from typing import Any

from helpers import paths

_opened: set[str] = set()
_addresses: set[str] = set()


def start() -> None:
    """Begin to note files below the data, notebook and run folders, and internet addresses."""
    places = paths.data_dir(), paths.notebooks_dir(), paths.runs_dir()
    folders = tuple(f"{place}{os.sep}" for place in places)
    sys.addaudithook(lambda event, arguments: _note(event, arguments, folders))


def _note(event: str, arguments: tuple[Any, ...], folders: tuple[str, ...]) -> None:
    if event == "open" and isinstance(arguments[0], str | os.PathLike):
        path = os.path.abspath(os.fspath(arguments[0]))
        if isinstance(path, str) and path.startswith(folders):
            _opened.add(path)
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        _addresses.add(f"{arguments[1][0]}:{arguments[1][1]}")


def seen() -> str:
    """As JSON: files opened so far, internet addresses connected to, and the rows asked for by table."""
    catalog = sys.modules.get("helpers.catalog")
    asked = catalog.asked if catalog else {}
    return json.dumps({"opened": sorted(_opened), "addresses": sorted(_addresses), "rows": asked})
