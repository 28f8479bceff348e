"""Beginning a call on a real chain: it is tried before it is shown, and stored once it is confirmed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tribune.ballots.documents import Documents
from tribune.ballots.holders.beginning import MOST_AT_ONCE, begin_call, plan_call
from tribune.ballots.holders.documents import Harm
from tribune.ballots.holders.refusals import CallMismatchError, CallNotPossibleError
from tribune.ballots.holders.view import read_call, try_call
from tribune.chain.enums import CaseKind
from tribune.exceptions import EvidenceError
from tribune.ids import CaseId, ModelId
from tribune.reports.evidence_store import write_evidence
from tribune.store.states import CallState
from unit.ballots.holders.conftest import CURE, HARM, Desk

STOP, FREE = CaseKind.HOLDER_PAUSE, CaseKind.HOLDER_RESUME


async def test_plan_call__model_in_service__tries_opening_and_pause(desk: Desk) -> None:
    plan = await plan_call(desk.contracts, [desk.voting.folder], STOP, ModelId(1), HARM)
    assert plan.simulation.case_id == CaseId(1)
    assert plan.simulation.carried_out is True
    assert plan.simulation.call.data == bytes.fromhex(
        desk.chain.contracts["KillSwitch"].encode_abi("pause", [1, 1, 0])[2:]
    )
    assert plan.threshold == 180_000
    assert desk.switch.caseCount().call() == 0, "it was only tried"


async def test_plan_call__stop_what_a_vote_has_stopped__refused(desk: Desk) -> None:
    desk.pause_by_vote()
    with pytest.raises(CallNotPossibleError, match="nothing to stop"):
        await desk.begin()


async def test_plan_call__resume_what_no_vote_has_stopped__refused(desk: Desk) -> None:
    with pytest.raises(CallNotPossibleError, match="was not stopped by a vote"):
        await desk.begin(CURE)


async def test_plan_call__resume_of_a_paused_model__tries_the_resume(desk: Desk) -> None:
    desk.pause_by_vote()
    plan = await plan_call(desk.contracts, [desk.voting.folder], FREE, ModelId(1), CURE)
    assert plan.simulation.carried_out is True
    assert plan.document.about.epoch == 1


async def test_plan_call__a_vote_on_it_is_open__refused(desk: Desk) -> None:
    from support.voting import holders_call

    holders_call(desk.chain, STOP, b"\1" * 32, desk.holders[:1])
    with pytest.raises(CallNotPossibleError, match="already called for this"):
        await desk.begin()


async def test_plan_call__no_store_takes_the_document__nothing_to_confirm(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EvidenceError):
        await plan_call(desk.contracts, [tmp_path / "file"], STOP, ModelId(1), HARM)


async def test_begin_call__confirmed__collects_signatures_for_what_was_shown(desk: Desk) -> None:
    call_id = await desk.begin()
    view = await read_call(desk.store, desk.contracts, desk.documents, call_id)
    assert view.progress.state is CallState.COLLECTING
    assert view.document is not None
    assert view.document.said == HARM
    assert (view.decoded.text, view.decoded.matches) == ("KillSwitch.pause(model 1)", True)
    assert view.progress.words == (
        "0 holders have signed: 0 % of all votes. 18 % are needed for the vote to open."
    )
    assert (await try_call(desk.contracts, view)).carried_out is True


async def test_begin_call__twice__is_one_call(desk: Desk) -> None:
    assert await desk.begin() == await desk.begin()


async def test_begin_call__another_call_was_opened_since__refused(desk: Desk) -> None:
    from support.voting import holders_call

    plan = await plan_call(desk.contracts, [desk.voting.folder], STOP, ModelId(1), HARM)
    holders_call(desk.chain, STOP, b"\1" * 32, desk.holders[:1])
    with pytest.raises(CallNotPossibleError):
        await begin_call(desk.store, desk.contracts, desk.documents, plan.cid)


async def test_begin_call__written_for_an_epoch_that_is_past__refused(desk: Desk) -> None:
    plan = await plan_call(desk.contracts, [desk.voting.folder], STOP, ModelId(1), HARM)
    desk.pause_by_vote()
    with pytest.raises(CallNotPossibleError):
        await begin_call(desk.store, desk.contracts, desk.documents, plan.cid)


async def test_begin_call__no_document_of_that_name__refused(desk: Desk, tmp_path: Path) -> None:
    plan = await plan_call(desk.contracts, [desk.voting.folder], STOP, ModelId(1), HARM)
    with pytest.raises(EvidenceError):
        await begin_call(desk.store, desk.contracts, Documents([tmp_path]), plan.cid)


async def test_begin_call__document_of_something_else__refused(desk: Desk) -> None:
    name = write_evidence(desk.voting.folder, {"reason": "It insults people."})
    with pytest.raises(CallMismatchError):
        await begin_call(desk.store, desk.contracts, desk.documents, name)


async def test_begin_call__too_many_of_one_person__refused(desk: Desk) -> None:
    for n in range(MOST_AT_ONCE):
        await desk.begin(Harm(f"Harm {n}."), user=5)
    with pytest.raises(CallNotPossibleError, match="3 calls of yours"):
        await desk.begin(Harm("One more."), user=5)
    assert await desk.begin(Harm("Another person's."), user=6)
