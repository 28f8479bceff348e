"""What a report looks back over, without chain or files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tribune.chain.policy_book import PolicyInput
from tribune.chain.types import Block
from tribune.decisions.anchor import Manifest, Partition, manifest_digest
from tribune.ids import Digest, FrameIndex, ModelId, VersionNumber
from tribune.metrics import Column, ColumnKind, ModelSpec, Policy, Role, Rule, Severity
from tribune_monitors.sources.sealed import SealedFrame
from tribune_monitors.watching.history import (
    block_before,
    frame_files,
    looked_at,
    manifests_read,
    steps_of,
    window_files,
)

SPEC = ModelSpec((Column("prediction", ColumnKind.CATEGORY, Role.PREDICTION),), label_lag=2)
GROUPED = replace(SPEC, columns=(*SPEC.columns, Column("sex", ColumnKind.CATEGORY, Role.GROUP)))
POLICY = Policy(
    (
        Rule("performance.accuracy", "<", 0, Severity.WARN, m=2, w=3),
        Rule("quality.missing_rate.max", ">", 0, Severity.WARN),
    )
)
FOLDER = Path("log")


def sealed(frame: int, *, labels: bool = True) -> SealedFrame:
    part = Partition(f"frames/{frame}/part", Digest(b"\1" * 32), 1)
    label = Partition(f"frames/{frame}/labels", Digest(b"\2" * 32), 1)
    manifest = Manifest(
        ModelId(1),
        VersionNumber(1),
        FrameIndex(frame),
        0,
        1,
        (part,),
        (label,) if labels else (),
        Digest(bytes(32)),
        1,
    )
    return SealedFrame(manifest, FOLDER, ())


def frames(*numbers: int, missing: int = -1) -> dict[FrameIndex, SealedFrame | None]:
    return {FrameIndex(n): None if n == missing else sealed(n) for n in numbers}


def parts(*numbers: int) -> tuple[Path, ...]:
    return tuple(FOLDER / f"frames/{n}/part" for n in numbers)


def labels(*numbers: int) -> tuple[Path, ...]:
    return tuple(FOLDER / f"frames/{n}/labels" for n in numbers)


def test_looked_at__evaluation__itself() -> None:
    assert looked_at(FrameIndex(0), POLICY, SPEC, 1) == [0]


def test_looked_at__window_and_lag__as_far_back_as_both() -> None:
    assert looked_at(FrameIndex(9), POLICY, SPEC, 1) == [5, 6, 7, 8, 9]


def test_looked_at__sliding_frames__labels_of_their_first_step_too() -> None:
    assert looked_at(FrameIndex(9), POLICY, SPEC, 3) == [3, 4, 5, 6, 7, 8, 9]


def test_looked_at__early_frame__never_the_evaluation() -> None:
    assert looked_at(FrameIndex(2), POLICY, SPEC, 1) == [1, 2]


@pytest.mark.parametrize(("length", "steps"), [(10, 1), (30, 3), (25, 3)])
def test_steps_of__length__in_whole_steps(length: int, steps: int) -> None:
    assert steps_of(PolicyInput(10, length, 1, 20, 60, 1, (), ())) == steps


def test_frame_files__lag__labels_join_the_frame_that_they_are_of() -> None:
    files = frame_files(FrameIndex(7), frames(5, 6, 7), label_lag=2)
    assert files is not None
    assert (files.decisions, files.labelled) == (parts(7), parts(5))
    assert files.labels == labels(5, 6, 7)


def test_frame_files__sliding__labels_since_the_first_step() -> None:
    files = frame_files(FrameIndex(7), frames(4, 5, 6, 7), label_lag=1, steps=3)
    assert files is not None
    assert (files.labelled, files.labels) == (parts(6), labels(4, 5, 6, 7))


def test_frame_files__labels_named_by_two_manifests__are_joined_once() -> None:
    read = frames(3, 4, 5)
    again = replace(sealed(5).manifest, labels=sealed(4).manifest.labels)
    files = frame_files(FrameIndex(5), {**read, FrameIndex(5): SealedFrame(again, FOLDER, ())}, 2)
    assert files is not None
    assert files.labels == labels(3, 4)


def test_frame_files__labelled_frame_without_anchor__no_labels_yet() -> None:
    files = frame_files(FrameIndex(7), frames(5, 6, 7, missing=5), label_lag=2)
    assert files is not None
    assert (files.labelled, files.labels) == (None, labels(6, 7))


def test_frame_files__first_frames__no_labels_yet() -> None:
    files = frame_files(FrameIndex(2), frames(1, 2), label_lag=2)
    assert files is not None
    assert files.labelled is None


def test_frame_files__no_anchor__none() -> None:
    assert frame_files(FrameIndex(6), frames(5, 6, missing=6)) is None


def test_frame_files__evaluation__its_own_labels_whatever_the_lag() -> None:
    files = frame_files(FrameIndex(0), frames(0), label_lag=2, steps=3)
    assert files is not None
    assert (files.labelled, files.labels) == (parts(0), labels(0))


def test_window_files__frames_read_for_labels__are_not_in_the_window() -> None:
    window = window_files(FrameIndex(9), frames(5, 6, 7, 8, 9, missing=8), POLICY, SPEC, 1, FrameIndex(1))
    assert [None if files is None else files.frame for files in window] == [7, None, 9]


def test_looked_at__groups__as_far_back_as_their_trailing_sum() -> None:
    assert looked_at(FrameIndex(99), POLICY, GROUPED, 2)[0] == 99 - 2 - 11 * 2 - 2 - 1


def trailing_of(frame: int, *, steps: int = 1, first: int = 1, missing: int = -1) -> list[int]:
    read = frames(*range(max(1, frame - 40), frame + 1), missing=missing)
    own = window_files(FrameIndex(frame), read, POLICY, GROUPED, steps, FrameIndex(first))[-1]
    assert own is not None
    return [files.frame for files in own.trailing]


def test_window_files__groups__eleven_frames_before_it_newest_first() -> None:
    assert trailing_of(30) == list(range(29, 18, -1))


def test_window_files__frames_that_slide__those_that_do_not_overlap() -> None:
    assert trailing_of(30, steps=3) == [27, 24, 21, 18, 15, 12, 9, 6, 3]


def test_window_files__another_grid_before__not_looked_at() -> None:
    assert trailing_of(30, first=28) == [29, 28]


def test_window_files__a_frame_without_anchor__left_out() -> None:
    assert trailing_of(5, missing=3) == [4, 2, 1]


def test_window_files__evaluation__stands_alone() -> None:
    own = window_files(FrameIndex(0), frames(0), POLICY, GROUPED, 1, FrameIndex(1))[-1]
    assert own is not None
    assert own.trailing == ()


def test_manifests_read__gap__left_out() -> None:
    read = frames(5, 6, 7, missing=6)
    assert manifests_read(read) == tuple((n, manifest_digest(sealed(n).manifest)) for n in (5, 7))


@pytest.mark.parametrize("wanted", [0, 1, 50, 899, 990, 1000, 5000])
async def test_block_before__any_time__not_later_and_not_far(wanted: int) -> None:
    epoch = datetime(2026, 1, 1, tzinfo=UTC)

    class Node:
        async def block_time(self, number: int) -> datetime:
            return epoch + timedelta(seconds=number)

    tribune: Any = SimpleNamespace(chain=Node())
    head = Block(1000, "", "", int(epoch.timestamp()) + 1000)
    found = await block_before(tribune, epoch + timedelta(seconds=wanted), head)
    assert found <= wanted
    assert found == 0 or 1000 - found <= max(8, 2 * (1000 - wanted))
