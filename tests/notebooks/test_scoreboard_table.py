"""The scoreboard prints the margins of the specification, and not another column under their name."""

import json
import math
import re
import runpy

from helpers import catalog, paths


def test_the_margins_shown_are_those_written_beforehand() -> None:
    notebook = json.loads((paths.notebooks_dir() / "11_claims.ipynb").read_text(encoding="utf-8"))
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    texts = ["".join(output.get("data", {}).get("text/plain", "")) for output in outputs]
    table = next(text for text in texts if text.startswith("Primary tests, as asked"))
    _, header, *rows = table.splitlines()
    assert re.split(r"\s{2,}", header.strip())[-2:] == ["Margin", "Detectable by the whole rule"]
    shown = {row.split()[0]: re.split(r"\s{2,}", row.strip())[-2] for row in rows}
    checked = 0
    for name, margin in shown.items():
        written = catalog.claim_test(name).get("margin")
        if isinstance(written, int | float) and margin != "–":
            assert math.isclose(float(margin), abs(written), rel_tol=0.01), name
            checked += 1
    assert checked == 9, "the others state their margin in words"


def test_a_test_that_no_data_could_pass_is_called_so():
    lists = runpy.run_path(str(paths.root() / "docs" / "_ext" / "lists.py"))
    why = "not met: the interval lies where the claim puts it"
    row = {"claim": "A claim.", "word": "inconclusive", "why": why}
    rows = [row | {"id": name} for name in ("C13", "C10")]
    never, open_ = lists["grouped"]({"rows": rows, "tests": {}})["Cannot tell"]
    assert never["reason"] == "No data could have passed the test."
    assert open_["reason"] == lists["REASONS"]["the interval lies where the claim puts it"]
    assert [reason for reason, _ in lists["by_reason"]([never, open_, open_])] == [
        open_["reason"],
        never["reason"],
    ]
