"""Make the data package from the compiled figures. Running it again gives the same bytes.

Usage: ``python data/build/build_package.py --figures FOLDER --later FOLDER --claims FILE``
"""

import argparse
import re
import shutil
from pathlib import Path

import investment
import later
import markets
import pandas as pd
import timeline_tables
import trade
from tables import append_changes, metadata, read, tidy, write

from helpers import paths, schema
from summits import validation

DOMAINS = ("chip_trade", "ai_investment", "markets")
# The compiled source tables name the same things differently.
SOURCE_COLUMNS = {"upstream_url": "url", "runtime_url": "url", "read_at": "read_from"}
COMPILED = ["source_id", "url", "read_from", "frequency"]


def main() -> None:
    """Build every table, then the descriptor."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--figures", type=Path, required=True, help="folder of the compiled figures")
    parser.add_argument("--later", type=Path, required=True, help="folder of the second delivery")
    parser.add_argument(
        "--claims", type=Path, required=True, help="the pre-specified claims, copied byte for byte"
    )
    arguments = parser.parse_args()
    build(arguments.figures, arguments.later, arguments.claims, paths.data_dir())


def build(figures: Path, second: Path, claims: Path, target: Path) -> None:
    """Write the data package made from the two deliveries of figures and ``claims`` into ``target``."""
    built = [trade.build(figures), investment.build(figures), markets.build(figures, second)]
    held = pd.Index(pd.concat([catalogue["series_id"] for _, catalogue in built]))
    built.append(later.build(second, held))
    sources = source_table(figures)
    series = pd.concat([series_table(built, sources), fetched_only(target)]).sort_values("series_id")
    tables = {"series.csv": series, "sources.csv": sources}
    for old in ("observations", "lists"):
        shutil.rmtree(target / old, ignore_errors=True)
    rows = joined([rows for rows, _ in built])
    write_observations(rows, series, target)
    replaced = set(metadata("superseded")["source_id"]) - set(rows["source_id"])
    tables["sources.csv"] = sources[~sources["source_id"].isin(replaced)]
    tables |= {
        "events.csv": timeline_tables.events(figures, second),
        "baskets.csv": timeline_tables.baskets(),
        "lists/shares.csv": markets.shares(figures),
        "lists/narrative_claims.csv": timeline_tables.narrative_claims(figures),
    }
    lists = investment.lists(figures) | later.lists(second)
    tables |= {f"lists/{name}.csv": rows for name, rows in lists.items()}
    for path, rows in tables.items():
        write(tidy(rows[schema.TABLES[path].names]), target / path)
    # Deviations are appended to the project's copy, so that copy is never replaced.
    if not (target / "claims.yml").exists():
        shutil.copyfile(claims, target / "claims.yml")
    validation.describe(target)


def joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return all observations; where both deliveries hold a series, only changed values are new vintages."""
    key = ["series_id", "period", "vintage"]
    rows = pd.concat(parts, ignore_index=True).fillna({"rounded_to": 0})
    # A press figure or a rounded one goes where the exact one is at hand.
    rows = rows.merge(metadata("superseded"), how="left", on=["series_id", "period", "source_id"])
    rows = rows[rows["reason"].isna()].drop_duplicates(key)
    longer = rows["series_id"].isin(parts[-1]["series_id"])
    return pd.concat([rows[~longer], append_changes(rows[longer])], ignore_index=True)


def source_table(figures: Path) -> pd.DataFrame:
    """Join the addresses in the compiled provenance with the texts and rules written for a reader."""
    compiled = [read(figures / domain / "SOURCES.csv").rename(columns=SOURCE_COLUMNS) for domain in DOMAINS]
    rows = pd.concat([*compiled, metadata("own_sources")])[COMPILED].fillna("")
    rows = rows.merge(metadata("sources"), on="source_id", validate="one_to_one")
    # An address that named one of several products, or none, is given by hand.
    by_hand = metadata("addresses").set_index("source_id")["url"]
    rows["url"] = rows["source_id"].map(by_hand).fillna(rows["url"].map(first_address))
    texts = metadata("vintage_rules").set_index("rule")["text"]
    rows["vintage_rule"] = [
        texts[row.rule].format(date=row.date, reason=row.reason).strip()
        + ("" if "{reason}" in texts[row.rule] or not row.reason else f" {row.reason}")
        for row in rows.itertuples()
    ]
    return rows.sort_values("source_id")[schema.SOURCES.names]


def first_address(text: str) -> str:
    """Return the first web address in a text without its placeholders, blank if there is none."""
    found = re.search(r"https?://[^\s;()]+", text)
    return re.split(r"[{|]", found[0])[0].rstrip(",") if found else ""


def series_table(built: list[tuple[pd.DataFrame, pd.DataFrame]], sources: pd.DataFrame) -> pd.DataFrame:
    """Join the catalogue rows of the domains and add the licence of the sources of each series."""
    rows = pd.concat([catalogue for _, catalogue in built], ignore_index=True).set_index("series_id")
    used = pd.concat(
        [observations[["series_id", "source_id"]] for observations, _ in built]
    ).drop_duplicates()
    used = used.sort_values(["series_id", "source_id"]).merge(sources, on="source_id").groupby("series_id")
    rows["licence"] = used["licence"].agg(lambda texts: "; ".join(dict.fromkeys(texts)))
    rows["licence_flag"] = used["licence_flag"].max()
    # "derived" sorts before "open": one barred source bars the series.
    rows["redistribution"] = used["redistribution"].min()
    return rows.reset_index().sort_values("series_id")[schema.SERIES.names]


def fetched_only(target: Path) -> pd.DataFrame:
    """Return the catalogue rows of series that only a refresh fills; no figures hold them, so they stay."""
    held = read(target / "series.csv")
    return held[held["redistribution"] == "fetch"]


def write_observations(rows: pd.DataFrame, series: pd.DataFrame, target: Path) -> None:
    """Write one file per table, sorted by series, period and vintage."""
    rows = rows.sort_values(["series_id", "period", "vintage"])
    for name, part in rows.groupby(rows["series_id"].map(series.set_index("series_id")["table"])):
        write(part[schema.OBSERVATIONS.names], target / "observations" / f"{name}.csv")


if __name__ == "__main__":
    main()
