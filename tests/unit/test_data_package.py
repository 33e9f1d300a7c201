"""Facts the bundled data must show: known figures, known gaps, known revisions, and what may not be there."""

import hashlib
import json
import math
import re

import exchange_calendars
import pandas as pd
import pytest

from helpers import catalog, observations, paths, timeline
from summits import validation

CLAIMS_SHA256 = "fea8a6224f32fcf48bda9f4c5f053c4b5aeb127db3f6ea0b4eabdd1196b37db5"


def rows(table: str, series_id: str) -> pd.DataFrame:
    frame = catalog.read_text_table(paths.data_dir() / "observations" / f"{table}.csv")
    frame = frame[frame["series_id"] == series_id]
    return frame.assign(value=frame["value"].astype(float)).set_index("period")


def latest(table: str, series_id: str) -> pd.Series:
    return rows(table, series_id).groupby(level="period")["value"].last()


def test_the_package_has_no_problem():
    assert validation.check() == []


def test_chip_exports_hold_their_vintages():
    vintages = set(rows("trade", "us_exp_cn_hs8542")["vintage"])
    assert {"2021-01-31", "2022-12-31", "2024-07-31", "2026-07-09", "2026-08-04", "2026-09-03"} <= vintages


def test_equipment_exports_miss_december_2020():
    periods = rows("trade", "us_exp_cn_hs8486").index
    assert "2020-12" not in periods
    assert {"2020-11", "2021-01"} <= set(periods)


def test_the_basket_of_five_headings_is_another_series():
    basket = rows("trade", "us_exp_cn_equipment_basket")
    assert basket.loc["2020-12", "value"] == 502e6
    assert set(basket["source_id"]) == {"comtrade_via_infer"}


def test_a_rounded_copy_adds_no_row_where_it_agrees():
    both = rows("trade", "us_exp_cn_hs8542").reset_index()
    both["before"] = both.groupby("period")["value"].shift()
    copied = both[(both["source_id"] == "comtrade_via_infer") & both["before"].notna()]
    assert ((copied["value"] - copied["before"]).abs() > 500_000).all()


def test_latest_chip_exports_are_the_census_pulls_of_2026():
    assert latest("trade", "us_exp_cn_hs8542")["2026-06"] == 1_198_761_153
    assert latest("trade", "us_exp_cn_hs8542").index[-1] == "2026-07"


def test_big_four_capital_expenditure():
    capex = latest("capex", "capex_big4_sum_derived")
    assert capex["2026-06-30"] == 165_050
    assert capex["2024-12-31"] == 72_344


def test_big_four_sum_is_the_sum_of_the_four():
    parts = [
        latest("capex", f"capex_ppe_cash_quarterly_{name}")
        for name in ("microsoft", "alphabet", "amazon", "meta")
    ]
    total = sum(part["2025-12-31"] for part in parts)
    assert total == latest("capex", "capex_big4_sum_derived")["2025-12-31"]


def test_ai_index_headline_of_2025():
    assert latest("investment", "aiidx_headline_private_investment_us")["2025"] == 285.88
    assert latest("investment", "aiidx_headline_private_investment_cn")["2025"] == 12.41


def test_ai_index_world_2021_is_two_vintages():
    world = rows("investment", "aiidx_headline_private_investment_world").loc["2021"]
    assert list(world["value"]) == [93.5358, 125.4]


def test_smic_2025_quarters_sum_to_the_year():
    quarters = latest("revenue", "smic_revenue")
    year = quarters[quarters.index.str.startswith("2025")]
    assert len(year) == 4
    assert math.isclose(year.sum(), 9326.8, abs_tol=0.05)
    assert math.isclose(latest("revenue", "smic_revenue_fy")["2025"], 9326.8, abs_tol=0.05)


def test_tsmc_2025_months_sum_to_the_year():
    months = latest("revenue", "tsmc_monthly_revenue")
    year = months[months.index.str.startswith("2025")]
    assert len(year) == 12
    # The company gives 3,809.05 billion.
    assert round(year.sum() / 1000, 2) == 3809.05


def test_tsmc_revenue_is_known_on_the_tenth_of_the_next_month():
    assert rows("revenue", "tsmc_monthly_revenue").loc["2025-01", "vintage"] == "2025-02-10"


def test_asml_share_of_china():
    share = latest("revenue", "asml_china_share_of_system_sales")
    assert share["2024-06-30"] == 49
    assert share["2025-12-31"] == 36


def test_nvidia_return_on_deepseek_day():
    assert round(rows("returns_us_chip_design", "return_NVDA").loc["2025-01-27", "value"], 3) == -0.170


def test_first_trading_day_has_no_return():
    assert "2016-01-04" not in rows("returns_us_chip_design", "return_NVDA").index
    assert "2016-01-05" in rows("returns_us_chip_design", "return_NVDA").index


def test_world_billings_growth_reproduces_the_published_growth():
    growth = latest("billings", "wsts_billings_world")
    level = (1 + growth / 100).cumprod()
    level.index = pd.PeriodIndex(level.index, freq="M")
    mean = level.rolling(3).mean()
    for month, published in (("2026-03", 79.2), ("2026-04", 93.9), ("2026-05", 104.1)):
        assert round((mean[month] / mean[pd.Period(month) - 12] - 1) * 100, 1) == published


def test_exchange_rate_gap_stays_a_gap():
    days = set(rows("exchange_rates", "usdcny").index)
    assert not {"2026-02-02", "2026-02-03", "2026-02-04"} & days
    assert {"2026-01-30", "2026-02-05"} <= days


def test_no_barred_level_is_stored():
    table = catalog.catalogue()
    barred = table[table["redistribution"] == "derived"]
    assert set(barred["stored_as"]) == {"growth", "return", "change"}
    assert (barred["loader"] != "").all()
    assert {"wsts_billings_world", "sia_3mma_china", "return_NVDA", "return_GSPC", "change_VIX"} <= set(
        barred.index
    )


@pytest.mark.parametrize(("prefix", "flag"), [("aiidx", "ND"), ("cset_", "NC")])
def test_licences_with_limits_are_flagged(prefix, flag):
    table = catalog.catalogue()
    assert set(table[table.index.str.startswith(prefix)]["licence_flag"]) == {flag}


def test_claims_are_the_pre_specified_ones():
    assert catalog.claims_hash() == CLAIMS_SHA256


def test_the_meetings_of_the_claims_are_verified_events():
    meetings = catalog.events_table().loc[catalog.claims()["sets"]["meetings"]]
    assert set(meetings["category"]) == {"summit_leaders"} and set(meetings["verified"]) == {"yes"}


def test_events_are_complete():
    events = catalog.events_table()
    assert set(catalog.claims()["sets"]["meetings"]) <= set(events.index)
    assert (events["date"].dt.year == 2021).any()


def test_ai_on_the_agenda_of_the_eleven_meetings():
    meetings = catalog.events_table().loc[catalog.claims()["sets"]["meetings"]]
    early = meetings[meetings["date"] < "2023-11-01"]["ai_on_agenda"]
    late = meetings[meetings["date"] >= "2023-11-01"]["ai_on_agenda"]
    assert (list(early), list(late)) == (["no"] * 6, ["yes"] * 5)


@pytest.mark.parametrize(
    ("event_id", "us", "asia"),
    [
        ("ec-h20-licence-2025-04", "2025-04-16", "2025-04-16"),  # after the close
        ("ec-subsidiary-guidance-2026-05", "2026-06-01", "2026-06-01"),  # a Sunday
        ("ec-oct7-2022", "2022-10-07", "2022-10-10"),  # US hours on a Friday
        ("cn-rare-earth-2025-10", "2025-10-09", "2025-10-09"),  # daytime in Beijing
        ("summit-lima-2024", "2024-11-18", "2024-11-18"),  # a Saturday
        ("nexperia-nl-order-2025", "2025-10-13", "2025-10-13"),  # public on a later Sunday
    ],
)
def test_first_trading_days(event_id, us, asia):
    event = catalog.events_table().loc[event_id]
    assert str(event["first_us_trading_day"].date()) == us
    assert str(event["first_asia_trading_day"].date()) == asia


def test_every_trading_day_is_a_session_on_or_after_the_event():
    events = catalog.events_table()
    known = events["public_from"].fillna(events["date"])
    for column, calendar in (("first_us_trading_day", "XNYS"), ("first_asia_trading_day", "XHKG")):
        sessions = exchange_calendars.get_calendar(calendar, start="2014-01-01", end="2027-06-30").sessions
        assert events[column].isin(sessions).all()
        assert (events[column] >= known).all()
        assert ((events[column] - known).dt.days <= 6).all()


def test_descriptor_matches_the_files():
    resources = json.loads((paths.data_dir() / "datapackage.json").read_text())["resources"]
    assert {each["path"] for each in resources} == set(catalog.package_files(paths.data_dir()))
    for each in resources:
        content = (paths.data_dir() / each["path"]).read_bytes()
        assert each["bytes"] == len(content)
        assert each["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"


# Parts of an address that choose one product, one share or one series.
CHOICE = re.compile(r"[?&](?:[EI]_COMMODITY|product|cmdCode|indexCode|secid|symbol|ticker|id)=([^&]*)")


def names_one(address: str) -> bool:
    return any("," not in choice for choice in CHOICE.findall(address))


def test_a_source_of_several_series_has_no_address_of_one_of_them():
    assert names_one("https://example.org/hs?get=VAL&E_COMMODITY=8542&time=2026")
    assert not names_one("https://example.org/hs?cmdCode=8486,8542&period=2026")
    files = sorted((paths.data_dir() / "observations").glob("*.csv"))
    held = pd.concat([catalog.read_text_table(file)[["source_id", "series_id"]] for file in files])
    several = held.groupby("source_id")["series_id"].nunique().loc[lambda series: series > 1].index
    addresses = catalog.sources()["url"].reindex(several).fillna("")
    assert addresses[addresses.map(names_one)].to_dict() == {}


def test_the_package_is_small():
    files = catalog.package_files(paths.data_dir())
    assert sum((paths.data_dir() / path).stat().st_size for path in files) < 15_000_000


def test_every_copy_of_eurostat_is_a_vintage():
    held = rows("trade", "eu27_exp_cn_hs8542")
    assert {"2026-07-09", "2026-07-16", "2026-08-14"} <= set(held["vintage"])
    twice = held.groupby(level="period")["value"].nunique()
    assert (twice > 1).any()


def test_the_second_list_of_rules_counts_days_and_names_events_of_the_first():
    listed = catalog.list_table("us_control_rules")
    tightening = listed[listed["kind"].isin(["entity_list_add", "meu_add", "rule_tighten"])]
    assert (tightening["direction"] == "tightening").all()
    assert tightening["first_public"].nunique() < len(tightening)
    assert (listed["first_public"] <= listed["date"]).all()
    named = {event for cell in listed["event_id"] for event in cell.split(";") if event}
    assert named <= set(catalog.events_table().index)


def test_chinas_tool_imports_by_kind_add_up_to_the_year():
    monthly = rows("trade_by_product", "cn_imp_world_hs84862039")["value"]
    yearly = monthly.groupby(monthly.index.str[:4]).sum()
    assert yearly["2019"] == latest("trade_by_product", "cn_imp_world_hs84862039_annual")["2019"]


def test_japans_partners_add_up_to_the_world():
    partners = ["cn", "kr", "tw", "us", "vn", "other"]
    parts = pd.DataFrame({each: latest("trade_by_product", f"jp_exp_{each}_hs848620") for each in partners})
    world = latest("trade_by_product", "jp_exp_world_hs848620")
    both = parts.assign(world=world).dropna()
    assert len(both) > 60
    assert (both[partners].sum(axis="columns") == both["world"]).all()


def test_filings_replace_press_figures_and_exact_values_rounded_ones():
    assert round(latest("revenue", "amat_china_share_of_revenue_fy")["2025"], 1) == 30.1
    assert latest("revenue", "tsmc_monthly_revenue")["2025-12"] == 335003.568
    assert latest("revenue", "smic_revenue")["2024-03-31"] == 1750.2


def test_no_return_spans_a_halt():
    for series_id, day in (("return_688347.SS", "2025-09-01"), ("return_688012.SS", "2026-01-05")):
        table = catalog.series(series_id).table
        assert day not in rows(table, series_id).index
    assert "2026-09-24" not in rows("returns_etf_market", "return_SPY").index
    assert "2026-09-24" in rows("returns_us_chip_design", "return_NVDA").index


def test_yahoo_is_held_as_returns_only():
    table = catalog.catalogue()
    prices = table[table["licence"].str.contains("Yahoo")]
    assert set(prices["redistribution"]) == {"derived"}
    assert set(prices["stored_as"]) <= {"return", "change"}


def test_two_definitions_of_heading_8542_are_two_series():
    month = rows("trade", "us_exp_cn_hs8542").loc[["2017-11"]]
    assert list(month["source_id"]) == ["comtrade_via_infer"]
    assert round(latest("trade", "us_exp_cn_hs8542_phase_one")["2017-11"] / month["value"].iloc[0], 1) == 1.4


def test_leader_meetings_by_the_rule_hold_the_prespecified_ones():
    events = catalog.events_table()
    by_rule = set(events.index[events["leader_meeting"] == "yes"])
    assert set(catalog.claims()["sets"]["meetings"]) < by_rule
    assert (events.loc[list(by_rule), "category"] == "summit_leaders").all()


def test_a_restated_rule_is_no_tightening():
    listed = set(catalog.claims()["sets"]["tightening_major"])
    used = timeline.event_set("tightening_major")
    assert set(used.index) < listed
    assert (used["direction"] == "tightening").all()


@pytest.mark.parametrize(
    ("event_id", "us_day", "asia_day"),
    [
        ("ec-h200-decision-2025-12", "2025-12-09", "2025-12-09"),
        ("ec-affiliates-suspended-2025-11", "2025-10-30", "2025-10-31"),
        ("summit-bali-2022", "2022-11-14", "2022-11-15"),
        ("summit-beijing-2026", "2026-05-14", "2026-05-14"),
        ("ec-h20-resume-2025-07", "2025-07-15", "2025-07-15"),
        ("ec-huawei-entity-2019", "2019-05-16", "2019-05-16"),
    ],
)
def test_day_zero_is_the_first_session_after_the_news(event_id, us_day, asia_day):
    event = catalog.events_table().loc[event_id]
    assert (
        f"{event['first_us_trading_day']:%F} {event['first_asia_trading_day']:%F}" == f"{us_day} {asia_day}"
    )
    assert event["dating_note"]


def test_every_event_has_words_for_figures_and_sentences():
    events = catalog.events_table()
    assert events["label"].str.len().between(3, 30).all()
    assert events["label"].is_unique and events["phrase"].is_unique
    assert events["phrase"].str.fullmatch(r"(the|Trump's|Biden's|Xi's|China's|[A-Z]).*[^.]").all()
    assert events["sentence"].str.fullmatch(r"[A-Z0-9].{15,110}\.").all()


def test_the_codings_cover_the_list_and_agree_on_most_categories():
    events = catalog.events_table()
    first, second = (catalog.list_table(f"event_coding_{name}").set_index("event_id") for name in "ab")
    assert set(events.index) >= set(second.index) >= set(first.index)
    for coded in (first, second):
        assert (coded["category"] == events.loc[coded.index, "category"]).mean() > 0.9


def test_the_earlier_meetings_end_before_the_list_begins():
    earlier = catalog.list_table("earlier_meetings")
    assert earlier["date"].is_monotonic_increasing
    assert earlier["date"].max() < catalog.events_table().query("leader_meeting == 'yes'")["date"].min()


@pytest.mark.parametrize(
    ("series_id", "month", "editions"),
    [
        ("nl_exp_cn_hs8486", "2026-06", {"2026-08-14": 445418483, "2026-09-16": 445538813}),
        (
            "eu27_exp_cn_hs8542",
            "2026-05",
            {"2026-07-16": 523210475, "2026-08-14": 523439055, "2026-09-16": 523298010},
        ),
        ("eu27_exp_cn_hs8542", "2026-04", {"2026-07-09": 592752882, "2026-07-16": 593084747}),
    ],
)
def test_every_copy_of_a_source_is_a_vintage(series_id, month, editions):
    for day, value in editions.items():
        assert observations.load(series_id, day).values[f"{month}-01"] == value
    before = pd.Timestamp(min(editions)) - pd.Timedelta(days=1)
    try:
        earlier = observations.load(series_id, before).values
    except observations.NotYetKnown:
        return
    assert pd.Timestamp(f"{month}-01") not in earlier.index
