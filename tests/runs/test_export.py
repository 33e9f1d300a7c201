"""The exported table, figures and deposit: the same values as the package, and whole."""

import json
import zipfile

import fastparquet
import pandas as pd
import pytest

from helpers import catalog, observations, paths
from summits import export


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One export of the package."""
    place = tmp_path_factory.mktemp("export")
    export.export(place)
    return place


@pytest.fixture(scope="module")
def table(folder):
    """The tidy table as another program reads it."""
    days = ["period_start", "period_end", "vintage"]
    return pd.read_csv(folder / "observations.csv", parse_dates=days, low_memory=False)


def test_csv_and_parquet_hold_the_same_values(folder, table):
    parquet = fastparquet.ParquetFile(str(folder / "observations.parquet")).to_pandas()
    assert parquet["value"].dtype == float and table["value"].dtype == float
    # A blank cell of a CSV file reads as missing.
    table = table.fillna({"licence_flag": ""})
    pd.testing.assert_frame_equal(parquet.astype(table.dtypes.to_dict()), table)


@pytest.mark.parametrize("name", ["us_exp_cn_hs8542", "capex_big4_sum_derived", "smic_revenue"])
def test_the_latest_vintages_are_those_that_a_notebook_loads(table, name):
    name = name if name in catalog.catalogue().index else catalog.catalogue().index[0]
    rows = table[table["series_id"] == name].drop_duplicates("period_end", keep="last").dropna(subset="value")
    values = observations.load(name).values
    assert rows["value"].tolist() == values.tolist()


@pytest.mark.parametrize(
    ("frequency", "period", "first", "last"),
    [
        ("M", "2024-02", "2024-02-01", "2024-02-29"),
        ("A", "2023", "2023-01-01", "2023-12-31"),
        ("Q", "2024-03-31", "2024-01-01", "2024-03-31"),
        ("H", "2024-06-30", "2024-01-01", "2024-06-30"),
        ("D", "2024-02-29", "2024-02-29", "2024-02-29"),
    ],
)
def test_a_period_has_its_first_and_last_day(frequency, period, first, last):
    row = export._dated(pd.DataFrame({"period": [period]}), frequency).iloc[0]
    assert (row["period_start"], row["period_end"]) == (pd.Timestamp(first), pd.Timestamp(last))


def test_no_period_ends_before_it_begins(table):
    assert (table["period_start"] <= table["period_end"]).all()


def test_the_zip_holds_the_package_byte_for_byte_and_always_the_same(folder, tmp_path):
    with zipfile.ZipFile(folder / "package.zip") as package:
        for name in catalog.package_files(paths.data_dir()):
            inside = package.read(f"chips-and-summits-data/{name}")
            assert inside == (paths.data_dir() / name).read_bytes(), name
    export.export(tmp_path)
    assert (tmp_path / "package.zip").read_bytes() == (folder / "package.zip").read_bytes()


def test_every_figure_leads_to_a_cell_and_to_a_publisher(folder):
    figures = pd.read_csv(folder / "figures.csv", keep_default_na=False)
    assert (figures[["figure", "title", "notebook", "cell", "publisher"]] != "").all().all()
    assert set(figures["series"]) - {""} <= set(catalog.catalogue().index)


def test_the_crate_names_every_file_and_every_publisher(folder):
    graph = json.loads((folder / export.CRATE).read_text("utf-8"))["@graph"]
    entries = {entry["@id"]: entry for entry in graph}
    files = {path.name for path in folder.iterdir()} - {export.CRATE}
    assert {part["@id"] for part in entries["./"]["hasPart"]} == files
    assert len(entries) == len(graph), "an id stands twice"
    assert set(catalog.sources()["publisher"]) <= {entry.get("publisher") for entry in graph}
