"""Batched reads of the contracts that a vote concerns, at one block, so that an answer is of one moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tribune.ballots.lane import Lane
from tribune.chain.codec import load_abi
from tribune.chain.types import ContractCall
from tribune.ids import Address, CaseId

if TYPE_CHECKING:
    from datetime import datetime

    from tribune.chain.client import BlockTag, Chain
    from tribune.chain.deployments import Deployment

Read = tuple[str, str, Sequence[Any]]
"""(contract, function, arguments)."""

TOKEN = "TribuneToken"  # noqa: S105 - a contract's name


class VoteContracts:
    """The deployment's contracts, read in batches.

    Args:
        chain: where to read.
        deployment: where the contracts are.
    """

    def __init__(self, chain: Chain, deployment: Deployment) -> None:
        self.chain = chain
        self.deployment = deployment
        self._token: Address | None = None
        self.known_decimals: int | None = None
        """The token's, as far as anybody has asked; they never change."""
        self.shares: dict[tuple[CaseId, datetime], float | None] = {}
        """Who called for cases, by case and when it was opened, as far as `callers` has looked."""

    @property
    def governor(self) -> Address:
        """Address of the PauseGovernor."""
        return self.governor_of(Lane.FAST)

    def governor_of(self, lane: Lane) -> Address:
        """Return the address of a lane's governor.

        Raises:
            ConfigurationError: an executive of the DAO's own stands in its place.
        """
        return self.deployment.address(lane)

    @property
    def has_slow_lane(self) -> bool:
        """Whether an OversightGovernor is of this deployment, not an executive in its place."""
        return Lane.SLOW in self.deployment.addresses

    @property
    def switch(self) -> Address:
        """Address of the KillSwitch."""
        return self.deployment.address("KillSwitch")

    async def token(self) -> Address:
        """Return the address of the token, by the governor's own word: a DAO may vote with one of others.

        Raises:
            ChainUnreachableError: the node does not answer.
        """
        if self._token is None:
            [self._token] = await self.read(("PauseGovernor", "token", ()))
        return self._token

    async def decimals(self) -> int:
        """Return the token's decimals.

        Raises:
            ChainUnreachableError: the node does not answer.
        """
        if self.known_decimals is None:
            [self.known_decimals] = await self.read((TOKEN, "decimals", ()))
        return self.known_decimals

    def call(self, contract: str, function: str, *arguments: Any, description: str = "") -> ContractCall:
        """Return a call of a contract of ours."""
        return load_abi(contract).call(self._address(contract), function, arguments, description)

    async def read(self, *reads: Read, block: BlockTag = "latest") -> list[Any]:
        """Return the answers of several views at one block.

        Raises:
            RevertedError: one of them refuses.
            ChainUnreachableError: the node does not answer.
        """
        if any(contract == TOKEN for contract, _, _ in reads):
            await self.token()
        answers = await self.chain.call_many(
            [self.call(contract, function, *arguments) for contract, function, arguments in reads],
            block=block,
        )
        return [
            load_abi(contract).decode(function, answer)
            for (contract, function, _), answer in zip(reads, answers, strict=True)
        ]

    def _address(self, contract: str) -> Address:
        if contract == TOKEN and self._token is not None:
            return self._token
        return self.deployment.address(contract)
