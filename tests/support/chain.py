"""Tribune's contracts on a test chain, fast and without ape: the same plan that `ape run deploy` follows.

Needs compiled contracts (`make compile`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import HTTPProvider, Web3
from web3.contract import Contract
from web3.types import TxReceipt

from scripts.deployment import config as deployment_config
from scripts.deployment import record
from scripts.deployment.config import DeploymentConfig, Holder
from scripts.deployment.plan import ADMIN, ZERO, Deploy, addresses, resolved, steps
from support.anvil import KEYS, RELAYER_KEY, ROOT, Anvil

BUILD = ROOT / ".build" / "__local__.json"
LOCAL = ROOT / "deployments" / "local.toml"


@dataclass
class TestChain:
    """A deployed Tribune. `holders` are five accounts with 40, 25, 17, 10 and 8 percent of the votes."""

    __test__ = False

    anvil: Anvil
    web3: Web3
    contracts: dict[str, Contract]
    config: DeploymentConfig
    deployer: LocalAccount
    steward: LocalAccount
    relayer: LocalAccount
    holders: list[LocalAccount]
    monitors: list[LocalAccount]

    def send(self, call: Any, account: LocalAccount | None = None) -> TxReceipt:
        """Send a contract call of web3.py, from the deployer by default, and return its receipt."""
        sender = (account or self.deployer).address
        receipt = self.web3.eth.wait_for_transaction_receipt(call.transact({"from": sender}), timeout=20)
        assert receipt["status"] == 1, call
        return receipt

    def as_timelock(self, call: Any) -> TxReceipt:
        """Send a call as the timelock, which holds ADMIN: what a slow vote would carry out."""
        timelock = self.contracts["TribuneTimelock"].address
        self.rpc("anvil_impersonateAccount", timelock)
        self.rpc("anvil_setBalance", timelock, hex(10**18))
        receipt = self.web3.eth.wait_for_transaction_receipt(call.transact({"from": timelock}), timeout=20)
        assert receipt["status"] == 1, call
        return receipt

    def rpc(self, method: str, *params: Any) -> Any:
        """Call a JSON-RPC method of anvil."""
        answer = self.web3.provider.make_request(method, list(params))  # type: ignore[arg-type]
        assert "error" not in answer, answer
        return answer.get("result")

    def warp(self, seconds: int) -> None:
        """Let chain time pass and mine a block."""
        self.rpc("evm_increaseTime", seconds)
        self.rpc("evm_mine")

    @property
    def now(self) -> int:
        """Time of the latest block, unix seconds."""
        return self.web3.eth.get_block("latest")["timestamp"]

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Take back what the block does. The clock goes on from the last block, however long ago it was."""
        self.rpc("evm_setTime", self.now)
        snapshot = self.rpc("evm_snapshot")
        try:
            yield
        finally:
            assert self.rpc("evm_revert", snapshot)

    def write_record(self, folder: Path) -> Path:
        """Write `<chainId>.json` as `ape run deploy` does, for the parts that read it."""
        found = {name: str(contract.address) for name, contract in self.contracts.items()}
        return record.write(folder, self.web3.eth.chain_id, 0, found, self.config)


@cache
def contract_types() -> dict[str, Any]:
    """Return ape's compiled contract types by name."""
    if not BUILD.exists():
        raise RuntimeError("the contracts are not compiled: run `make compile` first")
    types: dict[str, Any] = json.loads(BUILD.read_text())["contractTypes"]
    return types


def deploy(anvil: Anvil, *, config: DeploymentConfig | None = None, votes: bool = True) -> TestChain:
    """Deploy everything on a fresh anvil (which mines at each transaction or in intervals).

    Args:
        config: parameters; `deployments/local.toml` by default.
        votes: let the holders delegate to themselves.
    """
    web3 = Web3(HTTPProvider(anvil.http_url, request_kwargs={"timeout": 20}))
    accounts: list[LocalAccount] = [Account.from_key(key) for key in KEYS]
    deployer, steward = accounts[0], accounts[1]
    holders = accounts[2:7]
    monitors = accounts[7:10]
    shares = zip(holders, (400_000, 250_000, 170_000, 100_000, 80_000), strict=True)
    allocation = tuple(Holder(account.address, tokens) for account, tokens in shares)
    config = config or deployment_config.load(LOCAL, allocation)

    plan = steps(config, deployer.address)
    where = addresses(plan, deployer.address, web3.eth.get_transaction_count(deployer.address))
    contracts = {
        name: web3.eth.contract(address=web3.to_checksum_address(address), abi=contract_types()[name]["abi"])
        for name, address in where.items()
    }
    relayer: LocalAccount = Account.from_key(RELAYER_KEY)
    web3.provider.make_request("anvil_setBalance", [relayer.address, hex(10**22)])  # type: ignore[arg-type]
    hashes = []
    for step in plan:
        arguments = resolved(step.arguments, where.__getitem__)
        if isinstance(step, Deploy):
            code = contract_types()[step.contract]["deploymentBytecode"]["bytecode"]
            factory = web3.eth.contract(abi=contract_types()[step.contract]["abi"], bytecode=code)
            call = factory.constructor(*arguments)
        else:
            call = contracts[step.name].get_function_by_name(step.function)(*arguments)
        hashes.append(call.transact({"from": deployer.address, "gas": 12_000_000}))
    if votes:
        token = contracts["TribuneToken"]
        hashes += [token.functions.delegate(h.address).transact({"from": h.address}) for h in holders]
    for sent in hashes:
        assert web3.eth.wait_for_transaction_receipt(sent, timeout=20)["status"] == 1
    assert not contracts["TribuneAccessManager"].functions.hasRole(ADMIN, deployer.address).call()[0]
    assert ZERO not in where.values()
    return TestChain(anvil, web3, contracts, config, deployer, steward, relayer, holders, monitors)
