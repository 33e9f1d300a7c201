"""Results a notebook leaves behind: `record` writes them in a cell, `read` finds them in the executed file.

A record is the only way a number travels: the scoreboard, the prose and the comparison of runs read records,
never pictures or tables.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from datetime import date
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
from IPython import get_ipython
from IPython.display import display

from helpers import timeline
from helpers.digits import rounded
from helpers.methods.verdict import VERDICTS

RECORD_MIME = "application/vnd.summits.record+json"
FIELDS = ("name", "value", "low", "high", "unit", "n", "method", "window", "as_of", "details")
COLUMNS = ("notebook", "cell", "cell_id", *FIELDS)
# Results of a claim test begin with its id in claims.yml: C18a_effect.
NAME = r"(?:[CH]\d\d[a-z]_)?[a-z0-9]+(?:_[a-z0-9]+)*"

# Name of a record → the cell and the execution that wrote it; empty again in every new kernel.
_written: dict[str, tuple[str, int]] = {}
_contents: dict[str, dict[str, Any]] = {}


class BadRecord(ValueError):
    """A record that cannot be trusted: the message names the record and what to mend."""


def record(
    name: str,
    value: float | int | str | None,
    *,
    unit: str,
    low: float | None = None,
    high: float | None = None,
    n: int | None = None,
    method: str = "",
    window: str = "",
    as_of: str | date | None = None,
    **details: Any,
) -> None:
    """Leave a result in the notebook.

    Numbers are rounded to six significant digits, so that the record is the same on every machine; integers
    are kept. An infinite end of an interval is left out.

    Parameters
    ----------
    name : str
        Lower-case words joined by underscores, unique in the notebook; results of a claim test begin with
        its id, such as ``C18a_effect``.
    value : float, int, str or None
        The estimate or count; a word for a fact in words; None if it could not be estimated, with the
        reason in the detail `why`.
    unit : str
        Unit and basis, in words ('percent', 'log points', 'events'; 'text' for a fact in words).
    low, high : float, optional
        Ends of the interval.
    n : int, optional
        Number of units of inference.
    method, window : str
        Estimator with its inference; window the value refers to.
    as_of : str or date, optional
        Date up to which values were known; blank for the latest.
    **details
        Further facts: finite numbers, words, truth values, dates, None, or lists and mappings of these.
        `verdict`, if given, must be one of the words of the verdict rule.

    Raises
    ------
    BadRecord
        If the name was used by another cell of this notebook, or a field has the wrong form.
    """
    if value in VERDICTS:
        value = timeline.marked(str(value))
    content = {
        "name": name,
        "value": _number(value),
        "low": _end(low),
        "high": _end(high),
        "unit": unit,
        "n": _number(n),
        "method": method,
        "window": window,
        "as_of": "" if as_of is None or pd.isna(as_of) else str(as_of)[:10],
        "details": {key: _number(detail) for key, detail in sorted(details.items())},
    }
    _check(content)
    _claim(name)
    _contents[name] = content
    display({"text/plain": _text(content), RECORD_MIME: content}, raw=True)


def written() -> list[dict]:
    """Records that this notebook has written so far, in their order."""
    return list(_contents.values())


def overview() -> pd.DataFrame:
    """List what this notebook has recorded so far, for the table at its end.

    Returns
    -------
    DataFrame
        One row per record, in the order written, all text but n: Record, Value (with unit and interval), n,
        Method, Window.
    """
    bare, fields = {"n": None, "method": "", "window": "", "as_of": ""}, ("n", "method", "window")
    rows = [
        (name, _text(content | bare).removeprefix(f"{name} = "), *(content[field] for field in fields))
        for name, content in _contents.items()
    ]
    return pd.DataFrame(rows, columns=["Record", "Value", "n", "Method", "Window"]).astype({"n": "Int64"})


def read(path: Path | str | Iterable[Path | str]) -> pd.DataFrame:
    """Collect the records of executed notebooks.

    Parameters
    ----------
    path : Path, str, or iterable of these
        Notebooks; a folder stands for all notebooks in it, at any depth.

    Returns
    -------
    DataFrame
        One row per record, in the order of the notebooks and their cells: notebook (file name without
        ending), cell (its position, from 1), cell_id, and the fields of the record; `details` holds a dict.

    Raises
    ------
    BadRecord
        If a notebook is missing or unreadable, a cell failed, or a record is malformed or appears twice; the
        message names the notebook and the cell.
    """
    rows = [row for notebook in _notebooks(path) for row in _rows(notebook)]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype({"low": float, "high": float, "n": "Int64"})


def _number(value: Any) -> Any:
    """Turn numbers into plain Python, round what is not an integer, and enter lists and mappings."""
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, Mapping):
        return {str(key): _number(part) for key, part in value.items()}
    if isinstance(value, list | tuple) or hasattr(value, "tolist") and getattr(value, "ndim", False):
        return [_number(part) for part in value]
    if isinstance(value, date):
        return str(value)[:10]
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return rounded(float(value))
    if hasattr(value, "item"):
        return _number(value.item())
    raise BadRecord(f"A record cannot hold {type(value).__name__} {value!r}: give a number or a word.")


def _end(bound: Any) -> float | None:
    bound = _number(bound)
    return None if isinstance(bound, float) and math.isinf(bound) else bound


def _check(content: Mapping[str, Any]) -> None:
    name, value, low, high = (content[field] for field in ("name", "value", "low", "high"))
    for wrong, mend in (
        (not re.fullmatch(NAME, str(name)), "name it with lower-case words joined by underscores"),
        (isinstance(value, bool | list | dict), "give one number or one word as its value"),
        (not isinstance(content["unit"], str) or not content["unit"].strip(), "give the unit in words"),
        (isinstance(value, str) != (content["unit"] == "text"), "the unit 'text' belongs to words only"),
        (value is None and not content["details"].get("why"), "a missing value needs the reason in `why`"),
        (not _finite(content), "every number must be finite; leave out what could not be estimated"),
        (not _ordered(low, value, high), "the value must be a number between low and high"),
        (content["n"] is not None and not (type(content["n"]) is int and content["n"] >= 0), "n is a count"),
        (not _iso(content["as_of"]), "write as_of as YYYY-MM-DD"),
        (content["details"].get("verdict", VERDICTS[0]) not in VERDICTS, f"a verdict is one of {VERDICTS}"),
    ):
        if wrong:
            raise BadRecord(f"Record {name!r} (value {value!r}, interval {low!r} to {high!r}): {mend}.")


def _finite(content: Any) -> bool:
    if isinstance(content, Mapping):
        return all(_finite(part) for part in content.values())
    if isinstance(content, list):
        return all(_finite(part) for part in content)
    return not isinstance(content, float) or math.isfinite(content)


def _ordered(low: float | None, value: Any, high: float | None) -> bool:
    if isinstance(value, str):
        return low is None and high is None
    known = [number for number in (low, value, high) if number is not None]
    return all(isinstance(number, int | float) for number in known) and known == sorted(known)


def _iso(day: str) -> bool:
    try:
        return day == "" or date.fromisoformat(day).isoformat() == day
    except (TypeError, ValueError):
        return False


def _claim(name: str) -> None:
    """Refuse a name that another cell, or this execution of the cell, has used. A rerun of a cell is fine."""
    shell = get_ipython()
    if shell is None:
        raise BadRecord(f"Record {name!r}: records are written in notebooks only; there is no kernel here.")
    kernel = getattr(shell, "kernel", None)
    parent = kernel.get_parent() if kernel is not None else {}
    cell = (parent.get("metadata") or {}).get("cellId") or shell.user_ns["In"][-1]
    known_cell, known_count = _written.get(name, (cell, -1))
    if known_cell != cell or known_count == shell.execution_count:
        raise BadRecord(f"Record {name!r} is already written in this notebook: name it differently.")
    _written[name] = (cell, shell.execution_count)


def _text(content: Mapping[str, Any]) -> str:
    unit = "" if content["unit"] == "text" else f" {content['unit']}"
    value = "not estimated" if content["value"] is None else f"{content['value']}{unit}"
    text = f"{content['name']} = {value}"
    if content["low"] is not None or content["high"] is not None:
        ends = ["…" if content[end] is None else str(content[end]) for end in ("low", "high")]
        text += f" [{', '.join(ends)}]"
    text += "" if content["n"] is None else f", n = {content['n']}"
    as_of = f"as of {content['as_of']}" if content["as_of"] else ""
    return "; ".join([text, *filter(None, (content["method"], content["window"], as_of))])


def _notebooks(path: Path | str | Iterable[Path | str]) -> list[Path]:
    if isinstance(path, str | Path):
        return sorted(Path(path).rglob("*.ipynb")) if Path(path).is_dir() else [Path(path)]
    return [notebook for folder in path for notebook in _notebooks(folder)]


def _rows(notebook: Path) -> list[dict[str, Any]]:
    try:
        cells = nbformat.read(notebook, as_version=4).cells
    except (OSError, ValueError, nbformat.reader.NotJSONError) as error:
        raise BadRecord(f"{notebook}: not a readable notebook ({type(error).__name__}).") from error
    rows: dict[str, dict[str, Any]] = {}
    for position, cell in enumerate(cells, start=1):
        place, head = f"{notebook}, cell {position}", {"notebook": notebook.stem, "cell": position}
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                raise BadRecord(f"{place}: the cell failed with {output.ename}: run it again.")
            content = output.get("data", {}).get(RECORD_MIME)
            if content is None:
                continue
            row = _read_one(content, place)
            if (name := row["name"]) in rows:
                raise BadRecord(f"{place}: {name!r} is already written by cell {rows[name]['cell']}.")
            rows[name] = head | {"cell_id": cell.get("id", "")} | row
    return list(rows.values())


def _read_one(content: Any, place: str) -> dict[str, Any]:
    # Plain dicts in place of notebook nodes.
    content = json.loads(json.dumps(content))
    if not isinstance(content, dict) or set(content) != set(FIELDS):
        raise BadRecord(f"{place}: the record has not the fields {', '.join(FIELDS)}: run it again.")
    try:
        _check(content)
    except BadRecord as error:
        raise BadRecord(f"{place}: {error}") from None
    return content
