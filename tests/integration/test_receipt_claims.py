"""What a receipt is worth, on a real chain: kept, not due, overdue, missing; and who cannot accuse whom."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from integration.monitor_samples import sample
from integration.monitor_world import SPEC, VERSION, MonitorWorld, panel_of, policy_input
from integration.test_decision_proofs import outside, ran
from tribune.chain import Tribune
from tribune.decisions.frames.sealing import LogSealer
from tribune.decisions.leaf import LogSchema, decision_leaf
from tribune.decisions.log import DecisionLog
from tribune.decisions.proofs.receipt_key import ReceiptKey, certify, write_certificate
from tribune.decisions.proofs.receipts import Receipt
from tribune.decisions.typed import LogContract, address_of
from tribune.exceptions import EvidenceError, SignatureError
from tribune.gate.sealing.grids import ChainGrids
from tribune.ids import Address, FrameIndex, ModelId
from tribune.operations.receipt_claims import Standing, judge

ONE = ModelId(1)
SECRET = b"\x22" * 32
FAR = 2**40
STRANGER = Account.from_key(b"\x66" * 32)


@pytest.fixture
async def tribune(world: MonitorWorld) -> AsyncIterator[Tribune]:
    async with await Tribune.connect(world.settings("asker")) as connected:
        yield connected


@dataclass
class Served:
    """A frame that is under way, and the receipts that were given out in it."""

    world: MonitorWorld
    frame: FrameIndex
    receipts: list[Receipt]

    def seal(self, root: Path) -> None:
        """Seal what a log has of the frame, and anchor it."""
        grid = self.world.grid(ONE)
        self.world.until(grid.due_at(self.frame) // 1_000_000)
        manifest = LogSealer(root, grid, ONE, VERSION).seal(self.frame, now=grid.due_at(self.frame))
        self.world.anchor(manifest)


def contract(world: MonitorWorld) -> LogContract:
    return LogContract(31337, Address(world.chain.contracts["DecisionLog"].address))


def serve(world: MonitorWorld, root: Path, *, by: Any = None, leave_out: int = 0) -> Served:
    """Log decisions of the frame under way, with receipts certified by somebody (None: unsigned)."""
    grid, frame = world.grid(ONE), world.current_frame(ONE)
    key = None
    if by is not None:
        key = ReceiptKey(SECRET, certify(by, contract(world), ONE, address_of(SECRET), FAR))
    log = DecisionLog(root, LogSchema.of(SPEC), grid, model_id=ONE, version=VERSION, receipt_key=key)
    made = sample(7, grid.bounds(frame)[0], n=20).decisions[leave_out:]
    receipts = log.accept_many(made).result(5)
    log.close()
    return Served(world, frame, receipts)


async def test_judge__frame_by_frame__not_due_overdue_anchored_proven(
    world: MonitorWorld, tribune: Tribune, tmp_path: Path
) -> None:
    served = serve(world, tmp_path, by=world.chain.steward)
    receipt = Receipt.of(json.loads(json.dumps(served.receipts[3].document())))
    assert (await judge(tribune, receipt)).standing is Standing.NOT_DUE
    world.until(world.grid(ONE).due_at(served.frame) // 1_000_000)
    overdue = await judge(tribune, receipt)
    assert (overdue.standing, overdue.accuses) == (Standing.OVERDUE, False)
    served.seal(tmp_path)
    assert (await judge(tribune, receipt)).standing is Standing.ANCHORED
    found = await judge(tribune, receipt, tmp_path)
    assert found.standing is Standing.PROVEN
    assert found.certifier == Address(world.chain.steward.address)
    assert not found.accuses


async def test_judge__left_out_by_the_operator__proof_against_it(
    world: MonitorWorld, tribune: Tribune, tmp_path: Path
) -> None:
    given = serve(world, tmp_path / "told", by=world.chain.steward).receipts[0]
    kept = serve(world, tmp_path / "kept", leave_out=1)
    kept.seal(tmp_path / "kept")
    found = await judge(tribune, given, tmp_path / "kept")
    assert (found.standing, found.accuses) == (Standing.MISSING, True)
    unsigned = given._replace(batch=None)
    weak = await judge(tribune, unsigned, tmp_path / "kept")
    assert (weak.standing, weak.accuses) == (Standing.MISSING, False)


async def test_judge__log_that_was_not_anchored__accuses_nobody(
    world: MonitorWorld, tribune: Tribune, tmp_path: Path
) -> None:
    served = serve(world, tmp_path / "true", by=world.chain.steward)
    served.seal(tmp_path / "true")
    other = serve(world, tmp_path / "other", leave_out=1)
    grid = world.grid(ONE)
    LogSealer(tmp_path / "other", grid, ONE, VERSION).seal(served.frame, now=grid.due_at(served.frame))
    assert other.frame != served.frame or other.receipts
    with pytest.raises(EvidenceError):
        await judge(tribune, served.receipts[0], tmp_path / "other")


async def test_judge__certified_by_a_stranger__not_valid(
    world: MonitorWorld, tribune: Tribune, tmp_path: Path
) -> None:
    receipt = serve(world, tmp_path, by=STRANGER).receipts[0]
    with pytest.raises(SignatureError, match="neither steward nor logger"):
        await judge(tribune, receipt)


async def test_judge__by_the_logger_of_its_time__holds_after_another_was_named(
    world: MonitorWorld, tribune: Tribune, tmp_path: Path
) -> None:
    log = world.chain.contracts["DecisionLog"].functions
    world.chain.send(log.setLogger(ONE, STRANGER.address), world.chain.steward)
    world.warp_to_force()
    receipt = serve(world, tmp_path, by=STRANGER).receipts[0]
    world.warp_to_force()
    world.chain.send(log.setLogger(ONE, "0x" + "11" * 20), world.chain.steward)
    assert (await judge(tribune, receipt)).certifier == STRANGER.address
    world.warp_to_force()
    later = serve(world, tmp_path, by=STRANGER).receipts[0]
    with pytest.raises(SignatureError):
        await judge(tribune, later)


@pytest.mark.parametrize("shift", [1, 2**40, 2**80])
async def test_judge__names_another_frame__goes_by_its_time(
    world: MonitorWorld, tribune: Tribune, tmp_path: Path, shift: int
) -> None:
    receipt = serve(world, tmp_path, by=world.chain.steward).receipts[0]
    assert receipt.frame is not None
    found = await judge(tribune, receipt._replace(frame=FrameIndex(receipt.frame + shift)))
    assert (found.standing, found.frame) == (Standing.NOT_DUE, receipt.frame)


async def test_judge__time_before_all_frames__not_valid(
    world: MonitorWorld, tribune: Tribune, tmp_path: Path
) -> None:
    receipt = serve(world, tmp_path).receipts[0]
    leaf = decision_leaf(receipt.model_id, receipt.version, receipt.id, 1, receipt.body)
    with pytest.raises(EvidenceError, match="No frame"):
        await judge(tribune, receipt._replace(time=1, leaf=leaf))


async def test_judge__given_before_the_server_heard_of_a_policy__is_proven_in_the_frame_of_its_time(
    world: MonitorWorld, tribune: Tribune, tmp_path: Path
) -> None:
    old = world.grid(ONE)
    policy = policy_input(panel_of(world.chain))
    longer = replace(policy, step_s=3 * policy.step_s, length_s=3 * policy.length_s)
    world.chain.as_timelock(world.chain.contracts["PolicyBook"].functions.setPolicy(ONE, longer.fields))
    grids = await ChainGrids(tribune, ONE).refresh()
    first, _ = grids.parts[-1]
    frame = FrameIndex(first + 1)  # of the new policy, and of three numbers by the old one
    key = ReceiptKey(SECRET, certify(world.chain.steward, contract(world), ONE, address_of(SECRET), FAR))
    log = DecisionLog(tmp_path, LogSchema.of(SPEC), old, model_id=ONE, version=VERSION, receipt_key=key)
    receipt = log.accept(sample(7, grids.bounds(frame)[1] - 10**6, n=1).decisions[0]).result(5)
    log.close()
    assert receipt.frame is not None
    assert receipt.frame > frame
    due = grids.due_at(frame)
    world.until(due // 1_000_000)
    world.anchor(LogSealer(tmp_path, grids, ONE, VERSION).seal(frame, now=due))
    found = await judge(tribune, receipt, tmp_path)
    assert (found.standing, found.frame) == (Standing.PROVEN, frame)


async def test_judge__came_late__says_so_and_is_unsigned(
    world: MonitorWorld, tribune: Tribune, tmp_path: Path
) -> None:
    serve(world, tmp_path).seal(tmp_path)
    grid = world.grid(ONE)
    key = ReceiptKey(SECRET, certify(world.chain.steward, contract(world), ONE, address_of(SECRET), FAR))
    log = DecisionLog(tmp_path, LogSchema.of(SPEC), grid, model_id=ONE, version=VERSION, receipt_key=key)
    sealed = FrameIndex(world.current_frame(ONE) - 1)
    receipt = log.accept(sample(9, grid.bounds(sealed)[0], n=1).decisions[0]).result(5)
    log.close()
    assert receipt.batch is None
    found = await judge(tribune, receipt)
    assert (found.standing, found.accuses) == (Standing.OF_NO_FRAME, False)


def test_verify_receipt__as_header_and_as_document__same_standing(
    world: MonitorWorld, tmp_path: Path
) -> None:
    served = serve(world, tmp_path / "log", by=world.chain.steward)
    served.seal(tmp_path / "log")
    receipt = served.receipts[2]
    assert receipt.batch is not None
    write_certificate(tmp_path / "key.json", receipt.batch.certificate)
    (tmp_path / "receipt.json").write_text(json.dumps(receipt.document(), indent=1))
    (tmp_path / "header.txt").write_text(receipt.header() + "\n")
    known = outside(world, tmp_path)
    for arguments in (["receipt.json"], ["header.txt", "--certificate", "key.json", "--version", "1"]):
        done = ran(tmp_path, "verify", "receipt", *arguments, "--log", "log", "--json", **known)
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        assert (said["standing"], said["signed"], said["leaf"]) == ("proven", True, f"0x{receipt.leaf.hex()}")
    plain = ran(tmp_path, "verify", "receipt", "receipt.json", **known)
    assert plain.returncode == 1
    assert "Anchored" in plain.stdout


@pytest.mark.parametrize("data", [b"{}", b"\xff" * 10, b'"', b"[" * 10_000, b" " * 70_000])
def test_verify_receipt__no_receipt__plain_words(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "receipt.json").write_bytes(data)
    done = ran(tmp_path, "verify", "receipt", "receipt.json")
    assert done.returncode in (2, 3)
    assert done.stderr
