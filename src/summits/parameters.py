"""The `parameters` cell is the schema: names, types, defaults and comments, checked before a kernel starts.

Each line of the cell reads `name: type = default  # what it means`. Types are str, int, float, bool and list.
The comment may restrict the value: `choices: a|b|c` (for a list: of its members), `range: 1..60`,
`from: events` for the ids in the first column of that table of `data/`, or the word `date` for a text that
holds a date (`2021-06-30` or `2021-06`). A whole number whose comment begins with days, months, quarters or
years is a window, and may not be longer than the span from `start` to `end`.
"""

import ast
import csv
import datetime as dt
import io
import math
import re
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from helpers import paths
from summits import notebooks

TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool, "list": list}
SECRET_WORDS = {"token", "secret", "password", "passwd", "pwd", "credential", "credentials", "auth", "apikey"}
DAYS_IN = {"days": 1, "months": 30, "quarters": 91, "years": 365}


class ParameterError(ValueError):
    """Parameters that a notebook cannot take; one line for each."""


@dataclass(frozen=True)
class Parameter:
    """One line of a `parameters` cell."""

    name: str
    type: str
    default: Any
    comment: str
    choices: tuple[str, ...] = ()
    table: str = ""
    low: Any = None
    high: Any = None
    is_date: bool = False


def schema(notebook: dict[str, Any]) -> dict[str, Parameter]:
    """Read the `parameters` cell of a notebook without running it.

    Raises
    ------
    ParameterError
        If there is no such cell, or a line of it is not `name: type = default  # comment`, or a default
        breaks its own rule.
    """
    cell = notebooks.tagged(notebook, "parameters")
    if cell is None:
        raise ParameterError("The notebook has no cell tagged `parameters`. Tag the cell that holds them.")
    source = notebooks.text(cell["source"])
    try:
        statements, comments = ast.parse(source).body, _comments(source)
    except (SyntaxError, tokenize.TokenError) as error:
        raise ParameterError(f"The `parameters` cell is not Python: {error}.") from None
    parameters = [
        _parameter(statement, comments.get(statement.end_lineno or 0, "")) for statement in statements
    ]
    problems = [problem for p in parameters if (problem := _problem(p, p.default))]
    if problems:
        raise ParameterError("\n".join(f"Default of the notebook: {problem}" for problem in problems))
    return {parameter.name: parameter for parameter in parameters}


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {t.start[0]: t.string.lstrip("# ").strip() for t in tokens if t.type == tokenize.COMMENT}


def _parameter(statement: ast.stmt, comment: str) -> Parameter:
    line = ast.unparse(statement)
    if not (
        isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value
    ):
        raise ParameterError(f"`{line}` in the `parameters` cell is not `name: type = default  # comment`.")
    name, kind = statement.target.id, ast.unparse(statement.annotation)
    if kind not in TYPES:
        raise ParameterError(f"`{line}`: the type {kind} is not one of {', '.join(TYPES)}.")
    if _is_secret(name):
        raise ParameterError(
            f"`{name}` is named like a secret. Secrets come from the environment, never from here."
        )
    if not comment:
        raise ParameterError(f"`{line}` has no comment. Say in one what the parameter means.")
    try:
        default = ast.literal_eval(statement.value)
    except ValueError:
        raise ParameterError(f"`{line}`: the default must be a plain value, not an expression.") from None
    return Parameter(name, kind, default, comment, **_rules(kind, comment))


def _is_secret(name: str) -> bool:
    return bool(SECRET_WORDS & set(name.lower().split("_"))) or name.lower().endswith("key")


def _rules(kind: str, comment: str) -> dict[str, Any]:
    rules: dict[str, Any] = {"is_date": kind == "str" and bool(re.search(r"\bdate\b", comment))}
    if choices := re.search(r"choices:\s*([^\s|;,)]+(?:\s*\|\s*[^\s|;,)]+)*)", comment):
        rules["choices"] = tuple(choice.strip() for choice in choices[1].split("|"))
    if table := re.search(r"from:\s*(\w+)", comment):
        rules["table"] = table[1]
    if limits := re.search(r"range:\s*([\w.+-]+?)\s*\.\.\s*([\w.+-]*\w)", comment):
        number = {"int": int, "float": float}.get(kind, str)
        rules |= {"low": number(limits[1]), "high": number(limits[2])}
    return rules


def check(known: Mapping[str, Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """Check given values against the schema and return every parameter's effective value.

    Parameters
    ----------
    known
        Schema of the notebook, from `schema`.
    given
        Values by name. Integers are taken for floats, dates for text that holds a date.

    Raises
    ------
    ParameterError
        For unknown names, wrong types, values outside the choices or the range, dates that do not exist,
        ids that are not in their table, names like secrets, a start after its end, and a window longer than
        the span between them; one line each.
    """
    problems = [problem for name in given if (problem := _unknown(name, known))]
    values = {name: parameter.default for name, parameter in known.items()}
    for name, parameter in known.items():
        if name in given:
            values[name] = _natural(parameter, given[name])
            problems += [problem] if (problem := _problem(parameter, values[name])) else []
    if problems := problems or _span_problems(known, values):
        raise ParameterError("\n".join(problems))
    return values


def _span_problems(known: Mapping[str, Parameter], values: Mapping[str, Any]) -> list[str]:
    """What is wrong with the span from `start` to `end`, and with windows that do not fit into it."""
    if not {"start", "end"} <= set(values) or not known["start"].is_date:
        return []
    start, end = values["start"], values["end"] or dt.date.today().isoformat()
    span = (_date(end) - _date(start)).days
    if span < 0:
        return [f"start={start!r} is after end={end!r}. Exchange them."]
    windows = {name: one.comment.removeprefix("trading ").split()[0] for name, one in known.items()}
    return [
        f"{name}={values[name]}: these {unit} are longer than the span from {start} to {end}. Widen it."
        for name, unit in windows.items()
        if known[name].type == "int" and values[name] * DAYS_IN.get(unit, 0) > span
    ]


def _unknown(name: str, known: Mapping[str, Parameter]) -> str | None:
    if _is_secret(name):
        return f"{name}: named like a secret. Secrets come from the environment, never from parameters."
    if name in known:
        return None
    near = get_close_matches(name, known, n=1)
    return f"{name}: no such parameter. " + (
        f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known)}."
    )


def _natural(parameter: Parameter, value: Any) -> Any:
    """Take a date for the text of it, and a whole number for a float; change nothing else."""
    if parameter.type == "str" and isinstance(value, dt.date):
        return value.isoformat()
    if parameter.type == "float" and type(value) is int:
        return float(value)
    return value


def _problem(parameter: Parameter, value: Any) -> str | None:
    shown = f"{parameter.name}={value!r}"
    if type(value) is not TYPES[parameter.type]:
        hint = " Write a list as [a, b]." if parameter.type == "list" else ""
        return f"{shown}: the type must be {parameter.type}, not {type(value).__name__}.{hint}"
    if value == "" == parameter.default:
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return f"{shown}: the number must be finite."
    if parameter.is_date and not _is_date(str(value)):
        return f"{shown}: not a date. Write it as 2021-06-30 or 2021-06."
    members = value if isinstance(value, list) else [value]
    if parameter.choices and (wrong := [m for m in members if str(m) not in parameter.choices]):
        return f"{parameter.name}={wrong[0]!r}: not one of {', '.join(parameter.choices)}."
    if parameter.table and (problem := _not_in_table(parameter, members)):
        return problem
    if parameter.low is not None and not parameter.low <= value <= parameter.high:
        return f"{shown}: outside the range {parameter.low} to {parameter.high}."
    return None


def _not_in_table(parameter: Parameter, members: list[Any]) -> str | None:
    path = paths.data_dir() / f"{parameter.table}.csv"
    with path.open(encoding="utf-8", newline="") as rows:
        ids = [row[0] for row in csv.reader(rows)][1:]
    if not (unknown := [str(member) for member in members if member not in ids]):
        return None
    near = get_close_matches(unknown[0], ids, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"The ids are in data/{path.name}."
    return f"{parameter.name}={unknown[0]!r}: not in data/{path.name}. {hint}"


def _is_date(value: str) -> bool:
    try:
        _date(value)
    except ValueError:
        return False
    return bool(re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", value))


def _date(value: str) -> dt.date:
    return dt.date.fromisoformat(value if len(value) == 10 else f"{value}-01")


def parse(known: Mapping[str, Parameter], assignments: list[str]) -> dict[str, Any]:
    """Read `name=value` texts of a command line; a value is YAML, or plain text where text is wanted.

    Raises
    ------
    ParameterError
        If a text holds no `=`, a name comes twice, or a value is not YAML.
    """
    return {
        name: raw if _is_text(known, name) else _yaml(name, raw) for name, raw in _texts(assignments).items()
    }


def parse_lists(known: Mapping[str, Parameter], assignments: list[str]) -> dict[str, list[Any]]:
    """Read `name=value,value` texts of a sweep: every value that each parameter is to take.

    Values are separated by commas; an empty one is the empty text. A list is written in brackets.

    Raises
    ------
    ParameterError
        As `parse`.
    """
    return {
        name: raw.split(",") if _is_text(known, name) else _yaml(name, f"[{raw}]")
        for name, raw in _texts(assignments).items()
    }


def _texts(assignments: list[str]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for assignment in assignments:
        name, equals, raw = assignment.partition("=")
        if not equals or not name:
            raise ParameterError(f"{assignment}: write a parameter as name=value.")
        if name in texts:
            raise ParameterError(f"{name}: given twice.")
        texts[name] = raw
    return texts


def _is_text(known: Mapping[str, Parameter], name: str) -> bool:
    return name in known and known[name].type == "str"


def _yaml(name: str, raw: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(raw)
    except yaml.YAMLError:
        raise ParameterError(f"{name}={raw}: not a value. Quote texts with special signs.") from None
