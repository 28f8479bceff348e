"""The typed wrappers against the deployed contracts, along the life of a model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount

from support.anvil import KEYS, Anvil, find_binary
from tribune.chain import Tribune, load_deployment
from tribune.chain.enums import CaseKind, Op, Outcome, Oversight, ProposalState, Severity, State, Support
from tribune.chain.gate_client import GateClient
from tribune.chain.governor import ProposalCreated, ProposalExecuted, ProposedCalls, VoteCast
from tribune.chain.model_registry import ModelRegistered, VersionActivated, VersionDetails, VersionRegistered
from tribune.chain.monitor_registry import MonitorAdmitted
from tribune.chain.pause_governor import BallotSkipped, SignedBallot
from tribune.chain.policy_book import PolicyInput, PolicyRule, PolicySet
from tribune.chain.report_hub import Attestation, Attested, ReportJudged
from tribune.chain.switch_events import CaseClosed, CaseOpened, CaseVoteOpened, StateChanged
from tribune.chain.types import ContractCall, Receipt
from tribune.exceptions import ConfigurationError, RevertedError
from tribune.gate.watcher import GateClient as WatcherClient
from tribune.ids import Address, CaseId, Digest, FrameIndex, ModelId, ProposalId, VersionNumber
from tribune.reports.signing import HubDomain, Report, report_digest, sign_attestation
from tribune.settings import Settings, load_settings
from tribune.store.session import open_store
from tribune.sync.indexer import Indexer, stored_log
from tribune.sync.sender import Sender

chain_support = pytest.importorskip("support.chain", reason="the deployment plan is not there")
if find_binary() is None or not chain_support.BUILD.exists():
    pytest.skip("anvil or the compiled contracts are missing", allow_module_level=True)

MODEL, V1 = ModelId(1), VersionNumber(1)
RULE = PolicyRule("quality.invalid_rate", Op.ABOVE, Severity.TRIP, 1, 1, 3, 0, 20_000, 0, 1_000_000)
WITNESS = Digest(b"\x07" * 32)


def digest(number: int) -> Digest:
    return Digest(number.to_bytes(32, "big"))


def account(place: int) -> LocalAccount:
    made: LocalAccount = Account.from_key(KEYS[place])
    return made


def address(place: int) -> Address:
    return Address(account(place).address)


STEWARD, HOLDERS, MONITORS = 1, (2, 3, 4, 5, 6), (7, 8, 9)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    folder = tmp_path_factory.mktemp("deployments")
    with Anvil.start() as anvil:
        chain_support.deploy(anvil).write_record(folder)
        yield load_settings(
            deployments=folder, chain={"http_url": anvil.http_url, "ws_url": anvil.ws_url, "chain_id": 31337}
        )


@dataclass
class Place:
    """The contracts, and who acts on them."""

    tribune: Tribune

    async def send(self, call: ContractCall, place: int = 0) -> Receipt:
        return await Sender(self.tribune.chain, account(place), receipt_timeout_s=15).send(call)

    async def as_executive(self, call: ContractCall) -> Receipt:
        chain, timelock = self.tribune.chain, self.tribune.timelock.address
        await chain.request("anvil_impersonateAccount", timelock)
        await chain.request("anvil_setBalance", timelock, hex(10**18))
        sent = await chain.request(
            "eth_sendTransaction", {"from": timelock, "to": call.to, "data": "0x" + call.data.hex()}
        )
        receipt = await chain.wait_receipt(sent, 15)
        assert receipt is not None
        assert receipt.succeeded
        return receipt

    async def warp(self, seconds: int) -> None:
        await self.tribune.chain.request("evm_increaseTime", seconds)
        await self.tribune.chain.request("evm_mine")


@pytest.fixture
async def place(settings: Settings) -> AsyncIterator[Place]:
    async with await Tribune.connect(settings) as tribune:
        snapshot = await tribune.chain.request("evm_snapshot")
        yield Place(tribune)
        await tribune.chain.request("evm_revert", snapshot)


def policy() -> PolicyInput:
    return PolicyInput(
        step_s=100,
        length_s=100,
        grace_s=10,
        deadline_s=80,
        suspension_s=60,
        k=2,
        panel=tuple(address(m) for m in MONITORS),
        rules=(RULE,),
    )


def attest(place: Place, report: Report, monitors: Sequence[int] = (0, 1)) -> list[Attestation]:
    domain = HubDomain(31337, place.tribune.report_hub.address)
    return [
        Attestation(i, WITNESS, sign_attestation(account(MONITORS[i]), domain, report, WITNESS))
        for i in monitors
    ]


async def active(place: Place) -> Digest:
    """Take a model through registration, policy and evaluation to Active; return its policy's digest."""
    tribune = place.tribune
    await place.send(tribune.model_registry.register_model("acs"), STEWARD)
    for monitor in MONITORS:
        await place.as_executive(tribune.monitor_registry.admit(address(monitor), f"m{monitor}", "u"))
    await place.as_executive(tribune.policy_book.set_policy(MODEL, policy()))
    details = VersionDetails(digest(1), digest(2), digest(3), "uri")
    await place.send(tribune.model_registry.register_version(MODEL, details), STEWARD)
    terms = await tribune.policy_book.terms(MODEL, FrameIndex(0))
    report = Report(MODEL, V1, FrameIndex(0), terms.digest, digest(3), digest(9), (10_000,))
    await place.send(tribune.report_hub.submit(report, attest(place, report)))
    await place.send(tribune.model_registry.activate(MODEL, V1), STEWARD)
    await place.warp(100)
    return terms.digest


async def breach(place: Place) -> tuple[Receipt, Report, FrameIndex]:
    """Let a whole frame pass, anchor it and report a breach of it."""
    tribune = place.tribune
    policy_digest = await active(place)
    frame = FrameIndex(await tribune.policy_book.last_frame_at(MODEL, await tribune.chain.block_time()) + 1)
    await place.warp(112)
    anchor = tribune.decision_log.anchor(MODEL, V1, frame, digest(5), digest(6), 70)
    await place.send(anchor, STEWARD)
    word = await tribune.decision_log.anchor_of(MODEL, V1, frame)
    assert word is not None
    report = Report(MODEL, V1, frame, policy_digest, word, digest(9), (50_000,))
    return await place.send(tribune.report_hub.submit(report, attest(place, report))), report, frame


async def test_connect__deployed__every_contract_has_code(place: Place) -> None:
    for contract in place.tribune.contracts:
        assert await place.tribune.chain.code(contract.address)


async def test_connect__chain_started_anew__configuration_error(settings: Settings) -> None:
    with Anvil.start() as fresh:
        deployment = load_deployment(settings.deployments, 31337)
        elsewhere = settings.model_copy(
            update={"chain": settings.chain.model_copy(update={"http_url": fresh.http_url})}
        )
        with pytest.raises(ConfigurationError, match="no contract"):
            await Tribune.connect(elsewhere, deployment)


async def test_register__model_and_version__events_and_reads_agree(place: Place) -> None:
    registry = place.tribune.model_registry
    receipt = await place.send(registry.register_model("acs"), STEWARD)
    (registered,) = [e for e in registry.events(receipt.logs) if isinstance(e, ModelRegistered)]
    assert (registered.model_id, registered.steward, registered.name) == (MODEL, address(STEWARD), "acs")
    details = VersionDetails(digest(1), digest(2), digest(3), "uri", digest(4), digest(5))
    receipt = await place.send(registry.register_version(MODEL, details), STEWARD)
    (version,) = registry.events(receipt.logs)
    assert isinstance(version, VersionRegistered)
    assert version.details == details
    read = await registry.version(MODEL, V1)
    assert read.details == details
    assert read.registered_at == await place.tribune.chain.block_time(receipt.block_number)
    assert await registry.name(MODEL) == "acs"
    assert (await registry.model_count(), await registry.version_count(MODEL)) == (1, 1)
    assert await registry.evaluation_set(MODEL, V1) == digest(3)
    assert (await place.tribune.kill_switch.status(MODEL)).state is State.INACTIVE


async def test_register_version__stranger__custom_error_by_name(place: Place) -> None:
    registry = place.tribune.model_registry
    await place.send(registry.register_model("acs"), STEWARD)
    with pytest.raises(RevertedError) as caught:
        await place.send(
            registry.register_version(MODEL, VersionDetails(digest(1), digest(2), digest(3), ""))
        )
    assert caught.value.ids["error"] == "ModelNotSteward"
    assert address(0) in str(caught.value)


async def test_set_policy__stranger__error_with_mend(place: Place) -> None:
    with pytest.raises(RevertedError) as caught:
        await place.send(place.tribune.policy_book.set_policy(MODEL, policy()))
    assert caught.value.ids["error"] == "AccessManagedUnauthorized"
    assert "role" in caught.value.mend


async def test_set_policy__executive__reads_back_as_given(place: Place) -> None:
    tribune = place.tribune
    receipt = await place.as_executive(tribune.monitor_registry.admit(address(7), "m7", "u"))
    (admitted,) = tribune.monitor_registry.events(receipt.logs)
    assert isinstance(admitted, MonitorAdmitted)
    for monitor in MONITORS[1:]:
        await place.as_executive(tribune.monitor_registry.admit(address(monitor), "m", "u"))
    known = await tribune.monitor_registry.monitor(address(7))
    assert (known.admitted, known.name, known.uri) == (True, "m7", "u")
    receipt = await place.as_executive(tribune.policy_book.set_policy(MODEL, policy()))
    (event,) = tribune.policy_book.events(receipt.logs)
    assert isinstance(event, PolicySet)
    (record,) = await tribune.policy_book.policies(MODEL)
    assert event.record == record
    assert record.policy == policy()
    assert record.base == await tribune.chain.block_time(receipt.block_number)
    terms = await tribune.policy_book.terms(MODEL, FrameIndex(2))
    assert (terms.start, terms.end) == (
        record.base + timedelta(seconds=100),
        record.base + timedelta(seconds=200),
    )
    assert terms.digest == record.digest
    assert await tribune.policy_book.has_policy(MODEL)
    assert await tribune.policy_book.policy_by_digest(MODEL, digest(77)) is None


async def test_activate__evaluated_version__model_is_operational(place: Place) -> None:
    tribune = place.tribune
    await active(place)
    status = await tribune.kill_switch.status(MODEL)
    assert (status.state, status.version, status.oversight) == (State.ACTIVE, V1, Oversight.HEALTHY)
    assert status.is_operational
    assert await tribune.kill_switch.is_operational(MODEL)
    assert await tribune.kill_switch.is_operational(MODEL, V1)
    assert not await tribune.kill_switch.is_operational(MODEL, VersionNumber(2))
    head = await tribune.chain.head()
    assert (status.block_number, status.block_time) == (head.number, head.time)
    logs = await tribune.chain.logs([tribune.model_registry.address], 0, head.number)
    (activated,) = [e for e in tribune.model_registry.events(logs) if isinstance(e, VersionActivated)]
    assert (activated.version, activated.previous) == (V1, 0)


async def test_submit__breach__suspended_with_case_and_events(place: Place) -> None:
    tribune = place.tribune
    receipt, report, frame = await breach(place)
    hub = tribune.report_hub.events(receipt.logs)
    assert [e.monitor for e in hub if isinstance(e, Attested)] == [address(7), address(8)]
    (judged,) = [e for e in hub if isinstance(e, ReportJudged)]
    assert judged.report == report
    assert (judged.hits, judged.case_id, judged.digest) == (frozenset({0}), 1, report_digest(report))
    switch = tribune.kill_switch.events(receipt.logs)
    (opened,) = [e for e in switch if isinstance(e, CaseOpened)]
    (changed,) = [e for e in switch if isinstance(e, StateChanged)]
    assert (changed.previous, changed.current) == (State.ACTIVE, State.SUSPENDED)
    case = await tribune.kill_switch.case(CaseId(1))
    assert opened.case.case_id == case.case_id
    assert (case.kind, case.severity, case.outcome) == (CaseKind.BREACH, Severity.TRIP, Outcome.OPEN)
    assert (case.value, case.limit, case.rule, case.frame, case.evidence) == (
        50_000,
        20_000,
        0,
        frame,
        digest(9),
    )
    status = await tribune.kill_switch.status(MODEL)
    assert (status.state, status.case_id, status.until) == (State.SUSPENDED, 1, case.bound)
    record = await tribune.report_hub.frame(MODEL, V1, frame, report.policy)
    assert (record.reported, record.agreement, record.judged, record.breached) == (
        frozenset({0, 1}),
        2,
        True,
        True,
    )
    assert await tribune.kill_switch.budget_used_s(MODEL) > 0


async def test_gate_client__suspended__status_and_case_with_metric(place: Place) -> None:
    await breach(place)
    client: WatcherClient = GateClient(place.tribune)
    status = await client.model_status(MODEL)
    assert str(status.state) == "Suspended"
    case = await client.model_case(CaseId(status.case_id))
    assert (case.metric, str(case.kind), case.value) == (RULE.metric, "Breach", 50_000)


async def test_gate_client__trip__log_reaches_the_subscriber(place: Place) -> None:
    client = GateClient(place.tribune)

    async def first() -> bytes:
        async for log in client.subscribe_logs([place.tribune.kill_switch.address]):
            return log.topics[0]
        return b""

    waiting = asyncio.create_task(first())
    await asyncio.sleep(0.3)
    await breach(place)
    topics = {place.tribune.kill_switch.topic(name) for name in ("StateChanged", "CaseOpened")}
    assert await asyncio.wait_for(waiting, 10) in topics


def ballot(
    place: Place, voter: int, proposal: ProposalId, support: Support, reason: str = ""
) -> SignedBallot:
    fields = [("proposalId", "uint256"), ("support", "uint8"), ("voter", "address"), ("nonce", "uint256")]
    message: dict[str, object] = {
        "proposalId": proposal,
        "support": support.number,
        "voter": address(voter),
        "nonce": 0,
    }
    if reason:
        fields += [("reason", "string"), ("params", "bytes")]
        message |= {"reason": reason, "params": b""}
    domain = {
        "name": "Tribune PauseGovernor",
        "version": "1",
        "chainId": 31337,
        "verifyingContract": place.tribune.pause_governor.address,
    }
    types = {("ExtendedBallot" if reason else "Ballot"): [{"name": n, "type": t} for n, t in fields]}
    signed = account(voter).sign_message(encode_typed_data(domain, types, message))
    return SignedBallot(address(voter), support, bytes(signed.signature), reason)


async def test_pause_vote__relayed_ballots__counted_executed_paused(place: Place) -> None:
    tribune = place.tribune
    governor = tribune.pause_governor
    await breach(place)
    receipt = await place.send(governor.open_case(CaseId(1)))
    (created,) = [e for e in governor.events(receipt.logs) if isinstance(e, ProposalCreated)]
    (vote_opened,) = [e for e in tribune.kill_switch.events(receipt.logs) if isinstance(e, CaseVoteOpened)]
    proposal = created.proposal_id
    assert vote_opened.proposal_id == proposal
    assert created.calls == await governor.proposal_of(CaseId(1))
    assert await governor.proposal_id_of(CaseId(1)) == proposal
    assert await governor.state(proposal) is ProposalState.PENDING
    assert (await governor.count(proposal)).quorum > 0
    await place.warp(3)
    # The last ballot makes the super-quorum, which ends the vote: what came after it would be skipped.
    ballots = [ballot(place, 5, proposal, Support.AGAINST), ballot(place, 2, proposal, Support.FOR)]
    ballots.append(SignedBallot(address(6), Support.FOR, ballots[0].signature))
    ballots.append(ballot(place, 4, proposal, Support.FOR))
    ballots.append(ballot(place, 3, proposal, Support.FOR, "unfair"))
    receipt = await place.send(governor.cast_votes_by_sig(proposal, ballots))
    events = governor.events(receipt.logs)
    cast = [(e.voter, e.support, e.reason) for e in events if isinstance(e, VoteCast)]
    assert cast == [
        (address(5), Support.AGAINST, ""),
        (address(2), Support.FOR, ""),
        (address(4), Support.FOR, ""),
        (address(3), Support.FOR, "unfair"),
    ]
    assert [e.voter for e in events if isinstance(e, BallotSkipped)] == [address(6)]
    count = await governor.count(proposal)
    assert (count.for_, count.against, count.abstain) == (820_000 * 10**18, 100_000 * 10**18, 0)
    assert count.state is ProposalState.SUCCEEDED
    assert count.quorum == await tribune.token.past_supply(count.snapshot) // 5
    assert await governor.has_voted(proposal, address(2))
    assert await governor.voting_power(address(2), count.snapshot) == 400_000 * 10**18
    assert await governor.super_quorum(count.snapshot) <= count.for_
    receipt = await place.send(governor.execute_case(CaseId(1)))
    assert [e.proposal_id for e in governor.events(receipt.logs) if isinstance(e, ProposalExecuted)] == [
        proposal
    ]
    (closed,) = [e for e in tribune.kill_switch.events(receipt.logs) if isinstance(e, CaseClosed)]
    assert closed.outcome is Outcome.UPHELD
    status = await tribune.kill_switch.status(MODEL)
    assert (status.state, status.epoch, status.until) == (State.PAUSED, 1, None)
    assert await governor.is_over(CaseId(1))
    call = governor.call_resume(MODEL, V1, digest(8))
    with pytest.raises(RevertedError) as caught:
        await place.send(call)
    assert caught.value.ids["error"] == "PauseGovernorNotSteward"
    receipt = await place.send(call, STEWARD)
    (reopened,) = [e for e in tribune.kill_switch.events(receipt.logs) if isinstance(e, CaseOpened)]
    assert (reopened.case.kind, reopened.case.evidence) == (CaseKind.HOLDER_RESUME, digest(8))


async def test_slow_lane__proposal_to_execution__policy_like_change_is_carried_out(place: Place) -> None:
    tribune = place.tribune
    governor = tribune.oversight_governor
    calls = ProposedCalls.of([tribune.monitor_registry.admit(address(7), "m7", "u")], "Admit m7")
    await place.warp(1)  # votes count from the second before
    receipt = await place.send(governor.propose(calls), HOLDERS[0])
    (created,) = [e for e in governor.events(receipt.logs) if isinstance(e, ProposalCreated)]
    proposal = created.proposal_id
    assert proposal == await governor.proposal_id(calls)
    await place.warp(await governor.voting_delay_s() + 1)
    for holder in HOLDERS[:2]:
        await place.send(governor.cast_vote(proposal, Support.FOR), holder)
    await place.warp((await governor.voting_period_s()) * 2)
    await place.send(governor.queue(calls))
    assert await governor.state(proposal) is ProposalState.QUEUED
    assert await governor.eta(proposal) is not None
    await place.warp(await tribune.timelock.min_delay_s() + 1)
    await place.send(governor.execute(calls))
    assert await tribune.monitor_registry.is_admitted(address(7))


async def test_indexer__life_of_a_model__stored_events_decode_like_the_chain_s(
    place: Place, tmp_path: Path
) -> None:
    receipt, _, _ = await breach(place)
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        indexer = Indexer.of(place.tribune, store)
        await indexer.catch_up()
        rows = await indexer.events_since(0, names=["StateChanged", "CaseOpened"])
        assert rows[-1].args["model_id"] == MODEL
        switch = place.tribune.kill_switch
        stored = [switch.event(stored_log(row)) for row in rows if row.tx_hash == receipt.tx_hash]
        assert stored == switch.events(receipt.logs)


async def test_timelock__roles__governor_proposes_and_anyone_executes(place: Place) -> None:
    timelock = place.tribune.timelock
    assert await timelock.has_role("PROPOSER", place.tribune.oversight_governor.address)
    assert not await timelock.has_role("PROPOSER", address(0))
    assert await timelock.has_role("EXECUTOR", Address("0x" + "00" * 20))


async def test_token__holder__balance_votes_and_delegate(place: Place) -> None:
    token = place.tribune.token
    assert await token.balance(address(2)) == await token.votes(address(2)) == 400_000 * 10**18
    assert await token.delegate_of(address(2)) == address(2)
    assert (await token.symbol(), await token.decimals()) == ("TRIB", 18)


async def test_switch__parameters__as_deployed(place: Place) -> None:
    deployed = place.tribune.deployment.parameters
    assert (await place.tribune.kill_switch.parameters()).open_window_s == deployed["switch"]["open_window_s"]
    assert await place.tribune.kill_switch.vote_span_s() == deployed["vote_span_s"]


async def test_case__unknown__custom_error(place: Place) -> None:
    with pytest.raises(RevertedError) as caught:
        await place.tribune.kill_switch.case(CaseId(99))
    assert caught.value.ids["error"] == "CaseUnknown"


def test_load_deployment__missing__error_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="make demo"):
        load_deployment(tmp_path, 31337)


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"chain_id": 31337}', '{"chain_id":1,"block":0,"addresses":{}}']
)
def test_load_deployment__unusable_file__configuration_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "31337.json").write_text(text)
    with pytest.raises(ConfigurationError):
        load_deployment(tmp_path, 31337)
