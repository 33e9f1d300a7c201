"""Fixtures shared by all tests."""

from pathlib import Path

import pytest
import stub_collection


@pytest.fixture
def checkout(tmp_path: Path) -> stub_collection.Checkout:
    """Return a small checkout of its own with one simulated table and no notebooks yet."""
    return stub_collection.make_checkout(tmp_path)
