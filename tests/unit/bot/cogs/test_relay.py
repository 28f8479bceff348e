"""What is due on a case is done once; what somebody else did counts as done."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tribune.chain.cases import Case
from tribune.chain.enums import CaseKind, Outcome, ProposalState, Severity
from tribune.exceptions import RevertedError
from tribune.ids import Address, CaseId, Digest, FrameIndex, ModelId, ProposalId, VersionNumber
from tribune_bot.cogs.relay import Relay
from tribune_bot.docket import Docket
from unit.bot.samples import NOW

CASE = CaseId(7)
GOVERNOR, ANOTHER = Address("0x" + "11" * 20), Address("0x" + "22" * 20)
PENDING = Case(
    case_id=CASE,
    model_id=ModelId(1),
    version=VersionNumber(1),
    epoch=0,
    kind=CaseKind.BREACH,
    severity=Severity.TRIP,
    outcome=Outcome.OPEN,
    opened_at=NOW,
    open_until=NOW,
    bound=None,
    vote_ends=None,
    frame=FrameIndex(2),
    rule=0,
    value=1,
    limit=0,
    policy=Digest(bytes(32)),
    evidence=Digest(bytes(32)),
    governor=GOVERNOR,
    vote=ProposalId(0),
)


class Chain:
    """A switch and governor with one case."""

    def __init__(self, state: ProposalState | None, outcome: Outcome = Outcome.OPEN) -> None:
        self.state_now = state
        self.outcome = outcome
        self.sent: list[str] = []
        self.after: Outcome | None = None
        self.refuse = False
        self.time = self.open_until = NOW
        self.vote_ends: datetime | None = None
        self.address = GOVERNOR

    async def case(self, case_id: CaseId) -> Any:
        vote = 0 if self.state_now is None else 99
        times: dict[str, Any] = {"open_until": self.open_until, "vote_ends": self.vote_ends}
        return replace(PENDING, case_id=case_id, vote=ProposalId(vote), outcome=self.outcome, **times)

    async def state(self, _proposal: int) -> ProposalState | None:
        return self.state_now

    async def head(self) -> Any:
        return SimpleNamespace(time=self.time)

    def poke(self, _case: CaseId) -> Any:
        return SimpleNamespace(description="poke")

    def open_case(self, _case: CaseId) -> Any:
        return SimpleNamespace(description="open")

    def execute_case(self, _case: CaseId) -> Any:
        return SimpleNamespace(description="execute")

    async def send(self, call: Any) -> Any:
        if self.after is not None:
            self.outcome = self.after
        if self.refuse:
            raise RevertedError("no")
        self.sent.append(call.description)
        return SimpleNamespace(block_number=1)


def relay_of(chain: Chain) -> Relay:
    tribune = SimpleNamespace(kill_switch=chain, pause_governor=chain, chain=chain)
    services: Any = SimpleNamespace(tribune=tribune, sender=chain)
    docket = Docket(services)
    docket.add(CASE)
    bot: Any = SimpleNamespace(services=services, docket=docket)
    return Relay(bot)


async def test_finish__voted_on_at_a_governor_that_was_replaced__nothing() -> None:
    chain = Chain(ProposalState.SUCCEEDED)
    chain.address = ANOTHER
    assert not await relay_of(chain).finish(CASE)
    assert chain.sent == []


@pytest.mark.parametrize(
    ("state", "sent"),
    [
        (ProposalState.SUCCEEDED, ["execute"]),
        (ProposalState.DEFEATED, ["poke"]),
        (ProposalState.EXPIRED, ["poke"]),
        (ProposalState.PENDING, []),
        (ProposalState.ACTIVE, []),
        (None, []),
    ],
)
async def test_finish__state_of_the_vote__does_what_is_due(state: Any, sent: list[str]) -> None:
    chain = Chain(state)
    assert await relay_of(chain).finish(CASE) is bool(sent)
    assert chain.sent == sent


async def test_finish__opening_lost__opens_the_vote_again() -> None:
    chain = Chain(None)
    chain.open_until, chain.time = NOW + timedelta(hours=12), NOW + timedelta(seconds=31)
    await relay_of(chain).finish(CASE)
    assert chain.sent == ["open"]


async def test_finish__opened_just_now__leaves_the_opening_to_the_outbox() -> None:
    chain = Chain(None)
    chain.open_until, chain.time = NOW + timedelta(hours=12), NOW + timedelta(seconds=29)
    assert not await relay_of(chain).finish(CASE)
    assert chain.sent == []


async def test_finish__orphaned_after_its_latest_end__records_that() -> None:
    chain = Chain(ProposalState.SUCCEEDED)
    chain.address, chain.vote_ends = ANOTHER, NOW + timedelta(hours=24)
    chain.time = NOW + timedelta(hours=25)
    assert await relay_of(chain).finish(CASE)
    assert chain.sent == ["poke"]


async def test_finish__window_over_without_a_vote__records_that() -> None:
    chain = Chain(None)
    chain.time = NOW + timedelta(seconds=1)
    assert await relay_of(chain).finish(CASE)
    assert chain.sent == ["poke"]


async def test_finish__somebody_was_quicker__counts_as_done() -> None:
    chain = Chain(ProposalState.SUCCEEDED)
    chain.refuse, chain.after = True, Outcome.UPHELD
    assert await relay_of(chain).finish(CASE)


async def test_finish__refused_and_still_open__is_told() -> None:
    chain = Chain(ProposalState.SUCCEEDED)
    chain.refuse = True
    with pytest.raises(RevertedError):
        await relay_of(chain).finish(CASE)


async def test_finish__settled__leaves_the_docket() -> None:
    relay = relay_of(Chain(ProposalState.EXECUTED, Outcome.UPHELD))
    assert await relay.finish(CASE)
    assert relay.bot.docket.open == []
