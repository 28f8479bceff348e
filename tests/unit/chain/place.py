"""A deployed Tribune and the people who act on it, for tests of the wrappers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from eth_account import Account
from eth_account.signers.local import LocalAccount

from support.anvil import KEYS
from tribune.chain import Tribune
from tribune.chain.enums import Op, Severity
from tribune.chain.model_registry import VersionDetails
from tribune.chain.policy_book import PolicyInput, PolicyRule
from tribune.chain.report_hub import Attestation
from tribune.chain.types import ContractCall, Receipt
from tribune.ids import Address, Digest, FrameIndex, ModelId, VersionNumber
from tribune.reports.signing import HubDomain, Report, sign_attestation
from tribune.sync.sender import Sender

MODEL, V1 = ModelId(1), VersionNumber(1)
RULE = PolicyRule("quality.invalid_rate", Op.ABOVE, Severity.TRIP, 1, 1, 3, 0, 20_000, 0, 1_000_000)
WITNESS = Digest(b"\x07" * 32)
STEWARD, HOLDERS, MONITORS = 1, (2, 3, 4, 5, 6), (7, 8, 9)
GUARDIAN = 6


def digest(number: int) -> Digest:
    return Digest(number.to_bytes(32, "big"))


def account(place: int) -> LocalAccount:
    made: LocalAccount = Account.from_key(KEYS[place])
    return made


def address(place: int) -> Address:
    return Address(account(place).address)


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


async def reportable(place: Place) -> tuple[Report, FrameIndex]:
    """Let a whole frame in service pass and anchor it; return a report of it that keeps the rule."""
    tribune = place.tribune
    policy_digest = await active(place)
    frame = FrameIndex(await tribune.policy_book.last_frame_at(MODEL, await tribune.chain.block_time()) + 1)
    await place.warp(112)
    anchor = tribune.decision_log.anchor(MODEL, V1, frame, digest(5), digest(6), 70)
    await place.send(anchor, STEWARD)
    word = await tribune.decision_log.anchor_of(MODEL, V1, frame)
    assert word is not None
    return Report(MODEL, V1, frame, policy_digest, word, digest(9), (10_000,)), frame


async def breach(place: Place) -> tuple[Receipt, Report, FrameIndex]:
    """Let a whole frame pass, anchor it and report a breach of it."""
    kept, frame = await reportable(place)
    report = replace(kept, values=(50_000,))
    submission = place.tribune.report_hub.submit(report, attest(place, report))
    return await place.send(submission), report, frame


async def silence(place: Place) -> FrameIndex:
    """Let the deadline of a whole frame in service pass without a report; return the frame."""
    _, frame = await reportable(place)
    await place.warp(80)
    return frame
