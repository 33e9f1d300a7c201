"""Load a reference case and compare results with it.

A case is a folder ``O01_...`` with ``checks.json`` (expected values, tolerance, origin) and its CSV data.
A test module ``test_O01_<words>.py`` holds::

    CASE = case("O01")

    @pytest.fixture(scope="module")
    def got():
        return {"alpha": ..., "beta": ...}      # one value per check name

    @pytest.mark.parametrize("name", CASE.required)
    def test_reference(name, got):
        CASE.assert_check(name, got[name])

Several modules may share a case (each parametrizes over its own names). A check that cannot be reproduced is
named with its reason in the module's ``NOT_REPRODUCED`` dictionary. ``test_every_check.py`` fails when a
required check of any case is in neither place.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
REQUIRED_KINDS = {"reference", "published", "independent", "truth", "statistical", "simulation"}


@dataclass(frozen=True)
class Case:
    """One reference case: data frames by file stem, settings, and checks by name."""

    id: str
    settings: dict
    data: dict[str, pd.DataFrame]
    checks: dict[str, dict]

    @property
    def required(self) -> list[str]:
        """Names of the checks that must be compared, in file order."""
        return [name for name, check in self.checks.items() if check["kind"] in REQUIRED_KINDS]

    def value(self, name: str):
        """Expected value of a check."""
        return self._check(name)["value"]

    def assert_check(self, name: str, got) -> None:
        """Fail unless `got` agrees with the check called `name` within its tolerance."""
        check = self._check(name)
        expected = check["value"]
        if isinstance(expected, str):
            assert got == expected, f"{self.id} {name}: got {got!r}, expected {expected!r}"
            return
        got, expected = _flat(got), _flat(expected)
        assert list(got) == list(expected), f"{self.id} {name}: parts {list(got)}, expected {list(expected)}"
        for part, value in expected.items():
            allowed = check["tol_abs"] if "tol_abs" in check else check["tol_rel"] * abs(value)
            difference = abs(float(got[part]) - value)
            close = not math.isnan(difference) and difference <= allowed * (1 + 1e-12)
            assert close, f"{self.id} {name}[{part}]: got {got[part]}, expected {value} within {allowed:g}"

    def _check(self, name: str) -> dict:
        if name not in self.checks:
            raise KeyError(f"{self.id} has no check {name!r}; it has {sorted(self.checks)}")
        return self.checks[name]


def case(case_id: str) -> Case:
    """Read the case whose folder starts with `case_id` (``"O01"``)."""
    (folder,) = HERE.glob(f"{case_id}_*/")
    text = json.loads((folder / "checks.json").read_text(encoding="utf-8"))
    data = {path.stem: pd.read_csv(path) for path in sorted(folder.glob("*.csv"))}
    checks = {check["name"]: check for check in text["checks"]}
    assert len(checks) == len(text["checks"]), f"{case_id}: a check name is repeated"
    return Case(case_id, text["settings"], data, checks)


def _flat(value) -> dict:
    """Index a number, a sequence or a mapping by part, so that all three compare alike."""
    if isinstance(value, dict):
        return dict(value)
    if hasattr(value, "__len__"):
        return dict(enumerate(value))
    return {0: value}
