"""Which helper files a notebook reaches, followed from import to import in the text; nothing is imported.

The text is searched, not parsed: parsing takes longer than all else that a command does when nothing is due.
A text that imports in a way that cannot be followed (under a name made at run time, relatively, all at once)
counts as reaching every file. A file of the helpers that is not Python counts as reached by all.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from summits import notebooks

PLACE = Path(__file__).resolve().parents[1]
PACKAGES = ("helpers", "summits")
# No notebook imports these, but they write every result: its surroundings and its form.
WRITERS = ("summits/notebooks.py", "summits/papermill_engine.py")
# What the helpers give by name and import only when it is asked for: see `helpers.__getattr__`.
LAZY = "helpers/__init__.py"
ON_DEMAND = {f"helpers.{name}": "helpers.studies" for name in ("read_series", "study")}
# By path, such as helpers/catalog.py: the sha256 of a file, and what it imports of ours (None: unknown).
Package = Mapping[str, tuple[str, list[str] | None]]
IMPORT = re.compile(
    r"(?:^|[;:])[ \t]*(?:from[ \t]+(?P<source>[.\w]+)[ \t]+)?import\b[ \t]*(?P<names>\([^)]*\)|[^\n;]*)", re.M
)
# The brackets keep this pattern from finding itself.
AT_RUN_TIME = re.compile(r"\b(?:import[l]ib|__import[_]_|run[p]y|ex[e]c|ev[a]l)\b")


def package() -> Package:
    """Read every file of the helpers and of the command."""
    files: dict[str, tuple[str, list[str] | None]] = {}
    for file in sorted(file for name in PACKAGES for file in (PLACE / name).rglob("*")):
        if file.is_file() and "__pycache__" not in file.parts:
            path, content = file.relative_to(PLACE).as_posix(), file.read_bytes()
            followed = path.endswith(".py") and path != LAZY
            names = imported(content.decode("utf-8", "replace")) if followed else []
            files[path] = notebooks.digest(content), names
    return files


def reached(program: str, files: Package) -> dict[str, str]:
    """Return the sha256 of every helper file that a program reaches, by path.

    Parameters
    ----------
    program
        Python source, such as the code cells of a notebook.
    files
        From `package`.
    """
    data = {path for path in files if path.startswith("helpers/") and not path.endswith(".py")}
    found, todo = {*data, *(path for path in files if path in WRITERS)}, [imported(program)]
    while todo:
        names = todo.pop()
        new = set(files) if names is None else {path for name in names for path in _files(name)} & set(files)
        todo += [files[path][1] for path in new - found]
        found |= new
    return {path: files[path][0] for path in sorted(found)}


def imported(text: str) -> list[str] | None:
    """Return the dotted names of ours that a text imports; None if that cannot be told."""
    text = re.sub(r"#[^\n]*", "", text).replace("\\\n", " ")
    names: list[str] = []
    for statement in IMPORT.finditer(text):
        source = statement["source"]
        members = [part.split()[0] for part in statement["names"].strip("()").split(",") if part.split()]
        names += [f"{source}.{member}" for member in members] if source else members
    ours = [name for name in names if re.match(rf"\.|(?:{'|'.join(PACKAGES)})\b", name)]
    unknown = any(name in PACKAGES or name.startswith(".") or name.endswith(".*") for name in ours)
    return None if unknown or AT_RUN_TIME.search(text) else ours


def _files(name: str) -> list[str]:
    """Files that importing a dotted name may run: those of its packages, and its own if it is a module."""
    parts = ON_DEMAND.get(name, name).split(".")
    places = ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
    return [file for place in places for file in (f"{place}/__init__.py", f"{place}.py")]
