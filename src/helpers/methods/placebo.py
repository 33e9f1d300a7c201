"""Randomisation inference: placebo dates, sign flips and label permutations.

With about ten events no asymptotic argument holds. A placebo test asks how often days on which nothing
happened give a statistic as large as the real days do. All sets are enumerated where feasible, otherwise
drawn with a fixed seed. One function, :func:`placebo_p`, turns every placebo distribution into a p value.

Sources: Fisher (1935); Phipson and Smyth (2010) for the +1; Ernst (2004) for permutation tests.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Any, Literal

import numpy as np
import pandas as pd

from helpers.methods import checks
from helpers.methods.results import Shown

Alternative = Literal["two-sided", "greater", "less"]

PLACEBO_TEST = "placebo p, two-sided, by distance from the placebo mean"

ENUMERATE_UP_TO = 1_000_000  # sets of dates; more are drawn
DRAWS = 9_999
MOST_FLIPPED = 20  # events whose sign flips are enumerated
MINIMUM_POOL = 19  # with fewer placebo sets p can never reach 0.05


@dataclass(frozen=True, repr=False)
class PlaceboTest(Shown):
    """Observed statistic against its placebo distribution.

    Attributes
    ----------
    observed : float
    distribution : array, placebo sets
    p_value : float
        See :func:`placebo_p`.
    exact : bool
        True if every admissible set was enumerated.
    n : int
        Number of events (or effects, or labelled units).
    pool : int
        Number of dates or units that placebo sets are drawn from.
    method : str
    """

    observed: float
    distribution: np.ndarray
    p_value: float
    exact: bool
    n: int
    pool: int
    method: str

    def record(self) -> dict[str, Any]:
        """Return the fields of a record but its unit: observed value, placebo quantiles, rank and p value."""
        rank = float((self.distribution < self.observed).mean())
        row = {"value": self.observed, "n": self.n, "method": self.method, "p_value": self.p_value}
        row |= placebo_range(self.distribution) | {"placebo_rank": rank}
        return row | {"sets": len(self.distribution), "exact": self.exact, "pool": self.pool}

    def summary(self) -> pd.DataFrame:
        """Return one row with the columns of :meth:`record`."""
        return pd.DataFrame([self.record()])


def placebo_p(
    values: np.ndarray | pd.Series,
    observed: float,
    *,
    errors: np.ndarray | None = None,
    error: float | None = None,
    alternative: Alternative = "two-sided",
    exact: bool = False,
) -> float:
    """Return how often placebo values lie as far from their centre as an observed value.

    The centre is the mean of the placebo values: what the estimator gives where nothing happened. The p value
    is (1 + values at least as far) / (1 + values). To test another effect than none, give what the observed
    value exceeds it by.

    Parameters
    ----------
    values : array, shape (sets,)
        Ratios as logs. An infinite value, such as the log of no event at all, counts as the farthest finite
        one on its side.
    observed : float
    errors : array, shape (sets,), optional
        Standard error of each value: distances are then in standard errors, so that a value is not rare only
        because its dates are noisier.
    error : float, optional
        Standard error of the observed value; needed with `errors`.
    alternative : {"two-sided", "greater", "less"}
        One-sided only where the claim says so before the result.
    exact : bool
        The values are those of every set, the observed one among them: nothing is added to the counts.

    Returns
    -------
    float

    Raises
    ------
    UnusableInput
        If a value is missing, or there are fewer than 19 (exchanges of labels and signs aside).
    WrongCall
        If `alternative` is unknown or only one kind of error is given.

    References
    ----------
    Phipson and Smyth (2010), Statistical Applications in Genetics and Molecular Biology 9, article 39.

    Examples
    --------
    >>> import numpy as np
    >>> from helpers.methods.placebo import placebo_p
    >>> placebo_p(np.arange(-49.5, 50), 60.0)
    0.009900990099009901
    """
    if alternative not in ("two-sided", "greater", "less"):
        raise checks.WrongCall(f"alternative is {alternative!r}. Use 'two-sided', 'greater' or 'less'.")
    if (errors is None) != (error is None):
        raise checks.WrongCall("Give the standard errors of the placebo values and of the observed one.")
    spread = np.append(np.ones(len(values)) if errors is None else errors, 1.0 if error is None else error)
    sample = np.append(np.asarray(values, dtype=float), observed)
    if np.isnan(sample).any() or np.isnan(spread).any():
        raise checks.UnusableInput("A placebo value is missing. Leave out its set, and say so.")
    if not exact:
        checks.enough(len(values), MINIMUM_POOL, "placebo values")
    finite = sample[np.isfinite(sample)]
    sample = np.clip(sample, finite.min(), finite.max()) if len(finite) else np.sign(sample)
    distance = sample - sample[:-1].mean()
    # Dates with equal values have no error: any distance is then infinitely many of them.
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.where(distance == 0, 0.0, distance / spread)
    if alternative == "two-sided":
        distance = np.abs(distance)
    elif alternative == "less":
        distance = -distance
    # Ties must count as hits on every machine, whatever the order of summation.
    slack = 1e-12 * max(1.0, abs(distance[-1])) if np.isfinite(distance[-1]) else 0.0
    hits = int((distance[:-1] >= distance[-1] - slack).sum())
    return hits / len(values) if exact else (1 + hits) / (1 + len(values))


def placebo_range(values: np.ndarray) -> dict[str, float]:
    """Return the 5th, 50th and 95th percentile of placebo values under the names that a record keeps.

    Each is one of the values, so that an infinite one does no harm.
    """
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95], method="nearest")
    return {"placebo_5": float(low), "placebo_50": float(middle), "placebo_95": float(high)}


def placebo_dates(
    statistic: pd.Series,
    events: Sequence[Any] | pd.Index,
    *,
    guard: int,
    apart: int = 0,
    alternative: Alternative = "two-sided",
    seed: int,
) -> PlaceboTest:
    """Compare the events' statistic with that of dates on which nothing happened.

    Parameters
    ----------
    statistic : Series
        By calendar row (trading day, month or day): the statistic as if that row were an event, its leads and
        windows included; missing where the windows are not full.
    events : sequence of dates
        Rows of `statistic`.
    guard : int
        Placebo rows are more than `guard` rows from every event.
    apart : int
        Members of a placebo set are more than `apart` rows from each other.
    alternative : {"two-sided", "greater", "less"}
    seed : int
        Seed of the draws when there are too many sets to enumerate.

    Raises
    ------
    UnusableInput
        If an event has no statistic, or the constraints leave fewer than 19 sets.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from helpers.methods.placebo import placebo_dates
    >>> values = pd.Series(np.sin(np.arange(200)), pd.date_range("2024-01-01", periods=200))
    >>> values["2024-03-01"] = 9.0
    >>> placebo_dates(values, ["2024-03-01"], guard=5, seed=1).p_value < 0.05
    True
    """
    index = checks.index_in_order(statistic.index, "placebo calendar")
    values = checks.finite(statistic, "placebo statistic")
    real = np.sort(checks.positions(index, events, "events"))
    checks.enough(len(real), 1, "events")
    if np.isnan(values[real]).any():
        first = index[real[np.isnan(values[real])][0]]
        raise checks.UnusableInput(
            f"The event of {first:%Y-%m-%d} has no statistic. Drop it or shorten the window."
        )
    pool = candidate_rows(values, real, guard)
    sets, exact = date_sets(pool, real, apart=apart, seed=seed)
    checks.enough(len(sets), MINIMUM_POOL, "placebo sets under these constraints")
    distribution, observed = values[sets].mean(axis=1), float(values[real].mean())
    return PlaceboTest(
        observed,
        distribution,
        placebo_p(distribution, observed, alternative=alternative),
        exact,
        len(real),
        len(pool),
        f"placebo dates, more than {guard} rows from any event",
    )


def date_sets(
    pool: np.ndarray,
    events: np.ndarray,
    *,
    apart: int | None = 0,
    same: Literal["none", "spacing"] = "none",
    seed: int,
) -> tuple[np.ndarray, bool]:
    """Enumerate or draw placebo sets of as many rows as there are events.

    Parameters
    ----------
    pool, events : array of int
        Rows that may be drawn (see :func:`candidate_rows`), and rows of the events in order.
    apart, seed
        As in :func:`placebo_dates`; without `apart` (None) as far apart as the closest events.
    same : {"none", "spacing"}
        With "spacing" a set keeps the gaps between the events: the whole pattern is shifted.

    Returns
    -------
    (array of int, bool)
        Rows, sets × events, and whether they are all there are.

    Raises
    ------
    UnusableInput
        If the pool is too small for a set.

    Examples
    --------
    >>> import numpy as np
    >>> from helpers.methods.placebo import date_sets
    >>> sets, exact = date_sets(np.arange(30), np.array([5]), seed=1)
    >>> sets.shape, exact
    ((30, 1), True)
    """
    n = len(events)
    if same == "spacing":
        shifts = np.arange(pool.min(initial=0), pool.max(initial=0) + 1) - events[0]
        sets = events[None, :] + shifts[:, None]
        return sets[np.isin(sets, pool).all(axis=1)], True
    if same != "none":
        raise checks.WrongCall(f"same is {same!r}. Use 'none' or 'spacing'.")
    if apart is None:
        apart = max(0, int(np.diff(events).min()) - 1) if n > 1 else 0
    checks.enough(len(pool), n, "placebo dates")
    if comb(len(pool), n) <= ENUMERATE_UP_TO:
        return _apart(pool[_combinations(len(pool), n)], apart), True
    return _draw_spaced(pool, n, apart, seed), False


def candidate_rows(values: np.ndarray, events: np.ndarray, guard: int) -> np.ndarray:
    """Return the rows that have a value and lie more than `guard` rows from every event row.

    Examples
    --------
    >>> import numpy as np
    >>> from helpers.methods.placebo import candidate_rows
    >>> candidate_rows(np.array([1.0, np.nan, 2, 3, 4]), np.array([4]), guard=1)
    array([0, 2])
    """
    rows = np.flatnonzero(~np.isnan(values))
    far = np.abs(rows[:, None] - np.asarray(events)[None, :]) > guard
    return rows[far.all(axis=1)]


def quiet_rows(
    index: pd.DatetimeIndex, complete: np.ndarray, listed: pd.DatetimeIndex, guard: int
) -> np.ndarray:
    """Return the rows of trading days that placebo news may fall on.

    Parameters
    ----------
    index : DatetimeIndex
        Trading days.
    complete : array of bool, trading days
        Whether every statistic can be measured on the day.
    listed : DatetimeIndex
        Trading days on which anything is listed, of whatever kind.
    guard : int
        Placebo days are more than `guard` trading days from each of them.

    Returns
    -------
    array of int

    Raises
    ------
    UnusableInput
        If a listed day is no trading day, or fewer than 19 days remain.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from helpers.methods.placebo import quiet_rows
    >>> days = pd.date_range("2024-01-01", periods=25)
    >>> quiet_rows(days, np.ones(25, bool), days[[2]], guard=1)[:3]
    array([0, 4, 5])
    """
    rows = checks.positions(index, pd.DatetimeIndex(listed).unique(), "listed days")
    pool = candidate_rows(np.where(complete, 0.0, np.nan), rows, guard)
    checks.enough(len(pool), MINIMUM_POOL, "days without news")
    return pool


def same_year_sets(
    index: pd.DatetimeIndex, pool: np.ndarray, events: np.ndarray, *, apart: int | None, draws: int, seed: int
) -> np.ndarray:
    """Draw placebo sets whose members lie in the calendar years of the events.

    One row is one set for every statistic of the same events, so that their dependence is kept.

    Parameters
    ----------
    index : DatetimeIndex
        Calendar of the rows.
    pool, events : array of int
        Rows that may be drawn (see :func:`candidate_rows`), and rows of the events.
    apart : int or None
        Members of a set are more than `apart` rows from each other. With None each member is drawn by itself,
        and may be the same row as another; each year then needs 19 rows.
    draws : int
        Number of sets.
    seed : int

    Returns
    -------
    array of int, draws × events
        Rows of `index`; column j belongs to event j, in the order given.

    Raises
    ------
    UnusableInput
        If a year has too few placebo days, or the days are too few to lie so far apart.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from helpers.methods.placebo import same_year_sets
    >>> days = pd.date_range("2023-12-01", periods=60)
    >>> sets = same_year_sets(days, np.arange(60), np.array([3, 40]), apart=2, draws=199, seed=1)
    >>> sets.shape, bool((days[sets[:, 1]].year == 2024).all())
    ((199, 2), True)
    """
    pool, years = np.asarray(pool), index.year.to_numpy()
    strata = [pool[years[pool] == years[row]] for row in events]
    for row, stratum in zip(events, strata, strict=True):
        checks.enough(len(stratum), MINIMUM_POOL if apart is None else 1, f"placebo days in {years[row]}")
    if apart is None:
        rng = np.random.default_rng(seed)
        return np.column_stack([rng.choice(stratum, size=draws) for stratum in strata])
    return _draw(strata, apart, seed, draws)


def sign_flips(effects: Sequence[float], alternative: Alternative = "two-sided", *, seed: int) -> PlaceboTest:
    """Test a zero mean effect by flipping the signs of the events' effects.

    Exact up to 20 events; the observed signs count as one of the flips. With n events the smallest two-sided
    p is 2 / 2^n, so five events can never reach 0.05.

    Raises
    ------
    UnusableInput
        If an effect is missing, or there are fewer than two.

    Examples
    --------
    >>> from helpers.methods.placebo import sign_flips
    >>> sign_flips([1.0, 2.0, 1.5, 0.5, 1.0], seed=1).p_value
    0.0625
    """
    x = checks.complete(np.asarray(effects, dtype=float), "effects")
    checks.enough(len(x), 2, "effects")
    n, exact = len(x), len(x) <= MOST_FLIPPED
    if exact:
        sums = np.zeros(1)
        for effect in x:
            sums = np.concatenate([sums + effect, sums - effect])
    else:
        sums = np.random.default_rng(seed).choice([-1.0, 1.0], size=(DRAWS, n)) @ x
    p_value = placebo_p(sums / n, x.mean(), alternative=alternative, exact=exact)
    return PlaceboTest(x.mean(), sums / n, p_value, exact, n, n, "sign flips of the event effects")


def label_permutation(
    values: Sequence[float], labels: Sequence[bool], alternative: Alternative = "two-sided", *, seed: int
) -> PlaceboTest:
    """Test a difference in means between labelled and other units by exchanging the labels.

    Raises
    ------
    UnusableInput
        If a value is missing, a group is empty, or values and labels differ in length.

    Examples
    --------
    >>> from helpers.methods.placebo import label_permutation
    >>> label_permutation([1.0, 2.0, 9.0, 8.0], [False, False, True, True], seed=1).p_value
    0.3333333333333333
    """
    x, chosen = checks.complete(np.asarray(values, dtype=float), "values"), np.asarray(labels, dtype=bool)
    if len(x) != len(chosen):
        raise checks.UnusableInput(f"{len(x)} values but {len(chosen)} labels. Give one label per value.")
    n, k = len(x), int(chosen.sum())
    checks.enough(min(k, n - k), 1, "units in the smaller group")
    sets, exact = label_sets(n, k, seed=seed)
    inside = x[sets].mean(axis=1)
    difference = inside - (x.sum() - k * inside) / (n - k)
    observed = x[chosen].mean() - x[~chosen].mean()
    p_value = placebo_p(difference, observed, alternative=alternative, exact=exact)
    return PlaceboTest(observed, difference, p_value, exact, k, n, "permutation of labels")


def label_sets(n: int, k: int, *, seed: int) -> tuple[np.ndarray, bool]:
    """Return sets of `k` of `n` units, shape (sets, k), and whether they are all there are.

    Examples
    --------
    >>> from helpers.methods.placebo import label_sets
    >>> sets, exact = label_sets(4, 2, seed=1)
    >>> sets.shape, exact
    ((6, 2), True)
    """
    if comb(n, k) <= ENUMERATE_UP_TO:
        return _combinations(n, k), True
    keys = np.random.default_rng(seed).random((DRAWS, n))
    return np.argpartition(keys, k - 1, axis=1)[:, :k], False


def _combinations(n: int, k: int) -> np.ndarray:
    """Return every set of `k` of `n` units, shape (sets, k)."""
    members = (member for chosen in combinations(range(n), k) for member in chosen)
    return np.fromiter(members, dtype=np.int64).reshape(comb(n, k), k)


def _apart(sets: np.ndarray, apart: int) -> np.ndarray:
    """Keep the sets whose members differ and lie more than `apart` rows from each other."""
    if sets.shape[1] == 1:
        return sets
    return sets[np.diff(np.sort(sets, axis=1), axis=1).min(axis=1) > apart]


def _draw_spaced(pool: np.ndarray, n: int, apart: int, seed: int | np.random.Generator) -> np.ndarray:
    """Draw sets of n rows more than `apart` from each other, uniformly, by counting the ways to go on.

    Rejection would hardly ever succeed with ten members: few sets are admissible, and all must be as likely.
    """
    after = np.searchsorted(pool, pool + apart, side="right")
    # ways[j, i]: how many sets of j members the rows from i on can hold.
    ways = np.zeros((n + 1, len(pool) + 1))
    ways[0] = 1
    for j in range(1, n + 1):
        ways[j, :-1] = np.cumsum(ways[j - 1, after][::-1])[::-1]
    if not ways[n, 0]:
        raise checks.UnusableInput(
            f"No {n} placebo dates lie more than {apart} rows apart. Lower `apart` or `guard`."
        )
    rng, start, sets = np.random.default_rng(seed), np.zeros(DRAWS, dtype=int), []
    for j in range(n, 0, -1):
        target = ways[j, start] * (1 - rng.random(DRAWS))
        member = np.searchsorted(-ways[j], -target, side="right") - 1
        sets.append(pool[member])
        start = after[member]
    return np.column_stack(sets)


def _draw(strata: list[np.ndarray], apart: int, seed: int, draws: int = DRAWS) -> np.ndarray:
    """Draw sets uniformly among the admissible ones, by rejection; where few are, spaced in each stratum."""
    rng = np.random.default_rng(seed)
    sizes, sets = np.array([len(stratum) for stratum in strata]), np.empty((0, len(strata)), dtype=np.int64)
    places: dict[bytes, list[int]] = {}
    for place, stratum in enumerate(strata):
        places.setdefault(stratum.tobytes(), []).append(place)
    for tries in range(250):
        if tries < 200:
            picks = (rng.random((DRAWS, len(strata))) * sizes).astype(np.int64)
            members = np.column_stack([stratum[pick] for stratum, pick in zip(strata, picks.T, strict=True)])
        else:
            # Spaced within a year already: only neighbouring years can still be too near each other.
            for columns in places.values():
                spaced = _draw_spaced(strata[columns[0]], len(columns), apart, rng)
                members[:, columns] = rng.permuted(spaced, axis=1)
        sets = np.vstack([sets, _apart(members, apart)])
        if len(sets) >= draws:
            return sets[:draws]
    raise checks.UnusableInput(
        f"Hardly any {len(strata)} placebo dates lie more than {apart} rows apart. Lower `apart` or `guard`."
    )
