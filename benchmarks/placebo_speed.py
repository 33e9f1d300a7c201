"""Speed of placebo cumulative abnormal returns against one statsmodels regression per day and share.

Run ``python benchmarks/placebo_speed.py``. All returns are simulated. The statsmodels loop runs on a random
subset of days and shares and is scaled up to the whole; its values are compared with the fast ones.
"""

import time

import numpy as np
import pandas as pd
import statsmodels.api as sm

from helpers.methods.abnormal_returns import cars_on_every_day
from helpers.methods.placebo import placebo_dates

DATES, SHARES = 10_000, 45
ESTIMATION, WINDOW = (-260, -31), (-1, 1)
SUBSET = 400


def simulate() -> tuple[pd.DataFrame, pd.Series]:
    """Return simulated returns with DATES days that have full windows, and the market."""
    rng = np.random.default_rng(20261123)
    days = DATES - ESTIMATION[0] + WINDOW[1]
    index = pd.bdate_range("1985-01-01", periods=days)
    market = pd.Series(rng.normal(0, 0.01, days), index, name="market")
    noise = rng.normal(0, 0.02, (days, SHARES))
    return pd.DataFrame(market.to_numpy()[:, None] * rng.normal(1, 0.3, SHARES) + noise, index), market


def loop(returns: pd.DataFrame, market: pd.Series, pairs: list[tuple[int, int]]) -> np.ndarray:
    """Cumulative abnormal return of each (day, share) by one statsmodels regression."""
    y, x = returns.to_numpy(), sm.add_constant(market.to_numpy())
    cars = []
    for day, share in pairs:
        past = slice(day + ESTIMATION[0], day + ESTIMATION[1] + 1)
        event = slice(day + WINDOW[0], day + WINDOW[1] + 1)
        fitted = sm.OLS(y[past, share], x[past]).fit()
        cars.append((y[event, share] - fitted.predict(x[event])).sum())
    return np.array(cars)


def main() -> None:
    returns, market = simulate()
    start = time.perf_counter()
    cars = cars_on_every_day(returns, market, estimation=ESTIMATION, window=WINDOW)
    seconds_cars = time.perf_counter() - start
    events = returns.index[np.arange(500, DATES, DATES // 11)[:11]]
    start = time.perf_counter()
    test = placebo_dates(cars.mean(axis=1), events, guard=12, apart=12, seed=1)
    seconds_test = time.perf_counter() - start

    rng = np.random.default_rng(1)
    days = rng.integers(-ESTIMATION[0], len(returns) - WINDOW[1], SUBSET)
    pairs = list(zip(days.tolist(), rng.integers(0, SHARES, SUBSET).tolist(), strict=True))
    start = time.perf_counter()
    slow = loop(returns, market, pairs)
    seconds_loop = (time.perf_counter() - start) / SUBSET * DATES * SHARES
    fast = np.array([cars.iat[pair] for pair in pairs])
    print(f"{DATES:,} placebo dates x {SHARES} shares: {seconds_cars:.2f} s")
    print(f"{len(test.distribution):,} placebo sets of {test.n} events: {seconds_test:.2f} s")
    print(f"statsmodels loop: {seconds_loop:.0f} s (scaled from {SUBSET} regressions)")
    print(f"ratio {seconds_loop / seconds_cars:.0f}; largest difference {np.abs(fast - slow).max():.1e}")


if __name__ == "__main__":
    main()
