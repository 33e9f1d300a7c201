"""Functions of a notebook, so that a test can run its argument on made-up data."""

import ast
from contextlib import suppress
from types import ModuleType
from typing import Any

from helpers import paths
from summits import notebooks


def functions_of(name: str, **values: Any) -> ModuleType:
    """Return imports, parameters, functions and written-out constants of a notebook as a module.

    Nothing else is run, and what needs data of the notebook to be defined is left out. `values` are those of
    names that functions use.
    """
    notebook = notebooks.read(paths.root() / "notebooks" / f"{name}.ipynb")
    module = ModuleType(name)
    vars(module).update(values)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            for statement in filter(_stands_alone, ast.parse(notebooks.text(cell["source"])).body):
                with suppress(NameError):
                    exec(compile(ast.Module([statement], []), name, "exec"), vars(module))
    return module


def _stands_alone(statement: ast.stmt) -> bool:
    """An import, a parameter, a function, or a constant in capitals whose value is written out."""
    if not isinstance(statement, ast.Assign | ast.AugAssign):
        return isinstance(statement, ast.Import | ast.ImportFrom | ast.AnnAssign | ast.FunctionDef)
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    try:
        ast.literal_eval(statement.value)
    except ValueError:
        return False
    return ast.unparse(target).partition("[")[0].isupper()
