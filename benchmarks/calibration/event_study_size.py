"""Size of the event-study tests under null models (simulated returns; no event moves anything).

Run ``python benchmarks/calibration/event_study_size.py [replications]``; the tests use a short version of the
same simulation. Twenty shares, 120 estimation days, 5 event days, one common date; market returns with
standard deviation 0.01, residuals 0.02, betas around 1 with spread 0.3.
"""

import sys

import numpy as np
import pandas as pd

from helpers.methods.event_study import event_study

ASSETS, ESTIMATION_DAYS, EVENT_DAYS = 20, 120, 5
MODELS = ("iid", "event variance x3", "residual correlation 0.15")


def rejection_rates(model: str, replications: int, seed: int) -> pd.Series:
    """Share of null samples in which each test rejects at 5 percent."""
    rng = np.random.default_rng(seed)
    days = ESTIMATION_DAYS + 1 + EVENT_DAYS
    index = pd.bdate_range("2020-01-01", periods=days)
    rejected = []
    for _ in range(replications):
        market = rng.normal(0, 0.01, days)
        noise = rng.normal(size=(days, ASSETS))
        if model == "event variance x3":
            noise[-EVENT_DAYS:] *= np.sqrt(3)
        elif model == "residual correlation 0.15":
            noise = np.sqrt(0.85) * noise + np.sqrt(0.15) * rng.normal(size=(days, 1))
        returns = market[:, None] * rng.normal(1, 0.3, ASSETS) + 0.02 * noise
        study = event_study(
            pd.DataFrame(returns, index),
            pd.Series(market, index, name="market"),
            [index[ESTIMATION_DAYS + 1]],
            estimation=(-ESTIMATION_DAYS - 1, -2),
            leads=(-1, -1),
            window=(0, EVENT_DAYS - 1),
        )
        rejected.append(study.tests["p_value"] < 0.05)
    return pd.DataFrame(rejected).mean().rename(model)


def rejection_rates_many_dates(replications: int, seed: int, dates: int = 10, assets: int = 8) -> pd.Series:
    """The same for several dates and residuals with correlation 0.3; `estimate` is the mean over events."""
    rng = np.random.default_rng(seed)
    days = ESTIMATION_DAYS + 2 + 40 * dates
    index = pd.bdate_range("2020-01-01", periods=days)
    events = index[ESTIMATION_DAYS + 1 :: 40][:dates]
    windows = {"estimation": (-ESTIMATION_DAYS - 1, -12), "leads": (-10, -2), "window": (-1, 1)}
    rejected = []
    for _ in range(replications):
        market = rng.normal(0, 0.01, days)
        noise = np.sqrt(0.7) * rng.normal(size=(days, assets)) + np.sqrt(0.3) * rng.normal(size=(days, 1))
        returns = pd.DataFrame(market[:, None] * rng.normal(1, 0.3, assets) + 0.02 * noise, index)
        study = event_study(returns, pd.Series(market, index, name="market"), events, **windows)
        rejected.append(
            (study.tests["p_value"] < 0.05).to_dict() | {"estimate": study.estimate.p_value < 0.05}
        )
    return pd.DataFrame(rejected).mean().rename(f"{dates} dates, correlation 0.3")


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    rates = [rejection_rates(model, count, seed) for seed, model in enumerate(MODELS)]
    rates.append(rejection_rates_many_dates(count, len(MODELS)))
    print(
        f"{count} replications, nominal 0.05; Monte-Carlo 99% half-width {2.58 * (0.0475 / count) ** 0.5:.3f}"
    )
    print(pd.concat(rates, axis=1).round(3).to_string())
