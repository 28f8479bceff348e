"""What the short campaigns need: a node's binary and compiled contracts, or they are skipped."""

from __future__ import annotations

import pytest

from support.anvil import ROOT, find_binary


@pytest.fixture(autouse=True)
def _chain_can_run() -> None:
    if find_binary() is None or not (ROOT / ".build" / "__local__.json").exists():
        pytest.skip("anvil or the compiled contracts are missing: run `make setup compile`")
