"""The recipes for schedulers call commands that exist, with options that exist."""

import configparser
import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from summits import cli

ROOT = Path(__file__).resolve().parents[2]
RECIPES = [
    *sorted((ROOT / ".github" / "workflows").glob("*.yml")),
    *sorted((ROOT / "deploy").iterdir()),
    ROOT / "docs" / "scheduling.md",
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
]


def calls(path: Path) -> list[list[str]]:
    """Return the words of each call of the command, without what follows in the shell."""
    found = re.findall(r"\.venv/bin/summits ([a-z][^\n`\"\]]*)", path.read_text().replace("\\\n", " "))
    return [shlex.split(re.split(r"[|>;#&)]", call)[0]) for call in found]


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_each_call_is_one_that_the_command_knows(path: Path) -> None:
    assert (
        calls(path) or path.suffix == ".timer" or path.name in ("nightly.yml", "processors.yml", "weekly.yml")
    )
    for words in calls(path):
        command: click.Command = cli.main
        while isinstance(command, click.Group):
            name = words.pop(0)
            assert name in command.commands, f"{path.name}: summits {name}"
            command = command.commands[name]
        known = {option for parameter in command.params for option in parameter.opts}
        given = {word for word in words if word.startswith("-")}
        assert given <= known, f"{path.name}: {given - known}"


def test_the_workflows_are_whole() -> None:
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        workflow = yaml.safe_load(path.read_text().replace("\\\n", " "))
        # YAML 1.1 reads the key `on` as a truth value.
        assert workflow[True]["schedule"][0]["cron"]
        for job in workflow["jobs"].values():
            assert job["timeout-minutes"] and all({"uses", "run"} & set(step) for step in job["steps"])


def test_the_timer_starts_the_service() -> None:
    unit = configparser.ConfigParser(strict=False)
    unit.optionxform = str
    unit.read(ROOT / "deploy" / "summits-rerun.service")
    assert unit["Service"]["SuccessExitStatus"] == str(cli.CHANGED)
    assert (ROOT / "deploy" / "summits-rerun.timer").exists()
