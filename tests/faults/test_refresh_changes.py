"""What a refresh adds when all goes well, and that nothing can stop it half way."""

import email.utils
import hashlib
import importlib.util
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner
from samples import package, replies, server
from samples.calls import TODAY, run, transport
from samples.server import breaks_off, hangs, sends

from helpers import catalog, observations, paths
from summits import cli, refresh, validation
from summits import release_dates as releases
from summits.publishers import keys, store

_spec = importlib.util.spec_from_file_location("endpoints", paths.root() / "tools" / "endpoints.py")
contract = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(contract)
INDEX = "fred_IPG3344S"
HELD = package.values(INDEX)
NEW = HELD | {"2026-05": 187.5, "2026-06": 190.1}
CANARY = "canary/7f3a+secret=="


def reply(values: dict[str, float] = NEW, **headers: str) -> server.Behaviour:
    return sends(replies.fred(values, "IPG3344S"), **headers)


def test_new_and_revised_values_are_appended_as_a_new_vintage(
    cut: Callable, publisher: server.Publisher
) -> None:
    folder = cut(INDEX)
    before = (folder / "observations" / "activity.csv").read_text().splitlines()
    publisher.does(reply())
    outcome = run(publisher)
    after = (folder / "observations" / "activity.csv").read_text().splitlines()
    added = [line for line in after if line not in set(before)]
    assert added == [
        f"{INDEX},2026-05,187.5,2026-11-23,fred_live",
        f"{INDEX},2026-06,190.1,2026-11-23,fred_live",
    ]
    assert [line for line in after if line in set(before)] == before
    assert (outcome.new, len(outcome.revisions), outcome.unchanged) == (1, 1, len(HELD) - 1)
    assert "2026-05: 188.0105 → 187.5" in "\n".join(outcome.lines())
    assert observations.load(INDEX, "2026-07-01").values.iloc[-1] == HELD["2026-05"]
    assert observations.load(INDEX).values.iloc[-1] == 190.1
    assert validation.check(folder) == []


def test_a_second_refresh_adds_nothing(cut: Callable, publisher: server.Publisher) -> None:
    folder = cut(INDEX)
    publisher.does(reply())
    run(publisher)
    before = package.tree(folder)
    outcome = run(publisher)
    assert (outcome.state, outcome.new, outcome.unchanged) == ("unchanged", 0, len(NEW))
    assert package.tree(folder) == before


def test_a_value_that_changes_twice_in_a_day_waits(cut: Callable, publisher: server.Publisher) -> None:
    cut(INDEX)
    publisher.does(reply())
    run(publisher)
    publisher.does(reply(NEW | {"2026-06": 191.0}))
    outcome = run(publisher)
    assert (outcome.state, outcome.waiting) == ("unchanged", 1)
    assert "wait" in outcome.lines()[0]


def test_a_dry_run_writes_nothing(cut: Callable, publisher: server.Publisher) -> None:
    folder = cut(INDEX)
    before = package.tree(folder)
    publisher.does(reply())
    outcome = run(publisher, dry_run=True)
    assert (outcome.state, outcome.new) == ("changed", 1)
    assert package.tree(folder) == before
    assert not (folder / "receipts").exists()


def test_the_receipt_says_what_was_read(cut: Callable, publisher: server.Publisher) -> None:
    folder = cut(INDEX)
    body = replies.fred(NEW, "IPG3344S")
    publisher.does(sends(body, ETag='"v1"'))
    run(publisher)
    [path] = (folder / "receipts").glob("fred-*.json")
    [receipt] = json.loads(path.read_text())
    assert receipt["address"] == "https://fred.stlouisfed.org/graph/fredgraph.csv?id=IPG3344S"
    assert (receipt["status"], receipt["etag"], receipt["bytes"]) == (200, '"v1"', len(body))
    assert receipt["series"] == [INDEX]
    assert len(receipt["sha256"]) == 64 and receipt["licence"]
    assert "fred_live" in catalog.sources().index


def test_tables_put_back_to_an_earlier_state_are_filled_again(
    cut: Callable, publisher: server.Publisher
) -> None:
    cut(INDEX)
    publisher.does(reply())
    assert run(publisher).new == 1
    cut(INDEX)
    assert run(publisher).new == 1


def test_a_value_that_waits_is_not_taken_for_read(cut: Callable, publisher: server.Publisher) -> None:
    cut(INDEX)
    publisher.does(reply(ETag='"v1"'))
    run(publisher)
    publisher.does(reply(NEW | {"2026-06": 191.0}, ETag='"v2"'))
    assert run(publisher).waiting == 1


def test_after_a_refusal_a_good_reply_is_taken_and_the_label_goes(
    cut: Callable, publisher: server.Publisher
) -> None:
    folder = cut(INDEX)
    publisher.does(sends(b"", status=404))
    assert run(publisher).state == "refused"
    [status] = releases.release_status(TODAY)
    assert (status["stale"], status["reason"]) == (True, "status")
    publisher.does(reply())
    assert run(publisher).state == "changed"
    assert json.loads((folder / refresh.STATUS).read_text())["fred"]["state"] == "fresh"


def test_one_publisher_may_fail_and_the_other_succeed(cut: Callable, publisher: server.Publisher) -> None:
    cut(INDEX, "nl_exp_cn_hs8486")
    values = package.values("nl_exp_cn_hs8486", "2021-01")
    publisher.does(
        sends(b"", status=404), sends(replies.eurostat(values | {"2026-08": 2e8}), "application/json")
    )
    outcomes = refresh.refresh(["fred", "eurostat"], transport=transport(publisher), today=TODAY)
    states = {each.publisher: each.state for each in outcomes}
    reasons = [each.reason for each in outcomes]
    assert states == {"fred": "refused", "eurostat": "changed"}, reasons


def test_all_or_nothing_within_a_publisher(cut: Callable, publisher: server.Publisher) -> None:
    folder = cut("fred_CAPG3344S", INDEX)
    before = package.tree(folder)
    capacity = package.values("fred_CAPG3344S") | {"2026-06": 250.0}
    publisher.does(sends(replies.fred(capacity, "CAPG3344S")), sends(b"", status=404))
    assert run(publisher).state == "refused"
    assert package.tree(folder) == before


def test_retry_after_is_honoured(cut: Callable, publisher: server.Publisher) -> None:
    cut(INDEX)
    publisher.does(sends(b"", status=429, Retry_After="1"), reply())
    started = time.monotonic()
    assert run(publisher).state == "changed"
    assert time.monotonic() - started >= 1.0
    assert len(publisher.asked) == 2


def test_retry_after_may_be_a_date(cut: Callable, publisher: server.Publisher) -> None:
    cut(INDEX)
    # The date has whole seconds: two from now are more than one away.
    date = email.utils.format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    publisher.does(sends(b"", status=503, Retry_After=date), reply())
    started = time.monotonic()
    assert run(publisher).state == "changed"
    assert time.monotonic() - started >= 0.9


@pytest.mark.parametrize("nonsense", ["soon", "-5", "\u00b2", "Sat, 01 Jan 0000 00:00:00 GMT", "9" * 400])
def test_a_retry_after_that_says_nothing_does_no_harm(
    nonsense: str, cut: Callable, publisher: server.Publisher
) -> None:
    cut(INDEX)
    publisher.does(sends(b"", status=503, Retry_After=nonsense))
    assert run(publisher).reason == "status"


def test_retry_after_beyond_the_deadline_is_not_waited_for(
    cut: Callable, publisher: server.Publisher
) -> None:
    cut(INDEX)
    publisher.does(sends(b"", status=503, Retry_After="3600"))
    started = time.monotonic()
    assert run(publisher).reason == "status"
    assert time.monotonic() - started < 4
    assert len(publisher.asked) == 1


def test_repeats_are_bounded_and_a_plain_refusal_is_not_repeated(
    cut: Callable, publisher: server.Publisher
) -> None:
    cut(INDEX)
    publisher.does(sends(b"", status=500))
    run(publisher, attempts=3)
    assert len(publisher.asked) == 3
    publisher.does(sends(b"", status=404))
    run(publisher, attempts=3)
    assert len(publisher.asked) == 1


def test_calls_of_one_host_keep_their_distance_and_say_who_asks(
    cut: Callable, publisher: server.Publisher
) -> None:
    cut("fred_CAPG3344S", INDEX)
    capacity = package.values("fred_CAPG3344S")
    publisher.does(sends(replies.fred(capacity, "CAPG3344S")), reply())
    started = time.monotonic()
    run(publisher, interval=0.4)
    assert time.monotonic() - started >= 0.4
    assert all(headers["User-Agent"].startswith("chips-and-summits/") for _, headers in publisher.asked)


def test_a_redirect_on_the_same_host_is_followed(cut: Callable, publisher: server.Publisher) -> None:
    cut(INDEX)
    publisher.does(sends(b"", status=301, Location="/moved"), reply())
    assert run(publisher).state == "changed"


def test_without_its_key_a_publisher_is_skipped(
    cut: Callable, publisher: server.Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut("us_exp_cn_hs8542")
    monkeypatch.delenv("CENSUS_API_KEY", raising=False)
    publisher.does(reply())
    outcome = run(publisher, "census")
    assert (outcome.state, publisher.asked) == ("skipped", [])
    assert "CENSUS_API_KEY" in outcome.message
    command = CliRunner()
    assert command.invoke(cli.main, ["refresh"]).exit_code == 0
    asked_by_name = command.invoke(cli.main, ["refresh", "--source", "census"])
    assert (asked_by_name.exit_code, "CENSUS_API_KEY" in asked_by_name.output) == (1, True)


def test_a_series_of_fred_or_census_takes_one_catalogue_row(
    cut: Callable, publisher: server.Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = cut(INDEX, "us_exp_cn_hs8542")
    table = catalog.read_text_table(folder / "series.csv")
    fetched = {"redistribution": "fetch"}
    prices = table[table["series_id"] == INDEX].assign(series_id="fred_PCU33443344", unit="index", **fetched)
    cards = table[table["series_id"] == "us_exp_cn_hs8542"].assign(
        series_id="us_exp_vn_hs8541", partner="Viet Nam", product="HS 8541"
    )
    package.store(pd.concat([table, prices, cards.assign(**fetched)]), folder / "series.csv")
    monkeypatch.setenv("CENSUS_API_KEY", "any")
    made_up = {"2026-08": 101.0, "2026-09": 102.0}
    publisher.does(
        sends(replies.fred(made_up, "PCU33443344")),
        sends(replies.census(made_up, "8541", "5520"), "application/json"),
    )
    refresh.refresh(
        series=["fred_PCU33443344", "us_exp_vn_hs8541"], transport=transport(publisher), today=TODAY
    )
    assert "id=PCU33443344" in publisher.asked[0][0]
    assert "CTY_CODE=5520" in publisher.asked[1][0] and "E_COMMODITY=8541" in publisher.asked[1][0]
    assert observations.load("fred_PCU33443344").values.tolist() == [101.0, 102.0]
    assert observations.load("us_exp_vn_hs8541").values.tolist() == [101.0, 102.0]
    assert catalog.catalogue().index.is_monotonic_increasing
    assert validation.check(folder) == []


def test_alfred_vintages_are_kept_as_vintages(
    cut: Callable, publisher: server.Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut(INDEX)
    monkeypatch.setenv("FRED_API_KEY", "any")
    held = [(month, value, "2026-01-01") for month, value in HELD.items()]
    made_up = [
        ("2026-05", 180.0, "2025-12-01"),
        ("2026-06", 190.1, "2026-07-16"),
        ("2026-06", 191.3, "2026-08-14"),
    ]
    publisher.does(sends(replies.alfred([*held, *made_up]), "application/json"))
    outcome = run(publisher)
    assert (outcome.new, len(outcome.revisions)) == (1, 1)
    assert observations.load(INDEX, "2026-08-01").values.iloc[-1] == 190.1
    assert observations.load(INDEX, "2026-08-14").values.iloc[-1] == 191.3


def test_unknown_sources_and_series_are_refused(cut: Callable, publisher: server.Publisher) -> None:
    cut(INDEX)
    with pytest.raises(refresh.CannotRefresh, match="fred"):
        refresh.refresh(["frd"], transport=transport(publisher))
    with pytest.raises(catalog.UnknownSeries):
        refresh.refresh(series=["fred_IPG3344"], transport=transport(publisher))
    folder = cut(INDEX, "us_exp_cn_hs8542", "asml_china_share_fy")
    with pytest.raises(refresh.CannotRefresh, match="single publication"):
        refresh.refresh(series=["asml_china_share_fy"], transport=transport(publisher))
    rows = catalog.read_text_table(folder / "series.csv").replace({"partner": {"China": "Atlantis"}})
    package.store(rows, folder / "series.csv")
    with pytest.raises(refresh.CannotRefresh, match="partner it knows"):
        refresh.refresh(series=["us_exp_cn_hs8542"], transport=transport(publisher))


def test_an_unsound_package_is_not_refreshed(cut: Callable, publisher: server.Publisher) -> None:
    folder = cut(INDEX)
    with (folder / "observations" / "activity.csv").open("a") as file:
        file.write("fred_IPG3344S,2026-06,abc,2026-07-01,nowhere\n")
    with pytest.raises(refresh.CannotRefresh, match="data check"):
        run(publisher)


# --- keys -------------------------------------------------------------------------------------------------


KEY_FAULTS = {
    "echo": sends(f"no such key {CANARY}".encode(), f"text/{CANARY}", status=200),
    "echo as a number": sends(
        f'[["ALL_VAL_MO","CTY_CODE","time"],["{CANARY}","5700","2026-07"]]'.encode(), "application/json"
    ),
    "html": sends(f"<html>{CANARY}</html>".encode(), "text/html"),
    "redirect": sends(b"", status=302, Location=f"http://{CANARY}.example/?key={CANARY}"),
    "redirect here": sends(b"", status=302, Location=f"/again?key={CANARY}"),
    "odd redirect": sends(b"", status=302, Location=f"http://[{CANARY}"),
    "server error": sends(CANARY.encode(), status=500, Retry_After=CANARY),
    "broken off": breaks_off(CANARY.encode() * 9, "application/json"),
    "broken compression": sends(CANARY.encode(), "application/json", Content_Encoding="gzip"),
    "refused key": sends(CANARY.encode(), status=403),
    "silence": None,
    "unreachable": None,
    "none": None,
}


@pytest.mark.parametrize("fault", KEY_FAULTS)
def test_a_key_goes_nowhere_but_into_the_request(
    fault: str,
    cut: Callable,
    publisher: server.Publisher,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture,
    tmp_path: Path,
    stop: threading.Event,
) -> None:
    cut("us_exp_cn_hs8542")
    monkeypatch.setenv("CENSUS_API_KEY", CANARY)
    caplog.set_level(logging.DEBUG)
    held = package.values("us_exp_cn_hs8542", "2013") | {"2026-08": 1.1e9}
    good = sends(replies.census(held), "application/json", ETag=f'"{CANARY}"', Last_Modified=CANARY)
    publisher.does(KEY_FAULTS[fault] or (hangs(stop) if fault == "silence" else good))
    place = server.Publisher("http://127.0.0.1:9") if fault == "unreachable" else publisher
    errors = refusals(monkeypatch)
    outcome = run(place, "census")
    said = repr(outcome) + "\n".join(outcome.lines()) + "".join(map(whole_chain, errors))
    assert len(errors) == (fault != "none")
    said += caplog.text + "".join(capsys.readouterr())
    said += "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert "canary" not in said
    assert outcome.state == ("changed" if fault == "none" else "refused")
    if fault != "unreachable":
        assert any("key=canary" in path for path, _ in publisher.asked)


def refusals(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """Note the errors that end a fetch, as a caller of the library gets them."""
    noted, fetch = [], refresh._fetch

    def noting(*arguments: object) -> object:
        try:
            return fetch(*arguments)
        except Exception as error:
            noted.append(error)
            raise

    monkeypatch.setattr(refresh, "_fetch", noting)
    return noted


def whole_chain(error: BaseException | None) -> str:
    """Return an error with all that is chained to it, also what a traceback would not show."""
    if error is None:
        return ""
    own = "".join(traceback.format_exception(error)) + repr(error.args) + repr(vars(error))
    return own + whole_chain(error.__cause__) + whole_chain(error.__context__)


@pytest.mark.parametrize(
    ("variable", "series_id"),
    [
        ("COMTRADE_API_KEY", "kr_exp_cn_hs8486"),
        ("ESTAT_APP_ID", "jp_exp_cn_hs8486"),
        ("FRED_API_KEY", INDEX),
        ("KOREA_CUSTOMS_KEY", "kr_exp_cn_hs8542"),
        ("SUMMITS_CONTACT", "capex_ppe_cash_quarterly_microsoft"),
    ],
)
def test_every_key_is_sent_and_kept_from_errors(
    variable: str,
    series_id: str,
    cut: Callable,
    publisher: server.Publisher,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    cut(series_id)
    monkeypatch.setenv(variable, CANARY)
    caplog.set_level(logging.DEBUG)
    publisher.does(sends(b"", status=302, Location=f"/?{CANARY}"), sends(CANARY.encode(), f"text/{CANARY}"))
    errors = refusals(monkeypatch)
    outcome = run(publisher, catalog.series(series_id).loader)
    said = repr(outcome) + "".join(map(whole_chain, errors)) + caplog.text
    said += "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert (outcome.state, len(errors)) == ("refused", 1)
    assert "canary" not in said
    path, headers = publisher.asked[0]
    assert "canary" in path + "".join(headers.values())


def test_keys_are_read_from_a_file_that_git_ignores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FRED_API_KEY", raising=False)
    file = tmp_path / ".env"
    file.write_text("# keys\nexport FRED_API_KEY='abc'\nESTAT_APP_ID=d#ef  # mine\nOTHER=1\n")
    assert keys.read("FRED_API_KEY", file) == "abc"
    assert keys.read("ESTAT_APP_ID", file) == "d#ef"
    assert keys.read("CENSUS_API_KEY_X", file) == ""
    assert ".env" in (refresh.paths.root() / ".gitignore").read_text().split()


# --- stopped half way -------------------------------------------------------------------------------------


def both_notes(folder: Path, note: str) -> dict[str, bytes]:
    """Return the catalogue and the sources with the same remark in each."""
    files = {}
    for name, column in (("series.csv", "caution"), ("sources.csv", "notes")):
        table = catalog.read_text_table(folder / name).assign(**{column: note})
        files[name] = table.to_csv(index=False, lineterminator="\n").encode()
    return files


def notes(folder: Path) -> set[str]:
    series = catalog.read_text_table(folder / "series.csv")["caution"]
    return {*series, *catalog.read_text_table(folder / "sources.csv")["notes"]}


def test_a_change_is_completed_from_the_journal(cut: Callable) -> None:
    folder = cut(INDEX)
    copy = folder.parent / f".{folder.name}-refresh-copy"
    files = both_notes(folder, "new")
    with store.locked(folder):
        store.change(folder, both_notes(folder, "old"))
        copy.mkdir()
        for name, content in files.items():
            (copy / name).write_bytes(content)
        os.replace(copy / "series.csv", folder / "series.csv")
        (copy / store.JOURNAL).write_text(json.dumps([*files]))
    assert notes(folder) == {"new", "old"}
    with store.locked(folder):
        assert notes(folder) == {"new"}
    assert not copy.exists()


def test_a_copy_without_a_journal_is_thrown_away(cut: Callable) -> None:
    folder = cut(INDEX)
    before = package.tree(folder)
    copy = folder.parent / f".{folder.name}-refresh-copy"
    copy.mkdir()
    (copy / "series.csv").write_text("half a f")
    with store.locked(folder):
        assert package.tree(folder) == before
    assert not copy.exists()


def test_an_unsound_change_is_not_made(cut: Callable) -> None:
    folder = cut(INDEX)
    before = package.tree(folder)
    table = (folder / "observations" / "activity.csv").read_bytes()
    bad = table + f"{INDEX},2026-06,1e9,2026-07-01,fred_via_gohil\n".encode()
    with store.locked(folder), pytest.raises(refresh.Refused, match="scale"):
        store.change(folder, {"observations/activity.csv": bad})
    assert package.tree(folder) == before


def test_two_refreshes_do_not_meet(cut: Callable) -> None:
    folder = cut(INDEX)
    with store.locked(folder):
        other = subprocess.run(
            [sys.executable, "-c", "from summits import refresh; refresh.refresh(['fred'])"],
            env={**os.environ, "SUMMITS_DATA": str(folder)},
            capture_output=True,
            text=True,
        )
    assert other.returncode == 1
    assert "Another refresh is changing" in other.stderr


# A test run in the background of a shell ignores SIGINT, and so would its children.
CHANGER = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from pathlib import Path
from faults.test_refresh_changes import both_notes
from summits.publishers import store
folder = Path(sys.argv[1])
for number in range(100000):
    with store.locked(folder):
        store.change(folder, both_notes(folder, f"change {number}"))
    if number == 0:
        print("changed once", flush=True)
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_a_kill_at_any_moment_leaves_one_whole_change(end: signal.Signals, cut: Callable) -> None:
    folder = cut(INDEX)
    tests = refresh.paths.root() / "tests"
    for delay in (0.0, 0.13, 0.22):
        process = subprocess.Popen(
            [sys.executable, "-c", CHANGER, str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(tests)},
        )
        process.stdout.readline()
        time.sleep(delay)
        for _ in range(12):
            process.send_signal(end)
            try:
                process.wait(timeout=5)
                break
            except subprocess.TimeoutExpired:  # an interrupt that falls into a destructor is lost: once more
                continue
        assert process.poll() is not None
        process.stdout.close()
        with store.locked(folder):
            pass
        assert len(notes(folder) - {""}) <= 2
        assert validation.check(folder) == []
    assert notes(folder).pop().startswith("change ")
    assert len(notes(folder)) == 1


KILLED_BETWEEN = """
import os, signal, sys
from pathlib import Path
from faults.test_refresh_changes import both_notes
from summits.publishers import store
folder, left = Path(sys.argv[1]), int(sys.argv[2])
replace = os.replace
def replace_some(source, target):
    global left
    if Path(target).parent == folder:
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)
os.replace = replace_some
with store.locked(folder):
    store.change(folder, both_notes(folder, "new"))
"""


@pytest.mark.parametrize("renamed", [0, 1, 2])
def test_a_kill_between_two_files_is_seen_and_mended(renamed: int, cut: Callable) -> None:
    folder = cut(INDEX)
    tests = refresh.paths.root() / "tests"
    process = subprocess.run(
        [sys.executable, "-c", KILLED_BETWEEN, str(folder), str(renamed)],
        env={**os.environ, "PYTHONPATH": str(tests)},
    )
    assert process.returncode == -signal.SIGKILL
    assert bool(validation.check(folder)) == (renamed > 0)
    with store.locked(folder):
        assert notes(folder) == {"new"}
        assert validation.check(folder) == []


def test_the_descriptor_changes_with_the_tables(cut: Callable, publisher: server.Publisher) -> None:
    folder = cut(INDEX)
    publisher.does(reply())
    run(publisher)
    table = (folder / "observations" / "activity.csv").read_bytes()
    resources = json.loads((folder / "datapackage.json").read_text())["resources"]
    [stated] = [each for each in resources if each["path"] == "observations/activity.csv"]
    assert stated["hash"] == f"sha256:{hashlib.sha256(table).hexdigest()}"
    assert stated["bytes"] == len(table)


def test_an_interrupt_while_waiting_changes_nothing(cut: Callable, stop: threading.Event) -> None:
    folder = cut(INDEX)
    before = package.tree(folder)
    script = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from summits import refresh; from summits.publishers.transport import Transport;"
        "print('ready', flush=True);"
        "refresh.refresh(['fred'], transport=Transport(sys.argv[1]))"
    )
    with server.running() as publisher:
        publisher.does(hangs(stop))
        process = subprocess.Popen(
            [sys.executable, "-c", script, publisher.origin],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "SUMMITS_DATA": str(folder), "NO_PROXY": "127.0.0.1"},
        )
        process.stdout.readline()
        for _ in range(200):
            if publisher.asked:
                break
            time.sleep(0.05)
        assert publisher.asked
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) != 0
        process.stdout.close()
        stop.set()
    assert package.tree(folder) == before


# --- contract ---------------------------------------------------------------------------------------------


def test_the_contract_check_calls_each_endpoint_once(cut: Callable, publisher: server.Publisher) -> None:
    cut("factor_mkt_rf", "factor_smb", "factor_mom")
    columns = {"Mkt-RF": {"2026-04-01": 0.01}, "SMB": {"2026-04-01": 0.01}}
    momentum = replies.fama_french({"Mom": {"2026-04-01": 0.01}})
    publisher.does(sends(replies.fama_french(columns), "application/zip"), sends(momentum, "application/zip"))
    said = []
    assert contract.check(transport(publisher), said.append) == contract.FINE
    assert len({path for path, _ in publisher.asked}) == len(publisher.asked) == 2
    publisher.does(sends(replies.fama_french(columns), "application/zip"))
    assert contract.check(transport(publisher), said.append) == contract.DRIFT


def test_the_contract_check_tells_drift_from_no_network(cut: Callable, publisher: server.Publisher) -> None:
    folder = cut(INDEX)
    before, said = package.tree(folder), []
    publisher.does(reply())
    assert contract.check(transport(publisher), said.append) == contract.FINE
    publisher.does(sends(b"<html></html>", "text/html"))
    assert contract.check(transport(publisher), said.append) == contract.DRIFT
    nobody = server.Publisher("http://127.0.0.1:9")
    assert contract.check(transport(nobody), said.append) == contract.NO_NETWORK
    assert "as expected" in said[0] and "Exit code 0" in said[1]
    assert "html" in said[2] and "Exit code 1" in said[3]
    assert "no network" in said[-1] and "Exit code 3" in said[-1]
    assert package.tree(folder) == before
