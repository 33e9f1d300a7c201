"""What a maintainer adds by a command: a dated event, a notebook. Each is checked, or nothing is written."""

import json
import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from helpers import catalog, paths, schema
from summits import notebooks, plan, validation

TEMPLATE = "tools/notebook_template.ipynb"
NAME = re.compile(r"\d\d_[a-z0-9_]+")


class CannotAdd(ValueError):
    """An addition that would not be sound; one line for each reason."""


def columns_to_ask(given: Mapping[str, str | None]) -> list[schema.Column]:
    """Columns of the events table that are not derived and have no value yet, in order."""
    return [column for column in schema.EVENTS.columns if given.get(column.name, "") is None]


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
    files = {
        path: path.read_bytes() for path in map(paths.data_dir().joinpath, ("events.csv", "datapackage.json"))
    }
    table = catalog.read_text_table(paths.data_dir() / "events.csv")
    row = {column: values.get(column, "").strip() for column in table}
    lacking = [column.name for column in schema.EVENTS.columns if column.required and not row[column.name]]
    if lacking := [name for name in lacking if not name.startswith("first_")]:
        raise CannotAdd(f"Give also {', '.join('--' + name.replace('_', '-') for name in lacking)}.")
    if row["event_id"] in set(table["event_id"]):
        raise CannotAdd(f"data/events.csv has an event {row['event_id']!r} already. Choose another event_id.")
    try:
        new = pd.DataFrame([row])
        new[["first_us_trading_day", "first_asia_trading_day"]] = validation.first_sessions(new)
    except (ValueError, KeyError) as error:
        raise CannotAdd(f"No trading days for {row['date']!r}: {error}") from None
    try:
        _write("events.csv", pd.concat([table, new]))
        if problems := describe():
            raise CannotAdd("\n".join(map(str, problems)))
    except BaseException:
        for path, content in files.items():
            path.write_bytes(content)
        raise
    place = list(catalog.read_text_table(paths.data_dir() / "events.csv")["event_id"]).index(row["event_id"])
    days = new[["first_us_trading_day", "first_asia_trading_day"]].iloc[0]
    return {**row, "row": place + 2, "days": " and ".join(days)}


def describe() -> list[validation.Problem]:
    """Put rows that were added by hand in their place, bring `datapackage.json` up to date, and check.

    Events of one day stay in the order in which they stand.
    """
    for path in catalog.package_files(paths.data_dir()):
        if order := validation.order_of(path):
            table = catalog.read_text_table(paths.data_dir() / path)
            ordered = table.sort_values(order, kind="stable")
            if not ordered.index.equals(table.index):
                _write(path, ordered)
    validation.describe()
    return validation.check()


def _write(path: str, table: pd.DataFrame) -> None:
    table.to_csv(paths.data_dir() / path, index=False, lineterminator="\n")


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
    notebook = json.loads(text.replace("QUESTION", json.dumps(question)[1:-1]))
    listing = paths.notebooks_dir() / "collection.yml"
    lines = listing.read_text(encoding="utf-8").splitlines(keepends=True)
    after = lines.index("notebooks:\n") + 1
    end = next((i for i in range(after, len(lines)) if re.match(r"\w", lines[i])), len(lines))
    entry = [f"  {name}:\n", f"    question: {json.dumps(question, ensure_ascii=False)}\n"]
    entry += ["    reads: [trade, events, claims]\n", "    runs:\n", "      published: {}\n"]
    notebooks.write(notebook, target)
    listing.write_text("".join([*lines[:end], *entry, *lines[end:]]), encoding="utf-8")
    return f"notebooks/{target.name}"
