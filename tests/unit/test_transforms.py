"""Transforms, against hand-worked values and published decompositions."""

import numpy as np
import pandas as pd
import pytest

from helpers import transforms


def monthly(*values, start="2020-01", drop=()):
    index = pd.date_range(start, periods=len(values), freq="MS", name="period")
    return pd.Series(values, index=index, dtype=float, name="chips").drop(
        [pd.Timestamp(month) for month in drop]
    )


def dated(days, values):
    return pd.Series(values, index=pd.DatetimeIndex(days), dtype=float, name="chips")


# Monthly airline passengers 1949 to 1960, thousands (Box and Jenkins 1970, series G).
AIRLINE = monthly(
    *[112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118],
    *[115, 126, 141, 135, 125, 149, 170, 170, 158, 133, 114, 140],
    *[145, 150, 178, 163, 172, 178, 199, 199, 184, 162, 146, 166],
    *[171, 180, 193, 181, 183, 218, 230, 242, 209, 191, 172, 194],
    *[196, 196, 236, 235, 229, 243, 264, 272, 237, 211, 180, 201],
    *[204, 188, 235, 227, 234, 264, 302, 293, 259, 229, 203, 229],
    *[242, 233, 267, 269, 270, 315, 364, 347, 312, 274, 237, 278],
    *[284, 277, 317, 313, 318, 374, 413, 405, 355, 306, 271, 306],
    *[315, 301, 356, 348, 355, 422, 465, 467, 404, 347, 305, 336],
    *[340, 318, 362, 348, 363, 435, 491, 505, 404, 359, 310, 337],
    *[360, 342, 406, 396, 420, 472, 548, 559, 463, 407, 362, 405],
    *[417, 391, 419, 461, 472, 535, 622, 606, 508, 461, 390, 432],
    start="1949-01",
)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda values: values.tz_localize("UTC"),
        lambda values: values[::-1],
        lambda values: pd.concat([values, values]),
        lambda values: values.reset_index(drop=True),
        lambda values: values.mask(values == 2, np.inf),
    ],
    ids=["time zone", "unsorted", "repeated", "no dates", "infinite"],
)
@pytest.mark.parametrize(
    "transform",
    [
        transforms.log,
        transforms.growth,
        transforms.three_month_sum,
        transforms.seasonally_adjust,
        transforms.chain_index,
        lambda values: transforms.total({"chips": values}),
    ],
)
def test_bad_series_are_refused_by_name(transform, spoil):
    with pytest.raises(transforms.BadSeries, match="chips"):
        transform(spoil(monthly(1, 2, 3)))


class TestLog:
    def test_natural(self):
        assert transforms.log(monthly(1, np.e)).tolist() == [0, 1]

    @pytest.mark.parametrize("value", [0, -3])
    def test_names_the_period_without_logarithm(self, value):
        with pytest.raises(transforms.BadSeries, match=f"chips is {value} in 2020-02-01"):
            transforms.log(monthly(1, value, 3))


class TestGrowth:
    def test_simple_and_log(self):
        values = monthly(100, 110, 99)
        assert np.allclose(transforms.growth(values).iloc[1:], [0.1, -0.1])
        assert np.allclose(transforms.growth(values, kind="log").iloc[1:], [np.log(1.1), np.log(0.9)])
        assert np.isnan(transforms.growth(values).iloc[0])

    def test_a_gap_gives_missing(self):
        change = transforms.growth(monthly(1, 2, 4, 8, drop=["2020-02"]))
        assert change.isna().tolist() == [True, True, False]

    def test_fiscal_quarters(self):
        quarters = dated(
            ["2020-01-26", "2020-04-26", "2020-07-26", "2021-01-31", "2021-05-02"], [1, 2, 4, 8, 16]
        )
        assert transforms.growth(quarters).tolist()[1:3] == [1, 1]
        assert np.isnan(transforms.growth(quarters)["2021-01-31"])
        assert transforms.growth(quarters, 4)["2021-01-31"] == 7

    def test_years_and_half_years(self):
        years = dated(["2018-12-31", "2019-12-31", "2021-12-31"], [1, 2, 3])
        assert transforms.growth(years).isna().tolist() == [True, False, True]
        halves = dated(["2020-06-30", "2020-12-31", "2021-12-31"], [1, 2, 3])
        assert transforms.growth(halves).isna().tolist() == [True, False, True]
        scattered = dated(["2014-12-31", "2016-12-31", "2019-12-31"], [1, 2, 3])
        assert transforms.growth(scattered).isna().all()

    def test_trading_days_are_counted_in_rows(self):
        days = dated(["2022-11-23", "2022-11-25", "2022-11-28"], [100, 101, 102.01])
        assert np.allclose(transforms.growth(days).iloc[1:], 0.01)

    def test_irregular_dates_are_refused(self):
        with pytest.raises(transforms.BadSeries, match="40 days apart"):
            transforms.growth(dated(["2020-01-31", "2020-03-11", "2020-09-30"], [1, 2, 3]))

    @pytest.mark.parametrize("options", [{"periods": 0}, {"kind": "percent"}])
    def test_wrong_options(self, options):
        with pytest.raises(transforms.BadSeries):
            transforms.growth(monthly(1, 2), **options)


class TestSums:
    def test_three_months(self):
        sums = transforms.three_month_sum(monthly(1, 2, 3, 4))
        assert sums.isna().tolist() == [True, True, False, False]
        assert sums.tolist()[2:] == [6, 9]

    def test_a_missing_value_counts_as_missing(self):
        assert transforms.three_month_sum(monthly(1, 2, np.nan, 4, 5, 6)).isna().tolist() == [True] * 5 + [
            False
        ]

    def test_quarters_are_refused(self):
        with pytest.raises(transforms.BadSeries, match="not monthly"):
            transforms.three_month_sum(dated(["2020-03-31", "2020-06-30"], [1, 2]))

    def test_total_needs_every_part(self):
        summed = transforms.total({"a": monthly(1, 2, 3), "b": monthly(10, 20, 30, drop=["2020-02"])})
        assert summed.isna().tolist() == [False, True, False]
        assert summed["2020-03-01"] == 33

    def test_total_of_nothing(self):
        with pytest.raises(transforms.BadSeries, match="at least one"):
            transforms.total({})


class TestUnits:
    def test_a_rate_of_zero_is_refused(self):
        with pytest.raises(transforms.BadSeries, match="a rate has no meaning"):
            transforms.to_currency(monthly(1, 2), monthly(1, 0), "old per new")

    def test_currency_both_ways(self):
        yuan_per_dollar = monthly(7, 7.2, drop=["2020-02"])
        dollars = transforms.to_currency(monthly(70, 72), yuan_per_dollar, quoted="old per new")
        assert dollars.iloc[0] == 10 and np.isnan(dollars.iloc[1])
        assert transforms.to_currency(monthly(10), monthly(1.1), quoted="new per old").tolist() == [11]

    def test_daily_rates_are_refused(self):
        daily = dated(pd.bdate_range("2020-01-01", "2020-02-28"), 7.0)
        with pytest.raises(transforms.BadSeries, match="Average"):
            transforms.to_currency(monthly(70, 72), daily, quoted="old per new")

    def test_the_quotation_must_be_stated(self):
        with pytest.raises(transforms.BadSeries, match="old per new"):
            transforms.to_currency(monthly(70), monthly(7), quoted="USDCNY")


class TestChain:
    def test_percent(self):
        assert np.allclose(transforms.chain_index(monthly(10, -10)), [110, 99])

    @pytest.mark.parametrize("rates", [monthly(1, 2, 3, drop=["2020-02"]), monthly(1, 2, np.nan)])
    def test_gaps_are_not_bridged(self, rates):
        with pytest.raises(transforms.BadSeries, match="gap at 2020-03-01"):
            transforms.chain_index(rates)

    def test_percent_taken_for_decimals(self):
        with pytest.raises(transforms.BadSeries, match="Check whether it is percent"):
            transforms.chain_index(monthly(-250))


class TestLunarNewYear:
    # First day of the Lunar New Year as printed in almanacs; it checks the library that computes it.
    NEW_YEARS = [
        *["1994-02-10", "1995-01-31", "1996-02-19", "1997-02-07", "1998-01-28", "1999-02-16", "2000-02-05"],
        *["2001-01-24", "2002-02-12", "2003-02-01", "2004-01-22", "2005-02-09", "2006-01-29", "2007-02-18"],
        *["2008-02-07", "2009-01-26", "2010-02-14", "2011-02-03", "2012-01-23", "2013-02-10", "2014-01-31"],
        *["2015-02-19", "2016-02-08", "2017-01-28", "2018-02-16", "2019-02-05", "2020-01-25", "2021-02-12"],
        *["2022-02-01", "2023-01-22", "2024-02-10", "2025-01-29", "2026-02-17", "2027-02-06", "2028-01-26"],
        *["2029-02-13", "2030-02-03"],
    ]

    # First quarters of 1994 and 1995 from genhol with calendar centring (R package seasonal 1.10.0). Its list
    # of dates has 1930, 1943 and 1946 a day early; over 101 years that moves the means of January by days / 7
    # / 101.
    DAYS_EARLY = {"before": 2, "during": 1, "after": 0}
    GENHOL = {
        "before": [-0.483734, 0.483734, 0, 0.516266, -0.516266, 0],
        "during": [-0.24611, 0.24611, 0, -0.103253, 0.103253, 0],
        "after": [-0.014521, -0.007261, 0.021782, -0.014521, 0.192739, -0.178218],
    }

    def test_dates(self):
        got = [transforms._lunar_new_year(int(day[:4])).isoformat() for day in self.NEW_YEARS]
        assert got == self.NEW_YEARS

    @pytest.mark.parametrize("column", GENHOL)
    def test_reproduces_genhol(self, column):
        terms = transforms.lunar_new_year_terms(pd.date_range("1994-01-01", "1995-12-01", freq="MS"))
        first_quarters = terms.loc[terms.index.month <= 3, column]
        moved = self.DAYS_EARLY[column] / 7 / 101 * np.array([1, -1, 0, 1, -1, 0])
        assert np.allclose(first_quarters, self.GENHOL[column] + moved, atol=1e-6)

    def test_terms_leave_the_level_of_the_year_alone(self):
        terms = transforms.lunar_new_year_terms(pd.date_range("2013-01-01", "2026-12-01", freq="MS"))
        assert np.allclose(terms.groupby(terms.index.year).sum(), 0)
        assert (terms[terms.index.month > 3] == 0).all(axis=None)

    def test_beyond_the_dates(self):
        with pytest.raises(transforms.BadSeries, match="1930 to 2030"):
            transforms.lunar_new_year_terms(pd.date_range("2030-06-01", "2031-06-01", freq="MS"))


class TestSeasonalAdjustment:
    MONTHS = [0, 11, 71, 143]

    def test_reproduces_stl(self):
        # R 4.2.2: stl(log(x), s.window=7, s.degree=1, t.window=19, l.window=13, jumps 1, inner=2, outer=0).
        result = transforms.seasonally_adjust(AIRLINE, trend=19, robust=False)
        seasonal = [-0.0934003864, -0.0862420959, -0.10252392, -0.120943892]
        trend = [4.80630423, 4.86211722, 5.54495776, 6.19007011]
        assert np.allclose(np.log(result.seasonal.iloc[self.MONTHS]), seasonal, atol=1e-5)
        assert np.allclose(np.log(result.trend.iloc[self.MONTHS]), trend, atol=1e-5)

    def test_reproduces_robust_stl(self):
        # As above with robust=TRUE: inner=1, outer=15.
        result = transforms.seasonally_adjust(AIRLINE, trend=19, robust=True)
        trend = [4.80540901, 4.87048167, 5.54337082, 6.18656226]
        assert np.allclose(np.log(result.trend.iloc[self.MONTHS]), trend, atol=1e-4)

    def test_parts_make_the_whole(self):
        result = transforms.seasonally_adjust(AIRLINE)
        assert np.allclose(result.adjusted * result.seasonal, AIRLINE)
        assert result.index.equals(AIRLINE.index)

    def test_a_gap_is_not_filled_and_each_side_stands_alone(self):
        gap = pd.Timestamp("1956-03-01")
        result = transforms.seasonally_adjust(AIRLINE.drop(gap))
        assert gap not in result.adjusted.index
        alone = transforms.seasonally_adjust(AIRLINE[:gap].iloc[:-1])
        assert np.allclose(result.adjusted[:gap], alone.adjusted)

    def test_short_stretches_stay_unadjusted(self):
        result = transforms.seasonally_adjust(AIRLINE.drop(pd.Timestamp("1959-03-01")))
        assert result.adjusted["1959-04":].isna().all()
        assert result.adjusted[:"1959-02"].notna().all()

    def test_too_short(self):
        with pytest.raises(transforms.BadSeries, match="no unbroken stretch of 36 months"):
            transforms.seasonally_adjust(AIRLINE.iloc[:35])


def test_january_and_february_share_their_mean():
    values = monthly(1, 3, 5, 7, start="2020-01")
    assert transforms.january_february_mean(values).tolist() == [2, 2, 5, 7]
    alone = transforms.january_february_mean(monthly(1, 3, 5, start="2020-01", drop=["2020-02"]))
    assert np.isnan(alone["2020-01-01"]) and alone["2020-03-01"] == 5


def test_change_across_compares_the_months_after_with_those_before():
    values = monthly(1, 1, 1, 9, 2, 2, 2)
    change = transforms.change_across(values, (-3, -1), (1, 3))
    assert change["2020-04-01"] == pytest.approx(np.log(2))
    assert change.drop(pd.Timestamp("2020-04-01")).isna().all()
    with_event_month = transforms.change_across(values, (-3, -1), (0, 2))
    assert with_event_month["2020-04-01"] == pytest.approx(np.log(13 / 3))


def test_change_across_bridges_no_gap_and_refuses_a_reversed_span():
    values = monthly(1, 1, 1, 9, 2, 2, 2, drop=["2020-06"])
    assert transforms.change_across(values, (-3, -1), (1, 3)).isna().all()
    with pytest.raises(transforms.BadSeries, match="earlier to a later"):
        transforms.change_across(values, (-1, -3), (1, 3))


class TestQuarters:
    def test_a_quarter_is_the_sum_of_its_three_months_and_missing_with_one_of_them(self):
        sums = transforms.quarterly_sum(monthly(*range(1, 12), drop=["2020-05"]))
        assert sums.index.strftime("%Y-%m-%d").tolist() == ["2020-03-31", "2020-06-30", "2020-09-30"]
        assert sums.iloc[[0, 2]].tolist() == [6, 24]
        assert np.isnan(sums.iloc[1])


def test_convert_goes_by_way_of_the_dollar_and_drops_months_without_a_rate():
    rates = {"EUR": monthly(0.5, 0.8), "JPY": monthly(100, 200, 300)}
    assert transforms.convert(monthly(1, 2, 3), "EUR", "JPY", rates).tolist() == [200, 500]
    assert transforms.convert(monthly(1, 2, 3), "USD", "JPY", rates).tolist() == [100, 400, 900]
    assert transforms.convert(monthly(1, 2, 3), "JPY", "JPY", {}).tolist() == [1, 2, 3]
    with pytest.raises(transforms.BadSeries, match="No rate is known for CNY"):
        transforms.convert(monthly(1), "USD", "CNY", rates)


def test_the_month_of_a_date_is_read_and_not_its_neighbours():
    dates = pd.Series(pd.to_datetime(["2020-02-29", "2021-01-15"]), index=["inside", "outside"])
    found = transforms.in_months_of(monthly(1, 2, 3), dates)
    assert found["inside"] == 2
    assert np.isnan(found["outside"])


def test_months_apart():
    months = pd.DatetimeIndex(["2020-01-01", "2021-06-01"])
    assert transforms.months_apart(months, pd.DatetimeIndex(["2020-03-01"])).tolist() == [2, 15]
    assert transforms.months_apart(months, pd.DatetimeIndex([])).tolist() == [999, 999]
