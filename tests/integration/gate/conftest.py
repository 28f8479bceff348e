"""One chain for all tests of the gate before real servers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from support.anvil import ROOT, find_binary

if TYPE_CHECKING:
    from integration.gate.world import GateWorld


@pytest.fixture(scope="session")
def gate_chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GateWorld]:
    """Model 1 in service on a chain with a block a second."""
    if find_binary() is None or not (ROOT / ".build" / "__local__.json").exists():
        pytest.skip("anvil or the compiled contracts are missing: run `make setup`")
    # Late: web3's imports warn, which pytest makes errors until its own configuration is read.
    from integration.gate.world import gate_world

    with gate_world(tmp_path_factory.mktemp("gate")) as world:
        yield world


@pytest.fixture
def world(gate_chain: GateWorld) -> Iterator[GateWorld]:
    """The chain, with nothing halted after the test."""
    yield gate_chain
    gate_chain.free()
