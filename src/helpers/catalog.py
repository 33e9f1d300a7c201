"""What series, sources, events, baskets and claims exist, and which of their rows were asked for."""

import hashlib
from copy import deepcopy
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from helpers import paths, schema

# Of this process: by table, the rows that were asked for; see `ask`.
asked: dict[str, list[dict[str, Any]]] = {}


class UnknownSeries(ValueError):
    """A series id that the catalogue does not hold. The message names the nearest ids."""


class UnknownTest(ValueError):
    """An id of a claim test that `claims.yml` does not hold."""


class MissingData(ValueError):
    """A file of the data package that is not where it should be."""


class BadFile(ValueError):
    """A reader's own file that cannot be used; the message names the file, the row and the mend."""


@dataclass(frozen=True)
class Series:
    """One row of the catalogue. The columns are described in ``schema.SERIES``."""

    series_id: str
    title: str
    table: str
    frequency: str
    unit: str
    currency: str
    price_basis: str
    seasonal: str
    averaging: str
    stored_as: str
    entity: str
    reporter: str
    partner: str
    flow: str
    product: str
    basket: str
    publisher: str
    definition: str
    caution: str
    licence: str
    licence_flag: str
    redistribution: str
    loader: str


def read_text_table(path: Path) -> pd.DataFrame:
    """Read a CSV file of the package with every cell as text; a blank is the empty string.

    Raises
    ------
    MissingData
        If the file does not exist.
    """
    if not path.exists():
        raise MissingData(f"{path.name} is missing from {path.parent}: restore it, or set SUMMITS_DATA.")
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")


def read_own(path: Path, columns: tuple[str, ...], mend: str, **form: Any) -> pd.DataFrame:
    """Read a CSV file of a reader's own, in which some columns must be.

    Parameters
    ----------
    path : Path
    columns : tuple of str
    mend : str
        What to do about a file in another form.
    **form
        See `pandas.read_csv`.

    Raises
    ------
    BadFile
        If the file is in another form, or holds no rows.
    """
    try:
        table = pd.read_csv(path, skipinitialspace=True, **form)
    except ValueError as error:  # of pandas, which names the line
        raise BadFile(f"{path.name}: {' '.join(str(error).split())}. {mend}") from None
    if lacking := [column for column in columns if column not in table]:
        raise BadFile(f"{path.name}, row 1: no column {lacking[0]!r} among {', '.join(table)}. {mend}")
    if table.empty or not isinstance(table.index, pd.RangeIndex):
        raise BadFile(f"{path.name}, row 2: no values, or more than row 1 has columns. {mend}")
    return table


def refuse_rows(path: Path, table: pd.DataFrame, faults: dict[str, pd.Series]) -> None:
    """Raise for the first row of a reader's file that has a fault.

    Raises
    ------
    BadFile
        With the file, the row and the fault; `faults` says of each which rows have it, and the mend.
    """
    for fault, wrong in faults.items():
        if wrong.any():
            row = int(wrong.to_numpy().argmax())
            raise BadFile(f"{path.name}, row {row + 2} ({', '.join(map(str, table.iloc[row]))}): {fault}")


def _typed(path: str, index: str = "") -> pd.DataFrame:
    """Read a table of the package with the dates and numbers its schema names; `index` may name a column."""
    file = paths.data_dir() / path
    # Copied when the caller changes it, and not before.
    return _typed_at(file, path, file_state(file), index).copy(deep=False)


def file_state(path: Path) -> tuple[int, int] | None:
    """Return time of change and size: as part of the key of a cache, they make a refreshed file be read."""
    state = path.stat() if path.exists() else None
    return state and (state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=32)
def _typed_at(file: Path, path: str, state: tuple[int, int] | None, index: str) -> pd.DataFrame:
    frame = read_text_table(file)
    table = schema.table_of(path)
    for column in table.columns if table else ():
        if column.type == "date":
            frame[column.name] = pd.to_datetime(frame[column.name].replace("", None), format="%Y-%m-%d")
        elif column.type == "number":
            frame[column.name] = pd.to_numeric(frame[column.name].replace("", None))
    return frame.set_index(index) if index else frame


def ask(path: str, **rows: Any) -> None:
    """Note which rows of a table the answers rest on: a run stands as long as those rows do.

    Parameters
    ----------
    path : str
        In the package. A table of which nothing is noted is taken to be read whole.
    **rows : list of str or str
        A list holds the values that a column may have; ``first`` and ``last`` bound the date of the rows, and
        ``known`` the day by which they were public. Without any, all rows are meant.
    """
    lists = {name: sorted(map(str, values)) for name, values in rows.items() if isinstance(values, list)}
    selection = rows | lists
    if selection not in asked.setdefault(path, []):
        asked[path].append(selection)


def catalogue() -> pd.DataFrame:
    """Return the catalogue of series, all text, indexed by ``series_id``."""
    ask("series.csv")
    return _typed("series.csv", "series_id")


def series(series_id: str) -> Series:
    """Return one row of the catalogue.

    Raises
    ------
    UnknownSeries
        If the id is not in the catalogue.
    """
    ask("series.csv", series_id=[series_id])
    table = _typed("series.csv", "series_id")
    if series_id not in table.index:
        near = get_close_matches(series_id, table.index, n=4, cutoff=0.5)
        hint = f"Did you mean {', '.join(near)}?" if near else "See data/series.csv for all ids."
        raise UnknownSeries(f"No series is called {series_id!r}. {hint}")
    return Series(series_id=series_id, **table.loc[series_id])


def sources(ids: list[str] | None = None) -> pd.DataFrame:
    """Return the table of sources, indexed by ``source_id``; `ids` are those of use, by default all."""
    ask("sources.csv", **({} if ids is None else {"source_id": ids}))
    return _typed("sources.csv", "source_id")


def baskets() -> pd.DataFrame:
    """Return the baskets of HS codes, one row per basket and code."""
    return _typed("baskets.csv")


def events_table(**rows: Any) -> pd.DataFrame:
    """Return every dated event, indexed by ``event_id``; dates are timestamps, blanks are empty or NaT.

    The rows of use are named as in `ask`; by default all.
    """
    ask("events.csv", **rows)
    return _typed("events.csv", "event_id")


def list_table(name: str) -> pd.DataFrame:
    """Return a table of ``data/lists`` by its name without ending, for example ``models``."""
    ask(f"lists/{name}.csv")
    return _typed(f"lists/{name}.csv")


def claims() -> dict:
    """Return the pre-specified claims of ``claims.yml``."""
    ask("claims.yml")
    file = paths.data_dir() / "claims.yml"
    return deepcopy(_claims_at(file, file_state(file)))


@lru_cache(maxsize=4)
def _claims_at(file: Path, state: tuple[int, int] | None) -> dict:
    return yaml.load(file.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def claim_test(test_id: str) -> dict:
    """Return one pre-specified test with the fields of its claim, and ``family_size``.

    ``family_size`` counts the primary tests of the claim's family; it is 1 without a family.

    Raises
    ------
    UnknownTest
        If `claims.yml` has no such test.
    """
    listed = claims()["claims"]
    tests = {test["id"]: claim | test for claim in listed for test in claim.get("tests", [])}
    if test_id not in tests:
        raise UnknownTest(f"data/claims.yml has no test {test_id!r}. It has: {', '.join(tests)}.")
    family = tests[test_id].get("family")
    size = sum(test.get("primary", False) and test.get("family") == family for test in tests.values())
    return tests[test_id] | {"family_size": size if family else 1}


def claims_hash(data_dir: Path | None = None) -> str:
    """Return the sha256 of the pre-specified claims: of ``claims.yml`` as it was before any deviation."""
    text = ((data_dir or paths.data_dir()) / "claims.yml").read_bytes()
    specified = text.partition(b"\ndeviations:")[0] + b"\ndeviations: []\n"
    return hashlib.sha256(specified).hexdigest()


def package_files(data_dir: Path) -> list[str]:
    """Return the paths of all data files of the package, sorted; the build step is none of them."""
    found = [*data_dir.glob("*.csv"), *data_dir.glob("*.yml"), *data_dir.glob("*/*.csv")]
    return sorted(path.relative_to(data_dir).as_posix() for path in found if path.parent.name != "build")
