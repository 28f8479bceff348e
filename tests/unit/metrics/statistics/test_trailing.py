"""Trailing sums: as many frames as small groups need, and no more."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tribune.metrics import Profile, Tally, Value, evaluate, make_profile
from tribune.metrics.statistics.trailing import MOST_FRAMES
from unit.metrics.samples import BINNINGS, SCHEME, SPEC, Row, count, rows

PARITY, ODDS = "fairness.demographic_parity_difference/sex", "fairness.equalized_odds_difference/sex"
Z = {PARITY: 2_000_000, ODDS: 2_000_000}
FRAMES = [rows(40, seed, unfair=0.3) for seed in range(20)]  # about 20 men and 20 women each, 10 of a label


@pytest.fixture(scope="module")
def profile() -> Profile:
    return make_profile(replace(SPEC, min_group=50, min_rows=10), count(rows(500)), BINNINGS)


def measured(profile: Profile, name: str, frames: list[list[Row]]) -> Value:
    """Evaluate the first of these frames, the others being those before it."""
    newest, *earlier = (count(frame) for frame in frames)
    return evaluate([name], profile, newest, newest, Z, [(tally, tally) for tally in earlier])[name]


@pytest.mark.parametrize(("name", "frames"), [(PARITY, 3), (ODDS, 6)])
def test_evaluate__small_frames__equals_measuring_the_rows_of_the_fewest(
    profile: Profile, name: str, frames: int
) -> None:
    once = measured(profile, name, [[row for frame in FRAMES[:frames] for row in frame]])
    value = measured(profile, name, FRAMES[:MOST_FRAMES])
    assert value == replace(once, reason=f"over {frames} frames")
    fewer = measured(profile, name, [[row for frame in FRAMES[: frames - 1] for row in frame]])
    assert fewer.micro is None


def test_evaluate__the_newest_frame_suffices__older_ones_change_nothing(profile: Profile) -> None:
    newest = rows(400, 3)
    assert measured(profile, PARITY, [newest, *FRAMES]) == measured(profile, PARITY, [newest])


def test_evaluate__a_group_too_small_in_all_frames__does_not_hold_others_up(profile: Profile) -> None:
    rare = [Row(30, "a", "3", "1", 0.9, "1")] * 4  # 48 in 12 frames, 50 are needed
    value = measured(profile, PARITY, [[*frame, *rare] for frame in FRAMES])
    assert value.reason == "over 3 frames; not judged: sex=3 (rows: 12)"


def test_evaluate__more_than_twelve_frames__the_oldest_are_not_looked_at(profile: Profile) -> None:
    rare = [Row(30, "a", "3", "1", 0.9, "1")] * 4
    frames = [[*frame, *rare] for frame in FRAMES[:MOST_FRAMES]]
    assert measured(profile, PARITY, [*frames, rare * 50]) == measured(profile, PARITY, frames)


def test_evaluate__unknown_groups__are_not_waited_for(profile: Profile) -> None:
    unknown = [Row(30, "a", sex, "1", 0.9, "1") for sex in (None, "9")] * 2
    value = measured(profile, PARITY, [[*frame, *unknown] for frame in FRAMES])
    assert value.reason.startswith("over 3 frames; ")


def test_evaluate__frames_without_rows_or_labels__are_passed_over(profile: Profile) -> None:
    tallies = [count(frame) for frame in FRAMES[:9]]
    gaps: list[tuple[Tally, Tally | None]] = [(Tally.zero(SCHEME), None)]
    earlier = [*gaps, *((t, t) for t in tallies[1:4]), *gaps * 2, *((t, t) for t in tallies[4:])]
    value = evaluate([ODDS], profile, tallies[0], tallies[0], Z, earlier)[ODDS]
    plain = evaluate([ODDS], profile, tallies[0], tallies[0], Z, [(t, t) for t in tallies[1:]])[ODDS]
    assert value == plain
    assert value.reason == "over 6 frames"


def test_evaluate__an_empty_newest_frame__is_not_judged_on_old_rows(profile: Profile) -> None:
    earlier = [(count(frame), count(frame)) for frame in FRAMES]
    zero = Tally.zero(SCHEME)
    values = evaluate([PARITY, ODDS], profile, zero, None, Z, earlier)
    assert [value.reason for value in values.values()] == ["no rows", "no labels yet"]


def test_evaluate__fewer_rows_than_the_model_needs__are_summed_up_to_these() -> None:
    strict = make_profile(replace(SPEC, min_group=10, min_rows=100), count(rows(500)), BINNINGS)
    assert measured(strict, PARITY, FRAMES).reason == "over 3 frames"
    few = measured(strict, PARITY, FRAMES[:2])
    assert few.reason == "only 80 rows, 100 are needed"


def test_evaluate__a_rare_group__does_not_blind_the_others() -> None:
    """Eleven frames in which all are alike, then one in which women are told no."""
    few = [Row(30, "a", "3", "1", 0.9, "1")] * 9
    before = [[*rows(2000, seed, unfair=0), *few] for seed in range(11)]
    now = [replace(row, prediction="0") if row.sex == "2" else row for row in rows(2000, 99, unfair=0)]
    profile = make_profile(replace(SPEC, min_group=100), count(rows(500)), BINNINGS)
    alone = measured(profile, PARITY, [now, *before])
    value = measured(profile, PARITY, [[*now, *few], *before])
    assert (value.lower or 0) >= (alone.lower or 0) > 400_000


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 40)] * 3), min_size=1, max_size=14))
def test_evaluate__three_groups__each_pair_on_its_own_fewest_frames(
    sizes: list[tuple[int, int, int]],
) -> None:
    least = 30
    profile = make_profile(replace(SPEC, min_group=least, min_rows=1), count(rows(300)), BINNINGS)
    frames = [
        [
            replace(row, sex=sex)
            for sex, n in zip("123", each, strict=True)
            for row in rows(n, 7 * at + int(sex))
        ]
        for at, each in enumerate(sizes)
    ]
    frames[0] = frames[0] or [replace(rows(1)[0], sex="1")]
    value = measured(profile, PARITY, frames)
    gaps, lows = list[int](), list[int]()
    for pair in ("12", "13", "23"):
        for k in range(1, min(len(frames), MOST_FRAMES) + 1):
            both = [row for frame in frames[:k] for row in frame if (row.sex or "") in pair]
            if all(sum(row.sex == sex for row in both) >= least for sex in pair):
                found = measured(profile, PARITY, [both])
                gaps.append(found.micro or 0)
                lows.append(found.lower or 0)
                break
    assert value.micro == max(gaps, default=None)
    assert value.lower == max(lows, default=None)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=1, max_size=14))
def test_evaluate__frames_of_any_size__equals_measuring_their_rows(sizes: list[int]) -> None:
    profile = make_profile(replace(SPEC, min_group=30, min_rows=10), count(rows(300)), BINNINGS)
    frames = [rows(max(size, 1 if at == 0 else 0), at, unfair=0.2) for at, size in enumerate(sizes)]
    value = measured(profile, PARITY, frames)
    sums = [[row for frame in frames[:k] for row in frame] for k in range(1, min(len(frames), 12) + 1)]
    women = [sum(row.sex == "2" for row in rows_) for rows_ in sums]
    men = [sum(row.sex == "1" for row in rows_) for rows_ in sums]
    awaited = [group for group in (women, men) if group[-1] >= 30]
    enough = [
        k for k, sample in enumerate(sums) if len(sample) >= 10 and all(group[k] >= 30 for group in awaited)
    ]
    expected = measured(profile, PARITY, [sums[enough[0] if enough else -1]])
    assert replace(value, reason="") == replace(expected, reason="")
