"""What is added by a command: a dated event, a series, a notebook. Each is checked, or nothing is written."""

import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from helpers import catalog, observations, paths, schema
from helpers.studies import read_series
from summits import notebooks, plan, validation
from summits.publishers import store
from summits.publishers.client import Refused

TEMPLATE = "tools/notebook_template.ipynb"
ASKED = ("series_id", "title", "frequency", "unit", "price_basis", "seasonal", "publisher", "redistribution")
OWN = "own"  # table of the series that a reader adds
NAME = re.compile(r"\d\d_[a-z0-9_]+")


class CannotAdd(ValueError):
    """An addition that would not be sound; one line for each reason."""


def columns_to_ask(table: schema.Table, given: Mapping[str, str | None]) -> list[schema.Column]:
    """Columns of a table that its command asks for and that have no value yet, in order."""
    asked = ASKED if table is schema.SERIES else table.names
    return [each for each in table.columns if each.name in asked and given.get(each.name, "") is None]


def add_event(values: Mapping[str, str]) -> dict[str, Any]:
    """Add an event to `data/events.csv`, with its trading days, and bring the descriptor up to date.

    Parameters
    ----------
    values
        Text by column of the events table, without the trading days; a blank is empty.

    Returns
    -------
    dict
        The row as it was written, its line in the file as `row`, and both trading days as `days`.

    Raises
    ------
    CannotAdd
        If the package would not be in order; nothing is written then.
    """
    table = catalog.read_text_table(paths.data_dir() / "events.csv")
    row = {column: values.get(column, "").strip() for column in table}
    lacking = [column.name for column in schema.EVENTS.columns if column.required and not row[column.name]]
    if lacking := [name for name in lacking if not name.startswith("first_")]:
        raise CannotAdd(f"Give also {', '.join('--' + name.replace('_', '-') for name in lacking)}.")
    days = [column.name for column in schema.EVENTS.columns if column.type == "date"]
    if odd := [name for name in days if row[name] and not re.fullmatch(r"\d{4}-\d\d-\d\d", row[name])]:
        raise CannotAdd(f"{odd[0]} {row[odd[0]]}: no date. Write it as 2027-01-19: year, month, day.")
    if row["event_id"] in set(table["event_id"]):
        raise CannotAdd(f"data/events.csv has an event {row['event_id']!r} already. Choose another event_id.")
    try:
        sessions = validation.first_sessions(pd.DataFrame([row])).iloc[0]
    except (ValueError, KeyError) as error:
        raise CannotAdd(f"No trading days for {row['date']!r}: {error}") from None
    row |= sessions.to_dict()
    _change({"events.csv": pd.concat([table, pd.DataFrame([row])])})
    place = list(catalog.read_text_table(paths.data_dir() / "events.csv")["event_id"]).index(row["event_id"])
    return {**row, "row": place + 2, "days": " and ".join(sessions)}


def add_series(file: Path, values: Mapping[str, str], **form: Any) -> dict[str, Any]:
    """Add a series of a CSV file to the package: its rows in the catalogue, in its table and in the sources.

    Parameters
    ----------
    file
        A date and a value in each row; see `helpers.studies.read_series`.
    values
        Text by column of the catalogue; all that are asked for are needed but price_basis. `vintage` is the
        day from which the values were public, today if it is blank.
    **form
        Names of its columns and how the file is written; see `helpers.studies.read_series`.

    Returns
    -------
    dict
        series_id, and the number of values as `rows`.

    Raises
    ------
    CannotAdd, helpers.methods.checks.UnusableInput
        If the package would not be in order, or the file cannot be read; nothing is written then.
    """
    given = {name: text.strip() for name, text in values.items() if text.strip()}
    if lacking := [name for name in ASKED if name not in given and name != "price_basis"]:
        names = {"series_id": "id", "publisher": "source"}
        raise CannotAdd(f"Give also {', '.join('--' + names.get(name, name) for name in lacking)}.")
    if given["series_id"] in catalog.catalogue().index:
        raise CannotAdd(f"data/series.csv has a series {given['series_id']!r} already. Choose another id.")
    money = re.match(r"[A-Z]{3}(?= |$)", given["unit"])
    basis = {"currency": money[0] if money else "", "price_basis": "nominal" if money else "not applicable"}
    row = basis | {"averaging": "none", "stored_as": "level", "licence": "not stated"}
    row |= {"definition": given["title"]} | given | {"table": OWN}
    source = {"source_id": f"{OWN}_{given['series_id']}", "read_from": file.name} | row
    source["vintage_rule"] = "The day that was stated, or else that on which the file was added."
    place, series = f"observations/{OWN}.csv", read_series(file, **form).dropna()
    periods = pd.DatetimeIndex(series.index).strftime(observations.PERIOD_FORMAT[row["frequency"]])
    rows = pd.DataFrame({"period": periods, "value": series.map("{:.15g}".format).to_numpy()})
    rows[["series_id", "source_id"]] = row["series_id"], source["source_id"]
    rows["vintage"] = given.get("vintage") or date.today().isoformat()
    known = paths.data_dir() / place
    before = [catalog.read_text_table(known)] if known.exists() else []
    tables = {place: pd.concat([*before, rows])[schema.OBSERVATIONS.names]}
    for name, new in {"series.csv": row, "sources.csv": source}.items():
        table = catalog.read_text_table(paths.data_dir() / name)
        tables[name] = pd.concat([table, pd.DataFrame([new])])[list(table)].fillna("")
    _change(tables)
    return {"series_id": row["series_id"], "rows": len(rows)}


def _change(tables: Mapping[str, pd.DataFrame]) -> None:
    """Put tables into the package, in order and in one change; none is written if it would not be sound."""
    try:
        with store.locked(paths.data_dir()):
            store.change(paths.data_dir(), validation.in_order(tables))
    except Refused as fault:
        raise CannotAdd(str(fault)) from None


def describe() -> list[validation.Problem]:
    """Put rows that were added by hand in their place, bring `datapackage.json` up to date, and check.

    Events of one day stay in the order in which they stand.
    """
    sorted_tables = filter(validation.order_of, catalog.package_files(paths.data_dir()))
    tables = {path: catalog.read_text_table(paths.data_dir() / path) for path in sorted_tables}
    for path, content in validation.in_order(tables).items():
        (paths.data_dir() / path).write_bytes(content)
    validation.describe()
    return validation.check()


def new_notebook(name: str, question: str) -> str:
    """Write a notebook from the template, and list it in `collection.yml`; return its path in the checkout.

    Raises
    ------
    CannotAdd
        If the name is no name of a notebook or is taken, or the question is none.
    """
    listed, target = plan.collection(), paths.notebooks_dir() / f"{name}.ipynb"
    if not NAME.fullmatch(name):
        raise CannotAdd(f"{name}: call it by two digits and lower-case words, such as 13_patents.")
    if taken := [other for other in [*listed, *[target.stem] * target.exists()] if other[:3] == name[:3]]:
        raise CannotAdd(f"{name}: the number is taken by {taken[0]}. Choose another.")
    if not question.endswith("?"):
        raise CannotAdd(f"{question!r}: a notebook asks a question. End it with a question mark.")
    text = (paths.root() / TEMPLATE).read_text(encoding="utf-8")

    listing = paths.notebooks_dir() / "collection.yml"
    lines = listing.read_text(encoding="utf-8").splitlines(keepends=True)
    after = lines.index("notebooks:\n") + 1
    end = next((i for i in range(after, len(lines)) if re.match(r"\w", lines[i])), len(lines))
    entry = [f"  {name}:\n", f"    question: {json.dumps(question, ensure_ascii=False)}\n"]
    entry += ["    reads: [trade, events, claims]\n", "    runs:\n", "      published: {}\n"]
    notebooks.write(json.loads(text.replace("QUESTION", json.dumps(question)[1:-1])), target)
    listing.write_text("".join([*lines[:end], *entry, *lines[end:]]), encoding="utf-8")
    return f"notebooks/{target.name}"
