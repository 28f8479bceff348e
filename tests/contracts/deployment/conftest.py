"""A chain that is taken back after each test, and accounts that nothing else uses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ape
import pytest

from contracts.calls import rpc


@pytest.fixture
def deployer(built: Any) -> Iterator[Any]:
    """A key with coins whose nonce is 0; the chain is taken back afterwards."""
    snapshot = rpc("evm_snapshot")
    account = ape.accounts.test_accounts.generate_test_account()
    account.balance = 10**22
    yield account
    rpc("evm_revert", snapshot)
