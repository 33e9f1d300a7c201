"""Markdown templates: `{{record}}`, `{{record.low:,.1f}}`, `{{parameter}}`, filled at the end of a run."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from summits import notebooks

FIELD = re.compile(
    r"\{\{\s*(?P<name>[A-Za-z_]\w*)(?:\.(?P<part>[A-Za-z_]\w*))?\s*(?::(?P<format>[^{}]*))?\}\}"
)
MISSING = "not available"


class ProseError(notebooks.NotebookError):
    """A template that cannot be filled; the message names the cell and the field."""


def fill_cells(notebook: dict[str, Any], parameters: Mapping[str, Any]) -> None:
    """Fill every markdown cell of an executed notebook, in place; its template stays in its metadata.

    Parameters
    ----------
    notebook
        An executed notebook whose markdown cells are templates.
    parameters
        Effective parameters of the run. A record may not carry the name of a parameter.

    Raises
    ------
    ProseError
        If a field is unknown, malformed, or cannot be formatted as asked.
    """
    values = known_values(notebook, parameters)
    for index, cell in enumerate(notebook["cells"]):
        source = notebooks.text(cell["source"])
        if cell["cell_type"] != "markdown" or "{{" not in source:
            continue
        try:
            filled = fill(source, values)
        except ProseError as error:
            raise ProseError(f"{notebooks.name_of(cell, index)}: {error}") from None
        cell["source"] = filled
        cell["metadata"][notebooks.OWN] = {"template": source, "filled": notebooks.digest(filled)}


def known_values(notebook: dict[str, Any], parameters: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Every name that a template may use, with its parts; a parameter has the single part `value`."""
    values = {name: {"value": value} for name, value in parameters.items()}
    for record in notebooks.records(notebook):
        if record["name"] in values:
            raise ProseError(f"The record {record['name']!r} is recorded twice or is named like a parameter.")
        values[record["name"]] = {**record.get("details", {}), **record}
    return values


def fill(template: str, values: Mapping[str, Mapping[str, Any]]) -> str:
    """Fill one template. A value that is missing reads "not available".

    Raises
    ------
    ProseError
        If a field is unknown, malformed, or cannot be formatted as asked.
    """
    filled = FIELD.sub(lambda match: _value(match, values), template)
    if "{{" in filled:
        broken = filled[filled.index("{{") :].splitlines()[0][:40]
        raise ProseError(
            f"{broken!r} is not a field. Write {{{{name}}}}, {{{{name.low}}}} or {{{{name:,.1f}}}}."
        )
    return filled


def _value(match: re.Match[str], values: Mapping[str, Mapping[str, Any]]) -> str:
    name, part, spec = match["name"], match["part"] or "value", match["format"] or ""
    if name not in values:
        raise ProseError(f"nothing is recorded as {name!r}.{_near(name, values)}")
    if part not in values[name]:
        raise ProseError(f"the record {name!r} has no part {part!r}.{_near(part, values[name])}")
    value = values[name][part]
    if value is None:
        return MISSING
    try:
        return format(value, spec)
    except (ValueError, TypeError):
        raise ProseError(f"{name}.{part} = {value!r} cannot be written as {spec!r}.") from None


def _near(name: str, known: Mapping[str, Any]) -> str:
    near = get_close_matches(name, known, n=3)
    return (
        f" Did you mean {' or '.join(near)}?" if near else f" Known: {', '.join(sorted(known)) or 'nothing'}."
    )
