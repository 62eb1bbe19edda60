"""The cultural variation map: people and panels as points in a plane. As published, and sound.

The published map takes the mean raw code of each dimension and fits its axes on people and
panels together. The sound map fits its axes once, on people by country, sex and age, and
places panels on them; a panel can then move neither the axes nor anybody else's point. Knows no
country, item or model: rows of numbers come in, coordinates go out.
See docs/concepts/countries_and_groups.md.

Letters: K options, Q items, D dimensions, F features (rows of the sound map), N respondents,
M rows (people and panels), B bootstrap draws.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import f as f_distribution

from def_sim.metrics.aggregation import defined_mean
from def_sim.metrics.kl_paper import padded_shares
from def_sim.metrics.principal_components import Components, fit_components, why_no_components
from def_sim.metrics.sample import Array, Sample

Flags = NDArray[np.bool_]

MIN_CARRIED: Final = 0.5  # least share of an axis that a panel's answers must carry to be placed
MIN_RESPONDENTS: Final = 3  # fewer span no ellipse


def mean_code(sample: Sample, codes: Sequence[int]) -> float:
    """Sum of code times share, failures counting in the denominator (and so as a code of 0).

    As published: raw codes, whatever the length and the direction of the scale.

    Args:
        sample: Of one item, counts of shape (K,).
        codes: The institute's codes, length K.

    Returns:
        NaN if nobody was asked, 0 if every answer failed.
    """
    return float(padded_shares(sample)[:-1] @ np.asarray(codes, dtype=np.float64))


def dimension_features(values: Array, dimensions: Sequence[str], order: Sequence[str]) -> Array:
    """Mean over the items of each dimension, in a given order of dimensions.

    Args:
        values: One for each item, shape (Q,); NaN is left out of the mean.
        dimensions: Of each item, length Q.
        order: The dimensions, D of them.

    Returns:
        Shape (D,); NaN for a dimension without a defined item.
    """
    values, labels = np.asarray(values, dtype=np.float64), np.asarray(dimensions, dtype=np.str_)
    return np.array([defined_mean(values[labels == name]) for name in order])


@dataclass(frozen=True, slots=True)
class PublishedMap:
    """Coordinates of all rows, fitted on all of them."""

    coordinates: Array  # shape (M, 2); NaN for a row that is left out
    explained: Array  # share of variance of each axis, shape (2,); NaN without a map
    is_used: tuple[bool, ...]  # per dimension: False if some people have no item of it
    why_left_out: tuple[str, ...]  # per row: empty if it is on the map


def published_map(features: Array, *, num_people: int, order: Sequence[str]) -> PublishedMap:
    """Two principal components of people and panels together, centred and not scaled.

    Dimensions that a row of people lacks are left out for everyone; a panel that lacks one
    of the others has no point. Every panel that is added moves every point.

    Args:
        features: Shape (M, D), rows of people first; see `dimension_features`.
        num_people: How many of the rows are people.
        order: Names of the dimensions, length D, for the reasons given.
    """
    features = np.asarray(features, dtype=np.float64)
    is_used: Flags = np.asarray(np.isfinite(features[:num_people]).all(axis=0))
    used = features[:, is_used]
    why = [_missing(row, np.asarray(order)[is_used]) for row in used]
    is_placed = np.array([not reason for reason in why], dtype=bool)
    coordinates, explained = np.full((len(features), 2), np.nan), np.full(2, np.nan)
    if no_map := why_no_components(used[is_placed]):
        why = [reason or f"no map: {no_map}" for reason in why]
    else:
        fitted = fit_components(used[is_placed])
        coordinates[is_placed] = (used[is_placed] - fitted.mean) @ fitted.axes.T
        explained = fitted.explained
    return PublishedMap(coordinates, explained, tuple(bool(used) for used in is_used), tuple(why))


def _missing(row: Array, names: Array) -> str:
    absent = [str(name) for name in names[np.isnan(row)]]
    return f"no answered item in {', '.join(absent)}" if absent else ""


def fit_map(people: Array, *, anchor: int | None = None) -> Components:
    """The axes of the sound map, from people alone. Panels are no argument and so cannot move them.

    Args:
        people: Values in [0, 1] of people by country, sex and age, shape (cells, F), none missing.
        anchor: Feature that is to point to the positive end of both axes (importance of God); None,
            or a feature without weight: each axis's largest loading is positive.

    Raises:
        ValueError: The cells span no two axes, see `why_no_components`.
    """
    fitted = fit_components(people)
    largest = np.abs(fitted.axes).argmax(axis=1)
    leading = fitted.axes[[0, 1], largest]
    pointed = leading if anchor is None else fitted.axes[:, anchor]
    signs = np.sign(np.where(pointed == 0, leading, pointed))
    return replace(fitted, axes=fitted.axes * signs[:, None])


def place(values: Array, fitted: Components) -> Array:
    """Coordinates of rows on fitted axes.

    Where features are missing, the point is the one that fits the present ones best (least squares);
    with none missing that is the ordinary projection.

    Args:
        values: Shape (..., F); NaN where nobody answered.
        fitted: From `fit_map`.

    Returns:
        Shape (..., 2). NaN where `share_carried` is below `MIN_CARRIED`.
    """
    is_present = np.isfinite(np.asarray(values, dtype=np.float64))
    centred = np.where(is_present, values - fitted.mean, 0.0)
    gram = _gram(is_present, fitted)
    is_enough = np.linalg.eigvalsh(gram)[..., 0] >= MIN_CARRIED
    solvable = np.where(is_enough[..., None, None], gram, np.eye(2))
    # As sums and not as a matrix product: its rounding would depend on how many rows there are.
    pulled = (centred[..., None, :] * fitted.axes).sum(axis=-1)
    found = np.linalg.solve(solvable, pulled[..., None])[..., 0]
    return np.asarray(np.where(is_enough[..., None], found, np.nan), dtype=np.float64)


def share_carried(values: Array, fitted: Components) -> Array:
    """How much of the axes the present features carry: least share of squared loadings in any direction.

    1 if no feature is missing, 0 if what is present says nothing about some direction.

    Args:
        values: Shape (..., F); NaN where nobody answered.
        fitted: From `fit_map`.

    Returns:
        Shape (...), in [0, 1].
    """
    carried = np.linalg.eigvalsh(_gram(np.isfinite(values), fitted))[..., 0]
    return np.asarray(np.clip(carried, 0.0, 1.0), dtype=np.float64)


def _gram(is_present: Flags, fitted: Components) -> Array:
    products = fitted.axes[:, None, :] * fitted.axes[None, :, :]  # (2, 2, F)
    found: Array = (is_present[..., None, None, :] * products).sum(axis=-1)
    return found


@dataclass(frozen=True, slots=True)
class Ellipse:
    """Where a panel's point would lie for other respondents of the same kind."""

    half_axes: tuple[float, float]  # longer one first, in units of the map
    angle: float  # of the longer one against the first axis, in radians


def panel_ellipse(
    respondents: Array,
    fitted: Components,
    rng: np.random.Generator,
    *,
    num_draws: int = 1000,
    level: float = 0.95,
) -> Ellipse | None:
    """Confidence region of a panel's point: its spread when respondents are drawn anew.

    The covariance is that of B bootstrap means, the radius Hotelling's, so that small panels get the
    larger region that they need. A mean is unbiased, so the region is centred on the point.

    Args:
        respondents: Values in [0, 1], shape (N, F); NaN where a respondent gave no valid answer.
        fitted: From `fit_map`.
        rng: Generator of this panel.
        num_draws: B.
        level: Confidence that the region holds the point of infinitely many respondents.

    Returns:
        None if fewer than `MIN_RESPONDENTS` answered anything, or the panel has no point.
    """
    answered = respondents[np.isfinite(respondents).any(axis=1)]
    num = len(answered)
    if num < MIN_RESPONDENTS:
        return None
    points = place(_resampled_means(answered, rng, num_draws), fitted)
    points = points[np.isfinite(points).all(axis=1)]
    if len(points) < num_draws / 2:
        return None
    covariance = np.cov(points, rowvar=False) * num / (num - 1)  # resampling spreads too little by this
    squared_radius = 2 * (num - 1) / (num - 2) * f_distribution.ppf(level, 2, num - 2)
    sizes, directions = np.linalg.eigh(covariance)
    shorter, longer = np.sqrt(np.maximum(sizes, 0.0) * squared_radius)
    angle = np.arctan2(directions[1, 1], directions[0, 1])
    return Ellipse((float(longer), float(shorter)), float(angle))


def panel_values(respondents: Array) -> Array:
    """Mean over the respondents who answered, per feature, shape (F,); NaN where nobody did."""
    is_present = np.isfinite(respondents)
    times = is_present.sum(axis=0)
    sums = np.where(is_present, respondents, 0.0).sum(axis=0)
    return _quotient(sums, times)


def _resampled_means(respondents: Array, rng: np.random.Generator, num_draws: int) -> Array:
    """Means of B panels drawn from the respondents with replacement, shape (B, F)."""
    num = len(respondents)
    times = rng.multinomial(num, np.full(num, 1 / num), size=num_draws).astype(np.float64)  # (B, N)
    is_present = np.isfinite(respondents)
    counts = times @ is_present
    sums = times @ np.where(is_present, respondents, 0.0)
    return _quotient(sums, counts)


def _quotient(sums: Array, counts: Array) -> Array:
    """Means; NaN where nothing was counted."""
    means: Array = np.divide(sums, counts, out=np.full(counts.shape, np.nan), where=counts > 0)
    return means


def strongest_features(loadings: Array, *, num: int = 3) -> tuple[int, ...]:
    """Which features name an axis: indices of its largest absolute loadings, strongest first.

    The sign of a loading says at which end of the axis the feature is high.
    """
    order = np.argsort(-np.abs(loadings), kind="stable")[:num]
    return tuple(int(index) for index in order if loadings[index] != 0)
