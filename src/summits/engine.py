"""Execute one run with papermill: in a temporary place, checked, then moved over the old result."""

import ctypes
import json
import os
import platform
import re
import shutil
import tempfile
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

import nbformat
import papermill

from helpers import paths
from summits import archive, failures, notebooks, papermill_engine
from summits.plan import Run, collection, data_hashes

FINISHED = "finished"
# Of the system call renameat2: names are relative to the working folder; both exist and change places.
AT_WORKING_FOLDER, EXCHANGE = -100, 2

# What differs between two equal runs: the place of an object in memory, the random ids of styled tables,
# widgets and charts (not those in an address), and the time at which a picture was drawn.
DIFFERS = re.compile(
    r" at 0x[0-9a-fA-F]{4,}|\bT_[0-9a-f]{5}(?=[_\"'{, ])|altair-viz-[0-9a-f]{32}|<dc:date>[^<]*"
    r"|\"model_id\": \"[0-9a-f]{32}"
    r"|(?<![\w/=.-])[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b"
)
FONT = "Install a font that has them, such as fonts-noto-cjk, or write the text in Latin letters."
MEND = "Print its content; show a styled table as HTML(table.set_uuid('its_name').to_html())."


class InvalidRun(ValueError):
    """A notebook that ran to its end but may not become a result; one line for each reason."""


class RunFailed(Exception):
    """A run that failed and was kept aside; the message is its report."""


def execute(run: Run) -> None:
    """Execute one run and put its result in place, or keep the failed attempt aside.

    Raises
    ------
    RunFailed
        If the notebook fails, its kernel dies, a cell or the run passes its deadline, or the result is not
        valid. An earlier good result stays as it was.
    """
    working_folder().mkdir(parents=True, exist_ok=True)
    working = Path(tempfile.mkdtemp(prefix=working_prefix(run), dir=working_folder()))
    try:
        executed = _execute_in(working, run)
        complete(working, executed, run)
        archive.keep_previous(run)
        promote(working, run)
    except Exception as error:
        try:
            raise RunFailed(failures.keep_aside(working, run, error)) from None
        except OSError as full:
            report = failures.compose(run, {"cells": []}, error)
            raise RunFailed(f"{report}\n  not kept aside: {full}") from None
    finally:
        shutil.rmtree(working, ignore_errors=True)


def working_folder() -> Path:
    """Where runs in progress live: beside their destination, so that a rename moves them."""
    return paths.runs_dir() / "_working"


def working_prefix(run: Run) -> str:
    """How the names of a run's working folders begin."""
    return f"{run.notebook}__{run.set}__"


def _execute_in(working: Path, run: Run) -> dict[str, Any]:
    source = nbformat.from_dict(notebooks.as_source(notebooks.read(run.source)))
    if notebooks.source_hash(source) != run.ingredients["notebook"]:
        raise InvalidRun("The notebook was edited since this run was planned. Run it again.")
    return papermill.execute_notebook(
        source,
        working / "notebook.ipynb",
        parameters={name: run.parameters[name] for name in run.given},
        engine_name=papermill_engine.NAME,
        kernel_name="python3",
        language="python",
        progress_bar=False,
        cwd=run.source.parent,
        execution_timeout=run.cell_timeout,
        run_timeout=run.run_timeout,
        kernel_log=str(working / "kernel.log"),
    )


def complete(working: Path, executed: dict[str, Any], run: Run) -> None:
    """Check an executed notebook, and write it in its committed form with its record: the finished result.

    Raises
    ------
    InvalidRun
        If the notebook may not become a result.
    """
    result = notebooks.normalise(executed)
    opened = executed["metadata"][notebooks.OWN]
    if problems := [*output_problems(executed), *reading_problems(opened, run)]:
        raise InvalidRun("\n".join(problems))
    if data_hashes(run.reads) != run.ingredients["data"]:
        raise InvalidRun("The data changed while the notebook ran. Run it again.")
    record = {
        "notebook": run.notebook,
        "set": run.set,
        "as_of": run.parameters.get("as_of", ""),
        "parameters": run.parameters,
        "opened": _tables(opened),
        "rows": opened["rows"],
        "packages": package_versions(),
        "records": notebooks.records(result),
    }
    _write(working, run, result, record)


def carry_over(run: Run) -> None:
    """Let the result in place stand for the data of today: only rows that it did not read have changed.

    It is then what running now would give, byte for byte, without a kernel.
    """
    if data_hashes(run.reads) != run.ingredients["data"]:
        return  # They changed since the plan, and the next one decides.
    working_folder().mkdir(parents=True, exist_ok=True)
    working = Path(tempfile.mkdtemp(prefix=working_prefix(run), dir=working_folder()))
    result = notebooks.read(run.directory / "notebook.ipynb")
    _write(working, run, result, archive.record(run.directory / "record.json"))
    promote(working, run)
    shutil.rmtree(working, ignore_errors=True)


def _write(working: Path, run: Run, result: dict[str, Any], record: dict[str, Any]) -> None:
    """Write a notebook in its committed form and its record, both naming what they were made from."""
    archive.keep_data(run.ingredients["data"])
    finished = working / FINISHED
    finished.mkdir()
    result["metadata"][notebooks.MADE_FROM] = run.made_from
    notebooks.write(result, finished / "notebook.ipynb")
    sha256 = notebooks.digest((finished / "notebook.ipynb").read_bytes())
    record |= {"key": run.key, "ingredients": run.ingredients, "notebook_sha256": sha256}
    text = json.dumps(record, indent=1, ensure_ascii=False, sort_keys=True, allow_nan=False)
    (finished / "record.json").write_text(text + "\n", encoding="utf-8")


def output_problems(notebook: dict[str, Any]) -> list[str]:
    """What in the outputs of an executed notebook forbids that it becomes a result: errors, stderr, gaps."""
    problems = []
    for index, cell in enumerate(notebook["cells"]):
        name = notebooks.name_of(cell, index)
        filled = cell["cell_type"] == "code" and notebooks.text(cell["source"]).strip()
        if filled and not cell["execution_count"]:
            problems.append(f"{name}: did not run.")
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                problems.append(f"{name}: raised {output['ename']}: {output['evalue']}")
            if output.get("name") == "stderr":
                written = notebooks.text(output["text"]).strip()
                glyphs = sorted({chr(int(code)) for code in re.findall(r"Glyph (\d+)", written)})
                said = f"drew signs that no font here has ({''.join(glyphs)[:20]}). {FONT}" if glyphs else ""
                problems.append(f"{name}: {said or 'wrote to stderr: ' + written[:200]}")
            if differing := DIFFERS.search(_text_of(output)):
                problems.append(f"{name}: shows {differing[0]!r}, which differs from run to run. {MEND}")
    return problems


def _text_of(output: dict[str, Any]) -> str:
    """All text that an output shows, of a stream or of any form that is text."""
    forms = [
        json.dumps(value) if mime.endswith("json") else notebooks.text(value)
        for mime, value in output.get("data", {}).items()
        if mime.startswith("text/") or mime.endswith(("json", "+xml"))
    ]
    return "\n".join([notebooks.text(output.get("text", "")), *forms])


def reading_problems(opened: dict[str, list[str]], run: Run) -> list[str]:
    """What a notebook read without declaring it: such a result could not be known as stale."""
    problems = []
    # The tables of a needed run are counted in by its key.
    listed = collection() if run.needs else {}
    read = {table for need in run.needs for table in listed[need.split("/")[0]].get("reads", [])}
    declared = {*run.ingredients["data"], *data_hashes(read)}
    # What it asked for itself must be its own: only the reading of a need's records may open other tables.
    asked = set(opened["rows"]) - set(run.ingredients["data"])
    undeclared = sorted({table for table in _tables(opened) if table not in declared} | asked)
    if tables := [Path(table).stem for table in undeclared]:
        problems.append(f"Add to its `reads` in collection.yml, since it reads them: {', '.join(tables)}.")
    others = {_notebook_of(path) for path in opened["opened"]} - {"", run.notebook}
    others -= {need.split("/")[0] for need in run.needs}
    if named := ", ".join(sorted(others)):
        problems.append(f"Add to its `needs` in collection.yml, since it reads them: {named}.")
    return problems + [f"It reached for {each}. Notebooks read `data/` only." for each in opened["addresses"]]


def _tables(opened: dict[str, list[str]]) -> list[str]:
    data = paths.data_dir().absolute()
    tables = [Path(p).relative_to(data).as_posix() for p in opened["opened"] if Path(p).is_relative_to(data)]
    # The descriptor holds hashes of the tables and no value: a run that plans others looks into it.
    return [table for table in tables if table != "datapackage.json"]


def _notebook_of(path: str) -> str:
    """Notebook whose result lies at `path`: notebooks/<id>.ipynb, or below runs/<id>/; empty if none."""
    if Path(path).parent == paths.notebooks_dir().absolute() and path.endswith(".ipynb"):
        return Path(path).stem
    runs = paths.runs_dir().absolute()
    return Path(path).relative_to(runs).parts[0] if Path(path).is_relative_to(runs) else ""


@lru_cache
def package_versions() -> dict[str, str]:
    """Versions of Python and of the packages that the project depends on directly."""
    required = [r for r in metadata.requires("chips-and-summits") or [] if "extra ==" not in r]
    names = sorted(re.split(r"[^\w.-]", requirement)[0] for requirement in required)
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in names}


def promote(working: Path, run: Run) -> None:
    """Put the finished result in the place of the old one, notebook and record in one step."""
    finished = working / FINISHED
    for file in finished.iterdir():
        # A rename may reach the disk before the content does.
        with file.open("rb") as written:
            os.fsync(written.fileno())
    run.directory.parent.mkdir(parents=True, exist_ok=True)
    if run.directory.exists():
        _exchange(finished, run.directory)
    else:
        os.rename(finished, run.directory)
    shutil.rmtree(run.failed_directory, ignore_errors=True)


def _exchange(finished: Path, place: Path) -> None:
    """Let two folders change places.

    The system call is Linux's. Where it or the file system cannot do that, the files are moved one by one: a
    kill between them leaves a new notebook beside an old record, which the next run sees and mends.
    """
    one, other = os.fsencode(finished), os.fsencode(place)
    exchange = getattr(ctypes.CDLL(None), "renameat2", None)
    if exchange is None or exchange(AT_WORKING_FOLDER, one, AT_WORKING_FOLDER, other, EXCHANGE):
        for name in ("notebook.ipynb", "record.json"):
            os.replace(finished / name, place / name)
