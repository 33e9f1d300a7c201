"""pyproject.toml, requirements.lock and environment.yml agree, and this environment is the locked one."""

import ast
import json
import re
import subprocess
import sys
from importlib import metadata, util
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements.lock").read_text()
LISTED = yaml.safe_load((ROOT / "environment.yml").read_text())
FROM_PYPI = next(entry["pip"] for entry in LISTED["dependencies"] if isinstance(entry, dict))
FROM_CONDA = [entry for entry in LISTED["dependencies"] if isinstance(entry, str)]


def load_tool(name: str):
    spec = util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOOL, PAGES = load_tool("make_environment"), load_tool("pages_lock")
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
    rattler = pytest.importorskip("rattler", reason="pip install '.[conda]', as the nightly workflow does")
    parsed = rattler.MatchSpec(spec, strict=True)
    name = canonicalize_name(parsed.name.normalized)

    def matches(version: str) -> bool:
        build, place = rattler.package.BuildString("0"), rattler.Subdir("noarch")
        return parsed.matches(rattler.PackageRecord(parsed.name.normalized, version, build, 0, place))

    if name in DIRECT:
        assert matches(LOCKED[name]) and not matches("0.0.1")
    else:
        assert name in ("python", "pip")


def test_python_is_the_one_of_pyproject() -> None:
    assert f"python={TOOL.PYTHON}" in FROM_CONDA
    assert TOOL.PYTHON in (ROOT / "pyproject.toml").read_text()


def test_the_lock_holds_hashes_and_no_addresses() -> None:
    pins = re.findall(r"^[\w.-]+==\S+(?: ;[^\\\n]+)? \\$", LOCK, flags=re.MULTILINE)
    assert len(pins) == len(re.findall(r"^[\w.-]+==", LOCK, flags=re.MULTILINE)) > 100
    assert "://" not in LOCK and "--index-url" not in LOCK and "--find-links" not in LOCK


def test_the_lock_leaves_out_the_grammar_compiler() -> None:
    assert "rfc3987-syntax" not in LOCKED


def test_the_lock_of_the_pages_is_the_generated_one_and_each_pin_is_one_of_the_lock() -> None:
    written = (ROOT / "requirements-pages.lock").read_text()
    assert written == PAGES.pages_lock()
    part, whole = PAGES.pins(written), PAGES.pins(LOCK)
    assert part and all(part[name] == whole[name] and "--hash=sha256:" in whole[name][0] for name in part)
    assert not PAGES.UNUSED & part.keys() and whole.keys() >= PAGES.UNUSED


def imported_by_the_pages() -> set[str]:
    """Return the packages that the builder of the pages, or a file of docs/, imports."""
    listing = "import json, sys, summits.cli, summits.site; print(json.dumps(sorted(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True)
    modules = {name.partition(".")[0] for name in json.loads(shown.stdout)}
    for path in (ROOT / "docs").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                modules.add(str(node.module).partition(".")[0])
    places = metadata.packages_distributions()
    return {canonicalize_name(name) for module in modules for name in places.get(module, [])}


def test_what_the_pages_import_is_in_their_lock() -> None:
    found = imported_by_the_pages() & LOCKED.keys()
    assert {"pandas", "sphinx"} <= found
    assert found <= PAGES.pins((ROOT / "requirements-pages.lock").read_text()).keys()


def test_papermill_finds_our_engine() -> None:
    found = {point.name: point.value for point in metadata.entry_points(group="papermill.engine")}
    assert found.get("summits") == "summits.papermill_engine:Engine"


def test_the_pythons_are_the_same_everywhere() -> None:
    tried = re.search(r"^TRIED := (.+)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)[1].split()
    weekly = yaml.safe_load((ROOT / ".github" / "workflows" / "processors.yml").read_text())
    assert weekly["jobs"]["same"]["strategy"]["matrix"]["python"] == tried
    allowed = re.search(r'^requires-python = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]
    minors = [f"3.{minor}" for minor in range(8, 20)]
    assert [each for each in minors if SpecifierSet(allowed).contains(f"{each}.0")] == tried


def test_the_hooks_are_local() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    assert [each["repo"] for each in hooks["repos"]] == ["local"]
