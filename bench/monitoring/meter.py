"""What a measured process says of itself: its peak memory, how much it computed. Imports nothing heavy."""

from __future__ import annotations

import json
from pathlib import Path


def peak_mb() -> float:
    """Return the most memory that this process ever held, in MB (Linux's VmHWM)."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("This system does not say how much memory a process held.")


def report(**facts: float | list[float]) -> None:
    """Print the facts of a run as one JSON line, the last of the process."""
    print(json.dumps({"peak_mb": round(peak_mb(), 1), **facts}), flush=True)
