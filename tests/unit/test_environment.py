"""pyproject.toml, requirements.lock and environment.yml agree, and this environment is the locked one."""

import re
from importlib import metadata, util
from pathlib import Path

import pytest
import rattler
import yaml
from packaging.utils import canonicalize_name
from rattler.package import BuildString

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements.lock").read_text()
LISTED = yaml.safe_load((ROOT / "environment.yml").read_text())
FROM_PYPI = next(entry["pip"] for entry in LISTED["dependencies"] if isinstance(entry, dict))
FROM_CONDA = [entry for entry in LISTED["dependencies"] if isinstance(entry, str)]


def load_tool():
    spec = util.spec_from_file_location("make_environment", ROOT / "tools" / "make_environment.py")
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOOL = load_tool()
DIRECT = TOOL.direct_dependencies()
LOCKED = TOOL.locked_versions()


def test_environment_yml_is_the_generated_one() -> None:
    assert (ROOT / "environment.yml").read_text() == TOOL.environment()


@pytest.mark.parametrize("name", sorted(DIRECT))
def test_each_direct_dependency_is_locked_within_its_range_and_installed(name: str) -> None:
    assert DIRECT[name].specifier.contains(LOCKED[name])
    assert metadata.version(name) == LOCKED[name]


def test_environment_yml_pins_every_direct_dependency_once_as_locked() -> None:
    pinned = [re.fullmatch(r"([\w.-]+)==(\S+)", entry) for entry in [*FROM_CONDA, *FROM_PYPI]]
    found = {canonicalize_name(match[1]): match[2] for match in pinned if match}
    assert found == {name: LOCKED[name] for name in DIRECT}
    assert len(found) == len([match for match in pinned if match])


@pytest.mark.parametrize("spec", FROM_CONDA)
def test_conda_reads_each_spec_and_the_locked_version_satisfies_it(spec: str) -> None:
    parsed = rattler.MatchSpec(spec, strict=True)
    name = canonicalize_name(parsed.name.normalized)
    if name in DIRECT:
        assert parsed.matches(conda_package(parsed.name.normalized, LOCKED[name]))
        assert not parsed.matches(conda_package(parsed.name.normalized, "0.0.1"))
    else:
        assert name in ("python", "pip")


def conda_package(name: str, version: str) -> rattler.PackageRecord:
    return rattler.PackageRecord(name, version, BuildString("0"), 0, rattler.Subdir("noarch"))


def test_python_is_the_one_of_pyproject() -> None:
    assert f"python={TOOL.PYTHON}" in FROM_CONDA
    assert TOOL.PYTHON in (ROOT / "pyproject.toml").read_text()


def test_the_lock_holds_hashes_and_no_addresses() -> None:
    pins = re.findall(r"^[\w.-]+==\S+(?: ;[^\\\n]+)? \\$", LOCK, flags=re.MULTILINE)
    assert len(pins) == len(re.findall(r"^[\w.-]+==", LOCK, flags=re.MULTILINE)) > 100
    assert "://" not in LOCK and "--index-url" not in LOCK and "--find-links" not in LOCK


def test_the_lock_leaves_out_the_grammar_compiler() -> None:
    assert "rfc3987-syntax" not in LOCKED


def test_papermill_finds_our_engine() -> None:
    found = {point.name: point.value for point in metadata.entry_points(group="papermill.engine")}
    assert found.get("summits") == "summits.papermill_engine:Engine"
