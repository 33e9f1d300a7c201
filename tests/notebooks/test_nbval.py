"""nbval compares stored outputs for real, and a committed notebook is made again byte for byte."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable

import pytest
import stub_collection as stub

from summits.notebooks import RECORD_MIME


@pytest.fixture
def executed(checkout: stub.Checkout) -> dict:
    checkout.write({"01_total": (stub.total_notebook(), {})})
    checkout.summits("run", "--publish", "-j", "1")
    return json.loads(checkout.source("01_total").read_text())


def output(notebook: dict, mime: str) -> dict:
    outputs = (output for cell in notebook["cells"] for output in cell.get("outputs", []))
    return next(output["data"] for output in outputs if mime in output["data"])


def test_a_changed_output_fails_and_an_unchanged_one_passes(checkout: stub.Checkout, executed: dict) -> None:
    spoilt: dict[str, Callable[[dict], object]] = {
        "as_made": lambda notebook: None,
        "other_text": lambda notebook: output(notebook, "text/plain").update({"text/plain": "[1.0, 3.0]"}),
        "other_record": lambda notebook: output(notebook, RECORD_MIME)[RECORD_MIME].update(value=7.0),
    }
    for name, spoil in spoilt.items():
        notebook = json.loads(json.dumps(executed))
        spoil(notebook)
        checkout.source(name).write_text(json.dumps(notebook))
    files = [str(checkout.source(name)) for name in spoilt]
    options = ["-n", "2", "--dist", "loadfile", "-q", "-rfE", "-p", "no:cacheprovider"]
    said = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", *options, *files],
        cwd=checkout.root,
        env=checkout.environment(),
        capture_output=True,
        text=True,
    ).stdout
    failed = {line.split("::")[0].split("/")[-1] for line in said.splitlines() if line.startswith("FAILED")}
    assert failed == {"other_text.ipynb", "other_record.ipynb"}, said
    assert "10 passed" in said, said


def test_a_published_notebook_is_made_again_byte_for_byte(checkout: stub.Checkout, executed: dict) -> None:
    before = checkout.source("01_total").read_bytes()
    shutil.rmtree(checkout.root / "runs")
    said = checkout.summits("run", "--publish", "-j", "1")
    assert "1 done" in said and "  published" not in said
    assert checkout.source("01_total").read_bytes() == before


def papermill(checkout: stub.Checkout, *options: str) -> subprocess.CompletedProcess:
    command = [
        sys.executable,
        "-m",
        "papermill",
        "--no-progress-bar",
        "notebooks/01_total.ipynb",
        "out.ipynb",
    ]
    where = {"cwd": checkout.root, "env": checkout.environment()}
    return subprocess.run([*command, *options], **where, capture_output=True, text=True)


def test_papermill_by_hand_fills_the_prose_and_checks_the_parameters(
    checkout: stub.Checkout, executed: dict
) -> None:
    assert papermill(checkout, "-p", "factor", "5").returncode == 0
    made = json.loads((checkout.root / "out.ipynb").read_text())
    assert "The total is 15.0 units" in "".join(made["cells"][-1]["outputs"][0]["data"]["text/markdown"])
    refused = papermill(checkout, "-p", "factr", "5")
    assert refused.returncode != 0
    assert "factr: no such parameter. Did you mean factor?" in refused.stderr
