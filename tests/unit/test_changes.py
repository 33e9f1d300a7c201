"""What differs between two states of knowledge, on simulated tables and records."""

import json
from pathlib import Path

import notebook_functions
import pandas as pd
import pytest

from summits import changes


def rows(*observations: tuple[str, str, str, str]) -> pd.DataFrame:
    return pd.DataFrame(observations, columns=["series_id", "period", "value", "vintage"])


BEFORE = rows(
    ("a", "2020-01", "10", "2020-02-01"),
    ("a", "2020-02", "20", "2020-03-01"),
    ("b", "2020", "1", "2021-01-01"),
)


def test_new_revised_and_withdrawn_observations_are_told_apart() -> None:
    after = rows(
        ("a", "2020-01", "10", "2020-02-01"),
        ("a", "2020-01", "10.0", "2020-04-01"),
        ("a", "2020-02", "20", "2020-03-01"),
        ("a", "2020-02", "15", "2020-04-01"),
        ("a", "2020-03", "0", "2020-04-01"),
    )
    found = changes.observations(BEFORE, after)
    assert found[["series_id", "period", "kind"]].values.tolist() == [
        ["a", "2020-02", "revised"],
        ["a", "2020-03", "new"],
        ["b", "2020", "withdrawn"],
    ]
    assert found.loc[0, ["old", "new", "vintage"]].tolist() == [20.0, 15.0, "2020-04-01"]
    summed = changes.by_series(found)
    assert summed.loc["a", ["new", "revised", "withdrawn", "first", "last"]].tolist() == [
        1,
        1,
        0,
        "2020-02",
        "2020-03",
    ]
    assert summed.loc["a", "largest"] == pytest.approx(-25)
    assert summed.loc["b", "withdrawn"] == 1 and pd.isna(summed.loc["b", "largest"])


def test_nothing_differs_from_itself() -> None:
    assert changes.observations(BEFORE, BEFORE).empty
    assert changes.estimates([estimate("x", 1)], [estimate("x", 1)]) == []


def test_events_are_compared_field_by_field() -> None:
    before = pd.DataFrame({"event_id": ["x", "y"], "date": ["2020-01-01", "2020-01-02"], "title": ["X", "Y"]})
    after = pd.DataFrame({"event_id": ["x", "z"], "date": ["2020-01-03", "2020-01-04"], "title": ["X", "Z"]})
    assert changes.rows_by_key(before, after, "event_id").values.tolist() == [
        ["x", "edited", "date", "2020-01-01", "2020-01-03"],
        ["y", "removed", "", "", ""],
        ["z", "new", "", "", ""],
    ]


def estimate(
    name: str, value: float | str | None, low: float | None = None, high: float | None = None, **details: str
):
    return {"name": name, "value": value, "low": low, "high": high, "unit": "percent", "details": details}


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ((5.0, 4.0, 6.0), False),
        ((3.5, 3.0, 4.0), True),
        ((2.0, 1.5, 2.5), True),
        ((3.5, None, 4.0), None),
        ((None, None, None), None),
    ],
)
def test_a_moved_estimate_says_whether_the_intervals_overlap(new: tuple, expected: bool | None) -> None:
    (found,) = changes.estimates([estimate("x", 2.0, 1.0, 3.0)], [estimate("x", *new)])
    assert found["kind"] == "moved" and found["overlap"] is expected
    assert found["old"] == [2.0, 1.0, 3.0] and found["new"] == list(new)


def test_moved_estimates_are_placed_on_their_earlier_interval() -> None:
    moved = changes.estimates(
        [
            estimate("x", 2.0, 1.0, 5.0),
            estimate("y", 0.0, -1.0, 1.0),
            estimate("z", 1.0),
            estimate("w", 1, 1, 1),
        ],
        [
            estimate("x", 5.0, 3.0, 7.0),
            estimate("y", -3.0, -4.0, 1.0),
            estimate("z", 2.0),
            estimate("w", 2, 1, 3),
        ],
    )
    half_widths = notebook_functions.functions_of("12_what_changed").in_half_widths
    placed = half_widths({"run": "01_one/published", **each} for each in moved)
    assert placed.to_numpy().tolist() == [["01: y", -3.0, -4.0, 1.0], ["01: x", 1.0, 0.0, 2.0]]
    assert half_widths([]).empty


def test_new_and_gone_estimates_and_flipped_verdicts() -> None:
    before = [estimate("x", 1), estimate("v", "supported", verdict="supported"), estimate("kept", 2)]
    after = [estimate("y", 1), estimate("v", "inconclusive", verdict="inconclusive"), estimate("kept", 2)]
    assert [(each["name"], each["kind"]) for each in changes.estimates(before, after)] == [
        ("x", "gone"),
        ("y", "new"),
    ]
    assert changes.verdicts(before, after) == [{"name": "v", "old": "supported", "new": "inconclusive"}]


@pytest.mark.parametrize(
    ("steps", "expected", "main"),
    [
        ((1.0, 1.0, 1.0, 4.0), (0.0, 0.0, 3.0), "new data"),
        ((1.0, 1.0, 0.5, 1.0), (0.0, -0.5, 0.5), "revision"),
        ((1.0, 3.0, 3.5, 3.5), (2.0, 0.5, 0.0), "code"),
        ((1.0, 1.0, 1.0, 1.0), (0.0, 0.0, 0.0), ""),
        ((1.0, 1.0 + 1e-12, 1.0, 2.0), (0.0, 0.0, 1.0), "new data"),
    ],
)
def test_a_move_is_divided_among_its_causes(steps: tuple, expected: tuple, main: str) -> None:
    found = changes.attribute(*steps)
    assert (found["code"], found["revision"], found["new_data"]) == pytest.approx(expected)
    assert found["main"] == main
    assert sum(expected) == pytest.approx(steps[-1] - steps[0])


@pytest.mark.parametrize("missing", range(4))
def test_what_was_not_estimated_is_not_divided(missing: int) -> None:
    steps = [1.0, 2.0, 3.0, 4.0]
    steps[missing] = None
    assert changes.attribute(*steps) is None


def test_revised_only_keeps_what_was_known_before() -> None:
    after = rows(
        ("a", "2020-01", "11", "2020-05-01"),
        ("a", "2020-03", "3", "2020-05-01"),
        ("c", "2020-01", "1", "2020-05-01"),
    )
    assert changes.revised_only(BEFORE, after, ["series_id", "period"])["value"].tolist() == ["11"]


def test_two_parameter_sets_of_a_notebook_are_paired(tmp_path: Path) -> None:
    for days, value in ((90, 5.0), (60, 7.0)):
        estimate = {"name": "effect", "value": value, "low": 1.0, "high": 9.0, "unit": "percent"}
        record = {"notebook": "09_restraint", "set": str(days), "parameters": {"window_days": days}}
        record |= {"key": str(days), "notebook_sha256": "", "packages": {}, "records": [estimate]}
        record |= {"ingredients": {"notebook": "", "data": {}, "needs": {}}}
        (tmp_path / str(days)).mkdir()
        (tmp_path / str(days) / "record.json").write_text(json.dumps(record))
    report = changes.compare(*changes.pair(tmp_path / "90", tmp_path / "60"))
    assert report["causes"] == {"09_restraint": ["parameter window_days: 90 → 60"]}
    [estimate] = report["estimates"]
    assert (estimate["run"], estimate["old"][0], estimate["new"][0]) == ("09_restraint", 5.0, 7.0)
