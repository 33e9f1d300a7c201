"""What is missing stays missing, and a reply is about what was asked: samples in each publisher's shape."""

import io
import json
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from samples import package, replies

from helpers import catalog, timeline
from summits import refresh
from summits.publishers import PUBLISHERS
from summits.publishers.client import Publisher, Refused, Request, Wanted

TODAY = date(2026, 11, 30)


def asked(*series_ids: str, last: str = "2026-01", today: date = TODAY) -> tuple[Publisher, list[Request]]:
    infos = [catalog.series(each) for each in series_ids]
    publisher = PUBLISHERS[infos[0].loader]
    return publisher, publisher.requests({publisher.label(each): Wanted(each, last) for each in infos}, today)


def read(body: object, *series_ids: str, last: str = "2026-01") -> pd.DataFrame:
    publisher, calls = asked(*series_ids, last=last)
    raw = body if isinstance(body, bytes) else replies.as_json(body)
    call = calls[-1]
    if hasattr(publisher.client, "follow"):
        call = replace(call, form="xlsx" if publisher.name == "wsts" else "csv")
    return refresh.read(publisher.parse, raw, call)


def values(rows: pd.DataFrame) -> dict[str, float]:
    return dict(zip(rows["period"], rows["value"], strict=True))


def refused(body: object, *series_ids: str, **settings: str) -> Refused:
    with pytest.raises(Refused) as refusal:
        read(body, *series_ids, **settings)
    return refusal.value


# --- a sample with gaps of each publisher -----------------------------------------------------------------


def stata(months: list[str], numbers: list[float]) -> bytes:
    table = pd.DataFrame({"month": pd.to_datetime(months), "GPR": np.array(numbers, "float32")})
    buffer = io.BytesIO()
    table.to_stata(buffer, write_index=False, convert_dates={"month": "tm"})
    return buffer.getvalue()


def jsonstat(cells: list[float | None], **about: str) -> dict:
    """Write JSON-stat of months from January 2026 with what it says about itself."""
    months = {f"2026-{number:02d}": number - 1 for number in range(1, len(cells) + 1)}
    said = {"indicators": "VALUE_IN_EUROS"} | about
    dimension = {name: {"category": {"index": {code: 0}}} for name, code in said.items()}
    dimension["time"] = {"category": {"index": months}}
    values = {str(place): cell for place, cell in enumerate(cells)}
    return {"id": ["time"], "size": [1, len(cells)], "dimension": dimension, "value": values}


def census(*rows: tuple[str | None, str], code: str = "8486") -> list:
    header = ["ALL_VAL_MO", "CTY_CODE", "time", "E_COMMODITY", "COMM_LVL"]
    return [header, *([value, "5700", month, code, "HS4"] for value, month in rows)]


def finmind(*revenues: float | None) -> dict:
    rows = [
        {"stock_id": "2330", "revenue": revenue, "revenue_month": number, "revenue_year": 2026}
        for number, revenue in enumerate(revenues, 1)
    ]
    return {"status": 200, "data": rows}


def csv(text: str) -> bytes:
    return text.replace(" ", "\n").encode() + b"\n"


BILLINGS = [[2026.0], ["Worldwide", 50.0, 55.0, "", 60.5, 66.55, 0.0]]
GAPS = {
    "gpr": (
        stata(["1984-12-01", "1985-01-01", "1985-02-01"], [np.nan, 100.5, 101.25]),
        {"1985-01": 100.5, "1985-02": 101.25},
    ),
    "nl_exp_cn_hs8486": (jsonstat([5, None, 7]), {"2026-01": 5, "2026-03": 7}),
    "us_exp_cn_hs8486": (census((None, "2026-01"), ("6", "2026-02")), {"2026-02": 6}),
    "tsmc_monthly_revenue": (finmind(1e6, None, 3e6), {"2026-01": 1, "2026-03": 3}),
    "fred_IPG3344S": (
        csv("observation_date,IPG3344S 2026-01-01,1.5 2026-02-01,. 2026-03-01,2.5"),
        {"2026-01": 1.5, "2026-03": 2.5},
    ),
    "aigpr_total": (
        csv("Date,GPR_AI 2026-01-01,1.5 2026-02-01, 2026-03-01,NaN 2026-04-01,2"),
        {"2026-01": 1.5, "2026-04": 2},
    ),
    "tpu_us_daily": (
        csv("day,month,year,daily_tpu_index 1,1,2026,5 2,1,2026,. 3,1,2026,6"),
        {"2026-01-01": 5, "2026-01-03": 6},
    ),
    "change_VIX": (
        csv("DATE,CLOSE 01/05/2026,15 01/06/2026, 01/07/2026,16 01/08/2026,17.5"),
        {"2026-01-08": 1.5},
    ),
    "cset_ai_patents_submitted_cn": (
        csv("Entity,Code,Year,value China,CHN,2020,3 China,CHN,2021, China,CHN,2022,4"),
        {"2020": 3, "2022": 4},
    ),
    "wsts_billings_world": (replies.workbook({"Monthly Data": BILLINGS}), {"2026-02": 10.0, "2026-05": 10.0}),
    "tw_exp_world_electronic_components": (
        "年(月)別,電子零組件\n115年 1月,5\n115年 2月,\n115年 3月,6\n".encode(),
        {"2026-01": 5, "2026-03": 6},
    ),
    "factor_mom": (
        replies.archive({"x.csv": b",Mom\n20260105,1.5\n20260106,-99.99\n20260107,2.5\n\n"}),
        {"2026-01-05": 0.015, "2026-01-07": 0.025},
    ),
    "kr_exp_cn_hs8542": (
        replies.korea({"2026-01": 5, "2026-02": 0, "2026-03": 7}),
        {"2026-01": 5, "2026-03": 7},
    ),
    "jp_exp_cn_hs8486": (
        replies.estat({"2026-01": 5e9, "2026-03": 6e9}, 2026),
        {"2026-01": 5e9, "2026-03": 6e9},
    ),
    "kr_exp_cn_hs8486": (replies.comtrade({"2026-10": 0}, 410, 156, "8486"), {}),
    "running_max_training_compute_us": (
        replies.csv(
            {
                "Publication date": ["2026-02-01", "2026-05-01", ""],
                "Country (of organization)": ["United States of America"] * 3,
                "Training compute (FLOP)": ["5e26", "", "9e26"],
            }
        ),
        {"2026-03-31": 5e26, "2026-06-30": 5e26, "2026-09-30": 5e26},
    ),
}


@pytest.mark.parametrize("series_id", GAPS)
def test_a_period_without_a_value_is_left_out(series_id: str) -> None:
    body, expected = GAPS[series_id]
    last = "2026-01-01" if catalog.series(series_id).frequency == "D" else "2026-01"
    assert values(read(body, series_id, last=last)) == pytest.approx(expected)


def test_a_period_named_without_a_value_is_told_apart_from_one_not_named() -> None:
    rows = read(jsonstat([5, None, 7]), "nl_exp_cn_hs8486")
    assert rows.attrs["silent"] == [("nl_exp_cn_hs8486", "2026-02")]


# --- share prices -----------------------------------------------------------------------------------------


def chart(
    symbol: str, closes: list[float | None], volumes: list[int], days: list[str], splits: dict | None = None
) -> dict:
    moments = [int(pd.Timestamp(f"{day} 14:30", tz="UTC").timestamp()) for day in days]
    meta = {"symbol": symbol, "currency": "HKD" if symbol.endswith("HK") else "USD", "gmtoffset": -18000}
    prices = {"adjclose": [{"adjclose": closes}], "quote": [{"close": closes, "volume": volumes}]}
    events = {"splits": splits or {}}
    result = {"meta": meta, "timestamp": moments, "events": events, "indicators": prices}
    return {"chart": {"result": [result], "error": None}}


WEEK = ["2026-11-16", "2026-11-17", "2026-11-18", "2026-11-19", "2026-11-20"]


@pytest.mark.parametrize(
    ("closes", "volumes", "days", "expected"),
    [
        ([100, 102, None, 110, 111], [1] * 5, WEEK, {"2026-11-17": 0.02, "2026-11-20": 0.0090909}),
        ([100, 102, 104.04, 104.04, 110], [1, 1, 1, 0, 1], WEEK, {"2026-11-17": 0.02, "2026-11-18": 0.02}),
        (
            [100, 102, 110, 111],
            [1] * 4,
            [*WEEK[:2], *WEEK[3:]],
            {"2026-11-17": 0.02, "2026-11-20": 0.0090909},
        ),
    ],
)
def test_a_return_over_several_sessions_is_missing(
    closes: list, volumes: list, days: list, expected: dict
) -> None:
    got = values(read(chart("NVDA", closes, volumes, days), "return_NVDA", last="2026-11-01"))
    assert got == pytest.approx(expected, abs=1e-6)


def test_a_halted_share_has_no_returns() -> None:
    body = chart("0981.HK", [20, 20, 20, 20, 23], [5, 0, 0, 0, 9], WEEK)
    assert values(read(body, "return_0981.HK", last="2026-11-01")) == {}


def test_a_share_halted_all_the_time_has_no_returns() -> None:
    assert values(read(chart("0981.HK", [20] * 5, [0] * 5, WEEK), "return_0981.HK", last="2026-11-01")) == {}


def test_an_index_without_volume_is_not_halted() -> None:
    body = chart("^SOX", [100, 101, 102.01], [0, 0, 0], WEEK[:3])
    assert len(read(body, "return_SOX", last="2026-11-01")) == 2


@pytest.mark.parametrize(("ratio", "close"), [((10, 1), 101.5), ((3, 2), 680.0), ((1, 10), 9900.0)])
def test_a_split_that_the_closes_do_not_have_is_refused(ratio: tuple[int, int], close: float) -> None:
    day = int(pd.Timestamp("2026-11-18 14:30", tz="UTC").timestamp())
    split = {"1": {"date": day, "numerator": ratio[0], "denominator": ratio[1]}}
    lost = chart("NVDA", [1000, 1010, close], [1] * 3, WEEK[:3], split)
    assert refused(lost, "return_NVDA", last="2026-11-01").reason == "split"
    adjusted = chart("NVDA", [1000, 1010, 1015], [1] * 3, WEEK[:3], split)
    assert len(read(adjusted, "return_NVDA", last="2026-11-01")) == 2


def test_the_bundle_has_no_return_across_missed_sessions() -> None:
    shares = catalog.list_table("shares").set_index("series_id")
    for series_id in ("return_688981.SS", "return_688347.SS", "return_688041.SS", "return_688012.SS"):
        days = list(package.values(series_id))
        sessions = timeline.sessions(shares.loc[series_id, "calendar"], days[0], days[-1])
        places = sessions.get_indexer(pd.DatetimeIndex(days))
        # The first return after a halt is a return of one day: the day before has a close.
        assert (np.diff(places) != 1).any() and len(days) > 100


@pytest.mark.parametrize(("day", "open_again"), [("2023-09-01", "2023-09-04"), ("2023-09-08", "2023-09-11")])
def test_hong_kong_was_shut_by_the_weather(day: str, open_again: str) -> None:
    assert str(timeline.sessions("XHKG", day, open_again)[0].date()) == open_again


# --- what a reply says about itself -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("series_id", "body", "reason"),
    [
        ("nl_exp_cn_hs8486", jsonstat([5, 6], partner="TW", reporter="DE"), "columns"),
        ("nl_exp_cn_hs8486", jsonstat([5, 6], product="8542"), "columns"),
        ("nl_exp_cn_hs8486", jsonstat([5, 6], flow="1"), "columns"),
        ("nl_exp_cn_hs8486", jsonstat([5, 6], indicators="QUANTITY_IN_100KG"), "unit"),
        ("us_exp_cn_hs8486", census(("5", "2026-01"), code="8542"), "columns"),
        ("kr_exp_cn_hs8486", replies.comtrade({"2026-10": 3e8}, 410, 490, "8486"), "columns"),
        ("kr_exp_cn_hs8486", replies.comtrade({"2026-10": 3e8}, 392, 156, "8486"), "columns"),
        ("kr_exp_cn_hs8486", replies.comtrade({"2026-10": 3e8}, 410, 156, "8486", "M"), "columns"),
        ("jp_exp_cn_hs8486", replies.estat({"2026-01": 5e9}, 2026, code="8542"), "columns"),
        ("kr_exp_cn_hs8542", replies.korea({"2026-01": 5}, country="TW"), "columns"),
        ("kr_exp_cn_hs8542", replies.korea({"2026-01": 5}).replace(b"8542", b"8541"), "columns"),
        ("kr_exp_cn_hs8486", {"count": 0, "data": [], "error": "Out of call volume quota"}, "status"),
        ("nl_exp_cn_hs8486", {"warning": {"status": 413, "label": "ASYNCHRONOUS_RESPONSE"}}, "status"),
        ("tsmc_monthly_revenue", {"status": 402, "msg": "too many requests", "data": []}, "status"),
        ("return_NVDA", {"chart": {"result": None, "error": {"code": "Not Found"}}}, "status"),
        ("kr_exp_cn_hs8486", {"count": 0, "data": [], "message": "Rate limit is exceeded"}, "status"),
        ("us_exp_cn_hs8486", {"error": "error: unknown variable 'ALL_VAL'"}, "status"),
        ("jp_exp_cn_hs8486", {"GET_STATS_DATA": {"RESULT": {"STATUS": 100, "ERROR_MSG": "no"}}}, "status"),
        ("return_NVDA", {"finance": {"result": None, "error": {"code": "Unauthorized"}}}, "columns"),
        (
            "factor_smb_ff3",
            replies.fama_french({"SMB": {"2026-10-01": 0.1}, "RMW": {"2026-10-01": 0.1}}),
            "columns",
        ),
        ("capex_ppe_cash_fiscal_year_meta", {"cik": 789019, "units": {"USD": []}}, "columns"),
        (
            "capex_ppe_cash_fiscal_year_meta",
            {"cik": 1326801, "tag": "Revenues", "units": {"USD": []}},
            "columns",
        ),
        ("capex_ppe_cash_fiscal_year_meta", {"cik": 1326801, "units": {"EUR": []}}, "columns"),
    ],
)
def test_a_reply_about_something_else_is_refused(series_id: str, body: object, reason: str) -> None:
    last = "2026-10-01" if series_id.startswith("return") else "2026-01"
    assert refused(body, series_id, last=last).reason == reason


def test_a_year_without_a_table_of_estat_is_refused() -> None:
    with pytest.raises(Refused, match="2027"):
        asked("jp_exp_cn_hs8486", today=date(2028, 3, 1))


@pytest.mark.parametrize(("last", "first"), [("2024-01", "2024-02"), ("2026-09", "2025-05"), ("", "2010-01")])
def test_comtrade_asks_from_what_is_held(last: str, first: str) -> None:
    calls = asked("kr_exp_cn_hs8486", last=last)[1]
    assert (calls[0].first, calls[-1].last) == (first, "2026-10")
    months = [str(month) for month in pd.period_range(first, "2026-10", freq="M")]
    assert [call.first for call in calls] == months


STEPS = {"D": "2022-06-03", "M": "2022-06", "Q": "2022-06-30", "A": "2022"}


@pytest.mark.parametrize("name", sorted(set(PUBLISHERS) - {"estat"}))
def test_every_client_asks_from_the_last_period_held(name: str) -> None:
    """What was held years ago is followed by calls without a hole between them."""
    labels = refresh.live_series()
    loaders = catalog.catalogue()["loader"]
    infos = {label: catalog.series(each) for each, label in labels.items() if loaders[each] == name}
    wanted = {label: Wanted(info, STEPS[info.frequency]) for label, info in infos.items()}
    windows: dict[str, list[Request]] = {}
    for call in PUBLISHERS[name].requests(wanted, TODAY):
        for each in call.wanted.values():
            windows.setdefault(each.series.series_id, []).append(call)
    for series_id, calls in windows.items():
        step = {"D": "D", "M": "M", "Q": "Q", "A": "Y"}[catalog.series(series_id).frequency]
        reached = pd.Period(STEPS[catalog.series(series_id).frequency], step)
        for call in calls:
            assert not call.first or pd.Period(call.first, step) <= reached + 1, series_id
            reached = pd.Period(call.last or str(TODAY), step)
        assert reached >= pd.Period(TODAY, step) - (2 if step == "D" else 1), series_id


# --- company filings --------------------------------------------------------------------------------------


def filed(company: str, *facts: tuple[str, str, float, str, str]) -> dict[str, list[tuple[float, str]]]:
    """Read facts of start, end, million dollars, form and day filed: values and vintages by period."""
    names = ("start", "end", "val", "form", "filed")
    rows = [dict(zip(names, fact, strict=True)) for fact in facts]
    rows = [row | {"val": row["val"] * 1_000_000} for row in rows]
    families = [f"capex_ppe_cash_{kind}_{company}" for kind in ("quarterly", "fiscal_year")]
    table = read({"units": {"USD": rows}}, *families, last="")
    return {
        period: list(zip(part["value"], part["vintage"], strict=True))
        for period, part in table.groupby("period")
    }


MICROSOFT = [
    ("2023-07-01", "2023-09-30", 90.0, "10-Q", "2023-10-25"),
    ("2023-07-01", "2023-12-31", 190.0, "10-Q", "2024-01-30"),
    ("2023-07-01", "2024-03-31", 300.0, "10-Q", "2024-04-25"),
    ("2023-07-01", "2024-06-30", 420.0, "10-K", "2024-07-30"),
]


def test_twelve_months_that_end_inside_a_fiscal_year_are_no_year() -> None:
    got = filed(
        "amazon",
        ("2022-04-01", "2023-03-31", 440.0, "10-Q", "2023-04-28"),
        ("2022-07-01", "2023-06-30", 430.0, "10-Q", "2023-08-04"),
        ("2023-01-01", "2023-12-31", 470.0, "10-K", "2024-02-02"),
        ("2022-01-01", "2022-12-31", 420.0, "10-K", "2023-02-03"),
    )
    assert got == {"2022": [(420.0, "2023-02-03")], "2023": [(470.0, "2024-02-02")]}


@pytest.mark.parametrize(
    ("value", "form"), [(0.42, "DEF 14A"), (400.0, "8-K"), (0.42, "10-K/A"), (420_000.0, "10-K/A")]
)
def test_a_proxy_or_another_unit_is_no_edition(value: float, form: str) -> None:
    got = filed("microsoft", *MICROSOFT, ("2023-07-01", "2024-06-30", value, form, "2024-10-15"))
    assert got["2024"] == [(420.0, "2024-07-30")]
    assert got["2024-06-30"] == [(120.0, "2024-07-30")]


def test_a_quarter_is_not_made_of_two_editions() -> None:
    got = filed("microsoft", *MICROSOFT, ("2023-07-01", "2024-06-30", 380.0, "10-K/A", "2025-02-10"))
    assert got["2024-06-30"] == [(120.0, "2024-07-30")]
    assert got["2024"] == [(420.0, "2024-07-30"), (380.0, "2025-02-10")]


def test_a_year_and_nine_months_restated_together_give_a_new_quarter() -> None:
    restated = [(*MICROSOFT[n][:2], MICROSOFT[n][2] - 10 * n, "10-K/A", "2025-02-10") for n in (2, 3)]
    assert filed("microsoft", *MICROSOFT, *restated)["2024-06-30"] == [
        (120.0, "2024-07-30"),
        (110.0, "2025-02-10"),
    ]


def test_every_edition_is_a_vintage() -> None:
    again = ("2023-07-01", "2023-09-30", 90.0, "10-K", "2024-07-30")
    late = ("2023-07-01", "2023-09-30", 84.0, "10-Q", "2024-10-25")
    got = filed("microsoft", MICROSOFT[0], again, late)
    assert got["2023-09-30"] == [(90.0, "2023-10-25"), (84.0, "2024-10-25")]


def test_a_sum_of_companies_has_the_vintages_of_its_parts() -> None:
    names = [f"capex_ppe_cash_quarterly_{name}" for name in ("microsoft", "alphabet", "amazon", "meta")]
    rows = [(name, "2026-06-30", 10.0, f"2026-07-{20 + place}") for place, name in enumerate(names)]
    rows.append((names[0], "2026-06-30", 11.0, "2026-09-01"))
    table = pd.DataFrame(rows, columns=["series_id", "period", "value", "vintage"])
    sums = PUBLISHERS["sec_facts"].client.combine(table, {"capex_big4_sum_derived": None})
    assert list(zip(sums["vintage"], sums["value"], strict=True)) == [
        ("2026-07-23", 40.0),
        ("2026-09-01", 41.0),
    ]


# --- vintages that withdraw a value -----------------------------------------------------------------------


def test_a_value_withdrawn_in_a_later_vintage_is_read_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRED_API_KEY", "a key")
    rows = [
        {
            "realtime_start": "2020-02-15",
            "realtime_end": "2020-03-14",
            "date": "2020-01-01",
            "value": "100.0",
        },
        {"realtime_start": "2020-03-15", "realtime_end": "9999-12-31", "date": "2020-01-01", "value": "."},
        {
            "realtime_start": "2020-03-15",
            "realtime_end": "2020-04-14",
            "date": "2020-02-01",
            "value": "101.0",
        },
    ]
    got = read({"count": 3, "observations": rows}, "fred_CAPG3344S", last="")
    told = got.astype({"value": object}).where(got.notna(), None)
    assert sorted(told[["period", "value", "vintage"]].itertuples(index=False, name=None), key=str) == [
        ("2020-01", 100.0, "2020-02-15"),
        ("2020-01", None, "2020-03-15"),
        ("2020-02", 101.0, "2020-03-15"),
        ("2020-02", None, "2020-04-15"),
    ]


def test_a_word_that_is_no_number_is_refused() -> None:
    body = json.loads(json.dumps(finmind(1e6, 2e6)))
    body["data"][1]["revenue"] = "n/a"
    assert refused(body, "tsmc_monthly_revenue").reason == "malformed"


def test_a_month_that_nobody_reported_is_named_without_a_value() -> None:
    rows = read(replies.comtrade({}, 410, 156, "8486"), "kr_exp_cn_hs8486")
    assert rows.empty and rows.attrs["silent"] == [("kr_exp_cn_hs8486", "2026-10")]
