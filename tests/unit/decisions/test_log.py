"""Accepting decisions: receipts, bounds, refusals of the disk, and what a killed writer leaves."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest

from tribune.decisions.log import DecisionLog
from tribune.decisions.proofs.receipts import Receipt
from tribune.decisions.waiting.slots import Slot
from tribune.decisions.waiting.wal import Segment, read_segment
from tribune.exceptions import DataError, EvidenceError, LogUnavailableError
from tribune.ids import FrameIndex
from unit.decisions.rows import GRID, LATE, MODEL, SCHEMA, VERSION, decision, sealer, write

PATIENCE_S = 30.0
WRITER = """
import sys
from pathlib import Path
from unit.decisions.rows import GRID, MODEL, SCHEMA, VERSION, decision
from tribune.decisions.log import DecisionLog
log = DecisionLog(Path(sys.argv[1]), SCHEMA, GRID, model_id=MODEL, version=VERSION)
for i in range(10**9):
    names = [f"{sys.argv[2]}-{i}-{j}" for j in range(8)]
    futures = [(name, log.accept(decision(name, 500))) for name in names]
    for name, future in futures:
        future.result()
        sys.stdout.write(name + "\\n")
    sys.stdout.flush()
"""


FORKED = """
import os, sys
from pathlib import Path
from unit.decisions.rows import GRID, MODEL, SCHEMA, VERSION, decision
from tribune.decisions.log import DecisionLog
log = DecisionLog(Path(sys.argv[1]), SCHEMA, GRID, model_id=MODEL, version=VERSION)
child = os.fork()
log.accept(decision("parent" if child else "child", 500)).result(10)
log.close()
if child:
    sys.exit(os.waitpid(child, 0)[1])
"""

READ_ONLY = """
import os, tempfile
from pathlib import Path
from unit.decisions.rows import GRID, MODEL, SCHEMA, VERSION, decision, write
from tribune.decisions.log import DecisionLog
from tribune.decisions.waiting.wal import read_segment
from tribune.exceptions import LogUnavailableError
with tempfile.TemporaryDirectory() as name:
    if os.getuid() == 0:  # whom no mode keeps from writing
        write(Path(name) / "first", decision("imports all", 1))
        os.chown(name, 65534, 65534)
        os.seteuid(65534)
    log = DecisionLog(Path(name) / "log", SCHEMA, GRID, model_id=MODEL, version=VERSION)
    log.accept(decision("before", 500)).result(30)
    (log.folder / "wal").chmod(0o555)
    try:
        log.accept(decision("refused", 1500)).result(30)
    except LogUnavailableError as fault:
        print(fault.message)
    (log.folder / "wal").chmod(0o755)
    log.accept(decision("after", 1500)).result(30)
    log.close()
    print(*(record.id for path in sorted(log.folder.glob("wal/*/*.wal")) for record in read_segment(path)[1]))
    os.seteuid(os.getuid())
"""


def _log(root: Path, **options: Any) -> DecisionLog:
    return DecisionLog(root, SCHEMA, GRID, model_id=MODEL, version=VERSION, **options)


def _segments(log: DecisionLog) -> list[Path]:
    return sorted(log.folder.glob("wal/*/*.wal"))


def test_accept__a_decision__gives_a_receipt_once_it_is_on_file(tmp_path: Path) -> None:
    log = _log(tmp_path)
    receipt = log.accept(decision("a", 999)).result(5)
    _, records = read_segment(_segments(log)[0])
    assert [(record.id, record.leaf) for record in records] == [("a", receipt.leaf)]
    assert (receipt.id, receipt.time, receipt.frame) == ("a", 999, 1)
    log.close()


async def test_record__many_at_once__keeps_each_once(tmp_path: Path) -> None:
    log = _log(tmp_path)
    receipts = await asyncio.gather(*(log.record(decision(str(i), i)) for i in range(3000)))
    await asyncio.to_thread(log.close)
    found = [record.id for path in _segments(log) for record in read_segment(path)[1]]
    assert sorted(found) == sorted(receipt.id for receipt in receipts) == sorted(map(str, range(3000)))
    assert log.accepted == 3000


async def test_record_many__of_several_frames__gives_receipts_in_order(tmp_path: Path) -> None:
    log = _log(tmp_path)
    given = [decision(str(i), 997 + i) for i in range(6)]
    receipts = await log.record_many(given)
    await asyncio.to_thread(log.close)
    assert [receipt.id for receipt in receipts] == [each.id for each in given]
    assert [receipt.frame for receipt in receipts] == [1, 1, 1, 2, 2, 2]
    on_file = {record.leaf for path in _segments(log) for record in read_segment(path)[1]}
    assert {receipt.leaf for receipt in receipts} == on_file


def test_accept_many__one_of_them_unusable__keeps_none(tmp_path: Path) -> None:
    log = _log(tmp_path)
    with pytest.raises(DataError):
        log.accept_many([decision("a", 1), decision("b", -1)])
    log.close()
    assert (log.accepted, _segments(log)) == (0, [])


def test_accept_many__nothing__is_answered_with_nothing(tmp_path: Path) -> None:
    log = _log(tmp_path)
    assert log.accept_many([]).result(5) == []
    log.close()


def test_accept_many__one_frame_cannot_be_written__is_no_receipt_for_any(tmp_path: Path) -> None:
    log = _log(tmp_path)
    (log.folder / "wal").mkdir(parents=True)
    (log.folder / "wal" / "2").write_text("")  # where frame 2's folder would be
    several = log.accept_many([decision("a", 999), decision("b", 1000)])
    beside = log.accept_many([decision("c", 999)])
    with pytest.raises(LogUnavailableError, match="cannot be written"):
        several.result(5)
    assert [receipt.id for receipt in beside.result(5)] == ["c"]
    log.close()


def test_accept_many__more_than_the_buffer_ever_holds__is_refused_for_good(tmp_path: Path) -> None:
    log = _log(tmp_path, capacity=2)
    with pytest.raises(DataError, match="at most 2"):
        log.accept_many([decision(str(i), 1) for i in range(3)])
    log.close()


def test_record__event_loop_ended__is_kept_and_the_writer_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = _log(tmp_path)
    keep = log._keep
    ended = threading.Event()
    monkeypatch.setattr(log, "_keep", lambda *given: (ended.wait(5), keep(*given))[1])

    async def ask() -> None:
        task = asyncio.create_task(log.record(decision("a", 1)))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(ask())
    ended.set()
    assert log.accept(decision("b", 1)).result(5).id == "b"
    log.close()
    assert log.accepted == 2


async def test_record__while_a_batch_is_being_kept__waits_and_goes_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = _log(tmp_path)
    keep, sizes, may = log._keep, [], threading.Event()

    def noted(appender: Any, batches: Any) -> None:
        sizes.append(sum(len(batch.records) for batch in batches))
        may.wait(PATIENCE_S)
        keep(appender, batches)

    monkeypatch.setattr(log, "_keep", noted)
    tasks = []
    for name in "abcd":  # each in a turn of its own
        tasks.append(asyncio.create_task(log.record(decision(name, 1))))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    may.set()
    assert [receipt.id for receipt in await asyncio.gather(*tasks)] == list("abcd")
    await asyncio.to_thread(log.close)
    assert sizes == [1, 3]


def test_record__event_loop_ended_with_more_gathered__keeps_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = _log(tmp_path)
    keep, ended = log._keep, threading.Event()
    monkeypatch.setattr(log, "_keep", lambda *given: (ended.wait(PATIENCE_S), keep(*given))[1])

    async def ask() -> None:
        for name in "abc":
            task = asyncio.create_task(log.record(decision(name, 1)))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            task.cancel()

    asyncio.run(ask())
    ended.set()
    assert log.accept(decision("d", 1)).result(PATIENCE_S).id == "d"
    log.close()
    assert log.accepted == 4


def test_accept__log_stays_open__lets_a_seal_close_the_frame(tmp_path: Path) -> None:
    log = _log(tmp_path)
    log.accept(decision("a", 1)).result(PATIENCE_S)
    closing = threading.Thread(target=Slot(log.folder, FrameIndex(1)).close)
    closing.start()
    closing.join(PATIENCE_S)
    assert not closing.is_alive()
    assert log.accept(decision("b", 1)).result(PATIENCE_S).frame is None
    log.close()


def test_accept__in_two_processes_forked_from_one__both_keep_theirs(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKED, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=30,
    )
    assert done.returncode == 0
    found = [record.id for path in tmp_path.glob("**/*.wal") for record in read_segment(path)[1]]
    assert sorted(found) == ["child", "parent"]


def test_accept__at_a_frames_edge__belongs_to_the_next_frame(tmp_path: Path) -> None:
    receipts = write(tmp_path, decision("last", 999), decision("first", 1000))
    assert [receipt.frame for receipt in receipts] == [1, 2]


def test_accept__after_the_frame_was_closed__is_late_and_counted(tmp_path: Path) -> None:
    Slot(sealer(tmp_path).folder, FrameIndex(1)).close()
    log = _log(tmp_path)
    receipt = log.accept(decision("late", 500)).result(5)
    log.close()
    assert receipt.frame is None
    assert log.late == 1
    assert [path.parent.name for path in _segments(log)] == ["late"]


def test_accept__buffer_full__refuses_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = _log(tmp_path, capacity=2)
    keep = log._keep

    def slowly(*given: Any) -> Any:
        time.sleep(0.3)
        return keep(*given)

    monkeypatch.setattr(log, "_keep", slowly)
    log.accept(decision("being written", 1))
    time.sleep(0.1)
    log.accept(decision("b", 1))
    log.accept(decision("c", 1))
    with pytest.raises(LogUnavailableError, match="behind"):
        log.accept(decision("d", 1))
    log.close()


def test_accept__after_close__is_refused(tmp_path: Path) -> None:
    log = _log(tmp_path)
    log.close()
    with pytest.raises(LogUnavailableError, match="closed"):
        log.accept(decision("a", 1))


@pytest.mark.parametrize("moment", [-1, 2**63, 1.5, True])
def test_accept__no_usable_time__is_refused(tmp_path: Path, moment: Any) -> None:
    with pytest.raises(DataError, match="microseconds"):
        _log(tmp_path).accept(decision("a", moment))


def test_accept__folder_is_a_file__says_so_and_gives_no_receipt(tmp_path: Path) -> None:
    (tmp_path / "1").write_text("")
    log = _log(tmp_path)
    with pytest.raises(LogUnavailableError, match="cannot be written"):
        log.accept(decision("a", 1)).result(5)
    log.close()


def test_accept__folder_turns_read_only__refuses_then_goes_on_when_it_is_writable() -> None:
    done = subprocess.run(
        [sys.executable, "-c", READ_ONLY],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    said = "The decision log cannot be written: Permission denied."
    assert done.stdout.splitlines() == [said, "before after"], done.stderr


def test_accept__disk_fills_up_half_way__refuses_then_goes_on_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = _log(tmp_path)
    log.accept(decision("before", 1)).result(5)
    real = os.write

    def half(fd: int, data: Any) -> int:
        if len(data) < 40:
            raise OSError(28, "No space left on device")
        return real(fd, data[: len(data) // 2])

    monkeypatch.setattr("tribune.decisions.waiting.wal.os.write", half)
    with pytest.raises(LogUnavailableError, match="No space"):
        log.accept(decision("refused", 1)).result(5)
    monkeypatch.setattr("tribune.decisions.waiting.wal.os.write", real)
    log.accept(decision("after", 1)).result(5)
    log.close()
    assert [r.id for path in _segments(log) for r in read_segment(path)[1]] == ["before", "after"]


def test_accept__asker_went_away__is_kept_and_the_writer_goes_on(tmp_path: Path) -> None:
    log = _log(tmp_path)
    future: Future[Receipt] = log.accept(decision("a", 1))
    future.cancel()
    assert log.accept(decision("b", 1)).result(5).id == "b"
    log.close()
    assert log.accepted == 2


def test_read_segment__half_written_last_line__is_dropped_and_the_rest_kept(tmp_path: Path) -> None:
    write(tmp_path, decision("a", 1), decision("b", 1))
    (path,) = tmp_path.glob("**/*.wal")
    path.write_bytes(path.read_bytes()[:-7])
    assert [record.id for record in read_segment(path)[1]] == ["a"]


def test_accept__beside_a_half_written_last_line__loses_nothing(tmp_path: Path) -> None:
    write(tmp_path, decision("a", 1), decision("b", 1))
    (path,) = tmp_path.glob("**/*.wal")
    path.write_bytes(path.read_bytes()[:-7])
    write(tmp_path, decision("c", 1))
    assert sealer(tmp_path).seal(FrameIndex(1), now=LATE).rows == 2


def test_read_segment__damaged_line_in_the_middle__is_an_error_that_names_it(tmp_path: Path) -> None:
    write(tmp_path, decision("a", 1), decision("b", 1))
    (path,) = tmp_path.glob("**/*.wal")
    path.write_bytes(path.read_bytes().replace(b'"a"', b'"z"'))
    with pytest.raises(EvidenceError, match="Line 2"):
        read_segment(path)


def test_segment__opened_twice__is_refused(tmp_path: Path) -> None:
    Segment(tmp_path / "x.wal", SCHEMA).close()
    with pytest.raises(FileExistsError):
        Segment(tmp_path / "x.wal", SCHEMA)


@pytest.mark.parametrize("seed", range(4))
def test_accept__writers_killed__keeps_every_acknowledged_decision_once(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - reproducible moments, not secrets
    acknowledged: list[str] = []
    for i in range(2):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(i)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert writer.stdout is not None
        acknowledged.append(writer.stdout.readline().strip())
        time.sleep(chance.uniform(0, 0.1))
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged += [line.strip() for line in writer.stdout if line.endswith("\n")]
        writer.stdout.close()
        writer.wait(5)
    log = sealer(tmp_path)
    manifest = log.seal(FrameIndex(1), now=LATE)
    kept: list[str] = []
    for partition in manifest.partitions:
        kept += parquet.read_table(log.folder / partition.path).column("id").to_pylist()
    assert set(acknowledged) <= set(kept)
    assert len(kept) == len(set(kept)) == manifest.rows
