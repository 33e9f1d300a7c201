"""What is not whole is refused, what is unusual waits, and one publisher does not harm another."""

import gzip
import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest
from click.testing import CliRunner
from samples import attacks, package, replies, server
from samples.calls import TODAY, run, transport
from samples.server import drips, sends

from helpers import observations
from summits import cli, refresh, validation
from summits.publishers import keys
from summits.publishers.transport import Transport

INDEX = "fred_IPG3344S"
HELD = package.values(INDEX)
WHOLE = replies.fred(HELD | {"2026-06": 190.0105}, "IPG3344S")


def raw(head: str, body: bytes) -> server.Behaviour:
    """Send a reply as written, and close."""

    def behave(call: BaseHTTPRequestHandler) -> None:
        head_lines = f"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nETag: v1\r\n{head}\r\n"
        call.wfile.write(head_lines.encode() + body)

    return behave


PACKED = gzip.compress(WHOLE)
CUTS = {
    "gzip": lambda n: raw(f"Content-Encoding: gzip\r\nContent-Length: {len(PACKED) - n}\r\n", PACKED[:-n]),
    "gzip, closed": lambda n: raw("Content-Encoding: gzip\r\n", PACKED[:-n]),
    "length": lambda n: raw(f"Content-Length: {len(WHOLE)}\r\n", WHOLE[:-n]),
    "shorter length": lambda n: raw(f"Content-Length: {len(WHOLE) - n}\r\n", WHOLE[:-n]),
    "closed": lambda n: raw("", WHOLE[:-n]),
    "chunk": lambda n: raw("Transfer-Encoding: chunked\r\n", b"%x\r\n" % len(WHOLE) + WHOLE[:-n]),
}


@pytest.mark.parametrize("missing", [1, 3, 8])
@pytest.mark.parametrize("end", CUTS)
def test_a_reply_without_its_end_is_refused(
    end: str, missing: int, cut: Callable, publisher: server.Publisher
) -> None:
    folder = cut(INDEX)
    before = package.tree(folder)
    publisher.does(CUTS[end](missing))
    outcome = run(publisher, attempts=1)
    assert (outcome.state, outcome.reason) == ("refused", "truncated")
    assert package.tree(folder) == before


def test_a_reply_that_only_the_connection_ends_is_read(cut: Callable, publisher: server.Publisher) -> None:
    cut(INDEX)
    publisher.does(raw("", WHOLE))
    assert run(publisher).new == 1


KINDS = ("shuffled", "moved by one", "noise of 30 percent", "0.4 percent more", "constant", "next × 1000")
KINDS += ("last twelve × 1.1", "middle held × 100", "last eight × 0.01", "running period", "all held × -1")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", attacks.TARGETS)
def test_values_not_like_those_held_are_not_taken(name: str, kind: str) -> None:
    target = attacks.TARGETS[name]
    held, new = attacks.truth(target)
    spoilt = dict(attacks.faults(held, new, target.info.frequency))
    if kind in spoilt:
        assert attacks.taken(target, spoilt[kind], held | new)[1] == []


@pytest.mark.parametrize("name", attacks.TARGETS)
def test_the_values_themselves_are_taken(name: str) -> None:
    target = attacks.TARGETS[name]
    held, new = attacks.truth(target)
    assert attacks.taken(target, held | new, held | new) == ("taken", [])


REVISED = HELD | {"2026-05": HELD["2026-05"] * 3, "2026-06": 190.1}


@pytest.mark.parametrize(
    ("answer", "state", "value"), [("y\n", 0, 564.0315), ("n\n", 1, 188.0105), ("", 1, 188.0105)]
)
def test_a_person_decides_on_what_is_unusual(
    answer: str,
    state: int,
    value: float,
    cut: Callable,
    publisher: server.Publisher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cut(INDEX)
    monkeypatch.setenv("SUMMITS_ORIGIN_FRED", publisher.origin)
    publisher.does(sends(replies.fred(REVISED, "IPG3344S")))
    done = CliRunner().invoke(cli.main, ["refresh", "--source", "fred", "--review"], input=answer)
    assert f"2026-05: 188.0105 → {REVISED['2026-05']:.10g}" in done.output
    assert done.exit_code == state, done.output
    assert observations.load(INDEX).values["2026-05-01"] == pytest.approx(value)


def test_without_a_person_it_waits_and_says_how_to_look(cut: Callable, publisher: server.Publisher) -> None:
    cut(INDEX)
    publisher.does(sends(replies.fred(REVISED, "IPG3344S")))
    outcome = run(publisher)
    assert (outcome.state, outcome.reason) == ("refused", "revision")
    assert "--review" in outcome.lines()[-1]


def test_a_month_without_a_row_is_a_hole_and_one_named_without_a_value_is_kept_so(
    cut: Callable, publisher: server.Publisher
) -> None:
    folder = cut(INDEX)
    later = HELD | {"2026-07": 190.1}
    publisher.does(sends(replies.fred(later, "IPG3344S")))
    assert run(publisher).reason == "hole"
    publisher.does(sends(replies.fred(later, "IPG3344S") + b"2026-06-01,.\n"))
    assert run(publisher).new == 1
    rows = (folder / "observations" / "activity.csv").read_text().splitlines()
    assert f"{INDEX},2026-06,,2026-11-23,fred_live" in rows
    assert observations.load(INDEX).values.index.strftime("%Y-%m").tolist()[-2:] == ["2026-05", "2026-07"]
    assert validation.check(folder) == []


def test_a_sum_without_its_parts_is_not_fresh(
    cut: Callable, publisher: server.Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut("capex_big4_sum_derived")
    monkeypatch.setenv("SUMMITS_CONTACT", "someone@example.org")
    assert run(publisher, "sec_facts").reason == "unasked"


def test_a_slow_publisher_does_not_use_up_the_time_of_the_next(
    cut: Callable, publisher: server.Publisher, stop: object
) -> None:
    cut(INDEX, "nl_exp_cn_hs8486")
    values = package.values("nl_exp_cn_hs8486", "2021-01")
    good = sends(replies.eurostat(values), "application/json")
    publisher.does(drips(0.02, stop), good)
    ways = transport(publisher, deadline=0.6)
    states = [each.state for each in refresh.refresh(["fred", "eurostat"], transport=ways, today=TODAY)]
    publisher.does(good)
    assert sorted(states) in (["refused", "unchanged"], ["refused", "refused"])


def test_an_accident_with_one_publisher_leaves_the_others(
    cut: Callable, publisher: server.Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut(INDEX, "nl_exp_cn_hs8486")
    judge = refresh.judging.additions

    def broken(rows: object, held: object, series: dict, *others: object) -> object:
        if INDEX in series:
            raise KeyError("\ud800")
        return judge(rows, held, series, *others)

    monkeypatch.setattr(refresh.judging, "additions", broken)
    eurostat = sends(replies.eurostat(package.values("nl_exp_cn_hs8486", "2021-01")), "application/json")
    fred = sends(replies.fred(HELD, "IPG3344S"))
    order = [name for name in refresh.PUBLISHERS if name in ("fred", "eurostat")]
    chosen = list(refresh.choose(["fred", "eurostat"], []))
    publisher.does(*[{"fred": fred, "eurostat": eurostat}[name] for name in chosen])
    states = {
        each.publisher: each for each in refresh.refresh(order, transport=transport(publisher), today=TODAY)
    }
    assert (states["fred"].reason, states["eurostat"].state) == ("accident", "unchanged")


ODD = ["\ud800", "\x1b[2K\rOK", "x" * 1_000_000, "a\nfred    3 new", "\u202e"]


@pytest.mark.parametrize("text", ODD)
def test_odd_text_of_a_publisher_is_made_plain(text: str, cut: Callable, publisher: server.Publisher) -> None:
    folder = cut("nl_exp_cn_hs8486")
    body = json.loads(replies.eurostat({"2026-01": 5}))
    body["dimension"]["partner"] = {"category": {"index": {text: 0}}}
    publisher.does(sends(replies.as_json(body), "application/json"))
    outcome = run(publisher, "eurostat")
    assert outcome.state == "refused" and len(outcome.message) < 600
    assert outcome.message.isprintable()
    json.loads((folder / refresh.STATUS).read_text(encoding="utf-8"))


@pytest.mark.parametrize("key", ['"', "y", "fred", 'a"b\\c{d}'])
def test_redaction_leaves_the_status_whole(
    key: str, cut: Callable, publisher: server.Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = cut(INDEX)
    monkeypatch.setenv("SUMMITS_CONTACT", key)
    publisher.does(sends(replies.fred(HELD, "IPG3344S"), ETag='"v1"'))
    run(publisher)
    status = json.loads((folder / refresh.STATUS).read_text())
    assert status["fred"]["state"] == "fresh"


def test_a_key_is_taken_out_in_each_of_its_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRED_API_KEY", "Se/cret+Key==")
    for form in ("Se/cret+Key==", "Se%2Fcret%2BKey%3D%3D", "Se%2fcret%2bKey%3d%3d"):
        assert keys.clean(f"no {form} here") == "no [key] here"


@pytest.mark.parametrize("damage", ["", "{", "[]", "null", '{"fred": 3}', "\x00"])
def test_a_damaged_status_counts_as_none(damage: str, cut: Callable, publisher: server.Publisher) -> None:
    folder = cut(INDEX)
    (folder / "receipts").mkdir()
    (folder / refresh.STATUS).write_text(damage)
    publisher.does(sends(replies.fred(HELD, "IPG3344S")))
    assert run(publisher).state == "unchanged"
    assert json.loads((folder / refresh.STATUS).read_text())["fred"]["state"] == "fresh"


def test_another_origin_must_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUMMITS_ORIGIN_FRED", "file:///etc/hostname")
    fred = refresh.PUBLISHERS["fred"]
    with pytest.raises(refresh.Refused, match="SUMMITS_ORIGIN_FRED"):
        Transport().fetch(fred, refresh.Request("https://fred.stlouisfed.org/x", "csv", {}))
