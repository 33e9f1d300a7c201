"""Maximise a state-space likelihood so that the answer does not depend on the optimiser or its start."""

import warnings

import numpy as np
from statsmodels.tools.numdiff import approx_fprime_cs, approx_hess_cs
from statsmodels.tsa.statespace.mlemodel import MLEModel

from helpers.digits import SHOWN
from helpers.methods.checks import UnusableInput

_TOLERANCE = 0.01  # of log likelihood
# The variance of a stationary start is solved for with errors near 1e-15, which a smaller step would magnify.
_NOISE = 1e-6  # of log likelihood: what rounding leaves where the starting variance is large
_STEP = 1e-6
_ASIDE = 1e-4  # relative distance of the restart


class StartsDisagree(UnusableInput):
    """The optimisers did not find the same maximum, so no estimate is given."""


def maximise(model: MLEModel) -> np.ndarray:
    """Return the maximum likelihood parameters of a state-space model.

    L-BFGS runs from statsmodels' start and BFGS from a neutral one; where they disagree, Nelder-Mead decides.
    A converged flag is not believed: two runs must come within 0.01 of the best log likelihood. The best is
    then polished with Newton steps to the floor of the gradient, and once more from a point beside it: digits
    that the two do not share would differ between processors.

    Parameters
    ----------
    model : statsmodels MLEModel
        Data should be of order one: an unscaled trend stops the optimisers early.

    Raises
    ------
    StartsDisagree
        If fewer than two runs agree, or the likelihood is too flat for six certain digits.
    """
    start = np.asarray(model.start_params, dtype=float)
    with warnings.catch_warnings():
        # Non-convergence of one run is expected; agreement between runs is what counts.
        warnings.simplefilter("ignore")
        runs = _sorted([_run(model, "lbfgs", start), _run(model, "bfgs", _neutral(model, start))])
        if not _agree(runs):
            runs = _sorted([*runs, _run(model, "nm", start)])
    if not _agree(runs):
        heights = ", ".join(f"{value:.3f}" for value, _ in runs)
        raise StartsDisagree(f"The starts end at different likelihoods ({heights}). Use a simpler model.")
    best = _polish(model, runs[0][1])
    again = _polish(model, best * (1 + _ASIDE))
    apart = float(np.max(np.abs(again - best) / np.maximum(np.abs(best), 1e-3)))
    if apart > 10.0**-SHOWN:
        digits = max(0, int(-np.log10(apart)))
        raise StartsDisagree(
            f"The likelihood is flat: only {digits} digits are certain. Use a simpler model."
        )
    return best


def _neutral(model: MLEModel, start: np.ndarray) -> np.ndarray:
    """Start with little dynamics and half the variance as noise."""
    neutral = start.copy()
    for j, name in enumerate(model.param_names):
        if name.startswith(("ar.", "ma.")):
            neutral[j] = 0.1
        elif name.startswith("sigma2"):
            neutral[j] = 0.5
    return neutral


def _sorted(runs: list[tuple[float, np.ndarray] | None]) -> list[tuple[float, np.ndarray]]:
    return sorted((run for run in runs if run is not None), key=lambda run: -run[0])


def _agree(runs: list[tuple[float, np.ndarray]]) -> bool:
    return len(runs) > 1 and runs[0][0] - runs[1][0] <= _TOLERANCE


def _run(model: MLEModel, method: str, start: np.ndarray) -> tuple[float, np.ndarray] | None:
    try:
        fit = model.fit(start, method=method, disp=0, maxiter=2000, cov_type="none")
    except (np.linalg.LinAlgError, ValueError):
        return None
    return (fit.llf, np.asarray(fit.params)) if np.isfinite(fit.llf) else None


def _polish(model: MLEModel, params: np.ndarray) -> np.ndarray:
    """Newton steps to the exact maximum; parameters at the edge of zero variance stay."""
    names = enumerate(model.param_names)
    free = [j for j, name in names if not (name.startswith("sigma2") and params[j] < 1e-7)]
    full = params.astype(complex)

    def log_likelihood(part: np.ndarray) -> complex:
        full[free] = part
        return model.loglike(full, transformed=True, includes_fixed=True, complex_step=True)

    def ascend(part: np.ndarray) -> np.ndarray:
        """Newton steps until they stop shrinking: the floor of the gradient."""
        hessian = approx_hess_cs(part, log_likelihood)
        shortest = np.inf
        for _ in range(20):
            try:
                step = np.linalg.solve(hessian, approx_fprime_cs(part, log_likelihood, _STEP))
            except np.linalg.LinAlgError:
                break
            # Outside the stationary region the formula still gives a number, and it can be far too high.
            gain = np.real(log_likelihood(part - step)) - np.real(log_likelihood(part))
            length = float(np.max(np.abs(step)))
            if not -_NOISE <= gain <= _TOLERANCE or length >= shortest:
                break
            part, shortest = part - step, length
        return part

    # The Hessian at the maximum makes the second round quadratic to the end.
    full[free] = ascend(ascend(params[free]))
    return np.real(full)
