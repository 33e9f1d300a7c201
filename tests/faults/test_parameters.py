"""A parameter that no notebook may take is refused before a kernel starts, whichever way it is given."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from samples import wrong_parameters


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with wrong_parameters.collection_in(tmp_path_factory.mktemp("collection")) as folder:
        yield folder


@pytest.mark.parametrize("way", wrong_parameters.WAYS)
@pytest.mark.parametrize("name", wrong_parameters.INPUTS)
def test_it_is_refused_and_nothing_is_begun(collection: Path, way: str, name: str) -> None:
    # Of each parameter some texts; benchmarks/faults/parameters.py gives all.
    for text in wrong_parameters.INPUTS[name][:3]:
        assert wrong_parameters.problem(collection, way, name, text) == "", text


@pytest.mark.parametrize("way", wrong_parameters.WAYS)
def test_a_good_value_is_not_refused(collection: Path, way: str) -> None:
    # No kernel can start here: to see one tried is enough.
    assert wrong_parameters.STARTED in wrong_parameters.problem(collection, way, "window_days", "030")
