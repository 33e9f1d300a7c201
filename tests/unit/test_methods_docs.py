"""The page of an estimator names every function that a reader of it can call."""

import inspect
import re

import pytest

from helpers import paths
from helpers.methods import (
    breaks,
    counterfactual,
    event_study,
    interrupted_series,
)

MODULES = [
    breaks,
    counterfactual,
    event_study,
    interrupted_series,
]
# Pieces that other estimators are made of; no reader calls them.
PIECES = {"whiten", "fitted", "partitions", "long_run_variance", "along_axes"}


def page(module):
    return (paths.root() / "docs" / "methods" / f"{module.__name__.rpartition('.')[2]}.md").read_text("utf-8")


@pytest.mark.parametrize("module", MODULES)
def test_the_page_names_every_function(module):
    own = [f for f in vars(module).values() if inspect.isfunction(f) and f.__module__ == module.__name__]
    public = {f.__name__ for f in own if not f.__name__.startswith("_")} - PIECES
    missing = {name for name in public if not re.search(rf"`(\w+\.)*{name}`", page(module))}
    assert not missing


@pytest.mark.parametrize("module", MODULES)
def test_the_page_has_its_parts(module):
    for part in ("## When not to use it", "## Source", "## Reproduces"):
        assert part in page(module)
