"""Two runs of one notebook beside each other: parameters, facts, estimates, verdict words and figures."""

import ast
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from helpers import paths, timeline
from summits import change_report, changes, notebooks, plan

# What the parameters say already.
MARK = f" ({timeline.VARIANT}"
PARTS = ("parameters", "facts", "verdicts", "estimates", "figures")


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
    for path in (Path(which), Path(which, "notebook.ipynb")):
        if path.suffix == ".ipynb" and path.is_file():
            return path
    name, _, given = which.partition(":")
    name, _, wanted = name.partition("/")
    assignments = [text for text in given.split(",") if text]
    sets = {run.set: run for run in plan.plan([name]) if run.notebook == plan.find(name)}
    run = plan.plan([name], assignments)[-1] if assignments else sets.get(wanted or plan.PUBLISHED)
    place = run.directory if run else paths.runs_dir() / plan.find(name) / wanted
    committed = [run.source] if run and run.set == plan.PUBLISHED else []
    for candidate in (place / "notebook.ipynb", *committed):
        if candidate.is_file():
            return candidate
    if run is None:
        raise CompareError(f"{plan.find(name)} has no set {wanted}. It has {', '.join(sets)}.")
    options = assignments or [f"{parameter}={value}" for parameter, value in run.given.items()]
    command = shlex.join(["summits", "run", name, *(word for text in options for word in ("-p", text))])
    raise CompareError(f"{run.id} has not been run. Do `{command}`.")


def compare(first: Path, second: Path) -> dict[str, Any]:
    """Compare two executed notebooks.

    Returns
    -------
    dict
        names of both; parameters, facts, verdicts, estimates and figures (by their title), each a list of
        rows with name, first, second and differs, and for an estimate that differs its difference, and
        whether the 95 percent intervals overlap; differs, whether anything does.

    Raises
    ------
    CompareError
        If they are two different notebooks.
    """
    sources = [notebooks.read(path) for path in (first, second)]
    cells = [{cell["id"] for cell in source["cells"]} for source in sources]
    # Other editions of a notebook share most cells, other notebooks only those that all have.
    if 2 * len(cells[0] & cells[1]) < min(map(len, cells)):
        raise CompareError(f"{first.name} and {second.name} are two notebooks. Name two runs of one.")
    both = [_contents(source) for source in sources]
    moved = {each["name"]: each for each in changes.estimates(*map(notebooks.records, sources))}
    report: dict[str, Any] = {"first": _label(first), "second": _label(second)}
    for part in PARTS:
        names = dict.fromkeys(name for each in both for name in each[part])
        differing = moved if part == "estimates" else {}
        report[part] = [
            _row(name, both[0][part].get(name), both[1][part].get(name), differing) for name in names
        ]
    return report | {"differs": any(row["differs"] for part in PARTS for row in report[part])}


def _row(name: str, first: Any, second: Any, moved: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """One thing in both, with the difference of an estimate and whether its intervals overlap."""
    row = {"name": name, "first": first, "second": second, "differs": first != second or name in moved}
    if name in moved and None not in (first, second):
        difference, overlap = float(f"{second - first:.6g}"), change_report.OVERLAP[moved[name]["overlap"]]
        row |= {"difference": difference, "intervals": overlap}
    return row


def _contents(notebook: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What an executed notebook tells, by part and name."""
    told = notebooks.records(notebook)
    details = {each["name"]: each.get("details", {}) for each in told}
    return {
        "parameters": _parameters(notebook),
        "facts": {name: each["sentence"] for name, each in details.items() if "sentence" in each},
        "verdicts": {name: each["verdict"] for name, each in details.items() if "verdict" in each},
        "estimates": {each["name"]: each["value"] for each in told if not isinstance(each["value"], str)},
        "figures": {
            figure["name"]: figure["title"].partition(MARK)[0] for _, figure, _ in notebooks.figures(notebook)
        },
    }


def as_text(report: Mapping[str, Any]) -> str:
    """The differences for people, as plain text."""
    lines = [f"first:  {report['first']}", f"second: {report['second']}"]
    for part in PARTS:
        differing = [row for row in report[part] if row["differs"]]
        lines += ["", f"{part}: {len(differing)} of {len(report[part])} differ"]
        # Of the words a reader wants to see also which hold.
        rows = report[part] if part == "verdicts" else differing
        if rows:
            table = pd.DataFrame(rows).drop(columns="differs").dropna(axis="columns", how="all")
            lines.append(table.astype(object).fillna("").to_string(index=False, justify="left"))
    return "\n".join(lines) + "\n"


def as_page(report: Mapping[str, Any], first: Path, second: Path) -> str:
    """The comparison as one page that needs no other file; what differs is bold."""
    drawn = [
        {figure["name"]: (figure["alt"], png) for _, figure, png in notebooks.figures(notebooks.read(path))}
        for path in (first, second)
    ]
    return change_report.filled("side_by_side.html.jinja", report=report, parts=PARTS[:-1], drawn=drawn)


def _label(path: Path) -> str:
    """Notebook and set of a run that is kept in its folder; else the file."""
    return "/".join(path.parts[-3:-1]) if path.name == "notebook.ipynb" else path.name


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
