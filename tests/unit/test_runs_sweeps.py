"""Sweeps: lists and products become runs, their records one table, one record a figure."""

import pytest
import stub_collection as stub

from helpers import paths
from summits import parameters, plan, sweeps


@pytest.fixture
def collection(checkout: stub.Checkout, monkeypatch: pytest.MonkeyPatch) -> stub.Checkout:
    """A checkout with a notebook, another that needs it, and a listed sweep, seen by this process."""
    for name in ("data", "runs", "notebooks"):
        monkeypatch.setattr(paths, f"{name}_dir", lambda name=name: checkout.root / name)
    listed = [{"factor": [2, 3], "part": ["all", "half"]}, {"factor": [3, 5]}]
    checkout.write(
        {
            "01_total": (stub.total_notebook(), {}),
            "02_next": (stub.total_notebook(), {"needs": ["01_total"], "sweeps": listed}),
        }
    )
    return checkout


def test_a_span_of_numbers_is_written_out(collection: stub.Checkout) -> None:
    runs = plan.plan(["02"], ["factor=2..6/2,9"], sweep=True)
    assert [run.parameters["factor"] for run in runs[1:]] == [2, 4, 6, 9]
    known = parameters.declared(
        "share: float = 0.1  # part\nas_of: str = ''  # date\nname: str = 'a'  # text"
    )
    assert parameters.parse_lists(known, ["share=0.1..0.3/0.1"]) == {"share": [0.1, 0.2, 0.3]}
    assert parameters.parse_lists(known, ["name=1..3"]) == {"name": ["1..3"]}


@pytest.mark.parametrize("text", ["factor=6..2", "factor=2..6/0", "factor=1..1000000000", "factor=1..2.3.4"])
def test_a_span_that_is_none_is_refused(collection: stub.Checkout, text: str) -> None:
    with pytest.raises(parameters.ParameterError, match="as 30..90/30"):
        plan.plan(["02"], [text], sweep=True)


def sets(runs: list[plan.Run]) -> list[str]:
    return [run.set for run in runs if run.notebook == "02_next"]


def test_values_of_the_command_line_are_combined(collection: stub.Checkout) -> None:
    runs = plan.plan(["02"], ["factor=2,3", "as_of=,2021-06-30"], sweep=True)
    assert [run.id for run in runs[:2]] == ["01_total/published", "01_total/as_of=2021-06-30"]
    assert [{name: run.parameters[name] for name in ("factor", "as_of")} for run in runs[2:]] == [
        {"factor": 2, "as_of": ""},
        {"factor": 2, "as_of": "2021-06-30"},
        {"factor": 3, "as_of": ""},
        {"factor": 3, "as_of": "2021-06-30"},
    ]
    assert sweeps.varied(runs[2:]) == {"factor": [2, 3], "as_of": ["", "2021-06-30"]}


def test_a_listed_sweep_is_a_list_of_products(collection: stub.Checkout) -> None:
    assert sets(plan.plan(["02"], sweep=True)) == [
        "published",  # factor 2 and all parts, as declared
        "factor=2,part=half",
        "factor=3,part=all",
        "factor=3,part=half",
        "factor=3",
        "factor=5",
    ]


def test_a_member_is_the_same_run_as_by_hand(collection: stub.Checkout) -> None:
    by_hand = plan.plan(["02"], ["factor=3"])[-1]
    assert plan.plan(["02"], ["factor=2,3"], sweep=True)[-1] == by_hand


@pytest.mark.parametrize(
    ("assignments", "message"),
    [
        (["factor=2,30"], "factor=30: outside the range"),
        (["part=all,hlf"], "part='hlf': not one of"),
        (["factr=2,3"], "Did you mean factor"),
        (["factor=2,3", "factor=4"], "given twice"),
        (["factor=[2"], "not a value"),
    ],
)
def test_one_wrong_value_refuses_the_sweep(
    collection: stub.Checkout, assignments: list[str], message: str
) -> None:
    with pytest.raises(parameters.ParameterError, match=message):
        plan.plan(["02"], assignments, sweep=True)


@pytest.mark.parametrize("listed", [[], [{"factor": 3}], [{"factor": []}]])
def test_nothing_to_sweep_is_refused(collection: stub.Checkout, listed: list) -> None:
    collection.write({"02_next": (stub.total_notebook(), {"sweeps": listed})})
    with pytest.raises(plan.PlanError, match="sweep"):
        plan.plan(["02"], sweep=True)


def test_lists_are_written_in_brackets() -> None:
    known = {"codes": parameters.Parameter("codes", "list", [], "which")}
    assert parameters.parse_lists(known, ["codes=[a, b],[c]"]) == {"codes": [["a", "b"], ["c"]]}
