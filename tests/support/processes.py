"""What tests give to commands that they run as processes: an environment, and a port of their own."""

from __future__ import annotations

import json
import os
import socket

from support.anvil import ROOT
from tribune.settings import Settings


def environment(**given: str) -> dict[str, str]:
    """Return variables with which `python -m` runs this tree's code, and nothing else of the caller's."""
    paths = (".", "monitors", "bot", "tests")
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(str(ROOT / part) for part in paths),
        "PYTHONWARNINGS": "ignore",
        **given,
    }


def variables(settings: Settings) -> dict[str, str]:
    """Return the variables that give a monitor's process its chain, stores and folders."""
    return {
        "TRIBUNE_CHAIN__HTTP_URL": settings.chain.http_url,
        "TRIBUNE_DEPLOYMENTS": str(settings.deployments),
        "TRIBUNE_STORE_URL": settings.store_url,
        "TRIBUNE_EVIDENCE_URLS": json.dumps(settings.evidence_urls),
        "TRIBUNE_EVIDENCE_READ_URLS": json.dumps(settings.evidence_read_urls),
        "TRIBUNE_LOG_FOLDER": str(settings.log_folder),
        "TRIBUNE_TALLY_FOLDER": str(settings.tally_folder),
    }


def free_port() -> int:
    """Return a port on loopback where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
