"""No record as of a day depends on what became public after it; benchmarks try the whole collection."""

from pathlib import Path

import later_data
import pandas as pd
import pytest


@pytest.mark.parametrize(
    ("notebook", "day"), [("01_summits_and_controls", "2021-06-30"), ("04_ai_investment", "2026-06-30")]
)
def test_what_became_public_later_changes_no_record(
    notebook: str, day: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = later_data.records(notebook, day, tmp_path / "full.ipynb")
    later_data.spoil(tmp_path / "data", day)
    monkeypatch.setenv("SUMMITS_DATA", str(tmp_path / "data"))
    assert later_data.records(notebook, day, tmp_path / "spoilt.ipynb") == expected
    assert len(expected) > 3


def test_the_spoilt_data_would_be_noticed(tmp_path: Path) -> None:
    day = "2026-06-30"
    later_data.spoil(tmp_path / "data", day)
    for table in ("observations/trade.csv", "observations/investment.csv", "events.csv"):
        kept, spoilt = (
            pd.read_csv(folder / table, dtype=str)
            for folder in (later_data.paths.data_dir(), tmp_path / "data")
        )
        assert len(kept) == len(spoilt) and not kept.equals(spoilt)
        if "vintage" in kept:
            known = kept["vintage"] <= day
            assert kept[known].equals(spoilt[known])
