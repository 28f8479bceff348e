"""An ape account as the key that carries a plan out, and ape's compiled contracts as artifacts."""

from __future__ import annotations

import json
from typing import Any

import ape
from eth_utils.conversions import to_hex

from scripts.deployment.carry_out import Sendable
from scripts.deployment.encoding import Artifact
from scripts.deployment.node import Node
from tribune.exceptions import ConfigurationError


def connected() -> Node:
    """Return the chain that ape is connected to."""
    return Node(ape.chain.provider.web3)


def account(alias: str | None) -> Any:
    """Return an ape account by its alias; on a local chain a development account where none is named.

    Raises:
        ConfigurationError: there is none, or none is named and the network is not a local one.
    """
    if alias is None:
        if ape.chain.provider.network.is_dev:
            return ape.accounts.test_accounts[0]
        raise ConfigurationError(
            "No account is named.", mend="Give --account; `ape accounts list` shows yours."
        )
    try:
        return ape.accounts.load(alias)
    except KeyError:
        raise ConfigurationError(
            f"There is no account {alias}.", mend="`ape accounts list` shows yours, `import` adds one."
        ) from None


def compiled(name: str) -> Artifact:
    """Return a contract of the project, compiled if it was not.

    Raises:
        ConfigurationError: the project has no such contract.
    """
    found = ape.project.contracts.get(name)
    if found is None:
        raise ConfigurationError(f"The project has no contract {name}.", mend="Run `make compile`.")
    return Artifact.of(name, json.loads(found.model_dump_json(by_alias=True)))


class ApeKey:
    """Signs and sends with an ape account, whatever keeps its key."""

    def __init__(self, of: Any) -> None:
        self._account = of
        self._signed: Any = None

    @property
    def address(self) -> str:
        """Its account."""
        return str(self._account.address)

    def sign(self, transaction: Sendable, nonce: int) -> str:
        """Prepare and sign, which simulates it; return the hash that it will have."""
        made: dict[str, Any] = {"data": transaction.data, "nonce": nonce, "sender": self.address}
        if transaction.to is not None:
            made["receiver"] = transaction.to
        prepared = self._account.prepare_transaction(ape.networks.ecosystem.create_transaction(**made))
        self._signed = self._account.sign_transaction(prepared)
        if self._signed is None:
            raise ConfigurationError(
                "The account did not sign.", mend="Confirm in the wallet, and run again."
            )
        return to_hex(self._signed.txn_hash)

    def send(self) -> None:
        """Hand what was signed last to the node."""
        ape.chain.provider.web3.eth.send_raw_transaction(self._signed.serialize_transaction())
