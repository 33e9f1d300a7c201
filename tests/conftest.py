"""Fixtures shared by all tests."""

from pathlib import Path

import pytest
import stub_collection

# Files that take longest, in this order: two processes end together when the long ones start first. xdist
# gives the third to the process that holds the first, so it is a short one.
LONGEST = (
    "test_processors",
    "test_calibration",
    "test_damaged_records",
    "test_site_in_browser",
    "test_site",
    "test_kills",
    "test_refresh_changes",
    "test_runs",
    "test_as_of",
    "test_runs_changes",
    "test_figures_compared",
    "test_figures",
    "test_methods_rates",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first; the others keep their order."""
    place = {stem: number for number, stem in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONGEST)))


@pytest.fixture
def checkout(tmp_path: Path) -> stub_collection.Checkout:
    """Return a small checkout of its own with one simulated table and no notebooks yet."""
    return stub_collection.make_checkout(tmp_path)
