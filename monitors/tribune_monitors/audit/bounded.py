"""Become another command with bounds on memory and time: `python bounded.py MEMORY_MB CPU_SECONDS COMMAND …`.

Sets the bounds in the process that is to have them and then replaces it, so that there is no moment without
them; on Linux it also ends with the process that started it. Imports nothing of this project. Bounds
resources only: neither files nor network are hidden from the command.
"""

from __future__ import annotations

import os
import resource
import signal
import sys

_SET_PARENT_DEATH_SIGNAL = 1  # prctl(2)


def main(arguments: list[str]) -> None:
    """Set the bounds and become the command."""
    memory, seconds = int(arguments[0]) * 2**20, int(arguments[1])
    for bound, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(bound)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(bound, (value, value))
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    os.execvp(arguments[2], arguments[2:])  # noqa: S606 - the monitor's operator configured it


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except OSError as fault:
        sys.exit(f"{sys.argv[3]} cannot be started: {fault.strerror}")
