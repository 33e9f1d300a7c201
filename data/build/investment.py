"""AI investment, capital expenditure, revenue, compute and the model frontier."""

from pathlib import Path

import pandas as pd
from tables import append_changes, metadata, number, period, read, slug, vintages

FILES = (
    "ai_patents_publications",
    "ai_private_investment",
    "chip_company_revenue",
    "epoch_ai_chip_stock",
    "epoch_clusters_datacenters",
    "epoch_compute_frontier",
    "equipment_china_share",
    "frontier_gap",
    "hyperscaler_capex",
    "public_funds_and_pledges",
)
LISTS = {
    "models": ("epoch_notable_models", ["date", "model"]),
    "eci_models": ("epoch_eci_frontier_models", ["release_date", "model"]),
    "hardware": ("epoch_ml_hardware", ["release_date", "hardware"]),
    "arena_leaders": ("arena_leaders_monthly", ["snapshot_date", "basis"]),
}


def build(figures: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the observations and the catalogue rows of the investment domain."""
    rows = pd.concat([read(figures / "ai_investment" / f"{name}.csv") for name in FILES], ignore_index=True)
    rows = pd.concat([rows, earlier_headline(rows)], ignore_index=True)
    families = metadata("investment_series")
    rows = rows.merge(
        families,
        left_on=["series_id", "frequency"],
        right_on=["family", "figures_frequency"],
        suffixes=("_old", ""),
    )
    entities = metadata("entities").set_index("name")
    names = rows["entity"].map(entities["slug"]).fillna(rows["entity"].map(slug))
    rows["series_id"] = rows["stem"].where(rows["entity_suffix"] == "no", rows["stem"] + "_" + names)
    rows["value"] = rows["value"].map(number)
    rows["vintage"] = vintages(rows)
    rows["period"] = [
        period(pd.Series([date]), frequency)[0]
        for date, frequency in zip(rows["date"], rows["frequency"], strict=True)
    ]
    rows["rounded_to"] = 0
    return append_changes(rows), catalogue(rows, entities)


def earlier_headline(rows: pd.DataFrame) -> pd.DataFrame:
    """Return world private investment of 2021 as the 2022 edition printed it.

    It is an earlier vintage of the headline, and the one year that two editions print.
    """
    first = rows[
        (rows["series_id"] == "aiidx2022_private_investment")
        & (rows["entity"] == "World")
        & (rows["date"] == "2021-12-31")
    ]
    return first.assign(series_id="aiidx_headline_private_investment")


def catalogue(rows: pd.DataFrame, entities: pd.DataFrame) -> pd.DataFrame:
    """Return one catalogue row per series."""
    first = rows.drop_duplicates("series_id").sort_values("series_id").copy()
    first["entity"] = first["entity"].map(entities["label"]).fillna(first["entity"])
    first["title"] = [
        title.format(entity=entity) for title, entity in zip(first["title"], first["entity"], strict=True)
    ]
    first["seasonal"] = first["unit"].map(lambda unit: "NSA" if "million" in unit else "not applicable")
    return first.assign(stored_as="level", reporter="", partner="", flow="", basket="")


def lists(figures: Path) -> dict[str, pd.DataFrame]:
    """Return the tables of models, hardware and leaderboards, each row with source and vintage."""
    result = {}
    for name, (file, order) in LISTS.items():
        rows = read(figures / "ai_investment" / f"{file}.csv")
        dates = (
            rows["snapshot_date"] if "snapshot_date" in rows else pd.Series("2026-01-01", index=rows.index)
        )
        rows["vintage"] = vintages(rows.assign(series_id="", date=dates))
        result[name] = rows.sort_values(order, kind="stable")
    return result
