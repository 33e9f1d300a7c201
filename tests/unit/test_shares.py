"""Share groups on the bundled data: markets, calendars, first reacting days."""

import pandas as pd
import pytest

from helpers import catalog, observations, shares, timeline


def test_the_groups_of_the_claims_are_theirs():
    sets = catalog.claims()["sets"]
    assert shares.tickers("us_all") == sets["us_chips"] + sets["tools"]
    both = shares.tickers("cn_mainland") + shares.tickers("cn_hong_kong")
    assert sorted(both) == sorted(sets["cn_chips"])
    with pytest.raises(shares.UnknownGroup, match="cn_mainland"):
        shares.tickers("chips")


@pytest.mark.parametrize("group", shares.LABELS)
def test_each_group_has_the_days_of_its_market(group):
    one = shares.panel(group)
    assert list(one.returns) == shares.tickers(group)
    assert one.returns.index.equals(one.factor.index)
    assert one.series[-1].info.series_id == one.market.factor
    assert one.returns.notna().any(axis=None) and not one.not_known


def test_shares_not_yet_known_are_named_and_left_out():
    one = shares.panel("foundries", "2021-06-30")
    assert list(one.returns) == ["TSM"]
    assert one.not_known == [catalog.series("return_GFS").title]
    assert one.returns.index[-1] == pd.Timestamp("2021-06-30")
    with pytest.raises(observations.NotYetKnown):
        shares.panel("foundries", "2015-06-30")


def test_news_in_washington_reaches_asia_a_day_later():
    control = timeline.events(ids="ec-oct7-2022")
    days = {
        name: shares.first_days(control, shares.panel(name)).iloc[0] for name in ("us_all", "cn_mainland")
    }
    # 7 October 2022 was the Friday of a mainland holiday week.
    assert days == {"us_all": pd.Timestamp("2022-10-07"), "cn_mainland": pd.Timestamp("2022-10-10")}


def test_events_after_the_returns_are_listed_with_the_reason():
    meetings = timeline.meetings()
    known = shares.panel("us_all", "2026-08-31")
    gone = shares.beyond(meetings, [known])
    assert list(gone.index) == ["summit-washington-2026"]
    assert "2026" in gone["reason"].iloc[0]
    assert len(shares.first_days(meetings, known)) == len(meetings) - 1
    assert shares.beyond(meetings, [shares.panel("us_all")]).empty


@pytest.mark.parametrize(
    ("calendar", "column"), [("XNYS", "first_us_trading_day"), ("XHKG", "first_asia_trading_day")]
)
def test_reaction_days_are_the_derived_columns(calendar, column):
    events = timeline.events()
    assert (timeline.reaction_days(events, calendar) == events[column]).all()


def test_mainland_and_hong_kong_holidays_differ():
    # Hong Kong was shut on 29 October 2025, mainland exchanges were not.
    events = timeline.events(ids="ec-affiliates-2025-09").assign(date=pd.Timestamp("2025-10-28"))
    days = {code: timeline.reaction_days(events, code).iloc[0] for code in ("XHKG", "XSHG")}
    assert days == {"XHKG": pd.Timestamp("2025-10-30"), "XSHG": pd.Timestamp("2025-10-29")}


def test_an_event_after_the_calendar_has_no_day_and_the_others_keep_theirs():
    # Holidays of the mainland are published a year ahead; those of New York follow from rules.
    events = timeline.events(ids=["ec-affiliates-2025-09", "summit-busan-2025"])
    late = events.assign(date=pd.Timestamp("2027-03-01"), public_from=pd.NaT)
    both = pd.concat([events.iloc[:1], late.iloc[1:]])
    days = timeline.reaction_days(both, "XSHG")
    assert days.isna().tolist() == [False, True]
    assert timeline.reaction_days(both, "XNYS").notna().all()
    mainland = shares.panel("cn_mainland")
    assert list(shares.first_days(both, mainland).index) == [events.index[0]]
    assert list(shares.beyond(both, [mainland]).index) == [events.index[1]]
