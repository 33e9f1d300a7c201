"""README says and shows what the committed story says and shows."""

import base64
import re

from helpers import paths, records
from helpers.paths import FIGURE_MIME
from summits import notebooks

STORY = paths.notebooks_dir() / "00_what_happened.ipynb"


def test_the_facts_of_the_readme_are_those_of_the_story() -> None:
    text = (paths.root() / "README.md").read_text(encoding="utf-8")
    part = text[text.index("## What it found") : text.index("## Run it")]
    said = {line.rstrip(".") for line in re.findall(r"^- (.+)$", part, re.MULTILINE)}
    told = {details.get("sentence") for details in records.read(STORY)["details"]}
    assert said and said <= told


def test_the_picture_of_the_readme_is_that_of_the_story() -> None:
    cells = notebooks.read(STORY)["cells"]
    shown = [output["data"] for cell in cells for output in cell.get("outputs", []) if "data" in output]
    pictures = {data[FIGURE_MIME]["name"]: data["image/png"] for data in shown if FIGURE_MIME in data}
    drawn = (paths.root() / "docs" / "_static" / "us_tools.png").read_bytes()
    # Not compared in the assertion: pytest would look for minutes for where two pictures differ.
    same = drawn == base64.b64decode(notebooks.text(pictures["us_tools"]))
    assert same, "copy the picture us_tools of 00_what_happened to docs/_static/us_tools.png"
