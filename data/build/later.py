"""The second delivery of figures: new series, longer ones, more editions, and tables of rules and texts."""

import re
from pathlib import Path

import pandas as pd
from tables import metadata, number, period, read, vintages
from trade import composed

FILES = (
    "ai_investment/china_tool_maker_revenue",
    "ai_investment/chip_company_revenue_new",
    "ai_investment/equipment_china_revenue",
    "ai_investment/tool_self_sufficiency",
    "chip_trade/china_ic_output_and_customs",
    "chip_trade/china_tool_imports_annual",
    "chip_trade/china_tool_imports_hs8",
    "chip_trade/ecb_monthly_rates",
    "chip_trade/japan_exports_by_item_partner",
    "chip_trade/korea_memory_by_country",
    "chip_trade/korea_provisional",
    "chip_trade/partner_exports_2016_2023",
)
# Ratios of GeoMacro2 with fewer than its five origins have another definition.
FIVE_ORIGINS = "EU27+Japan+Korea+Singapore+US"

# First and last day of the suspension of a measure by the text that suspends it (2025 No. 70; FR 2025-19846).
SUSPENDED = {
    "ec-affiliates-2025-09": ("2025-11-10", "2026-11-09"),
    "cn-rare-earth-2025-10": ("2025-11-07", "2026-11-10"),
}

# Names of the second delivery for a series of the first, or for one with a plainer name.
SAME_SERIES = {
    "gacc_ic_import_value_ytd": "gacc_ic_import_value_ytd_usd",
    "cn_imp_world_hs848620_annual_sum_derived": "cn_imp_world_hs848620_annual",
    # The first delivery holds it in dollars from Comtrade.
    "jp_exp_world_hs8542": "jp_exp_world_hs8542_yen",
}


def build(figures: Path, held: pd.Index) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the observations of the second delivery and the catalogue rows of its new series.

    Parameters
    ----------
    figures : pathlib.Path
        Folder of the second delivery.
    held : pandas.Index
        Series of the first delivery.
    """
    rows = pd.concat([read(figures / f"{name}.csv") for name in FILES], ignore_index=True).fillna("")
    fewer = rows["series_id"].str.startswith("geomacro2_tool_") & (rows["scope"] != FIVE_ORIGINS)
    # The office prints 0 where nothing was shipped; a table of the package holds amounts only.
    rows = rows[~fewer & (rows["value"] != "0")].copy()
    rows["source_id"] = rows["source_id"].str.replace(r"_derived(_diff|_q4)?$", "", regex=True)
    authored = metadata("later_series").set_index("figures_id")
    figures_id = rows["series_id"]
    rows["series_id"] = figures_id.map(authored["series_id"]).fillna(figures_id).replace(SAME_SERIES)
    frequency = figures_id.map(authored["frequency"]).where(lambda text: text.notna(), rows["frequency"])
    frequency = frequency.where(frequency != "", "M").mask(rows["series_id"].str.endswith("_annual"), "A")
    rows["date"] = rows["date"].where(rows["date"] != "", rows["period_end"])
    rows["date"] = rows["date"].mask(frequency.isin(["Q", "H"]), month_end(rows["date"]))
    # An outlook is dated by the day it was given.
    rows["date"] = rows["date"].mask(rows["series_id"] == "nvidia_revenue_outlook", "2026-08-26")
    rows["vintage"] = vintages(rows).where(rows["published"] == "", rows["published"])
    rows["period"] = [
        period(pd.Series([day]), each)[0] for day, each in zip(rows["date"], frequency, strict=True)
    ]
    rows["value"] = rows["value"].map(number)
    parts = [rows, editions(figures), metadata("read_by_hand")]
    new = rows[~rows["series_id"].isin(held)]
    return pd.concat(parts, ignore_index=True).assign(rounded_to=0), catalogue(new, authored)


def editions(figures: Path) -> pd.DataFrame:
    """Return the earlier copies of Eurostat's figures; the one of 14 August is in the first delivery."""
    rows = read(figures / "editions" / "eurostat_editions.csv")
    rows["source_id"] = rows["source_id"].replace("eurostat_via_geomacro2_20260814", "eurostat_via_geomacro2")
    return rows


def month_end(dates: pd.Series) -> pd.Series:
    """Return the month end nearest to each day: fiscal quarters end up to a week beside it."""
    days = pd.to_datetime(dates)
    return (days - pd.Timedelta(days=15) + pd.offsets.MonthEnd(0)).dt.strftime("%Y-%m-%d")


def catalogue(rows: pd.DataFrame, authored: pd.DataFrame) -> pd.DataFrame:
    """Return one catalogue row per new series: as written by hand, or composed from its id."""
    by_hand = authored.set_index("series_id").to_dict("index")
    result = []
    for series_id, sources in rows.groupby("series_id")["source_id"]:
        if series_id in by_hand:
            row = {"series_id": series_id, "basket": ""} | by_hand[series_id]
        else:
            row = trade_row(series_id, sources.iloc[0])
        result.append(row | {"stored_as": "level"})
    return pd.DataFrame(result)


def trade_row(series_id: str, source_id: str) -> dict[str, str]:
    """Compose the row of a trade series by product; its id may end in the unit, ``_kg`` or ``_items``."""
    stem, counted = re.fullmatch(r"(.+?)(_kg|_items)?(?:_yen)?", series_id).groups()
    row = composed(stem.replace("_domexp_", "_exp_"), source_id) | {
        "series_id": series_id,
        "table": "trade_by_product",
        "frequency": "A" if series_id.endswith("_annual") else "M",
        "loader": "",
    }
    if "_domexp_" in series_id:
        row["title"] += ", without re-exports"
        row["definition"] = "Exports of domestic goods, value free on board in US dollars."
        row["caution"] = "The copy names no product; its size fits HS 8542 alone. " + row["caution"]
    if counted:
        unit = {"_kg": "kg", "_items": "items"}[counted]
        row |= {"unit": unit, "currency": "", "price_basis": "not applicable"}
        row["title"] += {"_kg": ", weight", "_items": ", pieces"}[counted]
        row["definition"] = {"_kg": "Net weight as declared.", "_items": "Pieces as declared."}[counted]
    if series_id.endswith("_yen"):
        row["title"] += ", in yen"
    if series_id == "jp_exp_vn_hs848620":
        row["caution"] += " Eight months in which nothing was shipped are left out."
    if "_other_" in series_id:
        row["definition"] += " All partners that have no series of their own."
    return row


def lists(figures: Path) -> dict[str, pd.DataFrame]:
    """Return the tables of rules, states, penalties, calendar days and publications."""
    folder = figures / "timeline"
    rules = read(figures / "us_control_rules" / "us_control_rules.csv")
    number = rules.groupby(["date", "kind"]).cumcount().add(1).astype(str)
    several = rules.groupby(["date", "kind"])["date"].transform("size") > 1
    name = rules["date"] + "-" + rules["kind"].str.replace("_", "-")
    rules = rules.rename(columns={"in_events_csv": "event_id"}).assign(
        rule_id=name.where(~several, name + "-" + number),
        direction=rules["direction"].map({"tighten": "tightening", "ease": "easing", "neutral": "neutral"}),
        note=rules["note"]
        .str.replace(r"[;,]? ?\(?not in the 59[^;)]*\)?| \(the 59-row file[^)]*\)", "", regex=True)
        .str.replace("from the referee's note", "not read")
        .str.replace("from general knowledge, check before use", "not confirmed by a page")
        .str.replace("from general knowledge", "not confirmed by a page"),
        source_id="federal_register_us_controls",
        vintage=rules["first_public"],
    )
    entities = read(folder / "entity_list_rules.csv")
    status = read(folder / "control_status.csv").rename(columns={"source_url": "url", "state_on": "vintage"})
    days = status["event_id"].map(SUSPENDED)
    pauses = {"suspended_from": days.str[0].fillna(""), "suspended_until": days.str[1].fillna("")}
    cases = read(folder / "enforcement_cases.csv").rename(columns={"source_url": "url", "seen": "evidence"})
    papers = read(folder / "literature.csv").rename(columns={"verified": "evidence"})
    return {
        "us_control_rules": rules,
        "entity_list_rules": entities.assign(vintage=entities["date"]),
        "control_status": reworded(status.assign(evidence=status["seen_in"], **pauses), "control_status"),
        "enforcement_cases": reworded(
            cases.assign(
                vintage=cases["date"],
                event_id=cases["event_id"].where(~cases["event_id"].str.startswith("enf-"), ""),
            ),
            "enforcement_cases",
        ),
        "calendar_days": calendar_days(read(folder / "calendar_days.csv")),
        "event_coding_a": metadata("event_coding_a"),
        "event_coding_b": metadata("event_coding_b"),
        "earlier_meetings": metadata("earlier_meetings"),
        "promises": metadata("promises"),
        "literature": literature(papers),
        "published_estimates": estimates(read(folder / "published_estimates.csv")),
    }


def calendar_days(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the calendar days with a kind and a session; the schedule of the Federal Reserve is of 2024."""
    fomc = rows["what"].str.startswith("FOMC")
    after = rows["what"].str.contains("after the close")
    return rows.assign(
        kind=fomc.map({True: "fomc", False: "nvidia_results"}),
        us_session=fomc.map({True: "during", False: "unknown"}).mask(after, "after_close"),
        source_id=rows["source_id"].replace("events_csv", "nvda_releases"),
        vintage=rows["date"].mask(fomc, "2024-08-09"),
    )


def literature(papers: pd.DataFrame) -> pd.DataFrame:
    """Return the publications with what each says of its claim, and the notebooks whose question it is.

    Those on a method, whose claim is *method*, and some of which more was read later were added by hand.
    """
    papers = papers.assign(
        url=papers["address"].map(address), evidence=papers["evidence"].replace("second-hand", "second hand")
    )
    papers["url"] = papers["url"].mask(
        papers["citation"].str.contains("WPS 10950"), "https://doi.org/10.1596/1813-9450-10950"
    )
    papers = papers.drop(columns="bearing").merge(metadata("literature_bearing"), on=["claim_id", "citation"])
    papers = pd.concat([papers, metadata("literature_by_hand")], ignore_index=True)
    return papers.drop_duplicates(["claim_id", "citation"], keep="last")


def estimates(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the published numbers, each with the definition of ours; a notebook works ours out."""
    units = {"USD bn": "USD billion", "bn USD": "USD billion", "bn JPY": "JPY billion"}
    rows = rows.rename(columns={"se_or_interval": "interval", "needs_of_our_data": "needs"})
    return rows.assign(
        url=rows["address"].map(address),
        place=rows["address"].str.removeprefix("https://"),
        unit=rows["unit"].replace(units | {"million H100e": "million H100 equivalents"}),
        class_reason=rows["class_reason"].str.replace("rerun by me", "rerun"),
        evidence=rows["seen"]
        .str.replace(r";? ?(our value computed.*|ours run by me|not found by my search)", "", regex=True)
        .str.replace(": an earlier check(, its own run)?", "", regex=True)
        .str.replace(" by me", "")
        .str.replace("second-hand", "second hand"),
    ).merge(metadata("estimate_definitions"), on="estimate_id")


def address(text: str) -> str:
    """Return the first web address in a text, blank if there is none."""
    found = re.search(r"https?://[^\s;()]+", text)
    return found[0].rstrip(",") if found else ""


def reworded(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """Replace cells by the wording written by hand for the package."""
    for change in metadata("reworded").query("table == @name").itertuples():
        rows[change.column] = rows[change.column].replace(change.text, change.wording)
    return rows
