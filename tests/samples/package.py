"""A small data package cut from the real one: a few series with their rows, sources and catalogue."""

from pathlib import Path

import pandas as pd

from helpers import catalog, paths
from summits import validation

REAL = paths.root() / "data"


def write(folder: Path, *series_ids: str, last: dict[str, str] | None = None) -> Path:
    """Write a sound package that holds these series, if asked only up to a period of some."""
    catalogue = catalog.read_text_table(REAL / "series.csv")
    catalogue = catalogue[catalogue["series_id"].isin(series_ids)].assign(basket="")
    used = set()
    for table in catalogue["table"].unique():
        rows = catalog.read_text_table(REAL / "observations" / f"{table}.csv")
        rows = rows[rows["series_id"].isin(series_ids)]
        for series_id, period in (last or {}).items():
            rows = rows[(rows["series_id"] != series_id) | (rows["period"] <= period)]
        used |= set(rows["source_id"])
        store(rows, folder / "observations" / f"{table}.csv")
    sources = catalog.read_text_table(REAL / "sources.csv")
    store(catalogue, folder / "series.csv")
    store(sources[sources["source_id"].isin(used)], folder / "sources.csv")
    validation.describe(folder)
    return folder


def store(table: pd.DataFrame, path: Path) -> None:
    """Write a table as the package does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, lineterminator="\n")


def values(series_id: str, first: str = "", last: str = "9999") -> dict[str, float]:
    """Return the latest bundled values of a series between two periods, as a publisher would hold them."""
    table = catalog.read_text_table(REAL / "series.csv").set_index("series_id").loc[series_id, "table"]
    rows = catalog.read_text_table(REAL / "observations" / f"{table}.csv")
    rows = rows[rows["series_id"].eq(series_id) & rows["period"].between(first, last)]
    latest = rows.drop_duplicates("period", keep="last").set_index("period")["value"]
    return {period: float(text) for period, text in latest.items()}


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file of the package but the receipts, to see that nothing has changed."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "receipts" not in path.parts
    }
