"""The deployed system with its record in a folder, as the commands of daily acts find it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.calls import warp_to
from contracts.world import World
from scripts.acts.session import Session, opened
from scripts.deployment import record
from scripts.deployment.ape_key import ApeKey, connected
from scripts.deployment.record import Record


class Desk:
    """Somebody at work: what was said, what will be answered, who sends."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder = world, folder
        self.said: list[str] = []
        self.answer = True
        self.session: Session

    @property
    def text(self) -> str:
        return "\n".join(self.said)

    def key(self, account: Any) -> ApeKey:
        return ApeKey(account)

    def pass_proposal(self, path: Path) -> None:
        """Let token holders vote for the proposal of a file, until it can be queued."""
        from scripts.deployment import proposal

        proposed = proposal.read(path, self.world.chain_id)
        number = self.session.ask(self.session.tribune.oversight_governor.proposal_id(proposed))
        governor = self.world.oversight
        warp_to(int(governor.proposalSnapshot(number)) + 1)
        for holder in self.world.holders[:3]:
            governor.castVote(number, 1, sender=holder)
        warp_to(int(governor.proposalDeadline(number)) + 1)


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Iterator[Desk]:
    """The system's record in a folder, opened."""
    addresses = {name: contract.address for name, contract in world.contracts.items()}
    kept = Record(world.chain_id, 0, addresses, world.timelock.address, None)
    record.save(tmp_path, kept, {})
    found = Desk(world, tmp_path)
    with opened(connected(), tmp_path, found.said.append, lambda _: found.answer) as session:
        found.session = session
        yield found
