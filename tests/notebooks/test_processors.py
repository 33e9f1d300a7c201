"""Notebooks at risk come out byte for byte under the kernel of linear algebra farthest from the own one.

nbval compares them under the kernel of this machine; `make same`, weekly, takes all kernels and notebooks.
"""

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import same  # noqa: E402

AT_RISK = ["06", "07", "10", "15"]
# It sums two numbers at once, without fused steps.
OLDEST = "Nehalem"


def test_the_notebooks_at_risk_are_the_same_bytes(capsys: pytest.CaptureFixture[str]) -> None:
    if not same.runs_here(sys.executable, OLDEST):
        pytest.skip("this machine cannot imitate another kernel")
    assert same.compare(sys.executable, OLDEST, "1", AT_RISK) == 0, capsys.readouterr()


def test_a_difference_is_told(tmp_path: Path) -> None:
    committed = ROOT / "notebooks" / "07_self_sufficiency.ipynb"
    notebook = json.loads(committed.read_text())
    outputs = [output["data"] for cell in notebook["cells"] for output in cell.get("outputs", [])]
    record = next(
        data[same.RECORD] for data in outputs if isinstance(data.get(same.RECORD, {}).get("value"), float)
    )
    record["value"] *= 1.001
    spoilt = tmp_path / "spoilt.ipynb"
    spoilt.write_text(json.dumps(notebook))
    assert max(same.differences(committed, committed)) == 0
    assert max(same.differences(committed, spoilt)) == pytest.approx(0.001, rel=0.01)
