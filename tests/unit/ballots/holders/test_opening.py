"""Opening calls on a real chain: once, whoever is quicker, never below the threshold, again after a reorg."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tribune.ballots.cases.view import VoteState, read_case_vote
from tribune.ballots.documents import Documents
from tribune.ballots.holders.documents import Harm
from tribune.ballots.holders.view import read_call, stored_call
from tribune.chain.enums import CaseKind
from tribune.chain.types import ContractCall, Receipt
from tribune.exceptions import ChainUnreachableError, TransactionPendingError
from tribune.ids import Address, CaseId
from tribune.settings import RelaySettings
from tribune.store import calls
from tribune.store.states import CallState
from tribune.store.tables import HolderCall
from tribune.sync.sender import Sender
from unit.ballots.holders.conftest import CURE, Desk


async def row_of(desk: Desk, call_id: int) -> HolderCall:
    return (await stored_call(desk.store, call_id))[0]


def called(desk: Desk) -> list[Any]:
    """Every vote that holders called for, as the chain has it."""
    return list(desk.chain.contracts["PauseGovernor"].events.HoldersCalled().get_logs(from_block=0))


async def signed_by(desk: Desk, *holders: int) -> int:
    """A call under which these holders' signatures are: 18 % are needed."""
    call_id = await desk.begin()
    for index in holders:
        await desk.sign(call_id, desk.holders[index])
    return call_id


class Interferes:
    """A sender before whose transaction something else happens."""

    def __init__(self, sender: Sender, before: Any) -> None:
        self.address, self._sender, self._before = sender.address, sender, before

    async def send(self, call: ContractCall, *, headroom: int = 0, most: int | None = None) -> Receipt:
        self._before()
        return await self._sender.send(call, headroom=headroom, most=most)


class LosesAnswer(Interferes):
    """Sends, and then loses the node's answer: what a crash between sending and recording leaves behind."""

    async def send(self, call: ContractCall, *, headroom: int = 0, most: int | None = None) -> Receipt:
        await self._sender.send(call, headroom=headroom, most=most)
        raise ChainUnreachableError("The answer was lost.")


class NeverAsked(Interferes):
    async def send(self, call: ContractCall, *, headroom: int = 0, most: int | None = None) -> Receipt:
        raise AssertionError("nothing was to be sent")


async def test_look__threshold_reached_exactly__opens_the_vote(desk: Desk, documents: Documents) -> None:
    call_id = await signed_by(desk, 3, 4)
    [progress] = (await desk.opener().look()).values()
    assert (progress.state, progress.case_id) == (CallState.OPENED, CaseId(1))
    [event] = called(desk)
    assert event["args"]["power"] == 180_000 * 10**18
    row = await row_of(desk, call_id)
    assert (row.state, row.case_id) == (CallState.OPENED, 1)
    assert row.tx_hash == "0x" + event["transactionHash"].hex().removeprefix("0x")
    desk.chain.warp(3)
    vote = await read_case_vote(desk.contracts, documents, CaseId(1))
    assert vote.state is VoteState.ACTIVE
    assert "They say why: “It insults people.”" in vote.why


async def test_look__threshold_just_missed__sends_nothing(desk: Desk) -> None:
    token = desk.chain.contracts["TribuneToken"].functions
    await signed_by(desk, 3, 4)
    desk.chain.send(token.transfer(desk.holders[0].address, 1), desk.holders[3])
    desk.chain.warp(2)
    [progress] = (await desk.opener(NeverAsked(desk.sender, None)).look()).values()
    assert progress.state is CallState.COLLECTING
    assert progress.power == progress.needed - 1
    assert not called(desk)


async def test_look__twice__opens_once(desk: Desk) -> None:
    await signed_by(desk, 0)
    opener = desk.opener()
    await opener.look()
    await opener.look()
    assert len(called(desk)) == 1


async def test_look__two_openers_at_once__open_once(desk: Desk) -> None:
    call_id = await signed_by(desk, 0)
    other = Sender(desk.contracts.chain, desk.chain.steward, receipt_timeout_s=10)
    await asyncio.gather(desk.opener().look(), desk.opener(other).look())
    assert len(called(desk)) == 1
    assert (await row_of(desk, call_id)).state == CallState.OPENED


async def test_look__somebody_else_was_quicker_with_it__counts_as_done(desk: Desk) -> None:
    call_id = await signed_by(desk, 0)
    form = await desk.form(call_id)
    signature = desk.signature(desk.holders[1], form)  # they had signatures that we never saw
    governor = desk.chain.contracts["PauseGovernor"].functions

    def before() -> None:
        desk.chain.send(governor.callPause(form.fields, [(desk.holders[1].address, signature)]))

    await desk.opener(Interferes(desk.sender, before)).look()
    row = await row_of(desk, call_id)
    assert (row.state, row.case_id) == (CallState.OPENED, 1)
    assert len(called(desk)) == 1


async def test_look__another_call_was_quicker__is_over(desk: Desk) -> None:
    from support.voting import holders_call

    call_id = await signed_by(desk, 0)
    holders_call(desk.chain, CaseKind.HOLDER_PAUSE, b"\1" * 32, desk.holders[:1])
    await desk.opener(NeverAsked(desk.sender, None)).look()
    row = await row_of(desk, call_id)
    assert (row.state, row.case_id) == (CallState.OVER, 0)
    assert row.error == "Another call for the same was quicker, and its vote was opened."


async def test_look__two_calls_reach_it_together__one_opens_the_other_is_over(desk: Desk) -> None:
    first, second = await desk.begin(), await desk.begin(Harm("It lies."))
    for call_id in (first, second):
        await desk.sign(call_id, desk.holders[0])
    await desk.opener().look()
    states = [(await row_of(desk, one)).state for one in (first, second)]
    assert states == [CallState.OPENED, CallState.OVER]
    assert len(called(desk)) == 1


async def test_look__its_time_ran_out__is_over(desk: Desk) -> None:
    call_id = await signed_by(desk, 4)
    desk.chain.warp(3 * 24 * 3600 + 1)
    await desk.opener().look()
    row = await row_of(desk, call_id)
    assert (row.state, row.error) == (CallState.OVER, "Too few had signed when its time ran out.")


async def test_look__answer_lost_after_sending__is_found_opened(desk: Desk) -> None:
    call_id = await signed_by(desk, 0)
    with pytest.raises(ChainUnreachableError):
        await desk.opener(LosesAnswer(desk.sender, None)).look()
    await desk.opener(NeverAsked(desk.sender, None)).look()
    assert (await row_of(desk, call_id)).state == CallState.OPENED
    assert len(called(desk)) == 1


async def test_look__transaction_waits__is_not_sent_again(desk: Desk) -> None:
    call_id = await signed_by(desk, 0)
    hasty = Sender(desk.contracts.chain, desk.chain.relayer, receipt_timeout_s=0.3)
    desk.chain.rpc("evm_setAutomine", False)
    try:
        with pytest.raises(TransactionPendingError):
            await desk.opener(hasty).look()
        [progress] = (await desk.opener(NeverAsked(desk.sender, None)).look()).values()
        assert progress.state is CallState.COLLECTING
    finally:
        desk.chain.rpc("evm_mine")
        desk.chain.rpc("evm_setAutomine", True)
    await desk.opener(NeverAsked(desk.sender, None)).look()
    assert (await row_of(desk, call_id)).state == CallState.OPENED


async def test_look__a_reorg_undoes_the_opening__opens_it_again_once(desk: Desk) -> None:
    call_id = await signed_by(desk, 0)
    before = desk.chain.rpc("evm_snapshot")
    opener = desk.opener()
    await opener.look()
    assert desk.chain.rpc("evm_revert", before)
    assert not called(desk)
    await opener.look()
    row = await row_of(desk, call_id)
    assert (row.state, row.case_id) == (CallState.OPENED, 1)
    assert len(called(desk)) == 1


async def test_look__a_reorg_puts_another_call_in_its_place__is_over(desk: Desk) -> None:
    from support.voting import holders_call

    call_id = await signed_by(desk, 0)
    before = desk.chain.rpc("evm_snapshot")
    await desk.opener().look()
    assert desk.chain.rpc("evm_revert", before)
    holders_call(desk.chain, CaseKind.HOLDER_PAUSE, b"\1" * 32, desk.holders[:1])
    await desk.opener().look()
    row = await row_of(desk, call_id)
    assert (row.state, row.case_id) == (CallState.OVER, 0)


async def test_look__deep_enough__is_not_looked_at_any_more(desk: Desk) -> None:
    await signed_by(desk, 0)
    opener = desk.opener()
    await opener.look()
    assert len(await desk.store.read(calls.calls_to_watch)) == 1
    for _ in range(6):
        desk.chain.rpc("evm_mine")
    await opener.look()
    assert not await desk.store.read(calls.calls_to_watch)


async def test_look__a_contract_s_signature_fails_now__keys_open_it_without_that_one(desk: Desk) -> None:
    call_id = await desk.begin()
    wallet = desk.holders[0]
    desk.chain.rpc("anvil_setCode", wallet.address, "0x631626ba7e60e01b60005260206000f3")
    await desk.send(call_id, wallet, b"\1" * 65)
    desk.chain.rpc("anvil_setCode", wallet.address, "0x60006000fd")
    [progress] = (await desk.opener(NeverAsked(desk.sender, None)).look()).values()
    assert progress.state is CallState.COLLECTING
    view = await read_call(desk.store, desk.contracts, desk.documents, call_id)
    assert view.held_up.startswith("Some signatures do not count at this moment")
    await desk.sign(call_id, desk.holders[1])
    await desk.opener().look()
    assert (await row_of(desk, call_id)).state == CallState.OPENED


async def test_look__budget_spent__says_so_and_anyone_may_open_it(desk: Desk) -> None:
    call_id = await signed_by(desk, 0)
    await desk.opener(limits=RelaySettings(per_day=0)).look()
    row = await row_of(desk, call_id)
    assert row.state == CallState.COLLECTING
    assert "used up" in row.error
    form = await desk.form(call_id)
    signed = [(desk.holders[0].address, desk.signature(desk.holders[0], form))]
    desk.chain.send(desk.chain.contracts["PauseGovernor"].functions.callPause(form.fields, signed))
    await desk.opener(limits=RelaySettings(per_day=0)).look()
    assert (await row_of(desk, call_id)).state == CallState.OPENED


async def test_look__resume_by_holders__opens_and_cites_the_conclusion(
    desk: Desk, documents: Documents
) -> None:
    desk.pause_by_vote()
    call_id = await desk.begin(CURE)
    await desk.sign(call_id, desk.holders[0])
    await desk.opener().look()
    vote = await read_case_vote(desk.contracts, documents, CaseId((await row_of(desk, call_id)).case_id))
    assert vote.why == (
        "Holders of 40 % of all votes say that the incident is over and ask to run acs-employment v1.\n"
        "Cause: A joke.\nFix: It was told off."
    )
    assert vote.resuming


async def test_look__the_steward_resumes_with_the_same_conclusion__counts_as_done(desk: Desk) -> None:
    desk.pause_by_vote()
    call_id = await desk.begin(CURE)
    governor = desk.chain.contracts["PauseGovernor"].functions
    form = await desk.form(call_id)
    desk.chain.send(governor.callResume(1, 1, form.evidence), desk.chain.steward)
    await desk.opener(NeverAsked(desk.sender, None)).look()
    row = await row_of(desk, call_id)
    assert (row.state, row.case_id) == (CallState.OPENED, 2)


def test_relayer__is_not_a_holder(desk: Desk) -> None:
    """What is opened is opened by signatures: the key that pays has no votes."""
    votes = desk.chain.contracts["TribuneToken"].functions.getVotes(Address(desk.chain.relayer.address))
    assert votes.call() == 0
