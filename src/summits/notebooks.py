"""Notebook files as plain dictionaries: reading, finding cells, and the one form in which they are committed.

The committed form is an executed notebook without anything that differs between two equal runs: no times,
no durations, no paths, no kernel version. Without its outputs it is a source again.
"""

import hashlib
import itertools
import json
import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from helpers import paths

OWN = "summits"
MADE_FROM = "summits_made_from"
RECORD_MIME = "application/vnd.summits.record+json"
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
VOLATILE_CELL_METADATA = {"papermill", "execution", "ExecuteTime", "collapsed", "scrolled", "trusted"}


class NotebookError(ValueError):
    """A notebook that cannot be read or run as it stands; the message names the cell."""


def read(path: Path) -> dict[str, Any]:
    """Read a notebook file.

    Raises
    ------
    NotebookError
        If the file is missing or is not a notebook of format 4.
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotebookError(f"{path}: there is no such notebook.") from None
    except ValueError as error:
        message = f"{path}: not a notebook, the file breaks off or is not JSON in UTF-8 ({error})."
        raise NotebookError(message) from None
    if not isinstance(notebook, dict) or notebook.get("nbformat") != 4 or "cells" not in notebook:
        raise NotebookError(f"{path}: not a notebook of format 4. Open it in JupyterLab and save it again.")
    return notebook


def text(value: str | list[str]) -> str:
    """Join a multi-line string, which a notebook file may hold as a list of lines."""
    return value if isinstance(value, str) else "".join(value)


def tags(cell: dict[str, Any]) -> list[str]:
    """Tags of a cell."""
    return list(cell.get("metadata", {}).get("tags", []))


def tagged(notebook: dict[str, Any], tag: str) -> dict[str, Any] | None:
    """First cell that carries `tag`, or None."""
    return next((cell for cell in notebook["cells"] if tag in tags(cell)), None)


def name_of(cell: dict[str, Any], index: int) -> str:
    """How messages call a cell: its position and its first line."""
    lines = text(cell["source"]).strip().splitlines()
    return f"cell {index + 1} ({lines[0][:60]!r})" if lines else f"cell {index + 1} (empty)"


def program(notebook: dict[str, Any]) -> str:
    """Source of all code cells, one after the other."""
    return "\n".join(text(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")


def records(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """Estimates that the notebook recorded, in the order of its cells."""
    outputs = (output for cell in notebook["cells"] for output in cell.get("outputs", []))
    return [dict(output["data"][RECORD_MIME]) for output in outputs if RECORD_MIME in output.get("data", {})]


def figures(notebook: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any], str]]:
    """Figures of an executed notebook: the cell, what is known of the figure, and its PNG in base64.

    The lead figure stands above the cell that draws it; that cell has its digest, and is the one named.
    """
    cells = notebook["cells"]
    outputs = [(cell, output.get("data", {})) for cell in cells for output in cell.get("outputs", [])]
    drawn_in = {text(data.get("text/plain", "")): cell for cell, data in outputs}
    for _, data in outputs:
        if paths.FIGURE_MIME in data:
            yield drawn_in[text(data.get("text/plain", ""))], data[paths.FIGURE_MIME], text(data["image/png"])


def as_source(notebook: dict[str, Any]) -> dict[str, Any]:
    """Copy of a notebook as a source: no injected parameters, no outputs."""
    cells = [cell for cell in notebook["cells"] if "injected-parameters" not in tags(cell)]
    # Outputs hold megabytes of pictures; they are dropped before the copy, not after.
    bare = [{key: value for key, value in cell.items() if key != "outputs"} for cell in cells]
    source = json.loads(json.dumps({**notebook, "cells": bare}))
    for cell in source["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return source


def source_hash(notebook: dict[str, Any]) -> str:
    """Hash of what determines a run: kinds, sources and tags of the cells; no output."""
    cells = as_source(notebook)["cells"]
    return digest(json.dumps([[cell["cell_type"], text(cell["source"]), tags(cell)] for cell in cells]))


def normalise(notebook: dict[str, Any]) -> dict[str, Any]:
    """Copy of an executed notebook in its committed form.

    Execution counts become 1 to n in cell order, ids are kept (an injected cell gets a fixed one), and times,
    durations, paths, widget state and versions of the language are dropped. What it was made from is kept.
    """
    notebook = json.loads(json.dumps(notebook))
    cells = [_normal_cell(cell, index) for index, cell in enumerate(notebook["cells"])]
    code = [cell for cell in cells if cell["cell_type"] == "code" and cell["source"].strip()]
    for count, cell in enumerate(code, start=1):
        cell["execution_count"] = count
        for output in cell["outputs"]:
            if output["output_type"] == "execute_result":
                output["execution_count"] = count
    metadata = {"kernelspec": KERNELSPEC, "language_info": {"name": "python"}}
    if MADE_FROM in notebook["metadata"]:
        metadata[MADE_FROM] = notebook["metadata"][MADE_FROM]
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _normal_cell(cell: dict[str, Any], index: int) -> dict[str, Any]:
    """Every key of a cell is kept, attachments among them; only what differs between equal runs goes."""
    metadata = {
        key: value
        for key, value in cell["metadata"].items()
        if key not in VOLATILE_CELL_METADATA and not (key == "tags" and not value)
    }
    injected = "injected-parameters" in tags(cell)
    identity = "injected-parameters" if injected else cell.get("id", f"cell-{index + 1}")
    normal = cell | {"id": identity, "metadata": metadata, "source": text(cell["source"])}
    if cell["cell_type"] == "code":
        outputs = _joined([_normal_output(output) for output in cell["outputs"]])
        normal |= {"execution_count": None, "outputs": outputs}
    return normal


def _joined(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join the pieces of each stream up to the next output of another kind.

    Where a stream is cut, and how two of them take turns, depends on the load of the machine.
    """
    joined: list[dict[str, Any]] = []
    for are_streams, group in itertools.groupby(outputs, lambda output: output["output_type"] == "stream"):
        if not are_streams:
            joined += group
            continue
        texts = {"stdout": "", "stderr": ""}
        for piece in group:
            texts[piece["name"]] += piece["text"]
        joined += [
            {"output_type": "stream", "name": name, "text": said} for name, said in texts.items() if said
        ]
    return joined


def _normal_output(output: dict[str, Any]) -> dict[str, Any]:
    normal = {key: value for key, value in output.items() if key != "transient"}
    if "text" in normal:
        normal["text"] = text(normal["text"])
    for mime, value in normal.get("data", {}).items():
        if isinstance(value, list) and not mime.endswith("json"):
            normal["data"][mime] = text(value)
    return normal


def write(notebook: dict[str, Any], path: Path) -> None:
    """Write a notebook as the Jupyter tools do: sorted keys, one space of indent, texts as lists of lines."""
    import nbformat

    path.write_text(nbformat.writes(nbformat.from_dict(notebook)) + "\n", encoding="utf-8")


def heading_above(notebook: dict[str, Any], index: int) -> str:
    """Last markdown heading at or before the cell at `index`; empty if there is none."""
    before = [cell for cell in notebook["cells"][: index + 1] if cell["cell_type"] == "markdown"]
    prose = "\n".join(text(cell["source"]) for cell in before)
    headings = re.findall(r"^#+[ \t]+(.+)$", prose, flags=re.MULTILINE)
    return headings[-1].strip() if headings else ""


def suggestion(name: str, known: Iterable[str], otherwise: str) -> str:
    """What to write instead of a name that is not known: one close to it, or what else is said."""
    near = get_close_matches(name, list(known), n=1)
    return f"Did you mean {near[0]}?" if near else otherwise


def digest(content: str | bytes) -> str:
    """sha256 of a text or of bytes, in hexadecimal."""
    return hashlib.sha256(content.encode() if isinstance(content, str) else content).hexdigest()
