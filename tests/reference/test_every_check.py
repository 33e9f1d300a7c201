"""Every required check of every reference case is compared by some test, or named with the reason why not."""

import importlib.util
import inspect

import pytest
from cases import HERE, case

FOLDERS = sorted(path.name for path in HERE.glob("O[0-9][0-9]_*") if path.is_dir())


def compared_names(case_id: str) -> set[str]:
    """Names that the modules of a case parametrize over or excuse."""
    names: set[str] = set()
    for path in sorted(HERE.glob(f"test_{case_id}_*.py")):
        spec = importlib.util.spec_from_file_location(f"_inspected_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        names |= set(getattr(module, "NOT_REPRODUCED", {}))
        for _, function in inspect.getmembers(module, inspect.isfunction):
            for mark in getattr(function, "pytestmark", []):
                if mark.name == "parametrize" and mark.args[0] == "name":
                    names |= set(mark.args[1])
    return names


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_required_check_is_compared(folder):
    case_id = folder[:3]
    assert not set(case(case_id).required) - compared_names(case_id)


def test_a_wrong_value_and_an_unknown_name_fail():
    one = case("O01")
    one.assert_check("caar", one.value("caar"))
    for wrong in (one.value("caar") + 1e-3, float("nan"), None):
        with pytest.raises((AssertionError, TypeError)):
            one.assert_check("caar", wrong)
    with pytest.raises(AssertionError):
        one.assert_check("alpha", one.value("alpha")[:-1])
    with pytest.raises(KeyError):
        one.assert_check("no_such_check", 0.0)
