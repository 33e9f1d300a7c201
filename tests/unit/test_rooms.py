"""The command imports the helpers, never the reverse; the helpers build on one another in one order."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src"
# A module imports only from its own row and the rows above it.
ORDER = [
    {"paths", "digits"},
    {"schema", "catalog"},
    {"observations", "timeline"},
    {"transforms", "shares"},
    {"methods"},
    {"trade"},
    {"figures", "tables"},
    {"records"},
    {"claims", "prose", "facts"},
    {"studies"},
]


def imported(path: Path) -> Iterator[str]:
    """Dotted names that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


HELPERS = sorted((SOURCE / "helpers").rglob("*.py"))


@pytest.mark.parametrize("path", HELPERS, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_helpers_import_only_from_the_rooms_before_them(path: Path) -> None:
    room = path.relative_to(SOURCE / "helpers").parts[0].removesuffix(".py")
    names = list(imported(path))
    assert not [name for name in names if name.split(".")[0] == "summits"]
    if room == "__init__":
        return
    place = next(number for number, rooms in enumerate(ORDER) if room in rooms)
    allowed = set().union(*ORDER[: place + 1])
    used = {name.split(".")[1] for name in names if name.startswith("helpers.")}
    assert used <= allowed, f"{path.name} imports {sorted(used - allowed)}, which come after it"
