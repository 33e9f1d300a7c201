"""From the collection to runs: order, selection, and a key that changes exactly when the result could."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
import stub_collection as stub

from helpers import paths
from summits import engine, imports, notebooks, parameters, plan, states
from summits import failures as report


@pytest.fixture
def collection(checkout: stub.Checkout, monkeypatch: pytest.MonkeyPatch) -> stub.Checkout:
    """A checkout with three notebooks, seen by the helpers of this process."""
    for name in ("data", "runs", "notebooks"):
        monkeypatch.setattr(paths, f"{name}_dir", lambda name=name: checkout.root / name)
    monkeypatch.setattr(paths, "root", lambda: checkout.root)
    checkout.write(
        {
            "11_claims": (stub.total_notebook(), {"needs": ["01_total", "02_next"]}),
            "01_total": (stub.total_notebook(), {"runs": {"published": {}, "tripled": {"factor": 3}}}),
            "02_next": (stub.total_notebook(), {"needs": ["01_total"], "cell_timeout": 5}),
        }
    )
    return checkout


def ids(runs: list[plan.Run]) -> list[str]:
    return [run.id for run in runs]


def test_runs_come_in_the_order_of_their_needs(collection: stub.Checkout) -> None:
    assert ids(plan.plan()) == [
        "01_total/published",
        "01_total/tripled",
        "02_next/published",
        "11_claims/published",
    ]


@pytest.mark.parametrize("name", ["02", "02_next", "notebooks/02_next.ipynb"])
def test_a_selected_notebook_brings_the_published_runs_it_needs(collection: stub.Checkout, name: str) -> None:
    assert ids(plan.plan([name])) == ["01_total/published", "02_next/published"]


def test_parameters_by_hand_make_a_run_of_their_own(collection: stub.Checkout) -> None:
    runs = plan.plan(["02"], ["factor=5", "as_of=2021-06-30"])
    assert ids(runs) == ["01_total/as_of=2021-06-30", "02_next/as_of=2021-06-30,factor=5"]
    assert runs[1].given == {"factor": 5, "as_of": "2021-06-30"}
    assert runs[1].parameters == {"as_of": "2021-06-30", "factor": 5, "part": "all"}
    assert runs[1].cell_timeout == 5


def test_a_run_as_of_a_day_needs_runs_as_of_that_day(collection: stub.Checkout) -> None:
    runs = {run.id: run for run in plan.plan(["11"], ["as_of=2021-06-30"])}
    assert list(runs) == [f"{name}/as_of=2021-06-30" for name in ("01_total", "02_next", "11_claims")]
    assert runs["02_next/as_of=2021-06-30"].needs == ("01_total/as_of=2021-06-30",)
    assert runs["01_total/as_of=2021-06-30"].parameters["as_of"] == "2021-06-30"
    assert runs["01_total/as_of=2021-06-30"].parameters["factor"] == 2


def test_a_run_with_other_values_needs_the_published_runs(collection: stub.Checkout) -> None:
    runs = plan.plan(["01", "02"], ["factor=5"])
    assert ids(runs) == ["01_total/published", "01_total/factor=5", "02_next/factor=5"]
    assert runs[-1].needs == ("01_total/published",)


def test_set_names_are_safe_and_distinct() -> None:
    names = {
        plan.set_name({"x": value}) for value in ("../../etc", "a/b", "a b", "a-b", "y" * 200, "y" * 201)
    }
    assert len(names) == 6
    assert all("/" not in name and " " not in name and len(name) <= 80 for name in names)


def keys(runs: list[plan.Run]) -> dict[str, str]:
    return {run.id: run.key for run in runs}


def edit_code(checkout: stub.Checkout) -> None:
    notebook = json.loads(checkout.source("01_total").read_text())
    notebook["cells"][4]["source"] += "\n"
    checkout.source("01_total").write_text(json.dumps(notebook))


def add_to(part: str):
    def add(checkout: stub.Checkout) -> None:
        path = checkout.root / part
        path.write_text(path.read_text() + "\n")

    return add


@pytest.mark.parametrize(
    "change",
    [edit_code, *map(add_to, ("data/observations/made_up.csv", "data/series.csv", "requirements.lock"))],
)
def test_a_change_of_what_a_run_depends_on_changes_its_key_and_those_that_need_it(
    collection: stub.Checkout, change
) -> None:
    before = keys(plan.plan())
    change(collection)
    after = keys(plan.plan())
    assert all(before[run] != after[run] for run in before)


def test_what_a_run_does_not_depend_on_leaves_its_key(collection: stub.Checkout) -> None:
    (collection.root / "data" / "observations" / "other.csv").write_text("series_id\n")
    before = keys(plan.plan())
    (collection.root / "data" / "observations" / "other.csv").write_text("series_id\nother\n")
    notebook = json.loads(collection.source("01_total").read_text())
    notebook["metadata"] = {"kernelspec": {"name": "mine"}}
    notebook["cells"][4]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x"}]
    collection.source("01_total").write_text(json.dumps(notebook))
    assert keys(plan.plan()) == before


def test_the_key_sees_the_helpers_that_are_reached_and_no_others(
    collection: stub.Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "PLACE", collection.root / "src")
    before = keys(plan.plan())
    for part in ("summits/cli.py", "helpers/trade.py", "summits/engine.py"):
        add_to(f"src/{part}")(collection)
    assert keys(plan.plan()) == before
    for part in ("helpers/paths.py", "summits/notebooks.py"):
        add_to(f"src/{part}")(collection)
        after = keys(plan.plan())
        assert all(before[run] != after[run] for run in before)
        before = after


def test_what_a_notebook_was_made_from_is_the_same_on_another_python(
    collection: stub.Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = plan.plan()
    monkeypatch.setattr(plan.sys, "version_info", SimpleNamespace(major=3, minor=99))
    after = plan.plan()
    assert [run.made_from for run in before] == [run.made_from for run in after]
    assert all(a.key != b.key for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"question": ""}, "has no `question`"),
        ({"reeds": []}, "unknown reeds"),
        ({"needs": ["12_other"]}, "needs 12_other, which is not listed"),
        ({"needs": ["01_total"]}, "Break the circle"),
        ({"reads": ["made_op"]}, "reads` names made_op.*Did you mean made_up"),
        ({"runs": {"tripled": {"factor": 3}}}, "must have `published"),
        ({"runs": {"published": {"factor": 3}}}, "must have `published"),
        ({"runs": {"published": {}, "tenfold": {"factor": 10}}}, "01_total: factor=10: outside the range"),
    ],
)
def test_a_wrong_collection_is_refused(collection: stub.Checkout, entry: dict, message: str) -> None:
    collection.write({"01_total": (stub.total_notebook(), entry)})
    with pytest.raises((plan.PlanError, parameters.ParameterError), match=message):
        plan.plan()


def test_unknown_notebooks_are_refused_with_a_suggestion(collection: stub.Checkout) -> None:
    with pytest.raises(plan.PlanError, match="Did you mean 02_next"):
        plan.plan(["02_nxt"])
    collection.source("02_next").unlink()
    with pytest.raises(plan.PlanError, match=r"no file 02_next\.ipynb"):
        plan.plan()


def put_result(run: plan.Run) -> None:
    run.directory.mkdir(parents=True)
    (run.directory / "notebook.ipynb").write_text("{}")
    record = {"key": run.key, "notebook_sha256": notebooks.digest("{}"), "ingredients": run.ingredients}
    (run.directory / "record.json").write_text(json.dumps(record))


def test_states(collection: stub.Checkout) -> None:
    run = plan.plan(["01"])[0]
    assert states.state(run) == "never"
    put_result(run)
    assert states.state(run) == "fresh"
    (run.directory / "notebook.ipynb").write_text("{ }")
    assert states.state(run) == "stale"
    (run.directory / "notebook.ipynb").write_text("{}")
    add_to("data/series.csv")(collection)
    run = plan.plan(["01"])[0]
    assert states.state(run) == "stale"
    assert states.changed(run) == ["series.csv"]
    run.failed_directory.mkdir(parents=True)
    (run.failed_directory / "key.txt").write_text(run.key)
    assert states.state(run) == "failed"


def test_a_report_fits_one_screen_and_names_the_place(collection: stub.Checkout) -> None:
    run = plan.plan(["01"], ["factor=4"])[0]
    cell_frame = "Cell In[3], line 2\n      1 x = 1\n----> 2 load('x')"
    trace = ["\x1b[31m----\x1b[0m", cell_frame, "File ~/helpers/a.py:9, in load(x)"]
    raised = {"output_type": "error", "ename": "KeyError", "evalue": "no\n" * 99, "traceback": trace}
    failing = {**stub.code("load('x')"), "outputs": [raised]}
    notebook = stub.notebook(stub.markdown("## Look at exports\n\nText."), failing)
    text = report.compose(run, notebook, RuntimeError("papermill"))
    assert len(text.splitlines()) <= 24 and max(map(len, text.splitlines())) <= 110
    told = (
        "FAILED  01_total/factor=4",
        "Look at exports",
        "cell 5",
        "File ~/helpers/a.py:9",
        "KeyError: no",
        "log",
    )
    assert [part for part in told if part not in text] == []


def test_what_was_read_must_be_declared(collection: stub.Checkout) -> None:
    run = plan.plan(["02"])[1]
    data, others = collection.root / "data", collection.root / "runs"
    declared = [
        str(data / "observations" / "made_up.csv"),
        str(others / "01_total" / "published" / "record.json"),
    ]
    assert engine.reading_problems({"opened": declared, "addresses": [], "rows": {}}, run) == []
    hidden = {"opened": [str(data / "events.csv"), str(others / "11_claims" / "published" / "record.json")]}
    found = engine.reading_problems({**hidden, "addresses": ["10.0.0.1:443"], "rows": {}}, run)
    assert len(found) == 3
    assert "events" in found[0] and "11_claims" in found[1] and "10.0.0.1" in found[2]


def test_tables_of_a_needed_notebook_count_as_declared(collection: stub.Checkout) -> None:
    run = plan.plan(["02"])[1]
    without = replace(run, ingredients={**run.ingredients, "data": {}})
    opened = [str(collection.root / "data" / "observations" / "made_up.csv")]
    assert engine.reading_problems({"opened": opened, "addresses": [], "rows": {}}, without) == []
    alone = engine.reading_problems(
        {"opened": opened, "addresses": [], "rows": {}}, replace(without, upstream=())
    )
    assert len(alone) == 1 and "made_up" in alone[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("notebooks: [a]", "not readable as"),
        ("notebooks: {}\nnightly: true", "unknown nightly"),
        ("notebooks:\n  01_drawn: {question: a}\n  01_drawn: {question: b}", "01_drawn is named twice"),
        ("notebooks:\n  01_drawn: {question: a, reads: made_up}", "`reads` is 'made_up'. It takes a list"),
        (
            "notebooks:\n  01_drawn: {question: a, cell_timeout: soon}",
            "`cell_timeout` is 'soon'. It takes seconds",
        ),
        ("notebooks:\n  01_drawn: {question: a, cell_timeout: 0}", "It takes seconds, 1 or more"),
        ("notebooks:\n  01_drawn: {question: a, run_timeout: -1}", "It takes seconds, 1 or more"),
        ("notebooks:\n  01_drawn: {question: a, runs: [x]}", "`runs` is ['x']. It takes names with values"),
        ("notebooks:\n  01_drawn: {question: a, runs: {x: [1]}}", "the run x is ['1']"),
        ("notebooks:\n  01_drawn: {question: a, runs: {x: }}", "the run x is ''. Write {} or {name: value}"),
        (b"notebooks: {\xe9: 1}", "not readable as"),
    ],
)
def test_a_collection_that_cannot_be_read_is_refused_in_one_line(
    collection: stub.Checkout, text: str | bytes, message: str
) -> None:
    path = collection.root / "notebooks" / "collection.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(plan.PlanError) as refused:
        plan.plan([])
    assert message in str(refused.value) and "\n" not in str(refused.value)


def test_a_changed_table_is_refused_before_a_kernel_starts(collection: stub.Checkout) -> None:
    described = collection.root / "data" / "datapackage.json"
    described.write_text('{"resources": [{"path": "series.csv", "hash": "sha256:0"}]}')
    with pytest.raises(
        plan.PlanError, match=r"data/series.csv: is not the file that .* Run `summits data check`"
    ):
        plan.plan(["01"])
