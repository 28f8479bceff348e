"""A chain on which the same actions always cost the same gas: fixed keys, times and order of transactions.

Refuses nothing and checks nothing but that each transaction succeeds.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from scripts.deployment import config as deployment_config
from scripts.deployment.config import Holder
from support.anvil import KEYS, Anvil
from support.chain import LOCAL, TestChain, contract_types, deploy

GENESIS = 1_800_000_000
"""Unix seconds of the first block."""
BALLOTS = 50
MONITORS = 5
_HARDFORK = "osaka"
"""Named, so that a newer anvil does not change the prices."""


@dataclass
class Scene:
    """A deployed Tribune, fifty voters with one percent of the votes each, and a whale with the rest."""

    chain: TestChain
    voters: list[LocalAccount]
    monitors: list[LocalAccount]

    @property
    def contracts(self) -> Any:
        """Tribune's contracts by name."""
        return self.chain.contracts

    def gas(self, call: Any, account: LocalAccount | None = None) -> int:
        """Send a call as a transaction, from the deployer by default, and return the gas it used."""
        return int(self.chain.send(call, account)["gasUsed"])

    def create(self, abi: Any, bytecode: str, *arguments: Any) -> Any:
        """Create a contract and return it."""
        web3 = self.chain.web3
        sent = web3.eth.contract(abi=abi, bytecode=bytecode).constructor(*arguments)
        receipt = web3.eth.wait_for_transaction_receipt(
            sent.transact({"from": self.chain.deployer.address}), timeout=20
        )
        address = receipt["contractAddress"]
        if address is None or receipt["status"] != 1:
            raise RuntimeError("the contract could not be created")
        return web3.eth.contract(address=address, abi=abi)

    def create_own(self, name: str, *arguments: Any) -> Any:
        """Create one of this repository's contracts that no deployment needs."""
        kind = contract_types()[name]
        return self.create(kind["abi"], kind["deploymentBytecode"]["bytecode"], *arguments)

    def at(self, time: int) -> None:
        """Mine a block at that time (unix seconds)."""
        self.chain.rpc("evm_setNextBlockTimestamp", time)
        self.chain.rpc("evm_mine")

    def later(self, seconds: int) -> None:
        """Let time pass and mine a block."""
        self.at(self.chain.now + seconds)


@contextmanager
def scene() -> Iterator[Scene]:
    """Start a chain, deploy Tribune and let the voters delegate to themselves."""
    voters = [_account("voter", number) for number in range(BALLOTS)]
    monitors = [_account("monitor", number) for number in range(MONITORS)]
    whale = Account.from_key(KEYS[2])
    holders = (*(Holder(voter.address, 1) for voter in voters), Holder(whale.address, BALLOTS))
    config = deployment_config.load(LOCAL, holders)
    options = ("--hardfork", _HARDFORK, "--auto-impersonate")
    with Anvil.start(timestamp=GENESIS, extra=options) as anvil:
        chain = deploy(anvil, config=config)
        chain.rpc("anvil_setBlockTimestampInterval", 1)
        # How long the deployment took must not tell in later times, and so in the zero bytes of later calls.
        chain.rpc("evm_setNextBlockTimestamp", GENESIS + 1000)
        token = chain.contracts["TribuneToken"].functions
        registry = chain.contracts["MonitorRegistry"].functions
        for voter in voters:
            chain.rpc("anvil_setBalance", voter.address, hex(10**18))
            chain.send(token.delegate(voter.address), voter)
        for monitor in monitors:
            chain.as_timelock(registry.admit(monitor.address, "monitor", ""))
        yield Scene(chain, voters, monitors)


def _account(kind: str, number: int) -> LocalAccount:
    account: LocalAccount = Account.from_key(keccak(text=f"tribune bench {kind} {number}"))
    return account
