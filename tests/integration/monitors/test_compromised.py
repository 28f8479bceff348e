"""One monitor of three is compromised: whatever it does, the outcome is what the policy says."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from eth_account.signers.local import LocalAccount

from integration.monitor_world import INVALID, VERSION, Monitor, MonitorWorld, looks, sharing
from tribune.chain.enums import Oversight, State
from tribune.chain.report_hub import Attestation
from tribune.ids import Address, Digest, FrameIndex, ModelId
from tribune.reports.attestation import AttestationDocument, attestation_name, write_attestation
from tribune.reports.signing import HubDomain, Report, report_digest, sign_attestation
from tribune.store.queries import peer_verdicts
from tribune_monitors.reporting.stored import document_of, report_of, reported_of

ONE = ModelId(1)
HONEST, BAD = (0, 1), 2
BREACHING = 10_000.0  # an age that nobody has


def domain(monitor: Monitor) -> HubDomain:
    return HubDomain(monitor.tribune.chain.chain_id, monitor.tribune.report_hub.address)


def forged(monitor: Monitor, key: LocalAccount, report: Report, witness: bytes) -> AttestationDocument:
    signature = sign_attestation(key, domain(monitor), report, witness)
    return AttestationDocument(domain(monitor), report, Digest(witness), Address(key.address), signature)


async def submit(monitor: Monitor, world: MonitorWorld, document: AttestationDocument) -> None:
    """Bring a document to the hub as a stranger."""
    attestation = Attestation(BAD, document.witness, document.signature)
    call = monitor.tribune.report_hub.submit(document.report, [attestation])
    transaction = {"from": world.chain.deployer.address, "to": call.to, "data": "0x" + call.data.hex()}
    sent = world.chain.rpc("eth_sendTransaction", transaction)
    world.chain.web3.eth.wait_for_transaction_receipt(sent, timeout=10)


def store_of(world: MonitorWorld) -> str:
    return str(world.root / f"monitor-{BAD}" / "evidence")


def name_of(world: MonitorWorld, monitor: Monitor, report: Report) -> str:
    address = Address(world.chain.monitors[BAD].address)
    return attestation_name(
        domain(monitor), report.model_id, report.version, report.frame, report.policy, address
    )


async def honest_report(panel: list[Monitor], frame: FrameIndex) -> Report:
    """Let the honest two sign a frame; return what they say."""
    for monitor in panel:
        await monitor.look()
    return report_of(panel[0].row(ONE, frame))


async def assert_suspended(panel: list[Monitor], frame: FrameIndex) -> None:
    """The two honest monitors are a quorum: the model is suspended by what they measured."""
    status = await panel[0].tribune.kill_switch.status(ONE)
    assert (status.state, status.oversight) == (State.SUSPENDED, Oversight.BREACHED)
    case = await panel[0].tribune.kill_switch.case(status.case_id)
    assert (case.frame, case.value) == (frame, panel[0].row(ONE, frame).report_values[INVALID])
    assert {monitor.row(ONE, frame).state for monitor in panel} == {"counted"}


@pytest.mark.parametrize("first", [True, False], ids=["first", "last"])
async def test_look__one_reports_healthy__the_other_two_suspend(world: MonitorWorld, first: bool) -> None:
    frame = world.sealed(ONE, age=BREACHING)
    async with sharing(world, *HONEST) as panel:
        report = await honest_report(panel, frame)
        healthy = replace(report, values=tuple(0 for _ in report.values))
        lie = forged(panel[0], world.chain.monitors[BAD], healthy, b"\1" * 32)
        write_attestation(store_of(world), lie)
        if first:
            await submit(panel[0], world, lie)
        await looks(panel, times=20)
        if not first:
            await submit(panel[0], world, lie)
        await assert_suspended(panel, frame)
        record = await panel[0].frame(ONE, frame)
        assert (record.reported, record.agreement, record.disputed) == (frozenset({0, 1, 2}), 2, False)


@pytest.mark.parametrize("content", [b"", b"\0" * 65_000, b"x" * 200_000, b'{"schema":1}'])
async def test_look__one_writes_garbage__the_other_two_suspend(world: MonitorWorld, content: bytes) -> None:
    frame = world.sealed(ONE, age=BREACHING)
    async with sharing(world, *HONEST) as panel:
        report = await honest_report(panel, frame)
        path = world.root / f"monitor-{BAD}" / "evidence" / name_of(world, panel[0], report)
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        await looks(panel, times=20)
        await assert_suspended(panel, frame)
        assert (await panel[0].frame(ONE, frame)).reported == {0, 1}


async def test_look__one_deletes_the_others_attestations__they_send_their_own(
    world: MonitorWorld,
) -> None:
    frame = world.sealed(ONE, age=BREACHING)
    async with sharing(world, *HONEST) as panel:
        for place in HONEST:
            await panel[place].look()
            shutil.rmtree(world.root / f"monitor-{place}" / "evidence" / "attestations")
        await looks(panel, times=4)
        assert (await panel[0].frame(ONE, frame)).reported == frozenset()
        world.pass_deadline(ONE, frame, but_s=60)
        await looks(panel, times=4)
        await assert_suspended(panel, frame)


async def test_look__one_replays_an_earlier_frames_attestation__not_used(world: MonitorWorld) -> None:
    async with sharing(world, 0, 1, BAD) as panel:
        earlier = world.sealed(ONE)
        await looks(panel, times=20)
        replayed = document_of(panel[BAD].row(ONE, earlier), domain(panel[0]))
        frame = world.sealed(ONE, age=BREACHING)
        report = await honest_report(panel[:2], frame)
        path = world.root / f"monitor-{BAD}" / "evidence" / name_of(world, panel[0], report)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(replayed.data)
        await looks(panel[:2], times=20)
        await assert_suspended(panel[:2], frame)
        assert (await panel[0].frame(ONE, frame)).reported == {0, 1}


async def test_look__one_floods_the_store__the_other_two_suspend_as_fast(world: MonitorWorld) -> None:
    frame = world.sealed(ONE, age=BREACHING)
    async with sharing(world, *HONEST) as panel:
        report = await honest_report(panel, frame)
        folder = (world.root / f"monitor-{BAD}" / "evidence" / name_of(world, panel[0], report)).parent
        folder.mkdir(parents=True)
        for i in range(5000):
            (folder / f"0x{i:040x}.json").write_bytes(b"{}")
        await looks(panel, times=20)
        await assert_suspended(panel, frame)


async def test_look__one_withholds__the_other_two_suspend(world: MonitorWorld) -> None:
    frame = world.sealed(ONE, age=BREACHING)
    async with sharing(world, *HONEST) as panel:
        await looks(panel, times=20)
        await assert_suspended(panel, frame)


async def test_look__one_copies_a_digest_without_the_data__left_out_and_noted(world: MonitorWorld) -> None:
    while world.current_frame(ONE) % 3 != BAD:  # the frame in which its witness is recomputed
        world.chain.warp(100)
    frame = world.sealed(ONE, age=BREACHING)
    async with sharing(world, *HONEST) as panel:
        report = await honest_report(panel, frame)
        copier = world.chain.monitors[BAD]
        copied = bytes.fromhex(panel[0].row(ONE, frame).witness)  # it cannot make its own
        write_attestation(store_of(world), forged(panel[0], copier, report, copied))
        await looks(panel, times=20)
        await assert_suspended(panel, frame)
        assert (await panel[0].frame(ONE, frame)).reported == {0, 1}
        for monitor in panel:
            with monitor.worker.store.session(readonly=True) as session:
                verdicts = peer_verdicts(session, monitor.worker.monitor, ONE, VERSION, frame)
            assert verdicts == {copier.address: "differs"}


async def test_look__one_copies_where_another_is_checked__counts_as_the_contract_says(
    world: MonitorWorld,
) -> None:
    while world.current_frame(ONE) % 3 == BAD:
        world.chain.warp(100)
    frame = world.sealed(ONE)
    async with sharing(world, *HONEST) as panel:
        report = await honest_report(panel, frame)
        write_attestation(store_of(world), forged(panel[0], world.chain.monitors[BAD], report, b"\1" * 32))
        await looks(panel, times=20)
        record = await panel[0].frame(ONE, frame)
        assert (record.reported, record.agreement) == (frozenset({0, 1, 2}), 3)
        assert report_digest(report).hex() == panel[1].row(ONE, frame).digest


async def test_trusts__right_witness_first_then_a_wrong_one__trusted_no_more(
    world: MonitorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    while world.current_frame(ONE) % 3 != BAD:
        world.chain.warp(100)
    frame = world.sealed(ONE)
    async with sharing(world, HONEST[0]) as (monitor,):
        report = await honest_report([monitor], frame)
        worker, row, bad = monitor.worker, monitor.row(ONE, frame), world.chain.monitors[BAD]
        record = await monitor.tribune.policy_book.policy_for(ONE, frame)
        assert record is not None
        right = await worker.measurer.witness_of(reported_of(row), Address(bad.address))
        shown = [forged(monitor, bad, report, witness) for witness in (right, b"\1" * 32, right)]
        trusted = [await worker._peers.trusts(row, record, document) for document in shown]
        assert trusted == [True, False, False]

        async def judged_again(*_: object) -> Digest:
            raise AssertionError("a verdict that cannot change is looked up")

        monkeypatch.setattr(worker.measurer, "witness_of", judged_again)
        assert not await worker._peers.trusts(row, record, shown[1])
