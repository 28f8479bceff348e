"""Seals: whole or not at all, the same when run again, empty, sliding, killed, and with labels."""

from __future__ import annotations

import math
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from tribune.decisions.anchor import (
    anchor_word,
    frame_folder,
    manifest_digest,
    read_manifest,
    verify_partitions,
)
from tribune.decisions.frames import sealing
from tribune.decisions.frames.labels import append_labels
from tribune.decisions.frames.sealing import seal_evaluation
from tribune.decisions.grid import FrameGrid
from tribune.decisions.leaf import Decision, LogSchema, body_digest, decision_leaf
from tribune.decisions.log import DecisionLog
from tribune.decisions.merkle import EMPTY_ROOT, MerkleTree
from tribune.exceptions import DataError, EvidenceError, LogUnavailableError
from tribune.ids import FrameIndex
from unit.decisions.rows import GRID, LATE, MODEL, SCHEMA, VERSION, decision, sealer, write

ONE, TWO = FrameIndex(1), FrameIndex(2)
SEALER = """
import sys
from pathlib import Path
import pyarrow.parquet
from unit.decisions.rows import LATE, sealer
print("ready", flush=True)
sealer(Path(sys.argv[1])).seal(1, now=LATE)
print("sealed", flush=True)
"""


def _table(root: Path, frame: FrameIndex = ONE) -> pa.Table:
    folder = sealer(root).folder
    return pa.concat_tables(
        [parquet.read_table(folder / p.path) for p in read_manifest(folder, frame).partitions]
    )


def test_seal__a_frame__writes_its_rows_in_order_with_the_columns_of_the_log(tmp_path: Path) -> None:
    write(tmp_path, decision("b", 2), decision("a", 1, AGEP=None, SEX=None), decision("next", 1000))
    manifest = sealer(tmp_path).seal(ONE, now=LATE)
    table = _table(tmp_path)
    assert [(field.name, str(field.type)) for field in table.schema] == [
        ("id", "string"),
        ("time", "int64"),
        ("AGEP", "double"),
        ("SEX", "string"),
        ("prediction", "string"),
        ("score", "double"),
        ("salt", "binary"),
        ("leaf", "binary"),
    ]
    assert table.column("id").to_pylist() == ["a", "b"]
    assert table.column("AGEP").to_pylist() == [None, 30.0]
    assert (manifest.start, manifest.end, manifest.rows) == (0, 1000, 2)
    assert [p.path for p in manifest.partitions] == ["frames/1/part-0000.parquet"]


def test_seal__a_frame__has_the_root_over_the_leaves_that_receipts_named(tmp_path: Path) -> None:
    receipts = write(tmp_path, decision("a", 1), decision("b", 2))
    manifest = sealer(tmp_path).seal(ONE, now=LATE)
    assert manifest.merkle_root == MerkleTree([receipt.leaf for receipt in receipts]).root
    verify_partitions(sealer(tmp_path).folder, manifest, leaves=True)


def test_seal__a_row_read_back__has_the_leaf_recomputed_from_its_values(tmp_path: Path) -> None:
    write(tmp_path, decision("a", 1, AGEP=math.nan))
    sealer(tmp_path).seal(ONE, now=LATE)
    (row,) = _table(tmp_path).to_pylist()
    assert math.isnan(row["AGEP"])
    body = SCHEMA.body(decision(row["id"], row["time"], AGEP=row["AGEP"], SEX=row["SEX"]))
    digest = body_digest(row["salt"], body)
    assert row["leaf"] == decision_leaf(MODEL, VERSION, row["id"], row["time"], digest)


def test_seal__again__gives_the_same_manifest_and_word(tmp_path: Path) -> None:
    write(tmp_path, decision("a", 1))
    first = sealer(tmp_path).seal(ONE, now=LATE)
    again = sealer(tmp_path).seal(ONE, now=LATE + 1)
    assert (again, anchor_word(again)) == (first, anchor_word(first))


def test_seal__after_it__what_comes_is_late_and_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, decision("a", 1))
    first = sealer(tmp_path).seal(ONE, now=LATE)
    (receipt,) = write(tmp_path, decision("b", 2))
    assert receipt.frame is None
    assert sealer(tmp_path).seal(ONE, now=LATE) == first


def test_seal__while_a_writer_has_the_segment_open__its_next_decision_is_late(tmp_path: Path) -> None:
    log = DecisionLog(tmp_path, SCHEMA, GRID, model_id=MODEL, version=VERSION)
    log.accept(decision("a", 1)).result(5)
    assert sealer(tmp_path).seal(ONE, now=LATE).rows == 1
    assert log.accept(decision("b", 1)).result(5).frame is None
    log.close()


def test_seal__empty_frame__has_no_rows_and_the_root_of_nothing(tmp_path: Path) -> None:
    manifest = sealer(tmp_path).seal(ONE, now=LATE)
    assert (manifest.rows, manifest.partitions, manifest.merkle_root) == (0, (), EMPTY_ROOT)
    verify_partitions(sealer(tmp_path).folder, manifest, leaves=True)


def test_seal__before_end_and_grace__is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="before its end"):
        sealer(tmp_path).seal(ONE, now=1099)
    assert sealer(tmp_path).seal(ONE, now=1100).rows == 0


def test_seal__sealed__leaves_no_segment_behind(tmp_path: Path) -> None:
    write(tmp_path, decision("a", 1))
    sealer(tmp_path).seal(ONE, now=LATE)
    assert not list(tmp_path.glob("**/*.wal"))


def test_seal__disk_refuses__is_an_error_and_works_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, decision("a", 1))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sealing, "write_table", full)
    with pytest.raises(LogUnavailableError, match="No space"):
        sealer(tmp_path).seal(ONE, now=LATE)
    monkeypatch.undo()
    assert sealer(tmp_path).seal(ONE, now=LATE).rows == 1


def test_seal__writers_with_other_columns__is_refused(tmp_path: Path) -> None:
    write(tmp_path, decision("a", 1))
    other = DecisionLog(tmp_path, LogSchema({}), GRID, model_id=MODEL, version=VERSION)
    other.accept(Decision("b", 1, {}, "1")).result(5)
    other.close()
    with pytest.raises(EvidenceError, match="other columns"):
        sealer(tmp_path).seal(ONE, now=LATE)


def test_seal__many_rows__splits_partitions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_ROWS", 2)
    write(tmp_path, *(decision(str(i), i) for i in range(5)))
    manifest = sealer(tmp_path).seal(ONE, now=LATE)
    assert [p.rows for p in manifest.partitions] == [2, 2, 1]
    verify_partitions(sealer(tmp_path).folder, manifest, leaves=True)


def test_seal__sliding_frames__share_partitions_and_cover_their_rows(tmp_path: Path) -> None:
    grid = FrameGrid(epoch=2000, step=1000, length=2000, grace=0)
    write(tmp_path, decision("a", 2500), decision("b", 3500), decision("c", 4500), grid=grid)
    log = sealer(tmp_path, grid)
    manifests = [log.seal(FrameIndex(i), now=LATE) for i in (1, 2, 3)]
    assert [(m.start, m.end, m.rows) for m in manifests] == [
        (1000, 3000, 1),
        (2000, 4000, 2),
        (3000, 5000, 2),
    ]
    assert [p.path for p in manifests[2].partitions] == [
        "frames/2/part-0000.parquet",
        "frames/3/part-0000.parquet",
    ]
    for manifest in manifests:
        verify_partitions(log.folder, manifest, leaves=True)


def test_seal__sliding_frame_before_its_predecessor__is_refused(tmp_path: Path) -> None:
    grid = FrameGrid(epoch=2000, step=1000, length=2000, grace=0)
    write(tmp_path, decision("a", 2500), grid=grid)
    with pytest.raises(DataError, match="Frame 1 must be sealed"):
        sealer(tmp_path, grid).seal(TWO, now=LATE)


def test_seal__labels_in_time__are_in_the_manifest_later_ones_in_the_next(tmp_path: Path) -> None:
    folder = sealer(tmp_path).folder
    append_labels(folder, [("a", 5, "1"), ("b", 4, "0")], now=1099)
    append_labels(folder, [("c", 6, "1")], now=1100)
    first, second = (sealer(tmp_path).seal(frame, now=LATE) for frame in (ONE, TWO))
    assert [[(p.path, p.rows) for p in m.labels] for m in (first, second)] == [
        [("frames/1/labels-0000.parquet", 2)],
        [("frames/2/labels-0000.parquet", 1)],
    ]
    rows = parquet.read_table(folder / first.labels[0].path).to_pylist()
    assert rows == [{"id": "b", "time": 4, "label": "0"}, {"id": "a", "time": 5, "label": "1"}]


@pytest.mark.parametrize("rows", [[], [("", 1, "1")], [("a", 1.0, "1")], [("a", 1, None)], [("a", 1, 1)]])
def test_append_labels__one_row_unusable__appends_nothing(
    tmp_path: Path, rows: list[tuple[str, int, object]]
) -> None:
    with pytest.raises(DataError):
        append_labels(tmp_path, rows)
    assert not list(tmp_path.glob("**/*.parquet"))


def test_append_labels__folder_is_a_file__is_an_error(tmp_path: Path) -> None:
    (tmp_path / "labels").write_text("")
    with pytest.raises(LogUnavailableError):
        append_labels(tmp_path, [("a", 1, "1")])


def test_seal_evaluation__rows_and_labels__is_frame_0_and_its_word_the_manifests_digest(
    tmp_path: Path,
) -> None:
    manifest = seal_evaluation(
        tmp_path,
        SCHEMA,
        [decision("a", 10), decision("b", 20)],
        [("a", 10, "1"), ("b", 20, "0")],
        model_id=MODEL,
        version=VERSION,
    )
    assert (manifest.frame, manifest.start, manifest.end, manifest.rows) == (0, 10, 21, 2)
    assert anchor_word(manifest) == manifest_digest(manifest)
    verify_partitions(sealer(tmp_path).folder, manifest, leaves=True)


def test_seal_evaluation__again__never_replaces_it(tmp_path: Path) -> None:
    for expected in (None, EvidenceError):
        if expected is None:
            seal_evaluation(tmp_path, SCHEMA, [decision("a", 1)], [], model_id=MODEL, version=VERSION)
        else:
            with pytest.raises(expected):
                seal_evaluation(tmp_path, SCHEMA, [decision("b", 1)], [], model_id=MODEL, version=VERSION)


def test_seal_evaluation__no_rows__is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        seal_evaluation(tmp_path, SCHEMA, [], [], model_id=MODEL, version=VERSION)


@pytest.mark.parametrize("seed", range(4))
def test_seal__killed_anywhere__run_again_has_every_row_and_label_once(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - reproducible moments, not secrets
    folder = sealer(tmp_path).folder
    write(tmp_path, *(decision(str(i), i % 1000) for i in range(5000)))
    append_labels(folder, [("1", 1, "1")], now=1)
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", SEALER, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0, 0.12))
        os.kill(process.pid, signal.SIGKILL)
        process.stdout.close()
        process.wait(5)
    append_labels(folder, [("2", 1, "1")], now=LATE)
    manifest = sealer(tmp_path).seal(ONE, now=LATE)
    verify_partitions(folder, manifest, leaves=True)
    assert sorted(_table(tmp_path).column("id").to_pylist()) == sorted(map(str, range(5000)))
    assert [p.rows for p in manifest.labels] == [1]
    assert not list(frame_folder(folder, ONE).parent.glob(".*"))
