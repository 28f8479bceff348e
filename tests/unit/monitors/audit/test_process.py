"""A hostile command: whatever it does, it ends in time, within its bounds, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tribune.exceptions import ReplayError
from tribune_monitors.audit.process import run_bounded


def run(code: str, data: bytes = b"", *, timeout_s: float = 20.0, memory_mb: int = 512) -> bytes:
    command = [sys.executable, "-I", "-c", code]
    return run_bounded(command, data, timeout_s=timeout_s, memory_mb=memory_mb, most_bytes=100_000)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that only waits to be taken note of does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_run_bounded__honest__gives_back_what_it_wrote() -> None:
    data = os.urandom(50_000).hex().encode()
    assert run("import sys; sys.stdout.write(sys.stdin.read()[::-1])", data) == data[::-1]


def test_run_bounded__never_ends__is_killed_in_time() -> None:
    begun = time.monotonic()
    with pytest.raises(ReplayError, match=r"longer than 0\.5 s"):
        run("import time; time.sleep(600)", timeout_s=0.5)
    assert time.monotonic() - begun < 5


def test_run_bounded__writes_for_ever__is_stopped() -> None:
    with pytest.raises(ReplayError, match="more than 100000 bytes"):
        run("while True: print('x' * 10_000)")


def test_run_bounded__complains_for_ever__is_stopped_and_kept_short() -> None:
    with pytest.raises(ReplayError, match="longer than 1 s"):
        run("import sys\nwhile True: sys.stderr.write('x' * 10_000)", timeout_s=1.0)


def test_run_bounded__closes_its_output_and_stays__is_killed_in_time() -> None:
    with pytest.raises(ReplayError, match="longer than"):
        run("import os, time\nos.close(1)\ntime.sleep(600)", timeout_s=0.7)


def test_run_bounded__closes_all_its_streams_and_stays__is_killed_in_time() -> None:
    with pytest.raises(ReplayError, match="longer than"):
        run("import os, time\nos.close(1); os.close(2)\ntime.sleep(600)", timeout_s=0.7)


def test_run_bounded__leaves_a_child_behind__the_child_ends_too(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "import os, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'],\n"
        "    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        f"open({str(note)!r}, 'w').write(str(child.pid))\n"
    )
    run(code)
    child = int(note.read_text())
    deadline = time.monotonic() + 5
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(child)


@pytest.mark.skipif(sys.platform != "linux", reason="prctl(2)")
def test_run_bounded__the_monitor_is_killed__what_it_ran_ends_too(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    inner = f"import os, time; open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    outer = (
        "import sys; from tribune_monitors.audit.process import run_bounded\n"
        f"command = [sys.executable, '-I', '-c', {inner!r}]\n"
        "run_bounded(command, b'', timeout_s=600, memory_mb=512, most_bytes=9)"
    )
    with subprocess.Popen([sys.executable, "-c", outer]) as monitor:
        while not (note.exists() and note.read_text()):
            time.sleep(0.02)
        monitor.kill()
    child = int(note.read_text())
    deadline = time.monotonic() + 5
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(child)


def test_run_bounded__takes_too_much_memory__fails_and_says_so() -> None:
    with pytest.raises(ReplayError, match="MemoryError"):
        run("x = bytearray(2**30)", memory_mb=256)


def test_run_bounded__fails__says_the_end_of_its_complaint() -> None:
    with pytest.raises(ReplayError, match=r"code 3: .*no such model"):
        run("import sys; sys.stderr.write('x' * 10_000 + 'no such model'); sys.exit(3)")


def test_run_bounded__does_not_read_what_it_is_given__still_ends() -> None:
    assert run("print('done')", b"x" * 5_000_000) == b"done\n"


def test_run_bounded__no_such_program__says_so() -> None:
    with pytest.raises(ReplayError, match="cannot be started: No such file"):
        run_bounded(["/no/such/program"], b"", timeout_s=5, memory_mb=256, most_bytes=10)


def test_run_bounded__our_secrets__are_not_in_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRIBUNE_KEYS__MONITOR__ENV", "MONITOR_KEY")
    monkeypatch.setenv("MONITOR_KEY", "0x" + "5" * 64)
    said = run("import os; print(sorted(os.environ))").decode()
    assert "MONITOR_KEY" not in said
    assert "TRIBUNE" not in said
    assert "PATH" in said
