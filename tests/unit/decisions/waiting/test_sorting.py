"""A new policy's grid: no decision falls between the frames of the old and of the new one, none is twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as parquet
import pytest

from tribune.decisions.anchor import read_manifest, verify_partitions
from tribune.decisions.grid import FrameGrid, GridHistory
from tribune.decisions.log import DecisionLog
from tribune.decisions.waiting.gridfile import NAME, read_grids, write_grids
from tribune.decisions.waiting.slots import Slot
from tribune.exceptions import EvidenceError, LogUnavailableError
from tribune.ids import FrameIndex
from unit.decisions.killed import kill_at_each_step
from unit.decisions.rows import GRID, LATE, MODEL, SCHEMA, VERSION, decision, sealer, write

BASE = 5000
"""When frame 6 begins, from which on another policy rules."""
SIX = FrameIndex(6)
OTHERS = {"shorter": (100, 100), "longer": (4000, 4000), "sliding": (1000, 3000), "odd": (700, 1400)}
END = 6500
TIMES = (*range(4001, BASE, 250), *range(BASE, END, 50))
STEPS = 20


def begin(root: Path) -> Callable[[], object]:
    """Return the sorting that `kill_at_each_step` kills."""
    return sealer(root, history("shorter")).follow


def history(kind: str) -> GridHistory:
    step, length = OTHERS[kind]
    later = FrameGrid(epoch=BASE - (SIX - 1) * step, step=step, length=length, grace=100)
    return GridHistory(((FrameIndex(1), GRID), (SIX, later)))


def _sealed(root: Path, grids: GridHistory, last: int) -> dict[str, set[int]]:
    """Seal all frames up to a time; return by decision the frames that hold it."""
    log = sealer(root, grids)
    held: dict[str, set[int]] = {}
    frame = FrameIndex(4)
    while grids.step_of(frame)[0] < last:
        manifest = log.seal(frame, now=LATE)
        verify_partitions(log.folder, manifest, leaves=True)
        ids: list[str] = []
        for partition in manifest.partitions:
            ids += parquet.read_table(log.folder / partition.path).column("id").to_pylist()
        assert max(Counter(ids).values(), default=1) == 1
        for id_ in ids:
            held.setdefault(id_, set()).add(frame)
        frame = FrameIndex(frame + 1)
    return held


def _expected(grids: GridHistory, times: dict[str, int], last: int) -> dict[str, set[int]]:
    frames = [FrameIndex(i) for i in range(4, 200) if grids.step_of(FrameIndex(i))[0] < last]
    return {
        name: {frame for frame in frames if grids.bounds(frame)[0] <= time < grids.bounds(frame)[1]}
        for name, time in times.items()
    }


@pytest.mark.parametrize("kind", OTHERS)
def test_seal__writer_still_went_by_the_old_grid__each_is_in_the_frames_that_hold_its_time(
    tmp_path: Path, kind: str
) -> None:
    times = {f"d{time}": time for time in TIMES}
    write(tmp_path, *(decision(name, time) for name, time in times.items()))
    assert _sealed(tmp_path, history(kind), END) == _expected(history(kind), times, END)


@pytest.mark.parametrize("kind", ["shorter", "longer"])
def test_follow__while_writers_write__each_is_in_the_frame_that_holds_its_time(
    tmp_path: Path, kind: str
) -> None:
    kept: dict[str, int] = {}
    frames: dict[str, int | None] = {}
    goes_on = threading.Event()
    goes_on.set()

    def serve(name: str) -> None:
        log = DecisionLog(tmp_path, SCHEMA, GRID, model_id=MODEL, version=VERSION)
        turn = 0
        while goes_on.is_set():
            turn += 1
            some = [decision(f"{name}-{turn}-{time}", time) for time in TIMES[::3]]
            for receipt in log.accept_many(some).result(30):
                kept[receipt.id] = receipt.time
                frames[receipt.id] = receipt.frame
        log.close()

    writers = [threading.Thread(target=serve, args=(f"w{i}",)) for i in range(2)]
    for writer in writers:
        writer.start()
    while len(kept) < 200:
        pass
    grids = history(kind)
    sealer(tmp_path, grids).follow()
    so_far = set(kept)
    while len(kept) < len(so_far) + 200:
        pass
    goes_on.clear()
    for writer in writers:
        writer.join()
    assert _sealed(tmp_path, grids, END) == _expected(grids, kept, END)
    newest = [name for name in kept if int(name.split("-")[1]) == max(int(n.split("-")[1]) for n in kept)]
    assert all(frames[name] == grids.frame_of(kept[name]) for name in newest)


def test_follow__policy_replaced_before_its_force__is_as_if_it_never_was(tmp_path: Path) -> None:
    times = {f"d{time}": time for time in TIMES}
    write(tmp_path, *(decision(name, time) for name, time in times.items()))
    for kind in ("longer", "shorter", "longer", "odd"):
        sealer(tmp_path, history(kind)).follow()
    assert _sealed(tmp_path, history("odd"), END) == _expected(history("odd"), times, END)


def test_follow__killed_anywhere__run_again_has_each_once(tmp_path: Path) -> None:
    times = {f"d{time}": time for time in TIMES[::5]}
    for step in range(STEPS):
        write(tmp_path / str(step), *(decision(name, time) for name, time in times.items()))
    kill_at_each_step(__name__, tmp_path, STEPS, ("open", "os.rename", "os.remove"), every=5)
    folders = [sealer(tmp_path / str(step)).folder for step in range(STEPS)]
    assert {(folder / "grids.sorted").exists() for folder in folders} == {True, False}
    expected = _expected(history("shorter"), times, END)
    for step in range(1, STEPS, 6):
        assert _sealed(tmp_path / str(step), history("shorter"), END) == expected


def test_accept__after_a_seal__goes_by_what_the_sealer_told(tmp_path: Path) -> None:
    sealer(tmp_path, history("shorter")).follow()
    receipts = write(tmp_path, decision("a", 4999), decision("b", 5000), decision("c", 5100))
    assert [receipt.frame for receipt in receipts] == [5, 6, 7]


def test_accept__grids_that_cannot_be_read__are_no_receipt(tmp_path: Path) -> None:
    folder = sealer(tmp_path).folder
    folder.mkdir(parents=True)
    (folder / NAME).write_text("{}")
    with pytest.raises(LogUnavailableError, match="grids"):
        write(tmp_path, decision("a", 1))


def test_read_grids__as_written__are_the_same(tmp_path: Path) -> None:
    assert read_grids(tmp_path) is None
    write_grids(tmp_path, history("odd"))
    assert read_grids(tmp_path) == history("odd")


def test_follow__grid_in_force__reads_nothing(tmp_path: Path) -> None:
    write(tmp_path, decision("a", 1))
    log = sealer(tmp_path)
    log.follow()
    (segment,) = Slot(log.folder, FrameIndex(1)).segments()
    segment.write_bytes(b"damaged\n")
    log.follow()
    with pytest.raises(EvidenceError):
        sealer(tmp_path, history("odd")).follow()


def test_seal__sliding_after_another_grid__writes_only_the_rows_that_it_holds_anew(tmp_path: Path) -> None:
    grids = history("odd")  # frame 6: [4300, 5700), which cuts frame 5: [4000, 5000)
    times = {"out": 4299, "in": 4300, "own": 5699}
    write(tmp_path, *(decision(name, time) for name, time in times.items()))
    log = sealer(tmp_path, grids)
    for i in range(1, 7):
        log.seal(FrameIndex(i), now=LATE)
    manifest = read_manifest(log.folder, SIX)
    assert [partition.path for partition in manifest.partitions] == [
        "frames/6/shared-0000.parquet",
        "frames/6/part-0000.parquet",
    ]
    shared = parquet.read_table(log.folder / "frames/6/shared-0000.parquet")
    assert shared.column("id").to_pylist() == ["in"]


def test_follow__again_after_the_frame_was_sealed__puts_nothing_twice(tmp_path: Path) -> None:
    longer, odd = history("longer"), history("odd")
    write(tmp_path, decision("stray", 6200))  # by the old grid in frame 7; by the longer one in frame 6
    log = sealer(tmp_path, longer)
    log.seal(SIX, now=LATE)
    sealer(tmp_path, odd).follow()
    log.follow()
    assert not list((log.folder / "wal" / "late").glob("*"))
    assert log.seal(FrameIndex(7), now=LATE).rows == 0
