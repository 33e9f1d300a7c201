"""A sweep that is really executed: one table, one figure, and a failed member named and left out."""

import pandas as pd
import stub_collection as stub

from summits import sweeps


def test_a_sweep_leaves_a_tidy_table_and_a_figure(checkout: stub.Checkout) -> None:
    fails = stub.code("if factor == 4:\n    raise KeyError('no such month')")
    notebook = stub.total_notebook()
    notebook["cells"].insert(3, {**fails, "id": "fails"})
    checkout.write({"01_total": (notebook, {})})
    said = checkout.summits("sweep", "01", "-p", "factor=2,3,4", "-j", "2", expect=1)
    assert "3 runs: 2 done, 1 failed" in said and "Figure of total" in said
    assert "not in the table: 01_total/factor=4" in said
    folder = checkout.root / "runs" / "01_total" / "_sweeps" / "factor=2,3,4"
    table = pd.read_csv(folder / "records.csv")
    assert list(table["parameter_factor"]) == [2, 3] and list(table["value"]) == [6, 9]
    assert table["run"].is_unique and set(sweeps.FIELDS) <= set(table.columns)
    assert (folder / "comparison.png").read_bytes()[:4] == b"\x89PNG"
    refused = checkout.summits("sweep", "01", "-p", "factor=2,3", "--record", "totl", expect=2)
    assert "2 fresh" not in refused and "No run of the sweep recorded 'totl'" in refused
    wider = checkout.summits("sweep", "01", "-p", "factor=2,3,5")
    assert "1 done, 2 fresh" in wider
