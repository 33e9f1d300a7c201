"""What was known on a date, for every table that can be appended to."""

from datetime import date

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers import observations, schema

DAYS = st.dates(date(2020, 1, 1), date(2022, 12, 31))
ROWS = st.dictionaries(
    keys=st.tuples(st.integers(1, 12), DAYS),
    values=st.floats(-1e9, 1e9).map(lambda value: round(value, 3)),
    min_size=1,
    max_size=25,
)
few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def package(tmp_path, monkeypatch):
    monkeypatch.setenv("SUMMITS_DATA", str(tmp_path))
    (tmp_path / "observations").mkdir()
    row = dict.fromkeys(schema.SERIES.names, "") | {"series_id": "x", "table": "t", "frequency": "M"}
    pd.DataFrame([row]).to_csv(tmp_path / "series.csv", index=False)
    return tmp_path


def write(package, rows):
    # The caches tell versions by time and size of the file, which two examples may share.
    observations._tables.cache_clear()
    observations._typed.cache_clear()
    lines = [f"x,2019-{month:02d},{value!r},{vintage},s\n" for (month, vintage), value in rows]
    text = "series_id,period,value,vintage,source_id\n" + "".join(lines)
    (package / "observations" / "t.csv").write_text(text, encoding="utf-8")


def known(as_of):
    try:
        return observations.load("x", as_of)
    except observations.NotYetKnown:
        return None


@few
@given(rows=ROWS, as_of=DAYS)
def test_each_period_has_its_latest_vintage_not_after_as_of(package, rows, as_of):
    write(package, rows.items())
    expected = {}
    for (month, vintage), value in sorted(rows.items()):
        if vintage <= as_of:
            expected[pd.Timestamp(2019, month, 1)] = (value, pd.Timestamp(vintage))
    data = known(as_of)
    got = {} if data is None else {p: (data.values[p], data.vintages[p]) for p in data.values.index}
    assert got == expected


@few
@given(rows=ROWS, two_days=st.tuples(DAYS, DAYS).map(sorted))
def test_a_later_as_of_loses_no_period(package, rows, two_days):
    write(package, rows.items())
    early, late = (known(day) for day in two_days)
    if early is not None:
        assert set(early.values.index) <= set(late.values.index)
        assert (late.vintages[early.vintages.index] >= early.vintages).all()


@few
@given(rows=ROWS, data=st.data())
def test_the_order_of_rows_does_not_matter(package, rows, data):
    write(package, rows.items())
    first = observations.load("x")
    write(package, data.draw(st.permutations(list(rows.items()))))
    again = observations.load("x")
    pd.testing.assert_series_equal(first.values, again.values)
    pd.testing.assert_series_equal(first.vintages, again.vintages)


@few
@given(rows=ROWS)
def test_revisions_lead_from_the_first_value_to_the_latest(package, rows):
    write(package, rows.items())
    table = observations.revisions("x")
    assert (table["old"] != table["new"]).all()
    assert (table["vintage_from"] < table["vintage_to"]).all()
    latest = observations.load("x").values
    for period, chain in table.groupby("period"):
        assert chain["new"].iloc[-1] == latest[period]
        assert chain["old"].iloc[1:].tolist() == chain["new"].iloc[:-1].tolist()


@few
@given(rows=ROWS)
def test_each_vintage_column_is_what_load_returns(package, rows):
    write(package, rows.items())
    triangle = observations.vintages("x")
    for vintage in triangle.columns:
        column = triangle[vintage].dropna()
        pd.testing.assert_series_equal(column, observations.load("x", vintage).values, check_names=False)
