"""The door of a slot: seals wait for writers that are inside, and writers for a seal that waits."""

from __future__ import annotations

import fcntl
import os
import select
import subprocess
import sys
import threading
import time
from pathlib import Path

from tribune.decisions.waiting.slots import Hold, Slot
from tribune.ids import FrameIndex

PATIENCE_S = 30.0
FORKED = """
import os, sys
from pathlib import Path
from tribune.decisions.waiting.slots import Slot
slot = Slot(Path(sys.argv[1]), 1)
hold = slot.hold_open()
if os.fork() == 0:
    sys.stdin.read()
    os._exit(0)
hold.let_go()
slot.close()
print("closed", flush=True)
"""


def _slot(folder: Path) -> Slot:
    return Slot(folder, FrameIndex(1))


def _waits_for_its_turn(folder: Path) -> bool:
    """Whether a seal has the turn, that is, waits for writers to leave."""
    fd = os.open(folder / "wal" / "1" / "turn", os.O_RDONLY | os.O_CREAT)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def test_close__a_writer_inside__waits_until_it_lets_go(tmp_path: Path) -> None:
    hold = _slot(tmp_path).hold_open()
    closing = threading.Thread(target=_slot(tmp_path).close)
    closing.start()
    closing.join(0.05)
    assert closing.is_alive()
    assert not _slot(tmp_path).closed
    assert hold is not None
    hold.let_go()
    closing.join(PATIENCE_S)
    assert _slot(tmp_path).closed


def test_hold_open__a_seal_is_waiting__comes_after_it(tmp_path: Path) -> None:
    first = _slot(tmp_path).hold_open()
    assert first is not None
    closing = threading.Thread(target=_slot(tmp_path).close)
    closing.start()
    ends = time.monotonic() + PATIENCE_S
    while not _waits_for_its_turn(tmp_path) and time.monotonic() < ends:
        time.sleep(0.001)
    got: list[Hold | None] = []
    second = threading.Thread(target=lambda: got.append(_slot(tmp_path).hold_open()))
    second.start()
    second.join(0.05)
    assert got == []
    first.let_go()
    closing.join(PATIENCE_S)
    second.join(PATIENCE_S)
    assert got == [None]  # closed by then


def test_let_go__a_forked_process_has_the_file_too__is_let_go(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", FORKED, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        text=True,
    ) as process:
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], PATIENCE_S)
        said = process.stdout.readline() if ready else ""
        process.communicate(timeout=PATIENCE_S)  # ends stdin, and with it the forked process
    assert said == "closed\n"
