"""What texts, recipes and workflows tell people or machines to call exists, with the options they give."""

import configparser
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from unittest import mock

import click
import pytest
import yaml
from papermill.__main__ import papermill

from summits import cli, notebooks, parameters

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
CONTAINER = ROOT / ".devcontainer" / "devcontainer.json"
UNITS = sorted((ROOT / "deploy").glob("*.*"))
RECIPES = [
    *WORKFLOWS,
    *UNITS,
    ROOT / "deploy" / "crontab",
    ROOT / ".ci" / "run",
    ROOT / "Makefile",
    CONTAINER,
]
TEXTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", ".env.example", "notebooks/collection.yml")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "docs").rglob("*.jinja")),
    *sorted((ROOT / "src").rglob("*.py")),
    *sorted((ROOT / "notebooks").glob("*.ipynb")),
]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = set(re.findall(r"^([a-z][\w-]*):", MAKEFILE, re.MULTILINE))
# Numbers from 90 on are for examples.
NOTEBOOK = re.compile(r"(notebooks/)?[0-8]\d([_:/].*)?")
PINNED = re.compile(r"[\w.-]+/[\w.-]+(/[\w.-]+)*@[0-9a-f]{40}")


def code(path: Path) -> str:
    """Return what of a file is code: of a text its code spans and blocks, of a recipe all but comments."""
    content = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        content = "\n".join(notebooks.text(cell["source"]) for cell in notebooks.read(path)["cells"])
    # Names of packages are no calls.
    content = re.sub(r"\bapt(-get)? install [^\n`]*", "", content.replace("\\\n", " "))
    if path in RECIPES:
        return re.sub(r"^\s*#.*$", "", content, flags=re.MULTILINE)
    blocks = re.findall(r"^ *```[^\n]*\n(.*?)^ *```", content, re.MULTILINE | re.DOTALL)
    without = re.sub(r"^ *```.*?^ *```", "", content, flags=re.MULTILINE | re.DOTALL)
    # In the source of Python the indented lines of a text are examples, such as those that --help shows.
    examples = re.findall(r"^    (summits [a-z].*?)(?: {2,}.*)?$", content, re.MULTILINE)
    return "\n".join([*blocks, *re.findall(r"`([^`\n]+)`", without), *examples])


def calls(program: str, path: Path) -> list[list[str]]:
    """Return the words of each call of a program, without what follows in the shell."""
    start = rf"(?:^|[\s\"'(;&|=])(?:[\w./%$()-]*/)?{program} +([^\s`][^\n`]*)"
    found = [
        re.split(r" *(?:\d?>|[|;#&)])| {2,}| — |\"\]|[\"'],", call)[0]
        for call in re.findall(start, code(path), re.MULTILINE)
    ]
    return [words for call in found if (words := _words(call))]


def _words(call: str) -> list[str]:
    try:
        return shlex.split(call)
    except ValueError:
        return shlex.split(call.replace('"', "").replace("'", ""))


def command_problem(words: list[str]) -> str:
    """Say what of a call of the command does not exist; empty if all does."""
    command: click.Command = cli.main
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        name = rest.pop(0)
        if name not in command.commands:
            return f"no command {name}"
        command = command.commands[name]
    try:
        # What a person would be asked for is left out on purpose.
        with mock.patch.object(click, "prompt", side_effect=click.Abort):
            command.make_context(str(command.name), list(rest)).close()
    except click.Abort:
        return ""
    except click.UsageError as error:
        named_only = isinstance(error, click.MissingParameter) and all(word[:1] == "-" for word in rest)
        named_only |= isinstance(error, click.BadOptionUsage) and rest[-1] == error.option_name
        if not named_only and not re.search(r"(Directory|File|Path) .* does not exist", str(error)):
            return error.format_message()
    return parameter_problem(rest)


def parameter_problem(words: list[str]) -> str:
    """Say which `-p` of a call names no parameter of the notebook that the call names; empty if all do."""
    told = next((Path(word).stem for word in words if NOTEBOOK.fullmatch(word)), "")
    named = {after.partition("=")[0] for word, after in pairwise(words) if word == "-p"}
    named |= {word[3:].partition("=")[0] for word in words if re.match(r"\d\d:", word)}
    paths = sorted((ROOT / "notebooks").glob(f"{told[:2]}_*.ipynb")) if told else []
    if not named or not paths:
        return "" if not told or paths else f"no notebook {told}"
    missing = named - parameters.schema(notebooks.read(paths[0])).keys()
    return f"no parameter {missing} of {paths[0].name}" if missing else ""


def make_problem(words: list[str]) -> str:
    """Say what of a call of make does not exist; empty if all does."""
    for word in words:
        variable, equals, _ = word.partition("=")
        if equals and f"$({variable})" not in MAKEFILE:
            return f"no variable {variable}"
        if not equals and re.fullmatch(r"[a-z][\w-]*", word) and word not in TARGETS:
            return f"no target {word}"
    return ""


def python_problem(words: list[str]) -> str:
    """Say what script, module or option of a script does not exist; empty if all do."""
    if words[0] == "-m":
        return "" if importlib.util.find_spec(words[1]) else f"no module {words[1]}"
    if not words[0].endswith(".py"):
        return ""
    if not (ROOT / words[0]).exists():
        return f"no file {words[0]}"
    script = (ROOT / words[0]).read_text(encoding="utf-8")
    options = [word.partition("=")[0] for word in words[1:] if word.startswith("--")]
    return "".join(f"no option {option} of {words[0]}" for option in options if f'"{option}"' not in script)


def pytest_problem(words: list[str]) -> str:
    """Say which tests do not exist; empty if all do."""
    paths = [word.partition("::")[0] for word in words if word.startswith(("tests", "notebooks"))]
    return "".join(f"no file {path}" for path in paths if not (ROOT / path).exists() and "…" not in path)


def papermill_problem(words: list[str]) -> str:
    """Say what option of papermill, or parameter of the notebook, does not exist; empty if all do."""
    try:
        papermill.make_context("papermill", list(words)).close()
    except click.UsageError as error:
        named_only = isinstance(error, click.BadOptionUsage) and words[-1] == error.option_name
        return "" if named_only else error.format_message()
    return parameter_problem(words)


PROBLEMS = {
    "summits": command_problem,
    "make": make_problem,
    "python": python_problem,
    "pytest": pytest_problem,
    "papermill": papermill_problem,
}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", [*RECIPES, *TEXTS], ids=name_of)
def test_every_call_that_is_named_exists(path: Path) -> None:
    wrong = [
        f"{program} {' '.join(words)}: {problem}"
        for program, judge in PROBLEMS.items()
        for words in calls(program, path)
        if (problem := judge(words))
    ]
    assert wrong == []


CALLERS = [path for path in RECIPES if path.suffix != ".timer" and "failed@" not in path.name]


@pytest.mark.parametrize("path", CALLERS, ids=name_of)
def test_every_recipe_calls_something(path: Path) -> None:
    assert any(calls(program, path) for program in PROBLEMS)


def test_the_readme_names_the_commands_of_the_project() -> None:
    named = {words[0] for words in calls("make", ROOT / "README.md")}
    assert {"run", "test"} <= named and calls("summits", ROOT / "README.md")


@pytest.mark.parametrize(
    ("program", "call"),
    [
        ("summits", "rum 02"),
        ("summits", "run 02 --forced"),
        ("summits", "data chek"),
        ("summits", "run -j none 02"),
        ("summits", "run 02 -p windowed=3"),
        ("summits", "sweep 09 -p windows=30..90/30"),
        ("summits", "compare 09"),
        ("summits", "compare 09 09:windows=60"),
        ("papermill", "notebooks/02_chip_exports.ipynb out.ipynb -p basked hs8486"),
        ("papermill", "notebooks/02_chip_exports.ipynb out.ipynb --parameter basket hs8486"),
        ("papermill", "notebooks/77_never.ipynb out.ipynb"),
        ("make", "runn"),
        ("make", "same PYTHON_LIST=x"),
        ("python", "benchmarks/faults/never.py"),
        ("python", "-m summits.never"),
        ("python", "tools/same.py --pythons x"),
        ("pytest", "-n 2 tests/never"),
    ],
)
def test_a_call_that_does_not_exist_is_found(tmp_path: Path, program: str, call: str) -> None:
    text = tmp_path / "text.md"
    text.write_text(f"Call `.venv/bin/{program} {call}` now.\n")
    [words] = calls(program, text)
    assert PROBLEMS[program](words)


def steps(path: Path) -> list[dict]:
    """Return the steps of all jobs of a workflow."""
    return [step for job in yaml.safe_load(path.read_text())["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", WORKFLOWS, ids=name_of)
def test_a_workflow_is_whole(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    # YAML 1.1 reads the key `on` as a truth value.
    started = workflow[True]
    assert "schedule" not in started or started["schedule"][0]["cron"]
    assert {"schedule", "push", "pull_request"} & set(started)
    assert workflow["permissions"]
    for job in workflow["jobs"].values():
        assert job["timeout-minutes"] and all({"uses", "run"} & set(step) for step in job["steps"])


@pytest.mark.parametrize("path", WORKFLOWS, ids=name_of)
def test_actions_are_named_by_the_hash_of_their_content(path: Path) -> None:
    used = [step["uses"] for step in steps(path) if "uses" in step]
    assert used and all(PINNED.fullmatch(action) for action in used)


@pytest.mark.parametrize("path", WORKFLOWS, ids=name_of)
def test_secrets_stand_only_in_the_steps_that_need_them(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    outside = {"env": workflow.get("env"), "jobs": [job.get("env") for job in workflow["jobs"].values()]}
    assert "secrets." not in str(outside) and "token" not in str(outside)
    for step in steps(path):
        calls_publishers = re.search(r"summits refresh|make contract", step.get("run", ""))
        assert "secrets." not in str(step) or calls_publishers, step
        assert "github.token" not in str(step) or "gh pr" in step["run"], step
        if step.get("uses", "").startswith("actions/checkout"):
            assert step["with"]["persist-credentials"] is False


def test_pushes_and_pull_requests_are_tried_on_every_python() -> None:
    checks = yaml.safe_load((ROOT / ".github" / "workflows" / "checks.yml").read_text(encoding="utf-8"))
    assert {"push", "pull_request"} <= set(checks[True])
    tried = re.search(r"^TRIED := (.+)$", MAKEFILE, re.MULTILINE)[1].split()
    assert checks["jobs"]["quick"]["strategy"]["matrix"]["python"] == tried


def test_the_monthly_workflow_tells_of_a_refusal() -> None:
    last = steps(ROOT / ".github" / "workflows" / "monthly.yml")[-1]
    assert "steps.refresh.outputs.code == '1'" in last["if"] and "exit 1" in last["run"]
    assert f'["{cli.REFUSED}", "{cli.CHANGED_AND_REFUSED}"]' in last["if"]


def test_the_codes_of_a_rerun_are_told_alike_everywhere() -> None:
    table = re.findall(r"^\| (\d+) \|", (ROOT / "docs" / "scheduling.md").read_text("utf-8"), re.MULTILINE)
    codes = {0, cli.CHANGED, cli.REFUSED, cli.CHANGED_AND_REFUSED, cli.FAILED, cli.USAGE, cli.INTERRUPTED}
    assert {int(code) for code in table} == codes
    told = cli.main.commands["rerun"].help.partition("Exit codes:")[2]
    assert {int(code) for code in re.findall(r"\b\d+\b", told)} == codes
    rerunning = next(
        each for each in steps(ROOT / ".github" / "workflows" / "monthly.yml") if each.get("id") == "rerun"
    )
    assert "0 | 10 | 11 | 12" in rerunning["run"]


def read_unit(name: str) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(ROOT / "deploy" / name)
    return unit


def test_the_timer_starts_the_service() -> None:
    unit = read_unit("summits-rerun.service")
    assert unit["Service"]["SuccessExitStatus"] == str(cli.CHANGED)
    assert (ROOT / "deploy" / "summits-rerun.timer").exists()


def test_a_failure_of_the_service_starts_the_unit_that_tells() -> None:
    started = read_unit("summits-rerun.service")["Unit"]["OnFailure"].replace("%N", "")
    assert "priority=err" in read_unit(started)["Service"]["ExecStart"]


@pytest.mark.parametrize("path", [*UNITS, ROOT / "docs" / "scheduling.md"], ids=name_of)
def test_every_unit_that_is_named_exists(path: Path) -> None:
    named = set(re.findall(r"\bsummits-[\w@-]+\.(?:service|timer)\b", path.read_text(encoding="utf-8")))
    assert named <= {unit.name for unit in UNITS}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="There is no systemd here.")
def test_systemd_finds_nothing_in_the_units_once_the_folder_is_mended(tmp_path: Path) -> None:
    place = Path(sys.executable).parent
    for unit in UNITS:
        mended = unit.read_text(encoding="utf-8").replace("%h/chips-and-summits/.venv/bin", str(place))
        (tmp_path / unit.name).write_text(mended.replace("%h/chips-and-summits", str(ROOT)), encoding="utf-8")
    call = ["systemd-analyze", "--user", "verify", *(tmp_path / unit.name for unit in UNITS)]
    surroundings = os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)}
    said = subprocess.run(call, check=False, capture_output=True, text=True, env=surroundings)
    assert (said.returncode, said.stderr) == (0, "")


def test_the_schedule_of_the_crontab_has_the_codes_of_a_rerun() -> None:
    [line] = re.findall(r"^\d.*", (ROOT / "deploy" / "crontab").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(re.findall(r"-eq (\d+)", line)) == {"0", str(cli.CHANGED)}


def test_the_container_has_a_python_that_is_tried_and_the_locked_packages() -> None:
    container = json.loads(CONTAINER.read_text(encoding="utf-8"))
    tried = re.search(r"^TRIED := (.+)$", MAKEFILE, re.MULTILINE)[1].split()
    assert re.search(r":(\d\.\d+)-", container["image"])[1] in tried
    assert container["postCreateCommand"] == "make setup"


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_every_link_within_the_project_leads_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    heads = {
        re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-")
        for head in re.findall(r"^#+ (.+)$", text, re.M)
    }
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        address, _, place = link.partition("#")
        assert "://" in link or (ROOT / address).exists(), link
        assert address or place in heads, link
