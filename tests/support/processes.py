"""What tests give to commands that they run as processes: an environment, and a port of their own."""

from __future__ import annotations

import os
import socket

from support.anvil import ROOT


def environment(**given: str) -> dict[str, str]:
    """Return variables with which `python -m` runs this tree's code, and nothing else of the caller's."""
    paths = (".", "monitors", "bot", "tests")
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in paths),
        "PYTHONWARNINGS": "ignore",
        **given,
    }


def free_port() -> int:
    """Return a port on loopback where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
