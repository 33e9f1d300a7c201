"""Refreshing from the bundled figures, in each publisher's shape, gives the bundled series again."""

from datetime import date

import pandas as pd
import pytest
from samples import package, replies

from helpers import catalog, transforms
from helpers.sources import PUBLISHERS, formulas
from helpers.sources.client import Request, Wanted

TODAY = date(2026, 11, 23)


def read(series_id: str, body: bytes, last: str = "", number: int = 0) -> dict[str, float]:
    """Read a reply to the request the client makes for a series."""
    request = request_of(series_id, last=last)[number]
    publisher = PUBLISHERS[catalog.series(series_id).loader]
    if publisher.follow:
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


def test_census_gives_the_dollars_of_the_bundle() -> None:
    bundled = package.values("us_exp_cn_hs8542", "2021-01")
    assert len(bundled) > 60
    assert read("us_exp_cn_hs8542", replies.census(bundled)) == bundled


def test_fred_gives_the_index_of_the_bundle() -> None:
    bundled = package.values("fred_IPG3344S")
    assert read("fred_IPG3344S", replies.fred(bundled, "IPG3344S")) == bundled


def test_fred_reads_both_headers_and_takes_a_point_for_missing() -> None:
    body = b"DATE,IPG3344S\n2021-01-01,98.5\n2021-02-01,.\n2021-03-01,\n"
    assert read("fred_IPG3344S", body) == {"2021-01": 98.5}


def test_exchange_rates_are_monthly_means_of_the_days() -> None:
    bundled = package.values("jpy_per_usd", "2026-01", "2026-03")
    days = {
        f"{month}-{day:02d}": rate + step
        for month, rate in bundled.items()
        for day, step in ((2, -0.5), (3, 0.0), (4, 0.5))
    }
    assert read("jpy_per_usd", replies.fred(days, "DEXJPUS")) == bundled
    assert read("eur_per_usd", replies.fred({"2026-01-02": 1.25, "2026-01-05": 1.0}, "DEXUSEU")) == {
        "2026-01": 0.9
    }


def test_yen_become_dollars_by_the_monthly_mean() -> None:
    yen = package.values("jp_exp_cn_hs8486", "2026-01", "2026-06")
    rate = package.values("jpy_per_usd", "2026-01", "2026-06")
    index = pd.DatetimeIndex([f"{month}-01" for month in yen], freq="MS")
    dollars = transforms.to_currency(
        pd.Series(list(yen.values()), index), pd.Series(list(rate.values()), index), "old per new"
    )
    assert dollars.iloc[0] == pytest.approx(yen["2026-01"] / rate["2026-01"], abs=0.5)
    assert 1e8 < dollars.iloc[0] < 5e9


def test_comtrade_keeps_totals_and_not_their_parts() -> None:
    bundled = package.values("kr_exp_cn_hs8486", "2025-12", "2025-12")
    body = replies.comtrade(bundled, 410, 156, "8486")
    number = next(
        place
        for place, each in enumerate(request_of("kr_exp_cn_hs8486"))
        if each.params["period"] == "202512"
    )
    assert read("kr_exp_cn_hs8486", body, number=number) == bundled


def test_comtrade_leaves_out_a_zero() -> None:
    assert read("kr_exp_cn_hs8486", replies.comtrade({"2026-01": 0}, 410, 156, "8486")) == {}


def test_eurostat_gives_the_euros_of_the_bundle() -> None:
    bundled = package.values("nl_exp_cn_hs8486")
    assert read("nl_exp_cn_hs8486", replies.eurostat(bundled, to_come=("2026-08", "2026-09"))) == bundled


def test_estat_sums_nine_digit_codes_to_the_yen_of_the_bundle() -> None:
    bundled = package.values("jp_exp_cn_hs8486", "2026-01")
    assert 0 < len(bundled) < 12
    assert read("jp_exp_cn_hs8486", replies.estat(bundled, 2026), last="2026-07", number=1) == bundled


def test_korea_sums_subheadings_to_the_dollars_of_the_bundle() -> None:
    bundled = package.values("kr_exp_cn_hs8542", "2026-01")
    assert read("kr_exp_cn_hs8542", replies.korea(bundled), last="2026-08") == bundled


def test_wsts_levels_become_the_growth_of_the_bundle() -> None:
    bundled = package.values("wsts_billings_world", "2025-03")
    got = read("wsts_billings_world", replies.wsts(bundled))
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
    assert found(sec.combine(rows, wanted), "capex_big4_sum_derived") == bundled
    assert sec.combine(rows.iloc[:3], wanted).empty


def test_owid_gives_the_billions_of_the_bundle() -> None:
    series_id = "cset_private_market_ai_funding_us"
    bundled = package.values(series_id)
    body = replies.owid({"United States": bundled, "France": {"2024": 1.0}}, scale=1e9)
    assert read(series_id, body) == pytest.approx(bundled)


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


def test_policy_uncertainty_puts_the_day_first() -> None:
    bundled = package.values("tpu_us_daily", "2026-05-01")
    parts = [period.split("-") for period in bundled]
    columns = {
        "day": [int(part[2]) for part in parts],
        "month": [int(part[1]) for part in parts],
        "year": [part[0] for part in parts],
        "daily_tpu_index": list(bundled.values()),
    }
    assert read("tpu_us_daily", replies.csv(columns)) == bundled


def test_vix_changes_come_from_closes() -> None:
    bundled = package.values("change_VIX", "2026-08-01")
    closes, level = [20.0], 20.0
    for change in bundled.values():
        level = round(level + change, 2)
        closes.append(level)
    days = ["07/31/2026", *(f"{day[5:7]}/{day[8:]}/{day[:4]}" for day in bundled)]
    assert read("change_VIX", replies.csv({"DATE": days, "OPEN": 1, "CLOSE": closes})) == bundled


def test_share_returns_come_from_adjusted_closes_without_todays_bar() -> None:
    bundled = package.values("return_NVDA", "2026-08-10", "2026-08-20")
    today = {"2026-11-23": 0.5}
    body = replies.yahoo(bundled | today, "NVDA", before="2026-08-07")
    got = read("return_NVDA", body, last="2026-08-20")
    assert got == pytest.approx(bundled, abs=1e-9)


def test_taiwan_years_count_from_1911() -> None:
    info = catalog.Series(**dict.fromkeys(catalog.Series.__annotations__, "") | {"frequency": "M"})
    wanted = {"電子零組件": Wanted(info)}
    request = Request("https://service.mof.gov.tw/x.csv", "csv", wanted)
    rows = PUBLISHERS["taiwan_mof"].parse(replies.taiwan({"2026-06": 21234, "2025-12": 18000}), request)
    assert dict(zip(rows["period"], rows["value"], strict=True)) == {"2026-06": 21234.0, "2025-12": 18000.0}
