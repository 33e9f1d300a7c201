"""What stands in one notebook: its own functions, run on made-up data."""

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from notebook_functions import functions_of
from scipy import stats

from helpers import figures, observations, paths, transforms
from helpers.methods.checks import UnusableInput
from helpers.methods.results import Estimate
from helpers.methods.verdict import Evidence, verdict


@pytest.fixture(scope="module")
def export_response():
    return functions_of("06_export_response")


@pytest.fixture(scope="module")
def other_exporters():
    return functions_of("15_other_exporters")


def monthly(*values, start="2020-01", drop=()):
    months = pd.Series(
        values, pd.date_range(start, periods=len(values), freq="MS", name="period"), dtype=float
    )
    return months.drop([pd.Timestamp(month) for month in drop])


def dated(days, values):
    return pd.Series(values, pd.to_datetime(days), dtype=float)


def test_the_detectable_rise_of_a_share_has_the_power_it_says():
    detectable_rise = functions_of("01_summits_and_controls").detectable_rise
    design = detectable_rise(6, 5)
    # Fisher's test needs four of five: the chance of four or more is 80 percent.
    assert stats.binom.sf(3, 5, design.value) == pytest.approx(0.8)
    assert detectable_rise(60, 50).value < design.value
    with pytest.raises(UnusableInput, match="Describe only"):
        detectable_rise(2, 2)


def test_only_whole_months_have_an_average():
    days = pd.bdate_range("2020-01-13", "2020-03-20")
    average = functions_of("02_chip_exports").monthly_average(
        dated(days, np.where(days.month == 2, 7.0, 6.0))
    )
    assert average.to_dict() == {pd.Timestamp("2020-02-01"): 7.0}


def test_the_latest_three_months_are_set_against_the_highest():
    against_peak = functions_of("02_chip_exports").against_peak
    change = against_peak(monthly(1, 2, 3, 4, 1, 1, 1))
    assert (change.latest, change.percent) == (1, pytest.approx(100 * (1 / 3 - 1)))
    assert (change.peak, change.month) == (pd.Timestamp("2020-04-01"), pd.Timestamp("2020-07-01"))
    with pytest.raises(ValueError, match="no three months in a row"):
        against_peak(monthly(1, 2, 3, drop=["2020-02"]))


def test_a_yearly_sum_leaves_out_a_year_that_is_not_whole_and_keeps_annual_values():
    months = monthly(*[1] * 30, start="2019-01", drop=["2020-05"])
    assert transforms.yearly_sum(months).to_dict() == {2019: 12}
    assert transforms.yearly_sum(dated(["2019-12-31"], [7])).to_dict() == {2019: 7}


def test_fiscal_quarters_go_where_most_of_their_months_are():
    calendar_quarters = functions_of("04_ai_investment").calendar_quarters
    aligned = calendar_quarters(dated(["2025-01-31", "2025-04-30", "2025-10-31"], [1, 2, 4]))
    ends = ["2024-12-31", "2025-03-31", "2025-06-30", "2025-09-30"]
    assert aligned.index.strftime("%Y-%m-%d").tolist() == ends
    assert aligned.tolist()[:2] == [1, 2] and np.isnan(aligned.iloc[2]) and aligned.iloc[3] == 4
    same = calendar_quarters(dated(["2025-03-31", "2025-06-30"], [1, 2]))
    assert same.index[0] == pd.Timestamp("2025-03-31")
    with pytest.raises(ValueError, match="two values in 2025Q1"):
        calendar_quarters(dated(["2025-03-31", "2025-04-30"], [1, 2]))


def test_the_detectable_trend_follows_the_tails_of_its_t_ratio():
    class Fit:
        coefficients, draws, df = pd.Series({"years": 0.0}), None, np.inf

    class Draws:
        def t(self, weights):
            assert weights.tolist() == [1.0]
            return 2 * np.abs(stats.norm.ppf(np.arange(1, 40_000) / 40_000))

    detectable_trend = functions_of("07_self_sufficiency").detectable_trend
    effect = Estimate(0.0, None, None, "log points a year", 40, "simulated", se=0.1)
    assert detectable_trend(effect, Fit) == pytest.approx(0.1 * (stats.norm.ppf(0.975) + stats.norm.ppf(0.8)))
    single = detectable_trend(effect, Fit)
    Fit.draws = Draws()
    assert detectable_trend(effect, Fit) == pytest.approx(2 * single, rel=1e-3)


@pytest.mark.filterwarnings("ignore:Perfect separation")
def test_an_untreated_origin_has_no_poisson_effect_and_the_treated_one_has_its_own(other_exporters):
    months = pd.date_range("2021-01-01", "2023-12-01", freq="MS")
    level = np.outer(100 + 10 * np.sin(np.arange(len(months))), [1.0, 2, 3, 4])
    table = pd.DataFrame(level, months, ["United States", "Japan", "Germany", "Singapore"])
    other_exporters.oct7, other_exporters.horizon = pd.Timestamp("2022-10-01"), 12
    other_exporters.lead_months = 3
    table.loc["2022-11":, "United States"] *= 0.5
    table.loc["2022-07":"2022-10", "United States"] *= 3
    effect = other_exporters.poisson_effect(table)
    assert effect.value == pytest.approx(np.log(0.5), abs=1e-6)
    others = [other_exporters.poisson_effect(table, name).value for name in table.columns[1:]]
    assert all(0 < value < 0.4 for value in others)


def test_a_forecast_has_both_lines_the_band_and_the_date_of_the_event(export_response):
    index = pd.date_range("2022-01-01", periods=6, freq="MS")
    piece = pd.DataFrame({"observed": [10, 11, 12, 9, 8, 7.0]}, index)
    piece[["counterfactual", "low", "high"]] = np.nan
    piece.loc["2022-04":, ["counterfactual", "low", "high"]] = [12, 8, 16]
    marks = {"First": index[3], "Second": index[2]}
    fig = export_response.forecast_panels({"First": piece, "Second": piece}, marks, "Fell", "USD million")
    first = fig.axes[0]
    assert fig.get_suptitle() == "Fell" and first.get_title(loc="left") == "First"
    assert first.get_yscale() == "log" and len(first.collections) == 1
    lengths = sorted(len(line.get_xdata()) for line in first.lines)
    assert lengths[-1] == 6 and 3 in lengths
    assert any(set(line.get_xdata()) == {index[3]} for line in first.lines)
    plt.close(fig)


def test_a_figure_of_estimates_tells_each_of_them(export_response, monkeypatch):
    contents = {}
    monkeypatch.setattr(figures, "publish", lambda fig, **content: contents.update(content))
    blocks = {"US tools": {"As written": Estimate(-0.2, -0.3, -0.1, "log points", 1, "m")}}
    export_response.draw_estimates("fall", blocks, series=[], title="A fall", margin=0.05)
    said = "US tools: Main result, as planned −18%."
    assert contents["alt"] == f"Estimates with 95% intervals. A fall. {said}"
    assert contents["data"]["group"].tolist() == ["US tools"] and contents["name"] == "fall"


def test_each_kind_has_its_panel_with_the_bins_where_they_belong():
    path = pd.DataFrame({"first": [-10, 1], "last": [-1, 10], "ratio": [2.0, 0.5]})
    path[["low", "high"]] = [[0.2, 1.5], [0.1, 2.0]]
    event_time_panels = functions_of("09_restraint").event_time_panels
    fig = event_time_panels({"Tightening": path, "Easing": path}, "Title", "Unit")
    assert [ax.get_title(loc="left") or ax.get_title() for ax in fig.axes] == ["Tightening", "Easing"]
    bars = [(bar.get_x(), bar.get_height()) for bar in fig.axes[0].patches]
    assert bars == [(-10.5, pytest.approx(1.3)), (0.5, pytest.approx(1.9))]
    plt.close(fig)


def test_a_running_maximum_holds_the_last_record_and_starts_with_the_first():
    running_maximum = functions_of("08_frontier_gap").running_maximum
    days = ["2020-05-01", "2020-02-01", "2020-05-01", "2020-08-01", "2020-11-01"]
    values = dated(days, [3.0, 1.0, 2.0, np.nan, 2.5])
    ends = pd.date_range("2019-12-31", periods=5, freq="QE")
    assert running_maximum(values, ends).tolist()[1:] == [1.0, 3.0, 3.0, 3.0]
    assert np.isnan(running_maximum(values, ends).iloc[0])


def test_every_row_keeps_all_vintages_public_on_the_day():
    rows = observations.every_row("trade", "2022-12-31")
    assert (rows["vintage"] <= "2022-12-31").all() and rows["vintage"].nunique() > 1
    assert rows.duplicated(["series_id", "period"]).any()
    assert len(observations.every_row("trade", "")) > len(rows)


def test_the_rates_beside_the_placebo_p_of_one_control_are_those_of_the_calibration(
    export_response,
):
    table = (paths.root() / "docs" / "methods" / "calibration.md").read_text(encoding="utf-8").splitlines()
    rows = [row for row in table if "The whole rule for one control" in row and "| placebo p |" in row]
    rates = sorted(float(row.split("|")[5].split("±")[0]) for row in rows)
    assert {"lowest": rates[0], "highest": rates[-1]} == export_response.REJECTED


def test_what_rests_on_an_uncalibrated_p_does_not_count(export_response):
    fall = Estimate(-0.8, -1.2, -0.4, "log points", 1, "m")
    lead = fall.changed(value=0.0, low=-0.1, high=0.1)
    rest = {"single_event": True, "lead": lead, "rungs": (fall,), "mde": 0.2, "family_p": 0.04}
    strong = verdict(Evidence(fall, sign="negative", margin=0.3, placebo_p=0.02, **rest))
    ruling = export_response.not_calibrated(strong)
    assert (strong.word, ruling.word) == ("supported", "inconclusive")
    assert len(ruling.reasons) == 2 and all(export_response.NOTE in reason for reason in ruling.reasons)
    assert list(ruling.conditions.values()).count(False) == 2
    far = verdict(Evidence(fall, sign="negative", margin=0.3, placebo_p=0.5, **rest))
    assert len(export_response.not_calibrated(far).reasons) == 2
    export_response.horizon = 12
    assert export_response.disjoint(pd.date_range("2015-01-01", periods=25, freq="MS")) == 3


def test_an_interval_by_origins_is_as_wide_as_the_others_differ(other_exporters):
    shape = {"unit": "log points", "n": 34, "method": "m"}
    values = {"US": -0.5, "A": -0.7, "B": 0.1, "C": 0.2, "D": 0.4}
    effects = {name: Estimate(value, None, None, **shape) for name, value in values.items()}
    ends = other_exporters.between_origins(effects, "US")
    half = stats.t.ppf(0.975, 3) * np.std([-0.7, 0.1, 0.2, 0.4], ddof=1)
    assert ends["low_origins"] == pytest.approx(100 * np.expm1(-0.5 - half))
    assert ends["high_origins"] == pytest.approx(100 * np.expm1(-0.5 + half))
    assert ends["rank_size"] == 2
