"""The form of every table of the data package: its columns, their types, their rules and their meaning.

They stand in ``schema.csv``, one column a row. ``datapackage.json`` is written from them and ``validation``
checks against them.
"""

import csv
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
    description : str
    type : str
        Frictionless type: ``string``, ``number`` or ``date``.
    required : bool
        A blank is an error.
    values : tuple of str
        The only texts allowed; empty means any text.
    """

    name: str
    description: str
    type: str = "string"
    required: bool = True
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One kind of table: title, columns, primary key, and links ``(column, table, column)`` to others."""

    title: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    links: tuple[tuple[str, str, str], ...] = ()

    @property
    def names(self) -> list[str]:
        """Column names in file order."""
        return [column.name for column in self.columns]


def _column(row: dict[str, str]) -> Column:
    values = tuple(filter(None, row["values"].split(";")))
    return Column(row["column"], row["description"], row["type"], row["required"] == "yes", values)


def _read_forms(path: Path) -> dict[str, Table]:
    """Read table forms from CSV rows sorted by table; the first row of a table holds its title."""
    forms = {}
    with path.open(encoding="utf-8", newline="") as file:
        for table, (first, *rows) in groupby(csv.DictReader(file), lambda row: row["table"]):
            columns = tuple(_column(row) for row in rows)
            links = [(row["column"], *row["link"].split(".")) for row in rows if row["link"]]
            key = tuple(row["column"] for row in rows if row["key"])
            forms[table] = Table(first["description"], columns, key, tuple(links))
    return forms


TABLES = _read_forms(Path(__file__).with_name("schema.csv"))
OBSERVATIONS = TABLES.pop("observations")
SERIES, SOURCES, EVENTS, MODELS = (
    TABLES[f"{name}.csv"] for name in ("series", "sources", "events", "lists/models")
)


def table_of(path: str) -> Table | None:
    """Return the form of the table at ``path`` in the data package, None if there is no such table."""
    return OBSERVATIONS if path.startswith("observations/") and path.endswith(".csv") else TABLES.get(path)
