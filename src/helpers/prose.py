"""Prose with numbers: an output of the kernel, filled from what the notebook records and from its parameters.

`text` shows a template such as ``{{drop:.0%}}``, ``{{drop.low:,.1f}}`` or ``{{window_days}}``. What is
recorded further down is filled in by `finish` at the end: the text then stands where `text` was called, in
every front end, since a kernel may update what an earlier cell shows.
"""

import itertools
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from IPython import get_ipython
from IPython.display import display

from helpers import records, tables, timeline

FIELD = re.compile(
    r"\{\{\s*(?P<name>[A-Za-z_]\w*)(?:\.(?P<part>[A-Za-z_]\w*))?\s*(?::(?P<format>[^{}]*))?\}\}"
)
NOT_AVAILABLE = "not available"
# Templates that name what is not recorded yet, by the id of their place in the notebook.
_waiting: dict[str, str] = {}
_numbers = itertools.count(1)


class ProseError(ValueError):
    """A template that cannot be filled; the message names the field."""


def text(template: str) -> None:
    """Show Markdown with its fields filled; where a record is still missing, `finish` fills it.

    Parameters
    ----------
    template : str
        Markdown with fields ``{{name}}``, ``{{name.part}}``, ``{{name.part:format}}``: a record of this
        notebook, with the parts `value`, `low`, `high`, `n` and its details, or a parameter.

    Raises
    ------
    ProseError
        If a field is malformed or cannot be formatted as asked.
    """
    values = _values()
    if all(field["name"] in values for field in FIELD.finditer(template)):
        _show(fill(template, values))
        return
    place = f"text-{next(_numbers)}"
    _waiting[place] = template
    _show("", display_id=place)


def finish() -> None:
    """Fill every text that waits for a record.

    Raises
    ------
    ProseError
        If a field names neither a record nor a parameter, or cannot be formatted as asked.
    """
    values = _values()
    filled = {place: fill(template, values) for place, template in _waiting.items()}
    for place, said in filled.items():
        _show(said, display_id=place, update=True)
        del _waiting[place]


def _show(filled: str, **place: Any) -> None:
    filled = filled.replace("**In short.**", f"{timeline.banner()}**In short.**")
    display({"text/markdown": filled}, raw=True, **place)


def _values() -> dict[str, dict[str, Any]]:
    """What a template may name in this notebook: its records so far, and its parameters."""
    shell = get_ipython()
    namespace = shell.user_ns if shell is not None else {}
    # The lines of the parameters cell, and no others of a notebook, are annotated.
    parameters = {name: namespace[name] for name in namespace.get("__annotations__", {}) if name in namespace}
    return known_values(records.written(), parameters)


def known_values(contents: list[dict[str, Any]], parameters: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Every name that a template may use, with its parts; a parameter has the single part `value`."""
    values = {name: {"value": value} for name, value in parameters.items()}
    for record in contents:
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
    filled = FIELD.sub(lambda match: _value(match, values) + _escape(match, template), template)
    if "{{" in filled:
        broken = filled[filled.index("{{") :].splitlines()[0][:40]
        raise ProseError(
            f"{broken!r} is not a field. Write {{{{name}}}}, {{{{name.low}}}} or {{{{name:,.1f}}}}."
        )
    return tables.true_minus(filled)


def _escape(match: re.Match[str], template: str) -> str:
    """A backslash where Markdown would take a number and a full stop at the start of a line for a list."""
    begins = template[: match.start()][-1:] in ("", "\n")
    return "\\" if begins and template[match.end() :].startswith((". ", ".\n")) else ""


def _value(match: re.Match[str], values: Mapping[str, Mapping[str, Any]]) -> str:
    name, part, spec = match["name"], match["part"] or "value", match["format"] or ""
    if name not in values:
        raise ProseError(f"nothing is recorded as {name!r}.{_near(name, values)}")
    if part not in values[name]:
        raise ProseError(f"the record {name!r} has no part {part!r}.{_near(part, values[name])}")
    value = values[name][part]
    if value is None:
        return NOT_AVAILABLE
    try:
        return format(value, spec)
    except (ValueError, TypeError):
        raise ProseError(f"{name}.{part} = {value!r} cannot be written as {spec!r}.") from None


def _near(name: str, known: Mapping[str, Any]) -> str:
    near = get_close_matches(name, known, n=3)
    listed = ", ".join(sorted(known)) or "nothing"
    return f" Did you mean {' or '.join(near)}?" if near else f" Known: {listed}."
