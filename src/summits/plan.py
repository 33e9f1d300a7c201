"""From `notebooks/collection.yml` to runs: a notebook, a set of parameters, and the key of its content.

The key covers what the result rests on: cells and tags of the notebook, parameters, the data tables it
declares, a file of own events, the helper files it reaches (`reach`), the locked packages, the Python
version, and the same of the runs whose records it reads. Where only tables differ, the rows that the run
asked for decide whether it is due (`states`). Only the standard library and PyYAML are imported here, so that
finding out that nothing is to be done costs no time.
"""

import itertools
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import yaml

from helpers import paths
from summits import imports, notebooks, parameters

PUBLISHED = "published"
NOTEBOOK_FIELDS: dict[str, type] = {"question": str} | dict.fromkeys(("runs", "runs_from"), dict)
NOTEBOOK_FIELDS |= dict.fromkeys(("reads", "needs", "sweeps"), list)
NOTEBOOK_FIELDS |= dict.fromkeys(("cell_timeout", "run_timeout"), int)
KINDS_IN_WORDS = {str: "a text", list: "a list", dict: "names with values", int: "seconds, 1 or more"}
ALWAYS_READ = ("series", "sources")
CELL_TIMEOUT, RUN_TIMEOUT = 300, 1800


_ByName = Mapping[str, Any]


class _Texts(getattr(yaml, "CBaseLoader", yaml.BaseLoader)):  # type: ignore[misc]
    """YAML in which every value is a text, to be read as declared, and no name comes twice."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value]
        if twice := [name for index, name in enumerate(names) if name in names[:index]]:
            raise yaml.YAMLError(f"{twice[0]} is named twice, line {node.start_mark.line + 1}")
        return super().construct_mapping(node, deep)


class PlanError(ValueError):
    """A collection file or a request that cannot be turned into runs."""


@dataclass(frozen=True)
class Run:
    """One notebook with one set of parameters, as it would be executed now."""

    notebook: str
    set: str
    source: Path
    parameters: dict[str, Any]
    given: dict[str, Any]
    reads: tuple[str, ...]
    upstream: tuple["Run", ...]
    cell_timeout: int
    run_timeout: int
    ingredients: dict[str, Any]

    @property
    def id(self) -> str:
        """Name of the run: notebook and set."""
        return f"{self.notebook}/{self.set}"

    @property
    def needs(self) -> tuple[str, ...]:
        """Ids of the runs whose records it reads."""
        return tuple(need.id for need in self.upstream)

    @property
    def directory(self) -> Path:
        """Where the result of the run is kept."""
        return paths.runs_dir() / self.notebook / self.set

    @property
    def failed_directory(self) -> Path:
        """Where the last failed attempt is kept aside."""
        return paths.runs_dir() / "_failed" / self.notebook / self.set

    @property
    def key(self) -> str:
        """Hash of everything that the result depends on."""
        return notebooks.digest(json.dumps(self.ingredients, sort_keys=True))

    @property
    def made_from(self) -> str:
        """Hash of what the checkout contributes: the key without the Python version.

        It is kept in the executed notebook, so that a committed one tells whether it is up to date.
        """
        return made_from(self.ingredients)


def made_from(ingredients: _ByName) -> str:
    """Hash of all ingredients but the Python version; see `Run.made_from`."""
    contributed = {name: value for name, value in ingredients.items() if name != "python"}
    return notebooks.digest(json.dumps(contributed, sort_keys=True))


def collection() -> dict[str, dict[str, Any]]:
    """Read and check `collection.yml`: every notebook with its question, tables, needs and parameter sets.

    Raises
    ------
    PlanError
        If the file is missing, a field is unknown, a notebook has no file or no question, or a need is not
        listed.
    """
    listed = _collection_file()["notebooks"]
    for name, entry in listed.items():
        _check_entry(name, entry, listed)
        entry.setdefault("runs", {PUBLISHED: {}})
        for parameter, choices in entry.get("runs_from", {}).items():
            entry["runs"] = entry["runs"] | {event: {parameter: event} for event in _events(name, choices)}
    return listed


def _events(name: str, choices: Any) -> list[str]:
    """Ids that `runs_from` means, in the order of events.csv."""
    # The sets stand first in claims.yml; the claims after them take long to read.
    head = (paths.data_dir() / "claims.yml").read_text(encoding="utf-8").partition("\nclaims:")[0]
    sets = yaml.load(head, getattr(yaml, "CSafeLoader", yaml.SafeLoader))["sets"]
    rows = parameters.rows_of(paths.data_dir() / "events.csv")
    wanted: set[str] = set()
    for choice in choices if isinstance(choices, list) else [choices]:
        column, _, value = str(choice).partition("=")
        if not isinstance(sets.get(choice), list) and not (value and column in rows[0]):
            mend = "Write a list of events of claims.yml, or column=value of events.csv."
            raise PlanError(f"collection.yml: {name}: `runs_from` names {choice}. {mend}")
        wanted |= {row["event_id"] for row in rows if value and row.get(column) == value}
        wanted |= set(sets.get(choice, []))
    return [row["event_id"] for row in rows if row["event_id"] in wanted]


def refreshed_first() -> list[str] | None:
    """Publishers to refresh before a rerun, as `collection.yml` says under `rerun`: `refresh`.

    An empty list stands for all publishers, None (the default) for none.

    Raises
    ------
    PlanError
        If there is anything else.
    """
    settings = _collection_file().get("rerun") or {}
    publishers = settings.get("refresh") if isinstance(settings, dict) else settings
    if set(settings) - {"refresh"} or not isinstance(publishers, list | None):
        raise PlanError("collection.yml: `rerun` takes `refresh: [publisher, …]` and nothing else.")
    return publishers


def _collection_file() -> dict[str, Any]:
    path = paths.notebooks_dir() / "collection.yml"
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _Texts)
        unknown = set(content) - {"notebooks", "rerun"}
        settings = {"notebooks": dict(content["notebooks"] or {}), "rerun": content.get("rerun")}
    except FileNotFoundError:
        raise PlanError(f"{path}: missing. List the notebooks there, under `notebooks:`.") from None
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise PlanError(f"{path}: not readable as `notebooks: {{id: …}}` ({reason}).") from None
    if unknown:
        raise PlanError(f"collection.yml: unknown {', '.join(sorted(unknown))}. Known: notebooks, rerun.")
    return settings


def _check_entry(name: str, entry: Any, listed: Mapping[str, Any]) -> None:
    where = f"collection.yml: {name}"
    if not isinstance(entry, dict) or not entry.get("question"):
        raise PlanError(f"{where}: has no `question`. Say what the notebook asks.")
    if unknown := set(entry) - NOTEBOOK_FIELDS.keys():
        known = ", ".join(sorted(NOTEBOOK_FIELDS))
        raise PlanError(f"{where}: unknown {', '.join(sorted(unknown))}. Known: {known}.")
    for field, kind in NOTEBOOK_FIELDS.items():
        value = entry.get(field, kind())
        if kind is int and field in entry:
            value = entry[field] = int(value) if str(value).isdecimal() and int(value) > 0 else value
        if not isinstance(value, kind):
            raise PlanError(f"{where}: `{field}` is {value!r}. It takes {KINDS_IN_WORDS[kind]}.")
    for each, given in entry.get("runs", {}).items():
        if not isinstance(given, dict):
            raise PlanError(f"{where}: the run {each} is {given!r}. Write {{}} or {{name: value}}.")
    if not (paths.notebooks_dir() / f"{name}.ipynb").is_file():
        raise PlanError(f"{where}: there is no file {name}.ipynb beside it.")
    if missing := [need for need in entry.get("needs", []) if need not in listed]:
        raise PlanError(f"{where}: needs {missing[0]}, which is not listed.")
    if entry.get("runs", {PUBLISHED: {}}).get(PUBLISHED) != {}:
        mend = "must have `published: {}`, the run with the notebook's own defaults"
        raise PlanError(f"{where}: `runs` {mend}.")


def plan(selection: Iterable[str] = (), assignments: Iterable[str] = (), sweep: bool = False) -> list[Run]:
    """Runs of a selection, in the order in which they can be executed.

    Parameters
    ----------
    selection
        Notebooks by id, by number, or by file name; empty for the whole collection. The runs whose
        records a selected notebook reads come along: the published ones or, for a run as of a day, those as
        of that day.
    assignments
        `name=value` texts. If given, each selected notebook gets the one run with these parameters instead of
        the sets of the collection; it is that of a set, where one has the same values.
    sweep
        Read the assignments as lists of values, and give each selected notebook one run for each of their
        combinations, the sets of the collection among them; without assignments, those of its `sweeps`.

    Raises
    ------
    PlanError, summits.parameters.ParameterError, summits.notebooks.NotebookError
        Before anything runs, and for every notebook of the selection.
    """
    listed, assignments = collection(), list(assignments)
    parameters.texts(assignments)
    chosen = [find(name, listed) for name in selection] or list(listed)
    order, sources = _in_order(listed), {}
    given: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in order}
    values: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in order}
    # Of the days as of which a notebook is needed: the set that it runs with then.
    sets: dict[str, dict[str, str]] = {name: {} for name in order}
    # Backwards, since a run says which runs it needs of the notebooks before it.
    for name in reversed(order):
        if name not in chosen and not sets[name]:
            continue
        source = sources[name] = notebooks.read(paths.notebooks_dir() / f"{name}.ipynb")
        with _named(name):
            known = parameters.schema(source)
            for day in sorted(sets[name]):
                found = _sets(known, listed[name], [f"as_of={day}"], False) if day else {PUBLISHED: {}}
                given[name] |= found
                sets[name][day] = next(iter(found))
            if name in chosen:
                given[name] |= _sets(known, listed[name], assignments, sweep)
            values[name] = {each: parameters.check(known, these) for each, these in given[name].items()}
        days = {these.get("as_of", "") for these in values[name].values()}
        for need in listed[name].get("needs", []):
            sets[need] |= dict.fromkeys(days, "")
    return _runs({name: listed[name] for name in order if given[name]}, sources, given, values, sets)


def _runs(entries: _ByName, sources: _ByName, given: _ByName, values: _ByName, sets: _ByName) -> list[Run]:
    """The runs of notebooks in the order of their needs, each with its key's ingredients."""
    package = imports.package()
    reading = {name: tuple(sorted({*each.get("reads", []), *ALWAYS_READ})) for name, each in entries.items()}
    hashes = data_hashes(sorted({table for reads in reading.values() for table in reads}))
    lock = notebooks.digest((paths.root() / "requirements.lock").read_bytes())
    runs: dict[str, Run] = {}
    for name, entry in entries.items():
        reads = reading[name]
        code = imports.reached(notebooks.program(sources[name]), package)
        source = notebooks.source_hash(sources[name])
        data = {path: sha256 for path, sha256 in hashes.items() if Path(path).stem in reads}
        for each, these in given[name].items():
            day = values[name][each].get("as_of", "")
            upstream = tuple(runs[f"{need}/{sets[need][day]}"] for need in entry.get("needs", []))
            ingredients = {
                "notebook": source,
                "parameters": values[name][each],
                "data": data,
                "code": code,
                "packages": lock,
                "python": f"{sys.version_info.major}.{sys.version_info.minor}",
                "needs": {need.id: need.made_from for need in upstream},
            }
            if file := values[name][each].get("events_file"):
                ingredients["own"] = notebooks.digest(Path(file).read_bytes())
            runs[f"{name}/{each}"] = Run(
                notebook=name,
                set=each,
                source=paths.notebooks_dir() / f"{name}.ipynb",
                parameters=values[name][each],
                given=these,
                reads=reads,
                upstream=upstream,
                cell_timeout=entry.get("cell_timeout", CELL_TIMEOUT),
                run_timeout=entry.get("run_timeout", RUN_TIMEOUT),
                ingredients=ingredients,
            )
    return list(runs.values())


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Put the name of the notebook before each line of what is wrong with it."""
    try:
        yield
    except (parameters.ParameterError, notebooks.NotebookError) as error:
        raise type(error)("\n".join(f"{name}: {line}" for line in str(error).splitlines())) from None


def find(name: str, listed: Mapping[str, Any] | None = None) -> str:
    """Id of the notebook meant by an id, a number, or a file name.

    Raises
    ------
    PlanError
        If none or several are meant.
    """
    listed = collection() if listed is None else listed
    wanted = Path(name).stem if name.endswith(".ipynb") else name
    matches = [known for known in listed if known == wanted or known.split("_")[0] == wanted.zfill(2)]
    if len(matches) == 1:
        return matches[0]
    known = f"Known: {', '.join(sorted(listed))}."
    raise PlanError(f"{name}: no such notebook. {notebooks.suggestion(wanted, listed, known)}")


def _in_order(listed: Mapping[str, Any]) -> list[str]:
    try:
        needs = {name: entry.get("needs", []) for name, entry in listed.items()}
        return list(TopologicalSorter(needs).static_order())
    except CycleError as error:
        circle = " needs ".join(reversed(error.args[1]))
        raise PlanError(f"collection.yml: {circle}. Break the circle.") from None


def _sets(
    known: Mapping[str, parameters.Parameter], entry: Mapping[str, Any], assignments: list[str], sweep: bool
) -> dict[str, dict[str, Any]]:
    """Name of each set that a selected notebook runs with, and the values that it gives."""
    listed: dict[str, dict[str, Any]] = entry["runs"]
    if not (assignments or sweep):
        return listed
    named = [(name, parameters.check(known, these)) for name, these in listed.items()]
    sets: dict[str, dict[str, Any]] = {}
    every = _combinations(known, entry, assignments) if sweep else [parameters.parse(known, assignments)]
    for given in every:
        values = parameters.check(known, given)
        same = next((name for name, these in named if these == values), "")
        sets |= {same: listed[same]} if same else {set_name(given): given}
    return sets


def _combinations(
    known: Mapping[str, parameters.Parameter], entry: Mapping[str, Any], assignments: list[str]
) -> list[dict[str, Any]]:
    """Every combination of the values of a sweep, in the order in which they are written."""
    products = [parameters.parse_lists(known, assignments)] if assignments else entry.get("sweeps", [])
    if not products:
        raise PlanError("Nothing to sweep. Give -p name=value,value, or list `sweeps` in collection.yml.")
    lists = [list(product.values()) if isinstance(product, dict) else [()] for product in products]
    if not all(isinstance(values, list) and values for values in itertools.chain(*lists)):
        raise PlanError("collection.yml: `sweeps` is a list of {name: [value, value]}.")
    return [
        {name: parameters.read(known, name, value) for name, value in zip(product, values, strict=True)}
        for product in products
        for values in itertools.product(*product.values())
    ]


def set_name(given: Mapping[str, Any]) -> str:
    """Name of the directory for parameters given by hand, readable and unique."""
    full = ",".join(f"{name}={value}" for name, value in sorted(given.items()))
    safe = re.sub(r"[^\w.=,+-]+", "-", full)
    return safe if safe == full and len(safe) <= 80 else f"{safe[:70]}-{notebooks.digest(full)[:8]}"


def data_hashes(tables: Iterable[str]) -> dict[str, str]:
    """sha256 of the file of each table, by its path within `data/`.

    A table is called by the stem of its file: `trade` is observations/trade.csv, `events` is events.csv,
    `claims` is claims.yml, `models` is lists/models.csv.

    Raises
    ------
    PlanError
        If no file of the data package has that name.
    """
    data = paths.data_dir()
    files = {path.stem: path for path in sorted(data.rglob("*")) if path.suffix in (".csv", ".yml", ".json")}
    hashes = {}
    for table in tables:
        if table not in files:
            hint = notebooks.suggestion(table, files, "Name the stem of its file.")
            message = f"`reads` names {table}, which is no table of the data package. {hint}"
            raise PlanError(f"collection.yml: {message}")
        state = files[table].stat()
        identity = state.st_mtime_ns, state.st_size, state.st_ino
        hashes[files[table].relative_to(data).as_posix()] = _file_hash(files[table], identity)
    described = _described(data / "datapackage.json")
    if changed := [file for file, hashed in hashes.items() if described.get(file, hashed) != hashed]:
        why = "is not the file that data/datapackage.json describes: edited by hand, cut, or"
        mend = "Run `summits data check`, and after an edit `summits data describe`."
        raise PlanError(f"data/{changed[0]}: {why} left by a refresh that broke off. {mend}")
    return hashes


def _described(descriptor: Path) -> dict[str, str]:
    """sha256 of each file of the data package as its descriptor states it; empty without a descriptor."""
    try:
        resources = json.loads(descriptor.read_text(encoding="utf-8"))["resources"]
        return {each["path"]: each["hash"].removeprefix("sha256:") for each in resources if "hash" in each}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PlanError(f"{descriptor}: not a data package's descriptor ({error!r}).") from None


@lru_cache(maxsize=256)
def _file_hash(path: Path, state: tuple[int, int, int]) -> str:
    # Many runs read the same table. Time of change and size are part of the key, so a new file is read.
    return notebooks.digest(path.read_bytes())
