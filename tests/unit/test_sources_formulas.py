"""Refreshing from the bundled figures, in each publisher's shape, gives the bundled series again."""

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from samples import package, replies

from helpers import catalog, transforms
from summits.publishers import PUBLISHERS, formulas
from summits.publishers.client import Request, Wanted

TODAY = date(2026, 11, 23)


def read(series_id: str, body: bytes, last: str = "", number: int = 0) -> dict[str, float]:
    """Read a reply to the request the client makes for a series."""
    request = request_of(series_id, last=last)[number]
    publisher = PUBLISHERS[catalog.series(series_id).loader]
    if hasattr(publisher.client, "follow"):
        form = {"wsts": "xlsx"}.get(publisher.name, "csv")
        request = Request("https://example.org/file", form, request.wanted)
    return found(publisher.parse(body, request), series_id)


def request_of(*series_ids: str, last: str = "") -> list[Request]:
    publisher = PUBLISHERS[catalog.series(series_ids[0]).loader]
    infos = [catalog.series(each) for each in series_ids]
    return publisher.requests({publisher.label(info): Wanted(info, last) for info in infos}, TODAY)


def found(rows: pd.DataFrame, series_id: str) -> dict[str, float]:
    rows = rows[rows["series_id"] == series_id].drop_duplicates("period", keep="last")
    return dict(zip(rows["period"], rows["value"], strict=True))


@pytest.mark.parametrize(
    ("series_id", "code", "partner"),
    [
        ("us_exp_cn_hs8542", "8542", "5700"),
        ("us_exp_cn_hs8486", "8486", "5700"),
        ("us_exp_tw_hs8542", "8542", "5830"),
        ("us_exp_world_hs8542", "8542", "-"),
        ("us_exp_cn_total_goods", "-", "5700"),
    ],
)
def test_census_gives_the_dollars_of_the_bundle(series_id: str, code: str, partner: str) -> None:
    bundled = package.values(series_id, "2013-01")
    assert read(series_id, replies.census(bundled, code, partner)) == bundled


def test_census_imports_are_general_imports() -> None:
    # The bundle has US imports as UN Comtrade passes them on: they are those of the Census Bureau.
    info = replace(catalog.series("us_imp_from_tw_hs8542"), loader="census")
    census, bundled = PUBLISHERS["census"], package.values(info.series_id, "2013-01")
    [request] = census.requests({census.label(info): Wanted(info)}, TODAY)
    assert request.address.endswith("/imports/hs")
    assert request.params["get"] == "GEN_VAL_MO" and request.params["I_COMMODITY"] == "8542"
    body = replies.census(bundled, "8542", "5830", flow="import")
    assert found(census.parse(body, request), info.series_id) == bundled


@pytest.mark.parametrize(
    "series_id", ["fred_IPG3344S", "fred_CAPG3344S", "fred_IPHITEK2S", "fred_EXPCH", "usdcny"]
)
def test_fred_gives_the_values_of_the_bundle(series_id: str) -> None:
    bundled = package.values(series_id)
    label = PUBLISHERS["fred"].label(catalog.series(series_id))
    assert read(series_id, replies.fred(bundled, label)) == bundled


def test_fred_reads_both_headers_and_takes_a_point_for_missing() -> None:
    body = b"DATE,IPG3344S\n2021-01-01,98.5\n2021-02-01,.\n2021-03-01,\n"
    assert read("fred_IPG3344S", body) == {"2021-01": 98.5}


def daily_rates(series_id: str) -> bytes:
    """Write made-up days, as FRED quotes them, around the bundled mean of each month."""
    label = PUBLISHERS["fred"].label(catalog.series(series_id))
    days = {
        f"{month}-{day:02d}": mean * (1 + step)
        for month, mean in package.values(series_id).items()
        for day, step in ((2, -0.01), (3, 0.0), (4, 0.01))
    }
    if series_id == "eur_per_usd":
        days = {day: 1 / rate for day, rate in days.items()}
    return replies.fred(days, label)


@pytest.mark.parametrize("series_id", ["jpy_per_usd", "eur_per_usd"])
def test_exchange_rates_are_monthly_means_of_the_days(series_id: str) -> None:
    assert read(series_id, daily_rates(series_id)) == package.values(series_id)


def test_a_month_that_is_not_over_has_no_mean() -> None:
    assert "2026-11" not in read("jpy_per_usd", replies.fred({"2026-11-02": 150.0}, "DEXJPUS"))


def monthly(values: dict[str, float]) -> pd.Series:
    return pd.Series(list(values.values()), pd.DatetimeIndex([f"{month}-01" for month in values], freq="MS"))


@pytest.mark.parametrize(
    ("series_id", "rate_id"), [("nl_exp_cn_hs8486", "eur_per_usd"), ("jp_exp_cn_hs8486", "jpy_per_usd")]
)
def test_raw_euros_and_yen_become_the_dollars_of_the_bundle(series_id: str, rate_id: str) -> None:
    months = package.values(rate_id, "2026-01", "2026-07")
    bundled = {month: package.values(series_id)[month] for month in months}
    body = replies.eurostat(bundled) if rate_id == "eur_per_usd" else replies.estat(bundled, 2026)
    money = read(series_id, body, last="2026-07", number=rate_id == "jpy_per_usd")
    rates = {month: read(rate_id, daily_rates(rate_id))[month] for month in months}
    dollars = transforms.to_currency(monthly(money), monthly(rates), "old per new")
    assert dollars.round().tolist() == [round(bundled[month] / months[month]) for month in months]


def test_comtrade_keeps_totals_and_not_their_parts() -> None:
    bundled = package.values("kr_exp_cn_hs8486", "2025-12", "2025-12")
    body = replies.comtrade(bundled, 410, 156, "8486")
    number = next(
        place
        for place, each in enumerate(request_of("kr_exp_cn_hs8486"))
        if each.params["period"] == "202512"
    )
    assert read("kr_exp_cn_hs8486", body, number=number) == bundled


@pytest.mark.parametrize(
    ("series_id", "reporter", "partner", "flow"),
    [
        ("kr_exp_world_hs8542_annual", 410, 0, "X"),
        ("us_imp_from_tw_hs8542", 842, 490, "M"),
        ("sg_exp_cn_hs8542", 702, 156, "X"),
    ],
)
def test_comtrade_gives_years_and_imports_of_the_bundle(
    series_id: str, reporter: int, partner: int, flow: str
) -> None:
    bundled = package.values(series_id, "2015")
    bundled = dict(list(bundled.items())[:100])
    assert read(series_id, replies.comtrade(bundled, reporter, partner, "8542", flow)) == bundled


def test_comtrade_leaves_out_a_zero() -> None:
    assert read("kr_exp_cn_hs8486", replies.comtrade({"2026-01": 0}, 410, 156, "8486")) == {}


@pytest.mark.parametrize("series_id", ["nl_exp_cn_hs8486", "de_exp_cn_hs8542", "eu27_exp_cn_hs8486"])
def test_eurostat_gives_the_euros_of_the_bundle(series_id: str) -> None:
    bundled = package.values(series_id)
    assert read(series_id, replies.eurostat(bundled, to_come=("2026-08", "2026-09"))) == bundled


@pytest.mark.parametrize("series_id", ["jp_exp_cn_hs8486", "jp_exp_cn_hs8542"])
def test_estat_sums_nine_digit_codes_to_the_yen_of_the_bundle(series_id: str) -> None:
    bundled = package.values(series_id, "2026-01")
    assert 0 < len(bundled) < 12
    body = replies.estat(bundled, 2026, code=series_id[-4:])
    assert read(series_id, body, last="2026-07", number=1) == bundled


def test_korea_sums_subheadings_to_the_dollars_of_the_bundle() -> None:
    bundled = package.values("kr_exp_cn_hs8542", "2026-01")
    assert read("kr_exp_cn_hs8542", replies.korea(bundled), last="2026-08") == bundled
    bundled = package.values("kr_imp_world_hs8542", "2026-01")
    body = replies.korea(bundled, field="impDlr")
    assert read("kr_imp_world_hs8542", body, last="2026-08") == bundled


@pytest.mark.parametrize(
    ("series_id", "region"),
    [("wsts_billings_world", "Worldwide"), ("wsts_billings_asia_pacific", "Asia Pacific")],
)
def test_wsts_levels_become_the_growth_of_the_bundle(series_id: str, region: str) -> None:
    bundled = package.values(series_id, "2025-03")
    got = read(series_id, replies.wsts(bundled, region))
    assert got == pytest.approx(bundled, abs=1e-6)
    assert list(got) == list(bundled)


def test_growth_is_missing_across_a_gap() -> None:
    levels = pd.Series({"2021-01": 100.0, "2021-02": 110.0, "2021-04": 121.0, "2021-05": 133.1})
    assert formulas.growth(levels).to_dict() == pytest.approx({"2021-02": 10.0, "2021-05": 10.0})


def microsoft_facts() -> list[tuple[str, str, float, str]]:
    """Return fiscal year 2026 as filed: each report states the months since July, and the last the year."""
    quarter = list(package.values("capex_ppe_cash_quarterly_microsoft", "2025-09-30", "2026-06-30").values())
    ends = ["2025-09-30", "2025-12-31", "2026-03-31", "2026-06-30"]
    filed = ["2025-10-29", "2026-01-28", "2026-04-29", "2026-07-29"]
    return [("2025-07-01", ends[n], sum(quarter[: n + 1]), filed[n]) for n in range(4)]


def test_sec_quarters_are_differences_of_cumulative_facts() -> None:
    series_id = "capex_ppe_cash_quarterly_microsoft"
    bundled = package.values(series_id, "2025-09-30", "2026-06-30")
    assert len(bundled) == 4
    assert read(series_id, replies.sec(microsoft_facts())) == bundled


def test_sec_quarters_of_a_year_counted_in_weeks() -> None:
    """NVIDIA's fiscal year 2026 began on 27 January 2025; its fourth quarter is filed only in the year."""
    bundled = package.values("nvidia_total_revenue", "2025-04-30", "2026-01-31")
    days = ["2025-01-27", "2025-04-28", "2025-07-28", "2025-10-27", "2026-01-26"]
    ends = [(pd.Timestamp(day) - pd.Timedelta(days=1)).strftime("%Y-%m-%d") for day in days[1:]]
    revenue = list(bundled.values())
    facts = [(days[n], ends[n], revenue[n], "2025-12-30") for n in range(3)]
    facts += [(days[0], ends[n], sum(revenue[: n + 1]), "2026-02-26") for n in (1, 2, 3)]
    assert len(bundled) == 4
    assert read("nvidia_total_revenue", replies.sec(facts)) == bundled


def test_sec_fourth_quarter_is_the_year_minus_nine_months() -> None:
    bundled = package.values("capex_ppe_cash_quarterly_amazon", "2025-03-31", "2025-12-31")
    [year] = package.values("capex_ppe_cash_fiscal_year_amazon", "2025", "2025").values()
    nine = sum(list(bundled.values())[:3])
    facts = [
        ("2025-01-01", "2025-09-30", nine, "2025-10-31"),
        ("2025-01-01", "2025-12-31", year, "2026-02-06"),
    ]
    got = read("capex_ppe_cash_quarterly_amazon", replies.sec(facts))
    assert got == {"2025-12-31": bundled["2025-12-31"]}


def test_sec_history_is_asked_for_whole_until_some_is_held() -> None:
    assert request_of("research_spending_quarterly_nvidia")[0].first == ""
    assert request_of("nvidia_total_revenue", last="2026-04-30")[0].first == "2024-12-31"


def test_sec_year_is_the_fact_that_lasts_a_year() -> None:
    series_id = "capex_ppe_cash_fiscal_year_microsoft"
    assert read(series_id, replies.sec(microsoft_facts())) == package.values(series_id, "2026", "2026")


def test_sec_values_are_known_from_their_first_filing() -> None:
    facts = [*microsoft_facts(), (*microsoft_facts()[0][:3], "2026-10-28")]
    info = catalog.series("capex_ppe_cash_quarterly_microsoft")
    request = request_of(info.series_id)[0]
    rows = PUBLISHERS["sec_facts"].parse(replies.sec(facts), request).set_index("period")["vintage"]
    assert rows["2025-09-30"] == "2025-10-29"
    assert rows["2026-06-30"] == "2026-07-29"


def test_a_quarter_is_missing_where_the_half_year_is() -> None:
    facts = [fact for fact in microsoft_facts() if fact[1] != "2025-12-31"]
    assert list(read("capex_ppe_cash_quarterly_microsoft", replies.sec(facts))) == [
        "2025-09-30",
        "2026-06-30",
    ]


def test_weeks_based_quarters_belong_to_the_month_they_are_named_after() -> None:
    ends = pd.Series(pd.to_datetime(["2026-01-25", "2026-02-01", "2026-04-26", "2026-07-31"]))
    assert [str(day.date()) for day in formulas.month_end(ends)] == [
        "2026-01-31",
        "2026-01-31",
        "2026-04-30",
        "2026-07-31",
    ]


def test_sum_of_four_companies_needs_all_four() -> None:
    sec = PUBLISHERS["sec_facts"]
    quarter = {"period": "2026-06-30", "vintage": "2026-07-29"}
    names = ("microsoft", "alphabet", "amazon", "meta")
    rows = pd.DataFrame(
        [
            {"series_id": f"capex_ppe_cash_quarterly_{name}", **quarter, "value": value}
            for name in names
            for value in package.values(
                f"capex_ppe_cash_quarterly_{name}", "2026-06-30", "2026-06-30"
            ).values()
        ]
    )
    bundled = package.values("capex_big4_sum_derived", "2026-06-30", "2026-06-30")
    wanted = {"capex_big4_sum_derived": None}
    assert found(sec.client.combine(rows, wanted), "capex_big4_sum_derived") == bundled
    assert sec.client.combine(rows.iloc[:3], wanted).empty


@pytest.mark.parametrize(
    ("series_id", "entity", "scale"),
    [
        ("cset_private_market_ai_funding_us", "United States", 1e9),
        ("cset_ai_patents_submitted_cn", "China", 1.0),
        ("cset_ai_publications_cn", "China", 1.0),
        ("owid_epoch_cumulative_large_scale_models_cn", "China", 1.0),
    ],
)
def test_owid_gives_the_values_of_the_bundle(series_id: str, entity: str, scale: float) -> None:
    bundled = package.values(series_id)
    body = replies.owid({entity: bundled, "Atlantis": {"2024": 1.0}}, scale)
    chart = PUBLISHERS["owid"].label(catalog.series(series_id)).split("/")[0]
    request = request_of(series_id)[0]
    assert request.address.endswith(f"/{chart}.csv")
    assert read(series_id, body) == pytest.approx(bundled, rel=1e-12)


def test_epoch_counts_and_running_maxima_are_those_of_the_bundle() -> None:
    models = catalog.list_table("models")
    body = replies.csv(
        {
            "Model": models["model"],
            "Publication date": models["date"].dt.strftime("%Y-%m-%d"),
            "Country (of organization)": models["countries"].str.replace(";", ","),
            "Training compute (FLOP)": models["training_compute_flop"],
        }
    )
    for series_id in (
        "notable_model_releases_per_quarter_us",
        "notable_model_releases_per_quarter_cn",
        "running_max_training_compute_cn",
    ):
        bundled = package.values(series_id)
        got = read(series_id, body)
        assert {period: got.get(period) for period in bundled} == pytest.approx(bundled), series_id


def test_epoch_index_gives_the_gap_of_the_bundle() -> None:
    models = catalog.list_table("eci_models")
    table = replies.csv(
        {
            "Model version": models["model"],
            "ECI Score": models["eci"],
            "Release date": models["release_date"].dt.strftime("%Y-%m-%d"),
            "Country": models["country"],
        }
    )
    body = replies.archive({"epoch_capabilities_index.csv": table})
    # The list of models carries two decimals, the published gap was taken before rounding.
    for series_id, tolerance in (("eci_running_max_us", 1e-9), ("eci_us_minus_china", 0.0101)):
        bundled = package.values(series_id)
        request = request_of("eci_running_max_us", "eci_running_max_cn", "eci_us_minus_china")[0]
        got = found(PUBLISHERS["epoch"].parse(body, request), series_id)
        assert {period: got[period] for period in bundled} == pytest.approx(bundled, abs=tolerance)


def test_tsmc_revenue_belongs_to_the_month_before_its_date() -> None:
    bundled = package.values("tsmc_monthly_revenue", "2025-01", "2025-09")
    assert read("tsmc_monthly_revenue", replies.finmind(bundled)) == bundled


@pytest.mark.parametrize("dashes", [True, False])
def test_factors_become_decimals(dashes: bool) -> None:
    columns = {
        "Mkt-RF": package.values("factor_mkt_rf", "2026-04-01"),
        "SMB": package.values("factor_smb", "2026-04-01"),
    }
    body = replies.fama_french(columns, dashes)
    request = request_of("factor_mkt_rf", "factor_smb")[0]
    rows = PUBLISHERS["fama_french"].parse(body, request)
    assert found(rows, "factor_mkt_rf") == columns["Mkt-RF"]
    assert found(rows, "factor_smb") == columns["SMB"]


def test_the_momentum_factor_has_a_file_of_its_own() -> None:
    bundled = package.values("factor_mom", "2026-01-01")
    assert read("factor_mom", replies.fama_french({"Mom": bundled})) == bundled


def test_geopolitical_risk_in_single_precision_gives_the_digits_of_the_bundle() -> None:
    bundled = package.values("gprd", "2026-04-01")
    body = replies.stata(list(bundled), {"GPRD": list(bundled.values())}, "date")
    assert read("gprd", body) == bundled
    monthly = package.values("gpr", "2025-01")
    body = replies.stata([f"{month}-01" for month in monthly], {"GPR": list(monthly.values())}, "month")
    got = read("gpr", body)
    assert got == pytest.approx(monthly, rel=1e-6)


def test_ai_geopolitical_risk_is_found_by_name_in_any_order() -> None:
    bundled = package.values("aigpr_usa_china")
    columns = {
        "Date": [f"{month}-01" for month in bundled],
        "China|Japan": 0,
        "USA|China": list(bundled.values()),
    }
    assert read("aigpr_usa_china", replies.csv(columns)) == bundled


@pytest.mark.parametrize(
    ("series_id", "column"), [("tpu_us_daily", "daily_tpu_index"), ("epu_us_daily", "daily_policy_index")]
)
def test_policy_uncertainty_puts_the_day_first(series_id: str, column: str) -> None:
    bundled = package.values(series_id, "2025-10-01")
    parts = [period.split("-") for period in bundled]
    columns = {
        "day": [int(part[2]) for part in parts],
        "month": [int(part[1]) for part in parts],
        "year": [part[0] for part in parts],
        column: list(bundled.values()),
    }
    assert read(series_id, replies.csv(columns)) == bundled


def test_tension_is_dated_by_months_such_as_1993m1() -> None:
    # The bundle has no value of this index: these are made up.
    body = replies.csv({"date": ["2024m11", "2024m12"], "uct": [101.5, 99.25]})
    assert read("us_china_tension", body) == {"2024-11": 101.5, "2024-12": 99.25}


def test_vix_changes_come_from_closes() -> None:
    bundled = package.values("change_VIX", "2026-08-01")
    closes, level = [20.0], 20.0
    for change in bundled.values():
        level = round(level + change, 2)
        closes.append(level)
    days = ["07/31/2026", *(f"{day[5:7]}/{day[8:]}/{day[:4]}" for day in bundled)]
    assert read("change_VIX", replies.csv({"DATE": days, "OPEN": 1, "CLOSE": closes})) == bundled


@pytest.mark.parametrize(("series_id", "symbol"), [("return_NVDA", "NVDA"), ("return_GSPC", "^GSPC")])
def test_share_returns_come_from_adjusted_closes_without_todays_bar(series_id: str, symbol: str) -> None:
    bundled = package.values(series_id, "2026-08-10", "2026-08-20")
    today = {"2026-11-23": 0.5}
    body = replies.yahoo(bundled | today, symbol, before="2026-08-07")
    got = read(series_id, body, last="2026-08-20")
    assert got == pytest.approx(bundled, abs=1e-9)


def test_taiwan_years_count_from_1911() -> None:
    info = catalog.Series(**dict.fromkeys(catalog.Series.__annotations__, "") | {"frequency": "M"})
    wanted = {"電子零組件": Wanted(info)}
    request = Request("https://service.mof.gov.tw/x.csv", "csv", wanted)
    rows = PUBLISHERS["taiwan_mof"].parse(replies.taiwan({"2026-06": 21234, "2025-12": 18000}), request)
    assert dict(zip(rows["period"], rows["value"], strict=True)) == {"2026-06": 21234.0, "2025-12": 18000.0}
