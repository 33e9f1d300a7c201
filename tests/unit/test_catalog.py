"""The catalogue answers what exists, and says so clearly when something does not."""

import pytest

from helpers import catalog, paths, schema


def test_data_dir_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("SUMMITS_DATA", str(tmp_path))
    monkeypatch.setenv("SUMMITS_RUNS", str(tmp_path / "runs"))
    assert paths.data_dir() == tmp_path
    assert paths.runs_dir() == tmp_path / "runs"


def test_data_dir_is_in_the_checkout_by_default(monkeypatch):
    monkeypatch.delenv("SUMMITS_DATA", raising=False)
    assert paths.data_dir() == paths.root() / "data"
    assert paths.notebooks_dir().parent == paths.root()


def test_series_has_one_attribute_per_column():
    info = catalog.series("us_exp_cn_hs8542")
    assert info.title == "US exports to China, integrated circuits (HS 8542)"
    assert (info.reporter, info.partner, info.flow, info.unit) == ("United States", "China", "export", "USD")
    assert list(vars(info)) == schema.SERIES.names


def test_unknown_series_names_the_near_ids():
    with pytest.raises(catalog.UnknownSeries, match="us_exp_cn_hs8542"):
        catalog.series("us_exp_cn_hs8524")


def test_unknown_series_without_a_near_id_names_the_file():
    with pytest.raises(catalog.UnknownSeries, match=r"data/series\.csv"):
        catalog.series("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")


def test_events_have_dates_and_blanks():
    events = catalog.events_table()
    assert str(events.loc["summit-beijing-2026", "end_date"].date()) == "2026-05-15"
    assert events["end_date"].isna().any()
    assert (events["source_url"] != "").any()


def test_a_returned_table_can_be_changed_without_harm():
    changed = catalog.baskets()
    changed.loc[0, "title"] = "changed"
    assert catalog.baskets().loc[0, "title"] != "changed"


def test_a_missing_table_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("SUMMITS_DATA", str(tmp_path))
    with pytest.raises(catalog.MissingData, match=r"series\.csv"):
        catalog.catalogue()


def test_the_package_is_tables_lists_and_claims_only():
    files = catalog.package_files(paths.data_dir())
    assert {"series.csv", "claims.yml", "observations/trade.csv", "lists/models.csv"} <= set(files)
    assert not [path for path in files if path.startswith("build/")]


def test_list_table_is_typed():
    models = catalog.list_table("models")
    assert models["training_compute_flop"].max() > 1e26
    assert str(models["date"].dtype).startswith("datetime64")


def test_a_deviation_leaves_the_hash_of_the_claims_as_it_was(monkeypatch, tmp_path):
    monkeypatch.setenv("SUMMITS_DATA", str(tmp_path))

    def hash_of(text):
        (tmp_path / "claims.yml").write_text(text, encoding="utf-8")
        return catalog.claims_hash()

    before = hash_of("version: 1\nclaims: []\ndeviations: []\n")
    assert hash_of("version: 1\nclaims: []\ndeviations:\n- {date: 2026-11-24}\n") == before
    assert hash_of("version: 2\nclaims: []\ndeviations: []\n") != before


def test_claims_are_read_once_and_a_reader_cannot_change_them_for_others():
    first = catalog.claims()
    first["sets"].clear()
    assert catalog.claims()["sets"]
