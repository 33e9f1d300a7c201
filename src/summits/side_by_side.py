"""Two runs of one notebook beside each other: parameters, facts, estimates, verdict words and figures."""

import ast
import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from helpers import paths, records
from summits import notebooks, plan

COLUMNS = ["name", "first", "second", "difference", "intervals", "differs"]
STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:76rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{padding:.2rem .8rem .2rem 0;text-align:left;vertical-align:top}"
    ".differs{font-weight:bold}.pair{display:flex;flex-wrap:wrap;gap:1rem}"
    ".pair figure{flex:1 1 24rem;margin:0}img{max-width:100%}"
)


class CompareError(ValueError):
    """Two results that cannot be set side by side; the message says what to do."""


def find(which: str) -> Path:
    """Return the executed notebook that a person means.

    Parameters
    ----------
    which : str
        A file or folder of a run; ``09/window_60``, a notebook and its set; or ``09:window_days=60``, a
        notebook and its parameters, separated by commas. ``09`` alone is the published run.

    Raises
    ------
    CompareError
        If the run has not been made.
    """
    path = Path(which)
    if path.suffix == ".ipynb" and path.is_file():
        return path
    if (path / "notebook.ipynb").is_file():
        return path / "notebook.ipynb"
    name, _, given = which.partition(":")
    name, _, wanted = name.partition("/")
    assignments = [text for text in given.split(",") if text]
    sets = {run.set: run for run in plan.plan([name]) if run.notebook == plan.find(name)}
    run = sets.get(wanted or plan.PUBLISHED)
    if assignments:
        asked = plan.plan([name], assignments)[-1]
        # A set of the collection with the same parameters is that run under its own name.
        run = next((each for each in sets.values() if each.parameters == asked.parameters), asked)
    if run is None:
        raise CompareError(f"{plan.find(name)} has no set {wanted}. It has {', '.join(sets)}.")
    for candidate in (run.directory / "notebook.ipynb", *([run.source] if run.set == plan.PUBLISHED else [])):
        if candidate.is_file():
            return candidate
    options = " ".join(f"-p {text}" for text in assignments)
    raise CompareError(f"{run.id} has not been run. Do `summits run {name} {options}`".rstrip() + ".")


def compare(first: Path, second: Path) -> dict[str, Any]:
    """Compare two executed notebooks.

    Returns
    -------
    dict
        names of both; parameters, facts, estimates and verdicts, each a list of rows with the keys of
        `COLUMNS` (for an estimate: its difference, and whether the 95 percent intervals overlap); figures,
        rows with the title in each; differs, whether anything does.
    """
    pair = first, second
    sources = [notebooks.read(path) for path in pair]
    tables = [{row["name"]: row for row in records.read(path).to_dict("records")} for path in pair]
    told = [_parameters(source) for source in sources]
    report: dict[str, Any] = {"first": _label(first), "second": _label(second)}
    report["parameters"] = [_words(name, *(each.get(name) for each in told)) for name in _names(told)]
    rows: list[tuple[str, list[Any]]] = [
        (name, [each.get(name) for each in tables]) for name in _names(tables)
    ]
    report["facts"] = [
        _words(name, *map(_sentence, both)) for name, both in rows if any(map(_sentence, both))
    ]
    report["estimates"] = [_numbers(name, *both) for name, both in rows if any(map(_is_number, both))]
    report["verdicts"] = [
        _words(name, *map(_verdict, both)) for name, both in rows if any(map(_verdict, both))
    ]
    drawn = [
        {figure["name"]: figure["title"] for figure, _ in notebooks_figures(source)} for source in sources
    ]
    report["figures"] = [_words(name, *(each.get(name) for each in drawn)) for name in _names(drawn)]
    parts = ("parameters", "facts", "estimates", "verdicts", "figures")
    return report | {"differs": any(row["differs"] for part in parts for row in report[part])}


def notebooks_figures(notebook: Mapping[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """Figures of an executed notebook, what is known of each with its PNG in base64."""
    outputs = [output.get("data", {}) for cell in notebook["cells"] for output in cell.get("outputs", [])]
    drawn = [data for data in outputs if paths.FIGURE_MIME in data]
    return [(data[paths.FIGURE_MIME], notebooks.text(data["image/png"])) for data in drawn]


def as_text(report: Mapping[str, Any]) -> str:
    """The differences for people, as plain text."""
    lines = [f"first:  {report['first']}", f"second: {report['second']}"]
    for part in ("parameters", "facts", "estimates", "verdicts", "figures"):
        rows = [row for row in report[part] if row["differs"]]
        lines += ["", f"{part}: {len(rows)} of {len(report[part])} differ"]
        if rows:
            table = pd.DataFrame(rows)[COLUMNS[:-1]].dropna(axis="columns", how="all")
            lines.append(table.fillna("").to_string(index=False, justify="left"))
    return "\n".join(lines) + "\n"


def as_page(report: Mapping[str, Any], first: Path, second: Path) -> str:
    """The comparison as one page that needs no other file; what differs is bold."""
    title = html.escape(f"{report['first']} and {report['second']}")
    parts = [f"<h1>{title}</h1>"]
    for part in ("parameters", "facts", "verdicts", "estimates"):
        if not report[part]:
            continue
        parts.append(
            f"<h2>{part.capitalize()}</h2><table><tr><th></th><th>First</th><th>Second</th><th></th></tr>"
        )
        for row in report[part]:
            cells = [row["name"], row["first"], row["second"], row["intervals"] or ""]
            listed = "".join(f"<td>{html.escape(str('' if cell is None else cell))}</td>" for cell in cells)
            parts.append(f"<tr{' class=differs' if row['differs'] else ''}>{listed}</tr>")
        parts.append("</table>")
    parts.append("<h2>Figures</h2>")
    drawn = [
        {figure["name"]: (figure, png) for figure, png in notebooks_figures(notebooks.read(path))}
        for path in (first, second)
    ]
    for name in _names(drawn):
        pair = [
            f'<figure><img alt="{html.escape(figure["alt"])}" src="data:image/png;base64,{png}"></figure>'
            for figure, png in (each[name] for each in drawn if name in each)
        ]
        parts.append(f"<h3>{html.escape(name)}</h3><div class=pair>{''.join(pair)}</div>")
    head = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
    )
    return head + "\n".join(parts) + "</html>\n"


def _label(path: Path) -> str:
    """Notebook and set of a run that is kept in its folder; else the file."""
    return "/".join(path.parts[-3:-1]) if path.name == "notebook.ipynb" else path.name


def _names(tables: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for table in tables for name in table))


def _parameters(notebook: dict[str, Any]) -> dict[str, Any]:
    """Values of the parameters of an executed notebook: its own, and those set for the run."""
    declared = notebooks.tagged(notebook, "parameters"), notebooks.tagged(notebook, "injected-parameters")
    values: dict[str, Any] = {}
    for cell in filter(None, declared):
        for node in ast.parse(notebooks.text(cell["source"])).body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
                target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
                values[ast.unparse(target)] = ast.unparse(node.value)
    return values


def _words(name: str, first: Any, second: Any) -> dict[str, Any]:
    row = {"name": name, "first": first, "second": second, "difference": None, "intervals": None}
    return row | {"differs": first != second}


def _numbers(name: str, first: Mapping[str, Any] | None, second: Mapping[str, Any] | None) -> dict[str, Any]:
    """One estimate in both, with its difference and whether the intervals overlap."""
    values, ends = [], []
    for record in filter(None, (first, second)):
        values.append(record["value"])
        ends += [record["low"], record["high"]]
    row = _words(name, *((record["value"] if record else None) for record in (first, second)))
    if len(values) == 2 and all(isinstance(value, int | float) for value in values):
        row["difference"] = float(f"{values[1] - values[0]:.6g}")
    if len(ends) == 4 and not any(pd.isna(end) for end in ends):
        row["intervals"] = "overlap" if ends[0] <= ends[3] and ends[2] <= ends[1] else "apart"
    return row


def _is_number(record: Mapping[str, Any] | None) -> bool:
    return record is not None and record["unit"] != "text"


def _sentence(record: Mapping[str, Any] | None) -> str | None:
    return record["details"].get("sentence") if record else None


def _verdict(record: Mapping[str, Any] | None) -> str | None:
    return record["details"].get("verdict") if record else None
