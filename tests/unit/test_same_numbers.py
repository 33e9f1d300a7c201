"""Numbers, orders and pictures that do not hang on the last bit of the linear algebra."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from helpers.digits import alike, rounded
from helpers.figures import publishing
from helpers.methods import counterfactual
from helpers.methods.interrupted_series import Intervention, interrupted_series

MONTHS = pd.date_range("2013-01", periods=130, freq="MS")


def wandering(seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    return np.cumsum(random.normal(size=130)) * 0.1 + random.normal(size=130) * 0.3


def last_bits(values: np.ndarray) -> np.ndarray:
    """The same values as another processor would have them."""
    return values * (1 + 4e-16 * np.random.default_rng(9).integers(-3, 4, size=values.shape))


def pause(inference: str = "bootstrap t"):
    def estimate(values: np.ndarray):
        control = Intervention("control", "2020-01", leads=3, end="2020-12")
        return interrupted_series(
            pd.Series(values, MONTHS), [control], season="dummies", unit="log points", inference=inference
        )

    return estimate


@pytest.mark.parametrize("seed", range(5))
def test_restricted_likelihood_is_certain_to_nine_digits(seed: int) -> None:
    estimate = pause()
    fit, again = (estimate(values) for values in (wandering(seed), last_bits(wandering(seed))))
    assert again.details["rho"] == pytest.approx(fit.details["rho"], rel=1e-9)
    effect, repeat = fit.estimate("control: level"), again.estimate("control: level")
    assert (repeat.value, repeat.low, repeat.high) == pytest.approx(
        (effect.value, effect.low, effect.high), rel=1e-9
    )


def test_a_bootstrap_met_before_is_not_drawn_again():
    months = pd.date_range("2014-01-01", periods=60, freq="MS")
    walks = [pd.Series(np.random.default_rng(seed).normal(size=60).cumsum(), months) for seed in (1, 1, 2)]
    first, again, other = (interrupted_series(walk, [], season=1, unit="", draws=99).draws for walk in walks)
    assert again is first and other is not first


@pytest.mark.parametrize("seed", range(5))
def test_variances_are_the_maximum_of_the_dense_restricted_likelihood(seed: int) -> None:
    random = np.random.default_rng(seed)
    z, X = wandering(seed), random.normal(size=(130, 3))
    places = np.delete(np.arange(132), [40, 41])
    (level, noise), *_ = counterfactual._variances(z, X, places, None)
    time, W = places - places[0], np.column_stack([np.ones(130), X])

    def height(level: float, noise: float) -> float:
        covariance = level * np.minimum.outer(time, time) + noise * np.eye(130)
        inverse = np.linalg.inv(covariance)
        information = W.T @ inverse @ W
        residual = z - W @ np.linalg.solve(information, W.T @ inverse @ z)
        volumes = np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(information)[1]
        return -0.5 * (volumes + residual @ inverse @ residual)

    best = height(level, noise)
    around = [
        height(level * a, noise * b) for a in (0.97, 1, 1.03) for b in (0.97, 1, 1.03) if (a, b) != (1, 1)
    ]
    assert level > 0 and noise > 0 and max(around) < best
    again = counterfactual._variances(last_bits(z), last_bits(X), places, None)[0]
    assert again == pytest.approx((level, noise), rel=1e-9)


def test_a_fixed_level_leaves_the_noise_at_its_maximum() -> None:
    z, X, places = wandering(1), np.empty((130, 0)), np.arange(130)
    (level, noise), *_ = counterfactual._variances(z, X, places, None)
    fixed = counterfactual._variances(z, X, places, float(np.sqrt(level)))[0]
    assert fixed == pytest.approx((level, noise), rel=1e-7)


def test_a_series_of_pure_noise_has_no_wandering_level() -> None:
    z = np.tile([1.0, -1.0], 65)
    assert counterfactual._variances(z, np.empty((130, 0)), np.arange(130), None)[0][0] == 0


def test_halves_are_rounded_alike_on_every_machine() -> None:
    # 0.1 + 0.2 is a last bit above 0.3, and the same sum in another order is not.
    for half in (0.1234565, 2.5e-7, 1234565.0):
        nearby = {rounded(x) for x in (np.nextafter(half, 0), half, np.nextafter(half, 2 * half))}
        assert len(nearby) == 1
    assert alike(0.1 + 0.2) == alike(0.3) and str(rounded(-0.0)) == "0.0"
    assert rounded(1234567.8) == 1234570 and np.isnan(rounded(float("nan")))


def test_a_picture_and_its_digest_do_not_hang_on_the_last_bits() -> None:
    def picture(values: np.ndarray) -> tuple[bytes, str]:
        fig, (upper, lower) = plt.subplots(2)
        upper.plot(MONTHS, values, linestyle="--")
        upper.fill_between(MONTHS, np.exp(values - 1), np.exp(values), alpha=0.3)
        upper.set_yscale("log")
        lower.scatter(values, np.roll(values, 1))
        lower.vlines(values[:9], -1, 1)
        fig.suptitle("Title")
        publishing.lay_out(fig, "Source")
        picture = publishing._png(fig), publishing._drawn(fig)
        plt.close(fig)
        return picture

    values = np.exp(wandering(4))
    assert picture(values) == picture(last_bits(values))
    assert picture(values)[1] != picture(values * 1.001)[1]
