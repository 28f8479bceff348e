"""Signatures under a call on a real chain: what the contract would not count is refused with its reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tribune.ballots.budget import BudgetSpentError
from tribune.ballots.documents import Documents
from tribune.ballots.holders import signing
from tribune.ballots.holders.documents import Harm
from tribune.ballots.holders.refusals import (
    CallMismatchError,
    CallOverError,
    CallPowerError,
    CallSignatureError,
    UnknownCallError,
)
from tribune.chain.enums import CaseKind
from tribune.ids import Address, ModelId, VersionNumber
from tribune.settings import RelaySettings
from tribune.store import calls
from tribune.store.states import CallState
from unit.ballots.holders.conftest import Desk

SAYS_YES = "0x631626ba7e60e01b60005260206000f3"
"""Runtime code of a contract that answers every call with ERC-1271's magic value."""


async def test_accept_signature__holder__counts_its_power(desk: Desk) -> None:
    signed = await desk.sign(await desk.begin(), desk.holders[4])
    assert (signed.new, signed.power) == (True, 80_000 * 10**18)
    assert signed.progress.words.startswith("1 holder has signed: 8 % of all votes. 18 % are needed")
    assert not signed.progress.reached


async def test_accept_signature__twice__is_found_again(desk: Desk) -> None:
    call_id = await desk.begin()
    await desk.sign(call_id, desk.holders[4])
    again = await desk.sign(call_id, desk.holders[4])
    assert (again.new, again.power) == (False, 80_000 * 10**18)
    assert again.progress.power == 80_000 * 10**18


async def test_accept_signature__in_another_s_name__refused(desk: Desk) -> None:
    call_id = await desk.begin()
    signature = desk.signature(desk.holders[4], await desk.form(call_id))
    with pytest.raises(CallSignatureError):
        await desk.send(call_id, desk.holders[0], signature)


async def test_accept_signature__given_for_another_call__refused(desk: Desk) -> None:
    one, other = await desk.begin(), await desk.begin(Harm("It lies."))
    signature = desk.signature(desk.holders[0], await desk.form(one))
    with pytest.raises(CallSignatureError):
        await desk.send(other, desk.holders[0], signature)


@pytest.mark.parametrize(
    "other",
    [
        {"kind": CaseKind.HOLDER_RESUME},
        {"model_id": ModelId(2)},
        {"version": VersionNumber(2)},
        {"epoch": 1},
        {"round": 1},
        {"evidence": b"\1" * 32},
    ],
)
async def test_accept_signature__for_something_else__refused(desk: Desk, other: dict[str, Any]) -> None:
    call_id = await desk.begin()
    signature = desk.signature(desk.holders[0], replace(await desk.form(call_id), **other))
    with pytest.raises(CallSignatureError):
        await desk.send(call_id, desk.holders[0], signature)


async def test_accept_signature__for_another_deadline_or_chain__refused(desk: Desk) -> None:
    call_id = await desk.begin()
    form = await desk.form(call_id)
    later = replace(form, deadline=form.deadline + timedelta(seconds=1))
    for signature in (
        desk.signature(desk.holders[0], later),
        desk.signature(desk.holders[0], form, chain_id=1),
    ):
        with pytest.raises(CallSignatureError):
            await desk.send(call_id, desk.holders[0], signature)


async def test_accept_signature__no_votes__refused_with_what_helps(desk: Desk) -> None:
    with pytest.raises(CallPowerError) as refused:
        await desk.sign(await desk.begin(), desk.chain.steward)
    assert "delegated" in refused.value.mend


async def test_accept_signature__votes_borrowed_in_this_second__refused(desk: Desk) -> None:
    call_id = await desk.begin()
    token, borrower = desk.chain.contracts["TribuneToken"].functions, desk.chain.steward
    desk.chain.send(token.delegate(borrower.address), borrower)
    desk.chain.rpc("evm_setAutomine", False)
    sent = token.transfer(borrower.address, 400_000 * 10**18).transact({"from": desk.holders[0].address})
    desk.chain.rpc("evm_mine")
    desk.chain.rpc("evm_setAutomine", True)
    assert desk.chain.web3.eth.get_transaction_receipt(sent)["status"] == 1
    assert token.getVotes(borrower.address).call() == 400_000 * 10**18
    with pytest.raises(CallPowerError):
        await desk.sign(call_id, borrower)


async def test_accept_signature__contract_wallet__asked_itself(desk: Desk) -> None:
    call_id = await desk.begin()
    wallet = desk.holders[4]
    with pytest.raises(CallSignatureError):
        await desk.send(call_id, wallet, b"\1" * 65)
    desk.chain.rpc("anvil_setCode", wallet.address, SAYS_YES)
    assert (await desk.send(call_id, wallet, b"\1" * 65)).new


async def test_accept_signature__no_such_call__refused(desk: Desk) -> None:
    for forged in (1, 0, -1, 2**64):
        with pytest.raises(UnknownCallError):
            await desk.send(forged, desk.holders[0], b"\1" * 65)


async def test_accept_signature__its_time_is_over__refused(desk: Desk) -> None:
    call_id = await desk.begin()
    desk.chain.warp(3 * 24 * 3600 + 1)
    with pytest.raises(CallOverError, match="Too few had signed"):
        await desk.sign(call_id, desk.holders[0])


async def test_accept_signature__another_call_was_opened__refused(desk: Desk) -> None:
    from support.voting import holders_call

    call_id = await desk.begin()
    holders_call(desk.chain, CaseKind.HOLDER_PAUSE, b"\1" * 32, desk.holders[:1])
    with pytest.raises(CallOverError, match="Another call for the same was quicker"):
        await desk.sign(call_id, desk.holders[0])


async def test_accept_signature__a_vote_has_decided__refused(desk: Desk) -> None:
    call_id = await desk.begin()
    desk.pause_by_vote()
    with pytest.raises(CallOverError, match="has been decided since"):
        await desk.sign(call_id, desk.holders[0])


async def test_accept_signature__document_is_gone__refused(desk: Desk, tmp_path: Any) -> None:
    call_id = await desk.begin()
    desk.documents = Documents([tmp_path])
    with pytest.raises(CallMismatchError):
        await desk.sign(call_id, desk.holders[0])


async def test_accept_signature__row_cites_another_call_s_document__refused(desk: Desk) -> None:
    call_id = await desk.begin()
    await desk.store.run(calls.change_call, call_id, version=2)
    with pytest.raises(CallMismatchError):
        await desk.sign(call_id, desk.holders[0])


async def test_accept_signature__budget_spent__refused_with_what_to_do(desk: Desk) -> None:
    call_id = await desk.begin()
    with pytest.raises(BudgetSpentError, match="callPause"):
        await desk.sign(call_id, desk.holders[0], limits=RelaySettings(per_wallet_per_day=0))
    assert (await desk.sign(call_id, desk.holders[0])).new


async def test_accept_signature__full__takes_the_place_of_the_weakest_only(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "MOST_SIGNATURES", 1)
    call_id = await desk.begin()
    await desk.sign(call_id, desk.holders[3])
    with pytest.raises(CallPowerError, match="more votes than this wallet"):
        await desk.sign(call_id, desk.holders[4])
    signed = await desk.sign(call_id, desk.holders[2])
    assert list(signed.progress.powers) == [Address(desk.holders[2].address)]
    assert signed.progress.state is CallState.COLLECTING
