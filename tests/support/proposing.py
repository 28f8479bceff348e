"""Proposals of the slow lane on a deployed Tribune: for tests of their ballots, pages and messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from eth_account.signers.local import LocalAccount

from support.chain import TestChain
from tribune.ballots.lane import Lane
from tribune.ballots.typed_data import ballot_typed_data
from tribune.ids import Address, ProposalId

_NONE = ProposalId(0)
STRANGER = "0x00000000000000000000000000000000DeaDBeef"


@dataclass
class Proposing:
    """Makes proposals of calls, and votes on the newest of them."""

    chain: TestChain
    proposal_id: ProposalId = _NONE
    hashed: tuple[Any, ...] = field(default_factory=tuple)

    @property
    def governor(self) -> Any:
        return self.chain.contracts["OversightGovernor"]

    @property
    def holders(self) -> list[LocalAccount]:
        return self.chain.holders

    def admit(self, name: str = "Observatory", account: str = STRANGER) -> tuple[str, int, bytes]:
        """Return the call that admits a monitor."""
        registry = self.chain.contracts["MonitorRegistry"]
        data = registry.encode_abi("admit", args=[account, name, "https://observatory.example"])
        return str(registry.address), 0, bytes.fromhex(data[2:])

    def propose(
        self, calls: Sequence[tuple[str, int, bytes]], description: str, *, begun: bool = True
    ) -> ProposalId:
        """Propose calls as the largest holder; `begun` lets the vote's delay pass."""
        targets, values, datas = (list(column) for column in zip(*calls, strict=True))
        governor = self.governor.functions
        self.chain.warp(1)  # votes count from the second before
        self.chain.send(governor.propose(targets, values, datas, description), self.holders[0])
        self.hashed = (targets, values, datas, self.chain.web3.keccak(text=description))
        self.proposal_id = ProposalId(governor.getProposalId(*self.hashed).call())
        if begun:
            self.chain.warp(7)
        return self.proposal_id

    def sign(
        self,
        account: LocalAccount,
        support: int = 1,
        reason: str = "",
        *,
        nonce: int | None = None,
        chain_id: int | None = None,
        governor: str = "",
        proposal_id: int | None = None,
    ) -> str:
        """Sign as a wallet does; return 0x and hex digits."""
        data = ballot_typed_data(
            chain_id or self.chain.web3.eth.chain_id,
            Address(governor or self.governor.address),
            ProposalId(self.proposal_id if proposal_id is None else proposal_id),
            Address(account.address),
            support,
            reason,
            lane=Lane.SLOW,
            nonce=self.governor.functions.nonces(account.address).call() if nonce is None else nonce,
        )
        return "0x" + account.sign_typed_data(full_message=data).signature.hex().removeprefix("0x")

    def pass_vote(self) -> None:
        """Let the two largest holders vote for it, and its time pass."""
        for holder in self.holders[:2]:
            self.chain.send(self.governor.functions.castVote(self.proposal_id, 1), holder)
        self.chain.warp(1_000)

    def queue(self) -> None:
        self.chain.send(self.governor.functions.queue(*self.hashed))

    def execute(self) -> None:
        self.chain.send(self.governor.functions.execute(*self.hashed))
