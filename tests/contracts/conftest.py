"""One chain for all contract tests: deployed once, taken back to the same block after each test.

Works under `ape test` and under plain `pytest`, with ape's pytest plugin or without it.
"""

from __future__ import annotations

import os

import pytest

from support.anvil import ROOT, find_binary


def pytest_configure() -> None:
    """Let ape find anvil and the compiler; it looks for them when it connects and compiles."""
    if (binary := find_binary()) is not None:
        os.environ["PATH"] = f"{binary.parent}{os.pathsep}{os.environ['PATH']}"
    os.environ.setdefault("SOLCX_BINARY_PATH", str(ROOT / "scripts" / "solc"))


@pytest.fixture(scope="session")
def built():  # type: ignore[no-untyped-def]
    """Everything deployed, model 1 Active; shared, so tests use `world`."""
    if find_binary() is None:
        pytest.skip("anvil is not installed")
    import ape
    from ape.logging import logger

    from contracts.world import build

    logger.set_level("ERROR")
    if ape.networks.active_provider is not None:
        yield build()
        return
    with ape.networks.parse_network_choice("ethereum:local:foundry"):
        yield build()


@pytest.fixture
def world(built):  # type: ignore[no-untyped-def]
    """The deployed system, as it was before the last test."""
    from contracts.calls import rpc

    snapshot = rpc("evm_snapshot")
    yield built
    rpc("evm_revert", snapshot)
