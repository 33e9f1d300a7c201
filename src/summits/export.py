"""The data and results for use elsewhere: one tidy table, the package as a zip, and a deposit's description.

The tidy table holds every vintage, with unit, title and source in the row, and the first and last day of the
period in place of a period whose form differs between frequencies.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fastparquet
import pandas as pd

import helpers
from helpers import catalog, observations, paths
from summits import archive, notebooks

OF_SERIES = ["title", "unit", "frequency", "price_basis", "seasonal", "publisher"]
OF_SERIES += ["licence", "licence_flag", "redistribution"]
MONTHS = {"M": 1, "Q": 3, "H": 6, "A": 12}
FIGURE_COLUMNS = ["figure", "title", "notebook", "cell", "series", "publisher", "address", "known_as_of"]
CRATE = "ro-crate-metadata.json"


def export(folder: Path) -> list[Path]:
    """Write everything that another program, or a deposit, needs.

    Parameters
    ----------
    folder : Path
        Made if it is missing; files of an earlier export are replaced.

    Returns
    -------
    list of Path
        observations.csv and observations.parquet (one row per series, period and vintage), package.zip (the
        data package as it is), figures.csv (figure → cell → series → publisher), and the RO-Crate that
        describes them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    table = tidy()
    table.to_csv(folder / "observations.csv", index=False, date_format="%Y-%m-%d")
    # Each title is written once, in place of once per row: a fiftieth of the size.
    compact = table.astype(dict.fromkeys(table.select_dtypes("str"), "category"))
    fastparquet.write(str(folder / "observations.parquet"), compact, compression="GZIP")
    package = ["datapackage.json", "README.md", *catalog.package_files(paths.data_dir())]
    (folder / "package.zip").write_bytes(archive.zipped(package, "chips-and-summits-data/"))
    figures_table().to_csv(folder / "figures.csv", index=False)
    files = sorted(path for path in folder.iterdir() if path.name != CRATE)
    (folder / CRATE).write_text(json.dumps(crate(files), indent=1, ensure_ascii=False) + "\n", "utf-8")
    return [*files, folder / CRATE]


def tidy() -> pd.DataFrame:
    """Put every observation of the package into one table.

    Returns
    -------
    DataFrame
        One row per series, period and vintage: series_id, title, unit, frequency, price_basis, seasonal,
        publisher, licence, licence_flag, redistribution, period_start, period_end (days), value (missing
        where it was withdrawn), vintage, source_id; sorted by series, period and vintage.
    """
    tables = sorted((paths.data_dir() / "observations").glob("*.csv"))
    rows = pd.concat([observations.every_row(path.stem) for path in tables], ignore_index=True)
    rows = rows.join(catalog.catalogue()[OF_SERIES], on="series_id")
    parts = [_dated(part, str(frequency)) for frequency, part in rows.groupby("frequency", sort=False)]
    table = pd.concat(parts).sort_values(["series_id", "period_end", "vintage"], ignore_index=True)
    table["value"] = table["value"].replace("", None).astype(float)
    table["vintage"] = pd.to_datetime(table["vintage"])
    return table[["series_id", *OF_SERIES, "period_start", "period_end", "value", "vintage", "source_id"]]


def _dated(rows: pd.DataFrame, frequency: str) -> pd.DataFrame:
    """Give rows of one frequency the first and the last day of their period."""
    day = pd.to_datetime(rows["period"], format=observations.PERIOD_FORMAT[frequency])
    length = pd.DateOffset(months=MONTHS.get(frequency, 0))
    # Months and years are written by their name, quarters and half-years by their last day.
    if frequency in "MA":
        return rows.assign(period_start=day, period_end=day + length - pd.Timedelta(days=1))
    start = day + pd.Timedelta(days=1) - length if frequency in MONTHS else day
    return rows.assign(period_start=start, period_end=day)


def figures_table() -> pd.DataFrame:
    """List the figures of the committed notebooks with their cell and the series that they draw.

    Returns
    -------
    DataFrame
        One row per figure and series: figure, title, notebook, cell (its id), series, publisher, address,
        known_as_of. A figure made from a list or from records has one row, with its source in words.
    """
    rows = [row for path in sorted(paths.notebooks_dir().glob("*.ipynb")) for row in _figures(path)]
    return pd.DataFrame(rows, columns=FIGURE_COLUMNS)


def _figures(path: Path) -> Iterator[dict[str, str]]:
    for cell, figure, _ in notebooks.figures(notebooks.read(path)):
        place = {"figure": figure["name"], "title": figure["title"]}
        place |= {"notebook": path.stem, "cell": cell["id"]}
        for series in figure["series"] or [{"id": "", "publisher": figure["source"]}]:
            source = {name: series.get(name, "") for name in ("publisher", "address", "known_as_of")}
            yield place | {"series": series["id"]} | source


def crate(files: list[Path]) -> dict[str, Any]:
    """Describe exported files as an RO-Crate 1.1: who made them, from which sources, under which terms."""
    package = json.loads((paths.data_dir() / "datapackage.json").read_text("utf-8"))
    described = [
        {"@id": path.name, "@type": "File", "contentSize": str(path.stat().st_size)} for path in files
    ]
    works = [
        {"@id": f"#{row.source_id}", "@type": "CreativeWork", "name": row.title, "url": row.url}
        | {"publisher": row.publisher, "license": row.licence}
        for row in catalog.sources().reset_index().fillna("").itertuples()
    ]
    root: dict[str, Any] = {"@id": "./", "@type": "Dataset", "name": package["title"]}
    root |= {"description": package["description"], "version": helpers.__version__}
    root |= {"license": "; ".join(licence["title"] for licence in package["licenses"])}
    root |= {"hasPart": [{"@id": file["@id"]} for file in described]}
    root |= {"isBasedOn": [{"@id": work["@id"]} for work in works]}
    about = {"@id": CRATE, "@type": "CreativeWork", "about": {"@id": "./"}}
    about |= {"conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"}}
    return {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": [about, root, *described, *works]}
