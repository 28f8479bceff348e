"""A command in a process of its own: JSON lines in, so many bytes out, within so many seconds, or an error.

The command may run a hostile artifact. It gets a process group that is killed at the end in any case, bounds
on memory and processor time, and an environment without what this process knows (no key, token or address).
What it may read on disk or over the network is for whoever configured the command to restrict (a user of its
own, a container). Nothing of what it writes is looked at here but its length.
"""

from __future__ import annotations

import contextlib
import math
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tribune.exceptions import ReplayError

_BOUNDED = Path(__file__).with_name("bounded.py")
_PASSED_ON = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TZ",
    "TMPDIR",
    "PYTHONPATH",
    "VIRTUAL_ENV",
    "LD_LIBRARY_PATH",
)
_FIXED = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
"""One thread: sums come out the same whatever else the machine does."""
_CHUNK = 2**16
_LAST_WORDS = 500


def run_bounded(
    command: Sequence[str], data: bytes, *, timeout_s: float, memory_mb: int, most_bytes: int
) -> bytes:
    """Return what a command wrote when it was given some bytes.

    Args:
        command: program and arguments.
        data: for its standard input.
        timeout_s: longest time.
        memory_mb: most memory, in MiB.
        most_bytes: most that it may write.

    Raises:
        ReplayError: it cannot be started, failed, took too long or wrote too much.
    """
    seconds = math.ceil(timeout_s) + 1
    bounded = [sys.executable, "-I", str(_BOUNDED), str(memory_mb), str(seconds), *command]
    with tempfile.TemporaryFile() as given:
        given.write(data)
        given.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603 - the monitor's operator configured it
                bounded,
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(os.environ),
                start_new_session=True,
            )
        except OSError as fault:
            raise ReplayError(f"The replayer cannot be started: {fault.strerror}.") from fault
        deadline = time.monotonic() + timeout_s
        try:
            output, last_words = _read(process, deadline, most_bytes)
            code = process.wait(max(0.0, deadline - time.monotonic()))
        except (TimeoutError, subprocess.TimeoutExpired):
            raise ReplayError(
                f"The replayer took longer than {timeout_s:g} s.",
                mend="Allow more in monitor.replay.timeout_s, or find out what it waits for.",
            ) from None
        finally:
            _end(process)
    if code:
        ended = signal.Signals(-code).name if code < 0 else f"code {code}"
        said = f": {last_words.rstrip('.')}" if last_words else ""
        raise ReplayError(f"The replayer ended with {ended}{said}.", mend="Run it by hand on one row.")
    return output


def _environment(own: Mapping[str, str]) -> dict[str, str]:
    return {**{name: own[name] for name in _PASSED_ON if name in own}, **_FIXED}


def _read(process: subprocess.Popen[bytes], deadline: float, most_bytes: int) -> tuple[bytes, str]:
    """Return all of a process's output and the end of what it complained of; TimeoutError at the deadline."""
    if process.stdout is None or process.stderr is None:
        raise AssertionError("both are pipes")
    output, complaint = bytearray(), bytearray()
    with selectors.DefaultSelector() as waiting:
        for stream, kept in ((process.stdout, output), (process.stderr, complaint)):
            waiting.register(stream, selectors.EVENT_READ, kept)
        while waiting.get_map():
            left = deadline - time.monotonic()
            ready = waiting.select(max(0.0, left)) if left > 0 else []
            if not ready:
                raise TimeoutError
            for key, _ in ready:
                piece = os.read(key.fd, _CHUNK)
                if not piece:
                    waiting.unregister(key.fileobj)
                key.data.extend(piece)
            if len(output) > most_bytes:
                raise ReplayError(f"The replayer wrote more than {most_bytes} bytes.")
            del complaint[:-_LAST_WORDS]
    return bytes(output), " ".join(complaint.decode("utf-8", "replace").split())


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of a process and its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
