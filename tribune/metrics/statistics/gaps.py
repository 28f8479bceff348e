"""The widest gap and the smallest ratio among groups, with bounds that hold for all pairs of groups at once.

Each group brings an estimate with bounds of its own; a pair's bounds follow from these (MOVER: the method of
variance estimates recovery). Groups and pairs that cannot be the extreme one are passed over, so that
thousands of groups cost little, also where all are alike; which these are never changes the result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from tribune.metrics.statistics.intervals import Interval

_ZERO, _ONE, _INFINITE = Decimal(0), Decimal(1), Decimal("Infinity")


Groups = Sequence[Interval]


def gap_bounds(groups: Groups, fresh: Groups | None = None) -> tuple[Decimal, Decimal]:
    """Return bounds of the largest difference among at least two groups (inside `exact`), at least 0.

    With `fresh`, some of the groups: of the pairs only that one of these belongs to.

    Of two groups, p − q ∓ √((p − p_bound)² + (q_bound − q)²): Newcombe 1998, method 10, for shares; Zou &
    Donner 2008, Statistics in Medicine 27:1693, in general.
    """
    low = min(
        _least(
            sorted(_foremost(ones, high=True, sure=True), key=lambda group: group.lower, reverse=True),
            sorted(_foremost(others, high=False, sure=True), key=lambda group: group.value),
            lambda a, b: -(a - b).lower,
            lambda a, b: b.value - a.lower,
        )
        for ones, others in _sides(groups, fresh)
    )
    high = min(
        _least(
            sorted(_foremost(ones, high=True, sure=False), key=lambda group: group.upper, reverse=True),
            sorted(_foremost(others, high=False, sure=False), key=lambda group: group.lower),
            lambda a, b: -(a - b).upper,
            lambda a, b: b.lower - a.upper,
        )
        for ones, others in _sides(groups, fresh)
    )
    return max(_ZERO, -low), -high


def ratio_bounds(groups: Groups, fresh: Groups | None = None) -> tuple[Decimal, Decimal]:
    """Return bounds of the smallest ratio among at least two groups' shares, not all 0 (inside `exact`).

    With `fresh`, some of the groups: of the pairs only that one of these belongs to.

    Of two groups, p/q is bounded where a bound of p − θ·q is 0: MOVER-R, Donner & Zou 2012, Statistical
    Methods in Medical Research 21:347. Never over 1: of the two ratios of a pair one is not.
    """
    low = min(
        _least(
            sorted(_foremost(ones, high=False, sure=False), key=lambda group: group.lower),
            sorted(_foremost(others, high=True, sure=False), key=lambda group: group.upper, reverse=True),
            _ratio_lower,
            lambda a, b: a.lower / b.upper,
        )
        for ones, others in _sides(groups, fresh)
    )
    high = min(
        _least(
            sorted(_foremost(ones, high=False, sure=True), key=lambda group: group.upper),
            sorted(_foremost(_above_0(others), high=True, sure=True), key=_value, reverse=True),
            _ratio_upper,
            lambda a, b: a.upper / b.value,
        )
        for ones, others in _sides(groups, fresh)
    )
    return min(low, _ONE), min(high, _ONE)


def _sides(groups: Groups, fresh: Groups | None) -> list[tuple[Groups, Groups]]:
    """Return which groups may be the first of a pair, and which then the second."""
    if fresh is None or len(fresh) == len(groups):
        return [(groups, groups)]
    return [(fresh, groups), (groups, fresh)]


def _above_0(groups: Sequence[Interval]) -> list[Interval]:
    return [group for group in groups if group.value]


def _value(group: Interval) -> Decimal:
    return group.value


def _ratio_lower(a: Interval, b: Interval) -> Decimal:
    """Return where the lower bound of a − θ·b is 0: the smaller root, in the form that never divides by 0."""
    product = a.value * b.value
    over, under = a.lower * (2 * a.value - a.lower), b.upper * (2 * b.value - b.upper)
    return over / (product + max(_ZERO, product * product - over * under).sqrt()) if over > 0 else _ZERO


def _ratio_upper(a: Interval, b: Interval) -> Decimal:
    """Return where the upper bound of a − θ·b is 0: the larger root, infinite where b may be 0."""
    product = a.value * b.value
    over, under = a.upper * (2 * a.value - a.upper), b.lower * (2 * b.value - b.lower)
    return (product + max(_ZERO, product * product - over * under).sqrt()) / under if under > 0 else _INFINITE


def _foremost(groups: Sequence[Interval], *, high: bool, sure: bool) -> list[Interval]:
    """Return the groups that may be the high (or low) one of the extreme pair, by value and its margin.

    The margin is that of the bound towards the other group (sure: small) or away from it (large). A group is
    left out where two others equal or surpass it in both: one of them is not its partner, and could take its
    place.
    """

    def rank(group: Interval) -> tuple[Decimal, Decimal]:
        margin = abs(group.value - (group.lower if high is sure else group.upper))
        return group.value if high else -group.value, -margin if sure else margin

    kept: list[Interval] = []
    best = next_best = -_INFINITE
    for (_, margin), group in sorted(zip(map(rank, groups), groups, strict=True), key=_first, reverse=True):
        if margin > next_best:
            kept.append(group)
            best, next_best = max(best, margin), min(best, margin)
    return kept


def _first(ranked: tuple[tuple[Decimal, Decimal], Interval]) -> tuple[Decimal, Decimal]:
    return ranked[0]


def _least(
    ones: Sequence[Interval],
    others: Sequence[Interval],
    score: Callable[[Interval, Interval], Decimal],
    floor: Callable[[Interval, Interval], Decimal],
) -> Decimal:
    """Return the least score of two different groups.

    `floor` is never above the score and rises along `others`: where it reaches the least, the row is done.
    """
    least = _INFINITE
    for one in ones:
        for other in others:
            if other is one:
                continue
            if floor(one, other) >= least:
                break
            least = min(least, score(one, other))
    return least
