"""The main job end to end: real processes, signatures and HTTP; asserted on chain state and answers."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from eth_account import Account
from eth_utils.crypto import keccak

from examples.acs_employment.demo.actors import Actors
from examples.acs_employment.demo.around import write_settings
from examples.acs_employment.demo.local_chain import LocalChain
from examples.acs_employment.demo.run import Run
from examples.acs_employment.demo.stage import Stage
from examples.acs_employment.demo.steward import FIRST, MODEL, SECOND
from examples.acs_employment.demo.story import Story
from examples.acs_employment.demo.summary import summarise
from examples.acs_employment.incident import Incident
from support import pages, terminal
from tribune.chain.enums import CaseKind, Outcome, ProposalState, State, Support
from tribune.ids import Address, CaseId, Digest, FrameIndex
from tribune.reports.canonical import cid, cid_digest
from tribune.sync.sender import Sender

pytestmark = [pytest.mark.alone, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

ABSENT = "west"


class OneMonitorDies(Run):
    """The demo, but that one of three monitors is killed as soon as it has signed the healthy frame."""

    async def _frame_of_all(self, frame: FrameIndex) -> FrameIndex:
        healthy = await super()._frame_of_all(frame)
        self._background(self._kill_once_signed(healthy))
        return healthy

    async def _kill_once_signed(self, frame: FrameIndex) -> None:
        address = Address(self.stage.actors.monitors[ABSENT].address)
        for signers in range(1, len(self.stage.actors.monitors) + 1):
            signed = await self.watcher.until_attested(FIRST, frame, signers, limit_s=120)
            if address in [event.monitor for event in signed]:
                break
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


async def test_link__by_a_one_time_page__is_the_holder_s_wallet(played: Played) -> None:
    holder = played.run.stage.actors.holders[0]
    assert played.run.linked == (holder.name, holder.account.address)


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


async def test_decision__asked_by_a_stranger__proven_without_our_code(played: Played) -> None:
    """The proof's own words, hashed as the specification says, and the contract's answer to them."""
    summary, folder = played.summary["proven"], played.run.stranger.folder
    assert summary["receipt_signed"]
    assert summary["checked_on_chain"]
    proof = json.loads(await asyncio.to_thread((folder / "proof.json").read_bytes))
    receipt = json.loads(await asyncio.to_thread((folder / "receipt.json").read_bytes))
    body = _bytes(proof["body"])
    opened = json.dumps(proof["opened"]["body"], separators=(",", ":"), sort_keys=True, ensure_ascii=False)
    assert hashlib.sha256(_bytes(proof["opened"]["salt"]) + opened.encode()).digest() == body
    numbers = [n.to_bytes(32, "big") for n in (proof["model"], proof["version"], proof["time"])]
    node = keccak(keccak(numbers[0] + numbers[1] + keccak(proof["id"].encode()) + numbers[2] + body))
    assert (receipt["leaf"], receipt["id"], receipt["time"]) == (
        f"0x{node.hex()}",
        proof["id"],
        proof["time"],
    )
    for sibling in map(_bytes, proof["path"]):
        node = keccak(min(node, sibling) + max(node, sibling))
    manifest, root = _bytes(proof["manifest"]), _bytes(proof["root"])
    assert node == root
    log = played.run.tribune.decision_log
    assert (proof["contract"], proof["chain"]) == (log.address, 31337)
    word = await log.anchor_of(MODEL, FIRST, FrameIndex(proof["frame"]))
    assert word == keccak(manifest + root + proof["rows"].to_bytes(32, "big"))
    head = await played.run.tribune.chain.head()
    first = played.run.tribune.deployment.block
    (anchored,) = await log.anchorings(MODEL, FIRST, [FrameIndex(proof["frame"])], first, head.number)
    path = list(map(_bytes, proof["path"]))
    assert await log.verify(anchored, proof["id"], proof["time"], Digest(body), path)
    assert not await log.verify(anchored, proof["id"], proof["time"] + 1, Digest(body), path)


async def test_documentation__commands_beside_the_demo__print_what_pages_show(
    played: Played, folder: Path
) -> None:
    """Those of blocks that say `<!-- run: demo -->`, in a folder where the demo's files are."""
    here = folder / "second-terminal"
    (here / "build").mkdir(parents=True)
    (here / "build" / "demo").symlink_to(write_settings(played.run.stage).parent)
    report = cid(
        (await played.run.watcher.until_judged(FIRST, played.run.healthy_frame, limit_s=10)).report.evidence
    )
    beside = [block for page in pages.pages() for block in pages.blocks(page) if block.run == "demo"]
    assert beside
    answers = await asyncio.to_thread(terminal.run, beside, here, REPORT=report)
    assert not terminal.faults(answers)


async def test_gate__only_chain_and_gate_alive__refuses_after_a_raw_pause(played: Played) -> None:
    """Comes last: it ends every process but the chain and the second version's server."""
    run = played.run
    stage, tribune = run.stage, run.tribune
    for name in [name for name in stage.processes.running if name != "server-v2"]:
        stage.processes.stop(name, kill=True)
    prober = run.second_prober
    await prober.wait_for(200, timeout_s=30)
    status = await tribune.kill_switch.status(MODEL)

    hub = tribune.report_hub.address
    breach = (CaseKind.BREACH.number, MODEL, SECOND, 10**6, 0, 10**6, 0, bytes(32), bytes(32), 60)
    call = tribune.kill_switch.abi.call(
        tribune.kill_switch.address, "openBreachCase", [breach], "open a case in the hub's name"
    )
    await tribune.chain.request("anvil_impersonateAccount", hub)
    await tribune.chain.request("anvil_setBalance", hub, hex(10**18))
    await tribune.chain.request(
        "eth_sendTransaction", {"from": hub, "to": call.to, "data": "0x" + call.data.hex()}
    )
    case_id = CaseId(await tribune.kill_switch.case_count() + 1)
    await _until(lambda: tribune.kill_switch.case_count(), case_id)

    governor = tribune.pause_governor
    holders = [Sender(tribune.chain, holder.account) for holder in stage.actors.holders]
    await holders[0].send(governor.open_case(case_id))
    proposal = (await tribune.kill_switch.case(case_id)).vote
    await _until(lambda: governor.state(proposal), ProposalState.ACTIVE)
    for sender in holders[:4]:
        if await governor.state(proposal) is ProposalState.ACTIVE:
            await sender.send(governor.cast_vote(proposal, Support.FOR))
    since = time.monotonic()
    await holders[0].send(governor.execute_case(case_id))
    refused = await prober.wait_for(503, since_s=since, timeout_s=10)
    assert json.loads(refused.body)["state"] == "Paused"
    after = await tribune.kill_switch.status(MODEL)
    assert (after.state, after.epoch) == (State.PAUSED, status.epoch + 1)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


async def _until(look: Callable[[], Awaitable[object]], wanted: object) -> None:
    for _ in range(200):
        if await look() == wanted:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"never {wanted}")
