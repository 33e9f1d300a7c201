"""The `parameters` cell is the schema: names, types, defaults and comments, checked before a kernel starts.

Each line of the cell reads `name: type = default  # what it means`. Types are str, int, float, bool and list.
A text is read as the declaration says, and not as YAML would: `010` is ten for a whole number and stays `010`
for a text. The comment may restrict the value: `choices: a|b|c` (for a list: of its members), `range: 1..60`,
the word `file` for a text that names a file,
`from: events` for the ids in the first column of that
table of `data/` (`from: series table:trade` for those of its rows in which a column has that value), or the
word `date` for a text that holds a day (`2021-06-30`; a month, where the default is one). The last word
`; view` is for a parameter that only chooses what is drawn or looked at: changed, it makes no variant
(`check_running`). A whole number
whose comment begins with days, months, quarters or years is a window, and may not be longer than the span
from `start` to `end`. Lists are not empty and name nothing twice.
"""

import ast
import csv
import datetime as dt
import io
import json
import math
import re
import tokenize
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from helpers import paths
from summits import notebooks

TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool, "list": list}
WRITTEN_AS = {
    "str": "Quote it; with papermill, give it with -r.",
    "int": "Write a whole number in digits, as 30.",
    "float": "Write a number as 0.05.",
    "bool": "Write true or false.",
    "list": "Write a list as [a, b].",
}
SECRET_WORDS = {"token", "secret", "password", "passwd", "pwd", "credential", "credentials", "auth", "apikey"}
INTEGER = re.compile(r"[+-]?\d(_?\d){0,17}", re.ASCII)
# A span of numbers in a sweep, with its step: 30..90/30.
SPAN = re.compile(r"([-+]?[\d.]+?)\.\.([-+]?[\d.]+)(?:/([\d.]+))?", re.ASCII)
MOST_IN_SPAN = 1000
# Members of a list, between commas; one in quotes may hold a comma.
MEMBERS = re.compile(r"\s*(\"[^\"]*\"|'[^']*'|[^,]*?)\s*(?:,|$)")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?", re.ASCII | re.IGNORECASE)
# Of dates without a range of their own: outside these years there are no observations.
FIRST_DAY, LAST_DAY = "1970-01-01", "2100-12-31"
# Said otherwise than as a changed parameter.
UNMARKED = ("as_of", "events", "events_file")
DAYS_IN = {"days": 1, "months": 30, "quarters": 91, "years": 365}


class ParameterError(ValueError):
    """Parameters that a notebook cannot take; one line for each."""

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows of it: the lines, without the way through this module."""
        return [f"{type(self).__name__}: {self}"]


@dataclass(frozen=True)
class Parameter:
    """One line of a `parameters` cell."""

    name: str
    type: str
    default: Any
    comment: str
    choices: tuple[str, ...] = ()
    table: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    low: Any = None
    high: Any = None
    is_date: bool = False
    is_file: bool = False


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
    return declared(notebooks.text(cell["source"]))


def declared(source: str) -> dict[str, Parameter]:
    """Read the text of a `parameters` cell: each parameter by its name.

    Raises
    ------
    ParameterError
        As `schema`.
    """
    try:
        statements, comments = ast.parse(source).body, _comments(source)
    except (SyntaxError, tokenize.TokenError) as error:
        raise ParameterError(f"The `parameters` cell is not Python: {error}.") from None
    parameters = [_parameter(each, comments.get(each.end_lineno or 0, "")) for each in statements]
    if problems := [problem for p in parameters if (problem := _problem(p, p.default))]:
        raise ParameterError("\n".join(f"Default of the notebook: {problem}" for problem in problems))
    return {parameter.name: parameter for parameter in parameters}


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {t.start[0]: t.string.lstrip("# ").strip() for t in tokens if t.type == tokenize.COMMENT}


def _parameter(statement: ast.stmt, comment: str) -> Parameter:
    line = ast.unparse(statement)
    if not isinstance(statement, ast.AnnAssign) or not statement.simple or statement.value is None:
        raise ParameterError(f"`{line}` in the `parameters` cell is not `name: type = default  # comment`.")
    name, kind = ast.unparse(statement.target), ast.unparse(statement.annotation)
    if kind not in TYPES:
        raise ParameterError(f"`{line}`: the type {kind} is not one of {', '.join(TYPES)}.")
    if _is_secret(name):
        raise ParameterError(f"`{name}` is named like a secret: it must come from the environment.")
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
    rules: dict[str, Any] = {
        f"is_{word}": kind == "str" and bool(re.search(rf"\b{word}\b", comment)) for word in ("date", "file")
    }
    if choices := re.search(r"choices:\s*([^\s|;,)]+(?:\s*\|\s*[^\s|;,)]+)*)", comment):
        rules["choices"] = tuple(choice.strip() for choice in choices[1].split("|"))
    if table := re.search(r"from:\s*(\w+)((?:\s+\w+[:=]\w+)*)", comment):
        rules["table"] = table[1]
        rules["rows"] = tuple((column, value) for column, value in re.findall(r"(\w+)[:=](\w+)", table[2]))
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
        Values by name. Integers are taken for floats, dates for text that holds a date, and text for what
        the declaration makes of it.

    Raises
    ------
    ParameterError
        For unknown names, wrong types, values outside the choices or the range, dates that do not exist,
        ids that are not in their table, lists that are empty or name something twice, names like secrets, a
        start after its end, a window longer than the span between them, a day of
        knowledge in the future, and own events that cannot be used; one line each.
    """
    problems = [problem for name in given if (problem := _unknown(name, known))]
    values = {name: parameter.default for name, parameter in known.items()}
    for name, parameter in known.items():
        if name in given:
            values[name] = _natural(parameter, given[name])
            # What a file of own events adds is known when it is read.
            mine = parameter.table == "events" and given.get("events_file")
            known_here = replace(parameter, table="") if mine else parameter
            problems += [problem] if (problem := _problem(known_here, values[name])) else []
    if problems := problems or [*_span_problems(known, values), *_events_problems(known, values)]:
        raise ParameterError("\n".join(problems))
    return values


def check_running() -> None:
    """Check the parameters of the notebook that runs; its set-up cell asks, since JupyterLab does not.

    The declaration is the last cell so far that holds nothing else. Values that depart from it make the run
    a variant, which says so (`helpers.timeline.use_changed`), unless they choose a view or the day of
    knowledge. Own events are marked by what uses them.

    Raises
    ------
    ParameterError
        As `check`; a notebook shows the lines alone.
    """
    from IPython import get_ipython

    from helpers import timeline

    shell = get_ipython()
    for source in reversed(shell.user_ns["In"] if shell else ()):
        with suppress(SyntaxError):
            statements = ast.parse(source).body
            if statements and all(isinstance(each, ast.AnnAssign) for each in statements):
                known = declared(source)
                values = check(known, {name: shell.user_ns[name] for name in known})
                exempt = {name for name in known if known[name].comment.endswith("; view")}.union(UNMARKED)
                changed = [name for name in known if values[name] != known[name].default]
                timeline.use_changed({name: values[name] for name in changed if name not in exempt})
                return


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


def _events_problems(known: Mapping[str, Parameter], values: Mapping[str, Any]) -> list[str]:
    """What is wrong with events that are to take the place of the project's."""
    if values.get("events_file") or (values.get("events") and "events_file" in known):
        # Only here: what reads it takes a second to import.
        from helpers import timeline

        try:
            timeline.use_own(values.get("events", ()), values["events_file"])
        except ValueError as error:
            name = "events" if isinstance(error, timeline.UnknownEvent) else "events_file"
            return [f"{name}: {error}"]
        finally:
            timeline.use_own()
    return []


def _unknown(name: str, known: Mapping[str, Parameter]) -> str | None:
    if _is_secret(name):
        return f"{name}: named like a secret. Secrets come from the environment, never from parameters."
    if name in known:
        return None
    hint = notebooks.suggestion(name, known, f"Known: {', '.join(known)}.")
    return f"{name}: no such parameter. {hint}"


def _natural(parameter: Parameter, value: Any) -> Any:
    """Take a date for the text of it, a whole number for a float, and a text as the declaration reads it."""
    if parameter.type == "str" and isinstance(value, dt.date):
        return value.isoformat()
    if parameter.is_file and value and isinstance(value, str):
        # The kernel may stand elsewhere.
        return str(Path(value).expanduser().absolute())
    if parameter.type == "float" and type(value) is int:
        return float(value)
    if parameter.type == "list" and isinstance(value, list):
        return [typed(_member_type(parameter), member) for member in value]
    return typed(parameter.type, value, _member_type(parameter))


def typed(kind: str, value: Any, member: str = "str") -> Any:
    """Read a text as a value of a type; what is no text, or no such value, comes back as it is."""
    if not isinstance(value, str) or kind == "str":
        return value
    text = value.strip()
    if kind == "bool":
        return {"true": True, "false": False}.get(text.lower(), value)
    if kind == "list" and text.startswith("[") and text.endswith("]") and not set("[]") & set(text[1:-1]):
        return [typed(member, _unquoted(part)) for part in MEMBERS.findall(text[1:-1]) if part]
    if (kind == "int" and INTEGER.fullmatch(text)) or (kind == "float" and NUMBER.fullmatch(text)):
        return TYPES[kind](text)
    return value


def _member_type(parameter: Parameter) -> str:
    """Type of the members of a list: that of its default."""
    return type(parameter.default[0]).__name__ if parameter.type == "list" and parameter.default else "str"


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def _written(value: Any) -> str:
    """How a message shows a value: not at any length."""
    try:
        text = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    except ValueError:  # Python refuses to write whole numbers of thousands of digits.
        return "a number of more digits than Python writes"
    return text if len(text) <= 80 else f"{text[:60]}… ({len(text)} signs)"


def _problem(parameter: Parameter, value: Any) -> str | None:
    shown = f"{parameter.name}={_written(value)}"
    if type(value) is not TYPES[parameter.type]:
        kind = parameter.type
        return f"{shown}: the type must be {kind}, not {type(value).__name__}. {WRITTEN_AS[kind]}"
    if value == "" == parameter.default:
        return None
    members = value if isinstance(value, list) else [value]
    return (
        (_list_problem(parameter, members) if parameter.type == "list" else None)
        or next((p for member in members if (p := _member_problem(parameter, member))), None)
        or (_not_in_table(parameter, members) if parameter.table else None)
    )


def _list_problem(parameter: Parameter, members: list[Any]) -> str | None:
    """What is wrong with a list as a list."""
    if not members and parameter.default:
        return f"{parameter.name}=[]: the list is empty. Name at least one, or leave the parameter out."
    wanted = _member_type(parameter)
    if wrong := [member for member in members if type(member).__name__ != wanted]:
        return f"{parameter.name}={_written(wrong[0])}: the members must be {wanted}. Quote them."
    if twice := [member for index, member in enumerate(members) if member in members[:index]]:
        return f"{parameter.name}={_written(twice[0])}: named twice. Name it once."
    return None


def _member_problem(parameter: Parameter, value: Any) -> str | None:
    """What is wrong with one value, or with one member of a list."""
    shown = f"{parameter.name}={_written(value)}"
    if isinstance(value, str) and not value.isprintable():
        return f"{shown}: holds signs that cannot be printed. Write plain text in UTF-8."
    if isinstance(value, float) and not math.isfinite(value):
        return f"{shown}: the number must be finite."
    if parameter.is_file and not Path(value).is_file():
        return f"{shown}: there is no such file. Write its path from where you call, or in full."
    if parameter.is_date and (problem := _date_problem(parameter, value)):
        return f"{shown}: {problem}"
    if parameter.choices and str(value) not in parameter.choices:
        hint = notebooks.suggestion(str(value), parameter.choices, "Choose one of them.")
        return f"{shown}: not one of {', '.join(parameter.choices)}. {hint}"
    if parameter.low is not None and not parameter.low <= value <= parameter.high:
        return f"{shown}: outside the range {parameter.low} to {parameter.high}."
    return None


def rows_of(table: Path) -> list[dict[str, str]]:
    """Rows of a CSV file of the data package; a file is read once as long as it does not change."""
    return _rows_of(table, table.stat().st_mtime_ns)


@lru_cache
def _rows_of(table: Path, _changed: int) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.read_text(encoding="utf-8"), newline="")))


def _not_in_table(parameter: Parameter, members: list[Any]) -> str | None:
    path = paths.data_dir() / f"{parameter.table}.csv"
    rows = [row for row in rows_of(path) if all(row[column] == value for column, value in parameter.rows)]
    ids = [next(iter(row.values())) for row in rows]
    if not (unknown := [str(member) for member in members if member not in ids]):
        return None
    of = " with " * bool(parameter.rows) + ", ".join(" ".join(rule) for rule in parameter.rows)
    hint = notebooks.suggestion(unknown[0], ids, f"The ids are in data/{path.name}.")
    return f"{parameter.name}={_written(unknown[0])}: not in data/{path.name}{of}. {hint}"


def _date_problem(parameter: Parameter, value: str) -> str | None:
    """What is wrong with a date. A month is one where the default is a month: its readers know."""
    months = len(str(parameter.default)) == len("2021-06")
    try:
        day = _date(value)
    except ValueError:
        return "not a date. Write it as 2021-06-30" + (" or 2021-06." if months else ".")
    if len(value) < len("2021-06-30") and not months:
        return f"not a day. Write the day, as {value}-30."
    if parameter.name == "as_of" and day > dt.date.today():
        return "in the future. What will be known then, nobody knows; give today or a day before."
    if not FIRST_DAY <= day.isoformat() <= LAST_DAY:
        return f"outside the range {FIRST_DAY} to {LAST_DAY}."
    return None


def _date(value: str) -> dt.date:
    if not re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", value, re.ASCII):
        raise ValueError(value)
    return dt.date.fromisoformat(value if len(value) == 10 else f"{value}-01")


def parse(known: Mapping[str, Parameter], assignments: list[str]) -> dict[str, Any]:
    """Read `name=value` texts of a command line, each value as its declaration says.

    Raises
    ------
    ParameterError
        If a text holds no `=`, a name comes twice, or a list is not closed.
    """
    return {name: read(known, name, raw) for name, raw in texts(assignments).items()}


def assignments_of(file: Path) -> list[str]:
    """Read a YAML file of parameters, `name: value`, as the `name=value` texts of a command line.

    Raises
    ------
    ParameterError
        If it is no such file.
    """
    import yaml

    try:
        # The base loader leaves every value as it is written: what it means, the declaration says.
        values = dict(yaml.load(file.read_text(encoding="utf-8"), yaml.BaseLoader))
    except (yaml.YAMLError, ValueError, TypeError):
        raise ParameterError(f"{file}: write one parameter to a line, as `name: value`.") from None
    return [
        f"{name}={json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value}"
        for name, value in values.items()
    ]


def parse_lists(known: Mapping[str, Parameter], assignments: list[str]) -> dict[str, list[Any]]:
    """Read `name=value,value` texts of a sweep: every value that each parameter is to take.

    Values are separated by commas; an empty one is the empty text. A list is written in brackets. Numbers
    may be a span with its step, ``30..90/30``; without one, the step is 1.

    Raises
    ------
    ParameterError
        As `parse`, and for a span that runs backwards or is very long.
    """
    values: dict[str, list[Any]] = {}
    for name, raw in texts(assignments).items():
        parts = [raw] if name not in known else re.split(r",(?![^\[]*\])", raw)
        if name in known and known[name].type in ("int", "float"):
            parts = [each for part in parts for each in _in_span(name, part)]
        values[name] = [read(known, name, part) for part in parts]
    return values


def _in_span(name: str, text: str) -> list[str]:
    """Write out a span such as 30..90/30; what is none is returned as it is."""
    if not (span := SPAN.fullmatch(text.strip())):
        return [text]
    try:
        low, high, step = (Decimal(part or 1) for part in span.groups())
        count = int((high - low) // step) + 1
    except ArithmeticError:
        count = 0
    if not 0 < count <= MOST_IN_SPAN:
        mend = f"Write it upwards, with a step, as 30..90/30, and at most {MOST_IN_SPAN} values."
        raise ParameterError(f"{name}={text}: not a span of numbers. {mend}")
    return [str(low + number * step) for number in range(count)]


def read(known: Mapping[str, Parameter], name: str, raw: Any) -> Any:
    """Read a text as the declaration says; what cannot be read comes back, and `check` refuses it.

    Raises
    ------
    ParameterError
        If a list is not closed.
    """
    if name not in known:
        return raw
    if known[name].type != "str" and str(raw).count("[") != str(raw).count("]"):
        raise ParameterError(f"{name}={_written(raw)}: not a value. Close the bracket.")
    return _natural(known[name], raw)


def texts(assignments: list[str]) -> dict[str, str]:
    """Part `name=value` texts into names and texts; see `parse`."""
    parted: dict[str, str] = {}
    for assignment in assignments:
        name, equals, raw = assignment.partition("=")
        if not equals or not name:
            raise ParameterError(f"{assignment}: write a parameter as name=value, with = and no blank.")
        if name in parted:
            raise ParameterError(f"{name}: given twice.")
        parted[name] = raw
    return parted
