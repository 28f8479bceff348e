"""The main job end to end: real processes, signatures and HTTP; asserted on chain state and answers."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from eth_account import Account

from examples.acs_employment.demo.actors import Actors
from examples.acs_employment.demo.local_chain import LocalChain
from examples.acs_employment.demo.run import FIRST, MODEL, SECOND, Run
from examples.acs_employment.demo.stage import Stage
from examples.acs_employment.demo.story import Story
from examples.acs_employment.demo.summary import summarise
from examples.acs_employment.incident import Incident
from tribune.chain.enums import Outcome, ProposalState, State
from tribune.ids import CaseId, FrameIndex
from tribune.reports.canonical import cid_digest

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

ABSENT = "west"


class OneMonitorDies(Run):
    """The demo, but that one of three monitors is killed once the healthy frame is over."""

    async def _healthy(self) -> None:
        await super()._healthy()
        self.stage.processes.stop(f"monitor-{ABSENT}", kill=True)


class Played:
    """A finished run with everything still running."""

    def __init__(self, run: Run, summary: dict[str, Any]) -> None:
        self.run = run
        self.summary = summary


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def played(folder: Path) -> AsyncIterator[Played]:
    local = LocalChain.start()
    stage = Stage(folder / "run", local, Actors.new(), deployments=folder / "deployments")
    run = OneMonitorDies(stage, Story(), Incident.WOMEN)
    try:
        async with AsyncExitStack() as stack:
            try:
                await run.play(stack)
                yield Played(run, await summarise(run))
            finally:
                await run.close()
    finally:
        stage.processes.stop_all()
        local.anvil.stop()


async def test_states__whole_loop__active_suspended_paused_active(played: Played) -> None:
    assert played.summary["states"] == ["Active", "Suspended", "Paused", "Active"]
    status = await played.run.tribune.kill_switch.status(MODEL)
    assert (status.state, status.version, status.epoch) == (State.ACTIVE, SECOND, 2)


async def test_healthy_frame__three_monitors__one_digest(played: Played) -> None:
    digests = played.summary["healthy_digests"]
    assert len(digests) == 3
    assert len(set(digests)) == 1


async def test_breach__one_monitor_killed__two_still_agree_and_suspend(played: Played) -> None:
    breach = played.summary["breach"]
    dead = played.run.stage.actors.monitors[ABSENT].address
    assert len(breach["signers"]) == 2
    assert dead not in breach["signers"]
    assert breach["metric"] == "fairness.demographic_parity_difference.lower/SEX"
    assert breach["value"] > breach["limit"]


async def test_case__its_vote__passed_and_was_carried_out_once(played: Played) -> None:
    tribune = played.run.tribune
    case = await tribune.kill_switch.case(played.run.breach_case)
    assert case.outcome is Outcome.UPHELD
    assert str(case.vote) == played.summary["proposal_id"]
    assert await tribune.pause_governor.state(case.vote) is ProposalState.EXECUTED


async def test_ballots__five_holders__counted_with_their_power(played: Played) -> None:
    tribune, summary = played.run.tribune, played.summary
    case = await tribune.kill_switch.case(played.run.breach_case)
    count = await tribune.pause_governor.count(case.vote)
    holders = {holder.account.address for holder in played.run.stage.actors.holders}
    assert {ballot["voter"] for ballot in summary["ballots"]} == holders
    for ballot in summary["ballots"]:
        power = await tribune.pause_governor.voting_power(ballot["voter"], count.snapshot)
        assert int(ballot["weight"]) == power
    assert sum(int(ballot["weight"]) for ballot in summary["ballots"]) == count.total


async def test_ballots__of_one_case__relayed_together(played: Played) -> None:
    assert len({ballot["tx"] for ballot in played.summary["ballots"]}) < len(played.summary["ballots"])


async def test_refusal__while_suspended__says_why_and_until_when(played: Played) -> None:
    refusal = played.run.refusal
    assert refusal["status"] == 503
    assert (refusal["model_id"], refusal["version"], refusal["state"]) == (MODEL, FIRST, "Suspended")
    assert refusal["reason"] == "fairness.demographic_parity_difference.lower/SEX"
    assert refusal["until"].endswith("Z")
    assert refusal["vote"].endswith(f"/b/{played.run.breach_case}")


async def test_evidence__of_every_report__is_served_under_its_name(played: Played) -> None:
    for name in played.summary["evidence"]:
        answer = await played.run.pages.get(f"/evidence/{name}")
        assert answer.status_code == httpx.codes.OK
        assert hashlib.sha256(answer.content).digest() == cid_digest(name)


async def test_resume__its_case__cites_the_conclusion(played: Played) -> None:
    tribune = played.run.tribune
    case = await tribune.kill_switch.case(CaseId(await tribune.kill_switch.case_count()))
    assert (case.outcome, case.version) == (Outcome.UPHELD, SECOND)
    conclusion = await played.run._evidence(case.evidence)
    assert conclusion is not None
    assert conclusion["case"] == played.run.breach_case


async def test_ballot__from_a_stranger__is_refused_with_the_reason(played: Played) -> None:
    stranger = Account.create()
    pages, case_id = played.run.pages, played.run.breach_case
    offer = (await pages.get(f"/api/ballots/{case_id}")).json()
    typed = offer["typed_data"]["ballot"]
    message = {**typed["message"], "voter": stranger.address, "support": 1}
    signed = Account.sign_typed_data(stranger.key, full_message={**typed, "message": message})
    ballot = {"voter": stranger.address, "support": 1, "signature": "0x" + signed.signature.hex()}
    answer = await pages.post(f"/api/ballots/{case_id}", json=ballot)
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"].startswith("application/problem+json")


async def test_frames__of_the_log__are_what_the_chain_anchors(played: Played) -> None:
    log = played.run.tribune.decision_log
    assert played.summary["frames"]
    for frame in played.summary["frames"]:
        assert await log.anchor_of(MODEL, frame["version"], FrameIndex(frame["frame"])) is not None
