"""The rule of a selection stands twice, for tables in memory and for texts: both must pick the same rows."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import catalog, paths, timeline
from summits import states

with (paths.data_dir() / "events.csv").open(encoding="utf-8", newline="") as file:
    ROWS = list(csv.DictReader(file))
ACTORS = sorted({actor for row in ROWS for actor in row["actors"].split(";")})
DAYS = sorted({row[name] for row in ROWS for name in ("date", "public_from") if row[name]})


def some(column: str) -> st.SearchStrategy:
    return st.none() | st.lists(
        st.sampled_from(sorted({row[column] for row in ROWS})), min_size=1, max_size=3
    )


@given(
    categories=some("category"),
    direction=some("direction"),
    confidence=some("confidence"),
    actors=st.none() | st.lists(st.sampled_from(ACTORS), min_size=1, max_size=2),
    ids=some("event_id"),
    start=st.none() | st.sampled_from(DAYS),
    end=st.none() | st.sampled_from(DAYS),
    as_of=st.none() | st.sampled_from(DAYS),
)
def test_the_events_selected_are_those_that_were_asked_for(**chosen: object) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalog, "asked", {})
        selected = set(timeline.events(**chosen).index)
        [selection] = catalog.asked["events.csv"]
    assert selected == {row["event_id"] for row in ROWS if states._asked(row, selection)}
