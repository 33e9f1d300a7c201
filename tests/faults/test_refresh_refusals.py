"""A publisher that misbehaves never harms the data: each fault against a real server on loopback."""

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from samples import package, replies, server
from samples.calls import TODAY, run
from samples.server import breaks_off, drips, hangs, sends

from summits import refresh, validation
from summits.publishers import PUBLISHERS

INDEX = "fred_IPG3344S"
HELD = package.values(INDEX)
GOOD = replies.fred(HELD | {"2026-06": 190.1, "2026-07": 191.2}, "IPG3344S")


def refused(folder: Path, publisher: server.Publisher, source: str = "fred", **settings) -> refresh.Outcome:
    """Refresh, and check that it was refused, that no byte changed, and that the source is labelled stale."""
    before = package.tree(folder)
    outcome = run(publisher, source, **settings)
    assert outcome.state == "refused", outcome
    assert package.tree(folder) == before
    status = json.loads((folder / refresh.STATUS).read_text())
    assert status[source]["state"] == "stale"
    assert status[source]["reason"] == outcome.reason
    assert validation.check(folder) == []
    return outcome


def edited(**changes: float | None) -> bytes:
    """Return the good reply with months changed, added or (None) left out."""
    months = {name.removeprefix("m").replace("_", "-"): value for name, value in changes.items()}
    values = HELD | months
    return replies.fred({month: value for month, value in values.items() if value is not None}, "IPG3344S")


HTML = b"<!DOCTYPE html><html><body>Scheduled maintenance</body></html>"
CSV_FAULTS = {
    "not found": (sends(b"", status=404), "status"),
    "not modified, unasked": (sends(b"", status=304), "status"),
    "no content": (sends(b"", status=204), "status"),
    "forbidden": (sends(b"", status=403), "status"),
    "server error": (sends(b"", status=503), "status"),
    "too many requests": (sends(b"", status=429), "status"),
    "broken off": (breaks_off(GOOD), "truncated"),
    "last row cut": (sends(GOOD[:-12]), "truncated"),
    "other content": (sends(GOOD, "application/pdf"), "content_type"),
    "web page as csv": (sends(HTML), "html"),
    "web page": (sends(HTML, "text/html"), "html"),
    "empty": (sends(b""), "empty"),
    "renamed column": (sends(GOOD.replace(b"IPG3344S", b"IPG3344SQ")), "columns"),
    "renamed date": (sends(GOOD.replace(b"observation_date", b"time")), "columns"),
    "not text": (sends(b"\xff\xfe\x00\x01" * 50), "malformed"),
    "text for number": (sends(edited(m2026_06=1.0).replace(b",1.0\n", b",n/a\n")), "malformed"),
    "thousands separators": (sends(GOOD.replace(b"190.1", b'"1,190.1"')), "malformed"),
    "two values for a month": (sends(GOOD + b"2026-07-01,192.0\n"), "duplicate"),
    "lost month": (sends(edited(m2020_03=None)), "shrunk"),
    "lost start": (sends(replies.fred({k: v for k, v in HELD.items() if k > "2015"}, "IPG3344S")), "shrunk"),
    "blank where a value was": (sends(GOOD.replace(b"2026-05-01,188.0105", b"2026-05-01,.")), "shrunk"),
    "new base year": (sends(replies.fred({k: v * 0.8 for k, v in HELD.items()}, "IPG3344S")), "unit"),
    "last month off by 1000": (sends(edited(m2026_06=190_100.0)), "scale"),
    "zero where a value was": (sends(edited(m2026_05=0.0)), "zero"),
    "all off by 1000": (sends(replies.fred({k: v * 1000 for k, v in HELD.items()}, "IPG3344S")), "scale"),
    "future": (sends(edited(m2027_01=190.0)), "future"),
    "too large": (sends(GOOD + b"#" * 3_000_000), "oversized"),
    "compressed bomb": (sends(replies.gzipped(30_000_000), Content_Encoding="gzip"), "oversized"),
    "broken compression": (sends(b"no gzip", Content_Encoding="gzip"), "truncated"),
    "redirect in circles": (sends(b"", status=302, Location="/again"), "redirect"),
    "redirect to another host": (sends(b"", status=302, Location="http://localhost:9/x"), "redirect"),
    "redirect out by odd signs": (
        sends(b"", status=302, Location="http://elsewhere.example\\@127.0.0.1/x"),
        "redirect",
    ),
    "redirect to a file": (sends(b"", status=302, Location="file:///etc/hostname"), "redirect"),
}


@pytest.mark.parametrize("fault", CSV_FAULTS)
def test_a_bad_reply_is_refused(fault: str, cut: Callable, publisher: server.Publisher) -> None:
    behaviour, reason = CSV_FAULTS[fault]
    folder = cut(INDEX)
    publisher.does(behaviour)
    assert refused(folder, publisher, largest=2_000_000).reason == reason


def test_the_good_reply_is_taken(cut: Callable, publisher: server.Publisher) -> None:
    cut(INDEX)
    publisher.does(sends(GOOD))
    outcome = run(publisher)
    assert (outcome.state, outcome.new, outcome.unchanged) == ("changed", 2, len(HELD))


@pytest.mark.parametrize(
    "onward", ["http://127.0.0.1:9/x", "https://127.0.0.1:{port}/x", "//localhost:{port}/x"]
)
def test_a_redirect_to_another_port_scheme_or_name_is_refused(
    onward: str, cut: Callable, publisher: server.Publisher
) -> None:
    folder = cut(INDEX)
    port = publisher.origin.rpartition(":")[2]
    publisher.does(sends(b"", status=302, Location=onward.format(port=port)), sends(GOOD))
    assert refused(folder, publisher).reason == "redirect"
    assert len(publisher.asked) == 1


def test_a_zero_or_a_blank_for_a_month_to_come_adds_nothing(
    cut: Callable, publisher: server.Publisher
) -> None:
    cut(INDEX)
    for unpublished in (b"0", b"0.0", b".", b""):
        publisher.does(sends(replies.fred(HELD, "IPG3344S") + b"2026-06-01," + unpublished + b"\n"))
        assert run(publisher).state == "unchanged", unpublished


def test_silence_is_refused_after_the_timeout(
    cut: Callable, publisher: server.Publisher, stop: threading.Event
) -> None:
    folder = cut(INDEX)
    publisher.does(hangs(stop))
    assert refused(folder, publisher, timeout=0.2).reason == "timeout"
    assert len(publisher.asked) == 2


def test_a_drip_is_cut_at_the_deadline(
    cut: Callable, publisher: server.Publisher, stop: threading.Event
) -> None:
    folder = cut(INDEX)
    publisher.does(drips(0.02, stop))
    started = time.monotonic()
    assert refused(folder, publisher, deadline=0.6).reason == "deadline"
    assert time.monotonic() - started < 5


def test_a_drip_of_headers_is_cut_at_the_deadline(
    cut: Callable, publisher: server.Publisher, stop: threading.Event
) -> None:
    folder = cut(INDEX)
    publisher.does(drips(0.02, stop, headers=True))
    started = time.monotonic()
    assert refused(folder, publisher, deadline=0.6).reason == "deadline"
    assert time.monotonic() - started < 5


def test_no_server_is_unreachable(cut: Callable, publisher: server.Publisher) -> None:
    folder = cut(INDEX)
    nobody = server.Publisher("http://127.0.0.1:9")
    assert refused(folder, nobody).reason == "unreachable"


def test_census_page_about_a_missing_key_is_refused(
    cut: Callable, publisher: server.Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = cut("us_exp_cn_hs8542")
    monkeypatch.setenv("CENSUS_API_KEY", "wrong")
    publisher.does(sends(replies.MISSING_KEY, "text/html"))
    outcome = refused(folder, publisher, "census")
    assert outcome.reason == "html"
    assert "CENSUS_API_KEY" in outcome.message


def test_census_value_off_by_1000_is_refused(
    cut: Callable, publisher: server.Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = cut("us_exp_cn_hs8542")
    monkeypatch.setenv("CENSUS_API_KEY", "any")
    held = package.values("us_exp_cn_hs8542", "2013")
    publisher.does(sends(replies.census(held | {"2026-08": 1.2e12}), "application/json"))
    assert refused(folder, publisher, "census").reason == "scale"
    publisher.does(sends(replies.census(held | {"2026-07": 0}), "application/json"))
    assert refused(folder, publisher, "census").reason == "zero"
    publisher.does(sends(replies.census(held, partner="5820"), "application/json"))
    assert refused(folder, publisher, "census").reason == "columns"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"ALL_VAL_MO", b"ALL_VAL_YR", "columns"),
        (b'"time"', b'"period"', "columns"),
        (b', "2020-03"]', b"]", "truncated"),
        (b'"2020-03"]', b'"2020-02"]', "duplicate"),
        (b'"2026-07"]]', b'"2026-07"], ["1200000000", "8542", "HS4", "5700", "2027-01"]]', "future"),
        (b'"2026-07"]]', b'"2026-07"', "malformed"),
    ],
)
def test_census_replies_of_another_form_are_refused(
    old: bytes,
    new: bytes,
    reason: str,
    cut: Callable,
    publisher: server.Publisher,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = cut("us_exp_cn_hs8542")
    monkeypatch.setenv("CENSUS_API_KEY", "a key")
    body = replies.census(package.values("us_exp_cn_hs8542", "2013"))
    assert body.count(old) == 1
    publisher.does(sends(body.replace(old, new), "application/json"))
    assert refused(folder, publisher, "census").reason == reason


def test_census_zero_for_a_month_to_come_is_no_value(
    cut: Callable, publisher: server.Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut("us_exp_cn_hs8542")
    monkeypatch.setenv("CENSUS_API_KEY", "any")
    held = package.values("us_exp_cn_hs8542", "2013")
    publisher.does(sends(replies.census(held | {"2026-08": 0}), "application/json"))
    assert run(publisher, "census").state == "unchanged"


@pytest.fixture
def japan(cut: Callable, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ESTAT_APP_ID", "any")
    return cut("jp_exp_cn_hs8486")


def estat(publisher: server.Publisher, latest: bytes) -> None:
    """Answer the call for 2021 to 2025 with the bundled months, the one for 2026 with `latest`."""
    rows = []
    for year in range(2021, 2026):
        values = package.values("jp_exp_cn_hs8486", f"{year}-01", f"{year}-12")
        body = json.loads(replies.estat(values, year))
        rows += body["GET_STATS_DATA"]["STATISTICAL_DATA"]["DATA_INF"]["VALUE"]
    body["GET_STATS_DATA"]["STATISTICAL_DATA"]["DATA_INF"]["VALUE"] = rows
    body["GET_STATS_DATA"]["STATISTICAL_DATA"]["RESULT_INF"]["TOTAL_NUMBER"] = len(rows)
    publisher.does(sends(replies.as_json(body), "application/json"), sends(latest, "application/json"))


YEN = package.values("jp_exp_cn_hs8486", "2026-01")
NEXT = f"2026-{len(YEN) + 1:02d}"


def test_estat_prints_0_for_months_to_come(japan: Path, publisher: server.Publisher) -> None:
    estat(publisher, replies.estat(YEN | {NEXT: 2.0e11}, 2026))
    outcome = run(publisher, "estat")
    assert (outcome.new, outcome.revisions) == (1, ())


def test_estat_0_where_a_value_was_is_refused(japan: Path, publisher: server.Publisher) -> None:
    estat(publisher, replies.estat(YEN | {max(YEN): 0}, 2026))
    assert refused(japan, publisher, "estat").reason == "shrunk"


def test_estat_in_another_unit_is_refused(japan: Path, publisher: server.Publisher) -> None:
    estat(publisher, replies.estat(YEN, 2026, unit="百万円"))
    assert refused(japan, publisher, "estat").reason == "unit"
    estat(publisher, replies.estat({month: value * 1000 for month, value in YEN.items()}, 2026))
    outcome = refused(japan, publisher, "estat")
    assert outcome.reason == "scale", outcome


def test_estat_partial_page_is_refused(japan: Path, publisher: server.Publisher) -> None:
    body = json.loads(replies.estat(YEN, 2026))
    body["GET_STATS_DATA"]["STATISTICAL_DATA"]["RESULT_INF"]["NEXT_KEY"] = 100001
    estat(publisher, replies.as_json(body))
    assert refused(japan, publisher, "estat").reason == "partial"


def test_comtrade_partial_pages_are_refused(cut: Callable, publisher: server.Publisher) -> None:
    folder = cut("kr_exp_cn_hs8486")
    body = json.loads(replies.comtrade({"2026-09": 3e8}, 410, 156, "8486"))
    publisher.does(sends(replies.as_json(body | {"count": 99}), "application/json"))
    assert refused(folder, publisher, "comtrade").reason == "partial"
    full = {"count": 500, "data": body["data"][:1] * 500}
    publisher.does(sends(replies.as_json(full), "application/json"))
    assert refused(folder, publisher, "comtrade").reason == "partial"


def test_comtrade_zero_for_a_month_to_come_is_no_value(cut: Callable, publisher: server.Publisher) -> None:
    cut("kr_exp_cn_hs8486", last={"kr_exp_cn_hs8486": "2024-12"})
    publisher.does(sends(replies.comtrade({"2026-09": 0}, 410, 156, "8486"), "application/json"))
    assert run(publisher, "comtrade").state == "unchanged"


def test_fred_partial_page_of_vintages_is_refused(
    cut: Callable, publisher: server.Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = cut(INDEX)
    monkeypatch.setenv("FRED_API_KEY", "a key")
    body = json.loads(replies.alfred([(month, value, "2026-01-01") for month, value in HELD.items()]))
    publisher.does(sends(replies.as_json(body | {"count": 100_001}), "application/json"))
    assert refused(folder, publisher).reason == "partial"


def test_eurostat_other_indicator_is_refused(cut: Callable, publisher: server.Publisher) -> None:
    folder = cut("nl_exp_cn_hs8486")
    values = package.values("nl_exp_cn_hs8486")
    publisher.does(sends(replies.eurostat(values, indicator="QUANTITY_IN_100KG"), "application/json"))
    assert refused(folder, publisher, "eurostat").reason == "unit"


@pytest.mark.parametrize("body", [replies.ENTITY_BOMB, replies.ENTITY_FILE])
def test_xml_entities_are_refused(
    body: bytes, cut: Callable, publisher: server.Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = cut("kr_exp_cn_hs8542")
    monkeypatch.setenv("KOREA_CUSTOMS_KEY", "any")
    publisher.does(sends(body, "application/xml"))
    assert refused(folder, publisher, "korea_customs").reason == "entity"


def test_korean_rows_that_do_not_add_up_are_refused(
    cut: Callable, publisher: server.Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = cut("kr_exp_cn_hs8542")
    monkeypatch.setenv("KOREA_CUSTOMS_KEY", "any")
    body = replies.korea(package.values("kr_exp_cn_hs8542", "2025-01", "2025-12"))
    item = body.rindex(b"<item>")
    publisher.does(sends(body[:item] + body[body.rindex(b"</item>") + 7 :], "application/xml"))
    assert refused(folder, publisher, "korea_customs").reason == "partial"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (replies.bomb(101_000_000), "oversized"),
        (replies.bomb(10)[:60], "truncated"),
        (replies.archive({"readme.txt": b"none"}), "columns"),
    ],
)
def test_bad_archives_are_refused(
    body: bytes, reason: str, cut: Callable, publisher: server.Publisher
) -> None:
    folder = cut("factor_mkt_rf")
    publisher.does(sends(body, "application/zip"))
    assert refused(folder, publisher, "fama_french").reason == reason


@pytest.mark.parametrize("address", ["https://elsewhere.example/x.xlsx", "http://www.wsts.org/x.xlsx"])
def test_wsts_workbook_on_another_host_is_refused(
    address: str, cut: Callable, publisher: server.Publisher
) -> None:
    folder = cut("wsts_billings_world")
    publisher.does(sends(f'<html><a href="{address}">report</a></html>'.encode(), "text/html"))
    assert refused(folder, publisher, "wsts").reason == "redirect"


@pytest.mark.parametrize(
    "address", ["https://elsewhere.example/x.csv", "https://elsewhere.example\\.gov.tw/x.csv"]
)
def test_taiwanese_table_outside_the_government_is_refused(
    address: str, cut: Callable, publisher: server.Publisher
) -> None:
    folder = cut("tw_exp_world_electronic_components")
    publisher.does(sends(replies.taiwan_catalogue(address), "application/json"))
    assert refused(folder, publisher, "taiwan_mof").reason == "redirect"
    assert len(publisher.asked) == 1


def test_wsts_zeros_for_months_to_come_are_no_values(cut: Callable, publisher: server.Publisher) -> None:
    cut("wsts_billings_world", last={"wsts_billings_world": "2026-04"})
    bundled = package.values("wsts_billings_world")
    assert max(bundled) == "2026-05"
    page = b'<html><a href="/x.xlsx?report=1">report</a></html>'
    publisher.does(
        sends(page, "text/html"), sends(replies.wsts(bundled), "application/vnd.ms-excel.spreadsheet")
    )
    outcome = run(publisher, "wsts")
    assert (outcome.new, outcome.revisions) == (1, ())
    assert [path for path, _ in publisher.asked] == ["/67/Historical-Billings-Report", "/x.xlsx?report=1"]


def test_stata_file_cut_off_is_refused(cut: Callable, publisher: server.Publisher) -> None:
    folder = cut("gprd")
    values = package.values("gprd", "2026-01-01")
    body = replies.stata(list(values), {"GPRD": list(values.values())}, "date")
    publisher.does(sends(body[: len(body) // 2], "application/octet-stream"))
    assert refused(folder, publisher, "gpr").reason == "malformed"


DAYS = package.values("gprd", "2026-05-01")
FACTS = [
    ("2026-01-01", "2026-03-31", 44203.0, "2026-05-01"),
    ("2026-01-01", "2026-06-30", 98411.0, "2026-08-01"),
]
BODIES = {
    INDEX: GOOD,
    "us_exp_cn_hs8542": replies.census(package.values("us_exp_cn_hs8542", "2026")),
    "nl_exp_cn_hs8486": replies.eurostat(package.values("nl_exp_cn_hs8486", "2026")),
    "kr_exp_cn_hs8486": replies.comtrade(package.values("kr_exp_cn_hs8486", "2025-10"), 410, 156, "8486"),
    "jp_exp_cn_hs8486": replies.estat(YEN, 2026),
    "kr_exp_cn_hs8542": replies.korea(package.values("kr_exp_cn_hs8542", "2026")),
    "tw_exp_world_electronic_components": replies.taiwan({"2026-06": 21234, "2026-07": 22000}),
    "wsts_billings_world": replies.wsts(package.values("wsts_billings_world", "2026")),
    "capex_ppe_cash_quarterly_amazon": replies.sec(FACTS),
    "tsmc_monthly_revenue": replies.finmind(package.values("tsmc_monthly_revenue", "2026")),
    "cset_ai_patents_submitted_cn": replies.owid({"China": package.values("cset_ai_patents_submitted_cn")}),
    "factor_mom": replies.fama_french({"Mom": package.values("factor_mom", "2026-04-20")}),
    "gprd": replies.stata(list(DAYS), {"GPRD": list(DAYS.values())}, "date"),
    "aigpr_total": replies.csv({"Date": ["2026-03-01", "2026-04-01"], "GPR_AI": [322.64, 300.0]}),
    "us_china_tension": replies.csv({"date": ["2024m11", "2024m12"], "UCT": [101.5, 99.25]}),
    "change_VIX": replies.csv({"DATE": ["08/19/2026", "08/20/2026"], "CLOSE": [20.0, 21.0]}),
    "return_NVDA": replies.yahoo(package.values("return_NVDA", "2026-08-10"), "NVDA"),
}


@pytest.mark.parametrize("series_id", BODIES)
def test_a_cut_or_garbled_reply_is_read_or_refused_and_never_an_accident(series_id: str) -> None:
    info, body = refresh.catalog.series(series_id), BODIES[series_id]
    client = PUBLISHERS[info.loader]
    request = client.requests({client.label(info): refresh.Wanted(info)}, TODAY)[-1]
    assert len(refresh.read(client.parse, body, request))
    for place in range(0, len(body) - 2, max(1, len(body) // 60)):
        for garbled in (body[:place], body[:place] + b"\x00}" + body[place + 2 :]):
            try:
                refresh.read(client.parse, garbled, request)
            except refresh.Refused as refusal:
                assert str(refusal)


def test_an_archive_that_is_locked_or_a_reply_nested_without_end_is_refused() -> None:
    locked = bytearray(BODIES["factor_mom"])
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        locked[locked.index(mark) + (6 if mark.endswith(b"\x04") else 8)] |= 1
    for series_id, body in (("factor_mom", bytes(locked)), ("tsmc_monthly_revenue", b"[" * 100_000)):
        info = refresh.catalog.series(series_id)
        client = PUBLISHERS[info.loader]
        [request] = client.requests({client.label(info): refresh.Wanted(info)}, TODAY)
        with pytest.raises(refresh.Refused) as refusal:
            refresh.read(client.parse, body, request)
        assert refusal.value.reason == "malformed"
