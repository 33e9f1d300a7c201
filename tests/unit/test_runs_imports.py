"""The key of a run sees the helper files that its notebook reaches, and no others."""

import ast
import functools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import paths
from summits import imports, notebooks, plan

FILES = {
    path.relative_to(imports.PLACE).as_posix(): path
    for package in imports.PACKAGES
    for path in (imports.PLACE / package).rglob("*.py")
}
NOTEBOOKS = sorted(paths.notebooks_dir().glob("*.ipynb"))
PROGRAMS = {path.stem: notebooks.program(notebooks.read(path)) for path in NOTEBOOKS}


def by_syntax_tree(text: str) -> set[str]:
    """Dotted names within the package that a text imports, found the slow way."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in names if name.split(".")[0] in imports.PACKAGES}


@pytest.mark.parametrize("name", [*FILES, *PROGRAMS])
def test_every_import_of_the_syntax_tree_is_found_in_the_text(name: str) -> None:
    text = PROGRAMS.get(name) or FILES[name].read_text()
    found = imports.imported(text)
    assert found is None or by_syntax_tree(text) <= set(found)


def test_no_notebook_needs_every_file() -> None:
    files = imports.package()
    for name, program in PROGRAMS.items():
        reached = set(imports.reached(program, files))
        command = {
            "summits/cli.py",
            "summits/refresh.py",
            "summits/tasks.py",
            "summits/publishers/__init__.py",
        }
        assert not command & reached, name
        assert {"helpers/paths.py", "helpers/records.py", "summits/notebooks.py"} <= reached, name


@pytest.mark.parametrize(
    "statement",
    [
        "import helpers.timeline",
        "import numpy, helpers.timeline as c",
        "from helpers import timeline",
        "from helpers.timeline import (  # why (not)\n    Day,\n)",
        "from helpers import \\\n    timeline",
        "if True:\n    from helpers import catalog, timeline as t",
        "def f():\n\timport helpers.timeline",
        "x = 1; import helpers.timeline",
        "try: import helpers.timeline\nexcept ImportError: pass",
    ],
)
def test_every_way_to_write_an_import_is_seen(statement: str) -> None:
    ast.parse(statement)
    reached = imports.reached(statement, imports.package())
    assert {"helpers/__init__.py", "helpers/timeline.py"} <= set(
        reached
    ) and "helpers/claims.py" not in reached


@pytest.mark.parametrize(
    "statement",
    [
        "import helpers",
        "import helpers as h",
        "from helpers import *",
        "from . import timeline",
        "from .timeline import Day",
        "import importlib\nimportlib.import_module(name)",
        "__import__(name)",
        "exec(text)",
        "eval(text)",
    ],
)
def test_an_import_that_cannot_be_followed_reaches_every_file(statement: str) -> None:
    files = imports.package()
    assert set(imports.reached(statement, files)) == set(files)


MODULES = [f"m{number}" for number in range(6)]


@given(
    graph=st.dictionaries(st.sampled_from(MODULES), st.sets(st.sampled_from(MODULES)), max_size=6),
    start=st.sampled_from(MODULES),
    edited=st.sampled_from(MODULES),
)
def test_an_edit_changes_the_hashes_of_exactly_the_programs_that_reach_it(
    tmp_path_factory: pytest.TempPathFactory, graph: dict, start: str, edited: str
) -> None:
    package = tmp_path_factory.mktemp("beside") / "helpers"
    (package / "room").mkdir(parents=True)
    place = {name: package / ("room" if name > "m2" else "") / f"{name}.py" for name in MODULES}
    dotted = {name: f"helpers.{'room.' if name > 'm2' else ''}{name}" for name in MODULES}
    for path in (package / "__init__.py", package / "room" / "__init__.py"):
        path.touch()
    for name, path in place.items():
        path.write_text("".join(f"import {dotted[other]}\n" for other in sorted(graph.get(name, ()))))
    expected, todo = set(), {start}
    while todo:
        expected |= todo
        todo = {other for name in todo for other in graph.get(name, ())} - expected
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(imports, "PLACE", package.parent)
        program = f"import {dotted[start]}"
        before = imports.reached(program, imports.package())
        place[edited].write_text(place[edited].read_text() + "\n")
        assert (imports.reached(program, imports.package()) != before) == (edited in expected)


def test_the_first_lines_of_a_package_and_files_of_data_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "helpers"
    (package / "room").mkdir(parents=True)
    files = ["__init__.py", "room/__init__.py", "room/wanted.py", "room/other.py", "style.json"]
    for name in files:
        (package / name).touch()
    monkeypatch.setattr(imports, "PLACE", package.parent)
    reached = imports.reached("from helpers.room.wanted import thing", imports.package())
    assert sorted({f"helpers/{file}" for file in files} - set(reached)) == ["helpers/room/other.py"]


# --- a comment in one file: which runs are due again? ---------------------------------------------------


@functools.cache
def reached_by() -> dict[str, set[str]]:
    """Files that each notebook reaches."""
    files = imports.package()
    return {name: set(imports.reached(program, files)) for name, program in PROGRAMS.items()}


def due_after_an_edit(file: str) -> list[str]:
    """Notebooks that are due after an edit of a file: they reach it, or need a notebook that does."""
    listed = plan.collection()
    due = [name for name in listed if file in reached_by()[name]]
    while more := [
        name for name in listed if name not in due and set(listed[name].get("needs", [])) & set(due)
    ]:
        due += more
    return due


LEAVES = [path.name for path in (imports.PLACE / "helpers" / "methods").glob("*.py")]


@pytest.mark.parametrize("leaf", sorted(LEAVES))
def test_a_comment_in_a_method_of_one_notebook_makes_at_most_eight_runs_due(leaf: str) -> None:
    # Eight: the three runs of 06, and those of 00, 10, 11 and 15, which read its records.
    file, listed = f"helpers/methods/{leaf}", plan.collection()
    direct = [name for name, files in reached_by().items() if file in files]
    due = sum(len(listed[name]["runs"]) for name in due_after_an_edit(file))
    assert len(direct) != 1 or due <= 8, direct


def test_a_comment_in_the_specification_curve_leaves_the_calendar_alone() -> None:
    expected = ["10_specification_curve", "11_claims"]
    assert sorted(due_after_an_edit("helpers/methods/curve.py")) == expected


def test_what_the_helpers_give_on_demand_is_followed() -> None:
    files = imports.package()
    assert "helpers/studies.py" in imports.reached("from helpers import study", files)
    assert "helpers/studies.py" not in imports.reached("from helpers import paths", files)
