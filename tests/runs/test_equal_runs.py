"""Two runs of one notebook give the same bytes, and what cannot is refused: real kernels, twice."""

import json
import shutil

import pytest
import stub_collection as stub

PRINTED = """\
import subprocess, sys, threading, time
for number in range(12):
    print(number)
    time.sleep(0.03)
    sys.stdout.flush()"""
THREADS = """\
threads = [threading.Thread(target=print, args=("line",)) for _ in range(8)]
for thread in threads:
    thread.start()
    thread.join()"""
DISPLAYED = """\
from IPython.display import display
display({"application/json": {"a": 1}}, raw=True)
print("between")
display(2)
print("after")"""
PICTURE = {"image.png": {"image/png": "iVBORw0KGgo="}}


def test_the_bytes_of_two_runs_are_equal_and_attachments_stay(checkout: stub.Checkout) -> None:
    pasted = {**stub.markdown("![A picture](attachment:image.png)"), "attachments": PICTURE}
    cells = [pasted, *(stub.code(text) for text in (PRINTED, THREADS, DISPLAYED))]
    checkout.write({"01_total": (stub.notebook(*cells), {"reads": []})})
    checkout.summits("run", "-j", "1", "--publish")
    first = checkout.source("01_total").read_bytes()
    shutil.rmtree(checkout.root / "runs")
    checkout.summits("run", "-j", "1", "--publish")
    assert checkout.source("01_total").read_bytes() == first
    assert [cell["attachments"] for cell in json.loads(first)["cells"] if "attachments" in cell] == [PICTURE]
    assert first.count(b'"stream"') == 4, "one for each of two cells, two around a display"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import pandas as pd\npd.DataFrame({'a': [1]}).style", "set_uuid"),
        ("object()", "differs from run to run"),
        ("print([len, object()])", "differs from run to run"),
        ("print(iter([]))", "differs from run to run"),
        ("import uuid\nprint(uuid.uuid4())", "differs from run to run"),
    ],
)
def test_what_differs_between_two_runs_is_refused_with_its_cell(
    checkout: stub.Checkout, code: str, said: str
) -> None:
    checkout.write({"01_total": (stub.notebook(stub.code(code)), {"reads": []})})
    report = checkout.summits("run", "-j", "1", expect=1)
    assert (
        said in " ".join(report.split()) and "cell 4" in report and not checkout.result("01_total").exists()
    )


def test_a_styled_table_with_an_id_of_its_own_is_a_result(checkout: stub.Checkout) -> None:
    code = "import pandas as pd\nfrom IPython.display import HTML\n"
    code += "HTML(pd.DataFrame({'a': [1]}).style.set_uuid('tools').to_html())"
    checkout.write({"01_total": (stub.notebook(stub.code(code)), {"reads": []})})
    checkout.summits("run", "-j", "1")
    first = checkout.result("01_total").read_bytes()
    shutil.rmtree(checkout.root / "runs")
    checkout.summits("run", "-j", "1")
    assert checkout.result("01_total").read_bytes() == first
