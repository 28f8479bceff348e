"""The whole loop on real processes, as `make demo` plays it."""

from __future__ import annotations

import os

import pytest

from support.anvil import ROOT, find_binary
from tribune.log import configure


@pytest.fixture(scope="session", autouse=True)
def _compiler() -> None:
    """Point ape at the compiler, as the Makefile does, and make sure that the chain can be started."""
    os.environ.setdefault("SOLCX_BINARY_PATH", str(ROOT / "scripts" / "solc"))
    binary = find_binary()
    assert binary is not None, "anvil is not installed: run `make setup`"
    configure(json=False, level="ERROR", process="e2e")
    os.environ["PATH"] = f"{binary.parent}{os.pathsep}{os.environ['PATH']}"
