"""Observations as they were known on a date, on invented numbers and on the bundled data."""

from datetime import date

import pandas as pd
import pytest

from helpers import catalog, observations, schema

HEADER = "series_id,period,value,vintage,source_id\n"
MONTHS = """chips,2021-01,10,2021-03-01,first
chips,2021-01,12.5,2022-03-01,second
chips,2021-02,20,2021-04-01,first
chips,2021-02,20,2022-03-01,second
chips,2021-04,40,2021-06-01,first
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Write a package with invented numbers: one series of each frequency in the table trade."""
    monkeypatch.setenv("SUMMITS_DATA", str(tmp_path))
    (tmp_path / "observations").mkdir()
    (tmp_path / "lists").mkdir()
    frequencies = {"chips": "M", "capex": "Q", "papers": "A", "daily": "D", "absent": "M"}
    rows = [
        dict.fromkeys(schema.SERIES.names, "") | {"series_id": name, "table": "trade", "frequency": frequency}
        for name, frequency in frequencies.items()
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "series.csv", index=False)
    write(tmp_path, MONTHS)
    return tmp_path


def write(folder, rows):
    (folder / "observations" / "trade.csv").write_text(HEADER + rows, encoding="utf-8")


def test_latest_values_and_their_vintages(package):
    chips = observations.load("chips")
    assert chips.values.tolist() == [12.5, 20, 40]
    assert chips.values.index.tolist() == [pd.Timestamp(2021, month, 1) for month in (1, 2, 4)]
    assert chips.values.index.name == "period"
    assert chips.vintages.tolist() == [pd.Timestamp("2022-03-01")] * 2 + [pd.Timestamp("2021-06-01")]
    assert chips.sources == ["first", "second"]
    assert chips.as_of is None


@pytest.mark.parametrize("as_of", ["2021-04-01", date(2021, 4, 1), pd.Timestamp("2021-04-01 13:00")])
def test_as_of_keeps_what_was_public(package, as_of):
    chips = observations.load("chips", as_of)
    assert chips.values.to_dict() == {pd.Timestamp("2021-01-01"): 10, pd.Timestamp("2021-02-01"): 20}
    assert chips.as_of == pd.Timestamp("2021-04-01")


def test_empty_text_means_latest(package):
    assert observations.load("chips", "").as_of is None


def test_before_the_first_vintage_is_an_error_that_names_it(package):
    with pytest.raises(observations.NotYetKnown, match="2021-02-28.*first vintage is 2021-03-01"):
        observations.load("chips", "2021-02-28")


@pytest.mark.parametrize(
    "as_of", ["2021", "30/06/2021", "yesterday", pd.NaT, pd.Timestamp("2021-01-01", tz="UTC")]
)
def test_as_of_must_be_a_plain_day(package, as_of):
    with pytest.raises(observations.NotADay, match="2021-0"):
        observations.load("chips", as_of)


def test_unknown_series_suggests_a_near_one(package):
    with pytest.raises(catalog.UnknownSeries, match="chips"):
        observations.load("chip")


def test_months_without_value_stay_missing_and_are_listed(package):
    assert observations.load("chips").missing.tolist() == [pd.Timestamp("2021-03-01")]


def test_fiscal_quarters_keep_their_end_dates(package):
    quarters = ["2020-01-26", "2020-04-26", "2021-01-31", "2021-05-02"]
    write(package, "".join(f"capex,{end},1,2022-01-01,s\n" for end in quarters))
    capex = observations.load("capex")
    assert capex.values.index.strftime("%Y-%m-%d").tolist() == quarters
    assert capex.missing.strftime("%Y-%m").tolist() == ["2020-07", "2020-10"]


def test_years_stand_at_their_end(package):
    write(package, "papers,2020,1,2022-01-01,s\npapers,2022,2,2023-01-01,s\n")
    papers = observations.load("papers")
    assert papers.values.index.tolist() == [pd.Timestamp("2020-12-31"), pd.Timestamp("2022-12-31")]
    assert papers.missing.empty


def test_vintages_show_what_was_known_at_each(package):
    triangle = observations.vintages("chips")
    assert triangle.columns.strftime("%Y-%m").tolist() == ["2021-03", "2021-04", "2021-06", "2022-03"]
    assert triangle.loc["2021-01-01"].tolist() == [10, 10, 10, 12.5]
    assert triangle.loc["2021-04-01"].isna().tolist() == [True, True, False, False]


def test_first_editions_are_the_values_published_first(package):
    assert observations.first_editions("chips").tolist()[:2] == [10, 20]
    assert len(observations.first_editions("chips", "2021-03-15")) == 1
    with pytest.raises(observations.NotYetKnown, match="2021-03-01"):
        observations.first_editions("chips", "2020-12-31")


def test_revisions_are_changes_only(package):
    table = observations.revisions("chips")
    assert table.columns.tolist() == ["period", "vintage_from", "vintage_to", "old", "new"]
    assert len(table) == 1
    assert table.loc[0, ["old", "new"]].tolist() == [10, 12.5]
    assert table.loc[0, "vintage_from"] == pd.Timestamp("2021-03-01")


def test_no_revision_gives_an_empty_table(package):
    write(package, "chips,2021-01,10,2021-03-01,s\n")
    assert observations.revisions("chips").empty


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("chips,2021-13,1,2022-01-01,s", "line 2: '2021-13' is not a period written like 2021-06"),
        ("chips,2021-01-01,1,2022-01-01,s", "not a period"),
        ("chips,2021-01,1,soon,s", "'soon' is not a vintage written like 2021-06-30"),
        ('chips,2021-01,"1,234",2022-01-01,s', "'1,234' is not a plain number"),
        ("chips,2021-01,,2022-01-01,s", "not a plain number.*remove it if the value is missing"),
        ("chips,2021-01,inf,2022-01-01,s", "not a plain number"),
        ("chips,2021-01,1,2022-01-01,s\nchips,2021-01,2,2022-01-01,s", "lines 2, 3: the same series"),
    ],
)
def test_unreadable_rows_are_refused(package, row, message):
    write(package, row + "\n")
    with pytest.raises(observations.BadObservations, match=f"observations/trade.csv .*{message}"):
        observations.load("chips")


def test_a_series_without_rows_is_refused(package):
    with pytest.raises(observations.BadObservations, match="no row of absent"):
        observations.load("absent")


def test_a_missing_table_is_refused(package):
    (package / "observations" / "trade.csv").unlink()
    with pytest.raises(catalog.MissingData, match="trade.csv"):
        observations.load("chips")


def test_a_changed_file_is_read_again(package):
    observations.load("chips")
    write(package, MONTHS + "chips,2021-05,50,2021-07-01,first\n")
    assert observations.load("chips").values.iloc[-1] == 50


def test_changing_a_result_does_not_change_the_next(package):
    values = observations.load("chips").values
    values.iloc[0] = -1
    assert observations.load("chips").values.iloc[0] == 12.5


def test_load_many_keeps_the_order(package):
    write(package, "chips,2021-01,1,2022-01-01,s\npapers,2020,2,2022-01-01,s\n")
    assert list(observations.load_many(["papers", "chips"])) == ["papers", "chips"]


def test_known_leaves_out_what_was_not_public(package):
    write(package, "chips,2021-01,1,2022-01-01,s\npapers,2020,2,2021-01-01,s\n")
    assert observations.known(["chips", "papers"], "2021-06-30") == ["papers"]
    assert observations.known(["chips", "papers"]) == ["chips", "papers"]


def test_load_known_loads_what_was_public_and_names_the_rest(package):
    write(package, "chips,2021-01,1,2022-01-01,s\npapers,2020,2,2021-01-01,s\n")
    loaded, unknown = observations.load_known(["chips", "papers"], "2021-06-30")
    assert (list(loaded), unknown) == (["papers"], ["chips"])


def test_a_series_that_must_be_fetched_says_how():
    with pytest.raises(observations.NotFetched, match="summits refresh --series us_exp_world_hs8486"):
        observations.load("us_exp_world_hs8486")


def test_lists_are_cut_at_as_of(package):
    rows = [
        dict.fromkeys(schema.MODELS.names, "") | {"model": model, "date": "2020-01-01", "vintage": vintage}
        for model, vintage in (("a", "2021-01-01"), ("b", "2022-01-01"))
    ]
    pd.DataFrame(rows).to_csv(package / "lists" / "models.csv", index=False)
    assert observations.list_as_of("models")["model"].tolist() == ["a", "b"]
    assert observations.list_as_of("models", "2021-12-31")["model"].tolist() == ["a"]
    with pytest.raises(observations.NotYetKnown, match="first vintage is 2021-01-01"):
        observations.list_as_of("models", "2020-12-31")


class TestBundled:
    """The bundled data: the revision of November 2017 and the missing December 2020."""

    APRIL_2021 = pd.Timestamp("2021-04-01")

    def test_april_2021_before_and_after_the_revision(self):
        early = observations.load("us_exp_cn_hs8542", "2023-06-30").values
        late = observations.load("us_exp_cn_hs8542").values
        assert round((late[self.APRIL_2021] - early[self.APRIL_2021]) / 1e6) == 191

    def test_the_revision_is_listed(self):
        table = observations.revisions("us_exp_cn_hs8542").set_index("period")
        assert round((table.loc[self.APRIL_2021, "new"] - table.loc[self.APRIL_2021, "old"]) / 1e6) == 191

    def test_equipment_lacks_december_2020(self):
        assert pd.Timestamp("2020-12-01") in observations.load("us_exp_cn_hs8486").missing

    def test_lists_know_their_vintage(self):
        models = observations.list_as_of("models")
        with pytest.raises(observations.NotYetKnown, match="first vintage"):
            observations.list_as_of("models", "2012-01-01")
        assert len(observations.list_as_of("models", models["vintage"].max())) == len(models)
