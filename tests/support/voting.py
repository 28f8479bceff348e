"""Cases of a model on a deployed Tribune, with their votes: where tests of ballots and pages start.

Registration, policy, evaluation and activation go through the contracts; only the trip itself is sent in the
hub's name, so that a test needs no frames. Evidence and profile are real documents in a folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eth_account.signers.local import LocalAccount
from web3.contract import Contract

from scripts.deployment import config as deployment_config
from scripts.deployment.config import Holder
from scripts.deployment.plan import PAUSE
from support.anvil import KEYS, ROOT, Anvil
from support.chain import TestChain, contract_types, deploy
from support.small_model import BINNINGS, SPEC, Row, tally_of
from tribune.ballots.typed_data import ballot_typed_data, call_typed_data
from tribune.chain.enums import CaseKind
from tribune.chain.pause_governor import HolderCall
from tribune.ids import Address, CaseId, Digest, FrameIndex, ModelId, ProposalId, VersionNumber
from tribune.metrics import Policy, Profile, Rule, Severity, make_profile
from tribune.reports.canonical import canonical_bytes, cid_digest, parse_canonical
from tribune.reports.evidence import EvidenceContext, FrameTallies, build_evidence
from tribune.reports.evidence_store import write_evidence

RULE = Rule("fairness.demographic_parity_difference.lower/SEX", ">", 100_000, Severity.TRIP, z=3_000_000)
STEP_S = 10
GUARDIAN_KEY = KEYS[9]
MODEL = "acs-employment"


@dataclass
class Voting:
    """A case whose vote is open (or not yet), and who may vote: 40, 25, 17, 10 and 8 percent of the votes."""

    chain: TestChain
    folder: Path
    case_id: CaseId
    proposal_id: ProposalId

    @property
    def holders(self) -> list[LocalAccount]:
        return self.chain.holders

    @property
    def governor(self) -> Any:
        return self.chain.contracts["PauseGovernor"]

    def sign(
        self, account: LocalAccount, support: int, reason: str = "", *, chain_id: int | None = None
    ) -> str:
        """Sign as a wallet does; return 0x and hex digits."""
        data = ballot_typed_data(
            chain_id or self.chain.web3.eth.chain_id,
            Address(self.governor.address),
            self.proposal_id,
            Address(account.address),
            support,
            reason,
        )
        return "0x" + account.sign_typed_data(full_message=data).signature.hex().removeprefix("0x")

    def open_vote(self) -> None:
        """Open the case's vote and let its delay pass."""
        self.chain.send(self.governor.functions.openCase(self.case_id))
        self.proposal_id = ProposalId(
            self.chain.contracts["KillSwitch"].functions.caseOf(self.case_id).call()[-1]
        )
        self.chain.warp(3)


def slow_chain(anvil: Anvil) -> TestChain:
    """Deploy with votes of ten minutes, so that no test races a deadline."""
    from eth_account import Account

    holders = [Account.from_key(key) for key in KEYS[2:7]]
    shares = zip(holders, (400_000, 250_000, 170_000, 100_000, 80_000), strict=True)
    given = tuple(Holder(account.address, tokens) for account, tokens in shares)
    config = deployment_config.load(ROOT / "deployments" / "local.toml", given)
    lane = replace(config.fast_lane, voting_period_s=600, quorum_percent=20, super_quorum_percent=60)
    switch = replace(config.switch, hard_cap_s=2_000, budget_s=4_000, open_window_s=100)
    guardian = Account.from_key(GUARDIAN_KEY).address
    return deploy(anvil, config=replace(config, fast_lane=lane, switch=switch, guardian=guardian))


def open_model(chain: TestChain, folder: Path, *, stale_suspends: bool = False) -> bytes:
    """Register a model and activate its first version; return its policy's digest."""
    profile, _, _ = documents()
    digest = hashlib.sha256(canonical_bytes(profile)).digest()
    write_evidence(folder, profile)
    contracts, steward = chain.contracts, chain.steward
    registry, policies = contracts["ModelRegistry"].functions, contracts["PolicyBook"].functions
    for monitor in chain.monitors:
        chain.as_timelock(contracts["MonitorRegistry"].functions.admit(monitor.address, "monitor", ""))
    chain.send(registry.registerModel(MODEL), steward)
    version = (b"\1" * 32, digest, b"\2" * 32, bytes(32), bytes(32), 0, 0, "")
    chain.send(registry.registerVersion(1, version), steward)
    panel = [monitor.address for monitor in chain.monitors]
    start = chain.now + 2
    policy_input = (start, STEP_S, STEP_S, 1, 8, 60, stale_suspends, 2, panel, [RULE.on_chain()])
    chain.as_timelock(policies.setPolicy(1, policy_input))
    chain.warp(5)
    policy: bytes = policies.currentTerms(1).call()[0]
    _evaluate(chain, policy, digest)
    chain.send(registry.activate(1, 1), steward)
    chain.warp(2 * STEP_S)
    return policy


def open_breach(chain: TestChain, folder: Path, *, vote: bool = True) -> Voting:
    """Activate a model and let a breach suspend it."""
    voting = Voting(chain, folder, trip(chain, folder, open_model(chain, folder)), ProposalId(0))
    if vote:
        voting.open_vote()
    return voting


def trip(chain: TestChain, folder: Path, policy: bytes) -> CaseId:
    """Let a breach of this policy suspend the model; return the case."""
    _, evidence, value = documents()
    write_evidence(folder, evidence)
    found = hashlib.sha256(canonical_bytes(evidence)).digest()
    as_hub(chain, (0, 1, 1, 2, 0, value, RULE.limit, policy, found, 60))
    return CaseId(chain.contracts["KillSwitch"].functions.caseCount().call())


def as_hub(chain: TestChain, breach: tuple[Any, ...]) -> None:
    """Tell the switch of a breach as its hub does."""
    hub = chain.contracts["ReportHub"].address
    chain.rpc("anvil_impersonateAccount", hub)
    chain.rpc("anvil_setBalance", hub, hex(10**18))
    sent = chain.contracts["KillSwitch"].functions.trip(breach).transact({"from": hub})
    assert chain.web3.eth.wait_for_transaction_receipt(sent, timeout=20)["status"] == 1


def decided_otherwise(chain: TestChain) -> CaseId:
    """Let another vote stop the model and one more set it free, in the governor's name; return the first."""
    switch, governor = chain.contracts["KillSwitch"].functions, chain.contracts["PauseGovernor"].address
    chain.rpc("anvil_impersonateAccount", governor)
    chain.rpc("anvil_setBalance", governor, hex(10**18))
    epoch, other = switch.statusOf(1).call()[3], switch.caseCount().call() + 1
    for call in (
        switch.openHolderCase(1, CaseKind.HOLDER_PAUSE.number, 1, b"\5" * 32),
        switch.pause(1, other, epoch),
        switch.resume(1, 1, epoch + 1),
    ):
        sent = call.transact({"from": governor})
        assert chain.web3.eth.wait_for_transaction_receipt(sent, timeout=20)["status"] == 1
    return CaseId(other)


def guardian_suspends(chain: TestChain, folder: Path) -> CaseId:
    """Let the guardian suspend the model, with a document that says why; return the case."""
    from eth_account import Account

    reason = cid_digest(write_evidence(folder, {"reason": "It insults people."}))
    switch = chain.contracts["KillSwitch"].functions
    chain.send(switch.guardianSuspend(1, reason), Account.from_key(GUARDIAN_KEY))
    return CaseId(switch.caseCount().call())


def let_frame_pass(chain: TestChain) -> FrameIndex:
    """Let the deadline of a frame in service pass without a report; return the newest such frame."""
    chain.warp(2 * STEP_S + 8)
    return FrameIndex(chain.contracts["PolicyBook"].functions.lastFrameDue(1).call())


def holders_call(
    chain: TestChain, kind: CaseKind, evidence: bytes, signers: Sequence[LocalAccount]
) -> CaseId:
    """Let holders call for a vote on the model; return the case."""
    governor, switch = chain.contracts["PauseGovernor"], chain.contracts["KillSwitch"]
    round_ = governor.functions.roundOf(1, kind.number).call()
    epoch = switch.functions.statusOf(1).call()[3]
    deadline = datetime.fromtimestamp(chain.now + 3600, UTC)
    call = HolderCall(kind, ModelId(1), VersionNumber(1), epoch, round_, Digest(evidence), deadline)
    data = call_typed_data(chain.web3.eth.chain_id, Address(governor.address), call)
    ordered = sorted(signers, key=lambda one: int(one.address, 16))
    signed = [(one.address, one.sign_typed_data(full_message=data).signature) for one in ordered]
    called = governor.functions.callPause if kind is CaseKind.HOLDER_PAUSE else governor.functions.callResume
    chain.send(called(call.fields, signed))
    return CaseId(switch.functions.caseCount().call())


def replace_governor(chain: TestChain) -> Contract:
    """Let governance give PAUSE to a second PauseGovernor; return it."""
    old, manager = chain.contracts["PauseGovernor"], chain.contracts["TribuneAccessManager"].functions
    parts = ("token", "killSwitch", "registry", "executive")
    given = [old.get_function_by_name(name)().call() for name in parts]
    code = contract_types()["PauseGovernor"]["deploymentBytecode"]["bytecode"]
    made = chain.web3.eth.contract(abi=old.abi, bytecode=code)
    receipt = chain.send(made.constructor(*given, chain.config.fast_lane.as_tuple()))
    address = chain.web3.to_checksum_address(str(receipt["contractAddress"]))
    successor = chain.web3.eth.contract(address=address, abi=old.abi)
    chain.as_timelock(manager.revokeRole(PAUSE, old.address))
    chain.as_timelock(manager.grantRole(PAUSE, successor.address, 0))
    return successor


def documents() -> tuple[dict[str, Any], dict[str, Any], int]:
    """Return a profile, the evidence of a gap between women and men, and the rule's value."""
    fair: dict[Row, int] = {
        (30, "1", "1", None): 480, (30, "1", "0", None): 520,
        (30, "2", "1", None): 480, (30, "2", "0", None): 520,
    }  # fmt: skip
    unfair: dict[Row, int] = {
        (30, "1", "1", None): 530, (30, "1", "0", None): 470,
        (30, "2", "1", None): 60, (30, "2", "0", None): 940,
    }  # fmt: skip
    profile: Profile = make_profile(SPEC, tally_of(fair), BINNINGS)
    context = EvidenceContext(
        chain=31337,
        model=ModelId(1),
        version=VersionNumber(1),
        frame=FrameIndex(2),
        start_us=0,
        end_us=STEP_S * 10**6,
        manifest=b"\3" * 32,
        policy=b"\4" * 32,
        manifests=((2, b"\5" * 32),),
    )
    made = build_evidence(context, profile, Policy((RULE,)), FrameTallies(tally_of(unfair), None))
    return parse_canonical(profile.canonical), parse_canonical(made.data), made.values[0]


def _evaluate(chain: TestChain, policy: bytes, evidence: bytes) -> None:
    """Report the version's evaluation with two signatures, all rules kept."""
    hub = chain.contracts["ReportHub"].functions
    report = (1, 1, 0, policy, b"\2" * 32, evidence, [0])
    struct = hub.hashReport(report).call()
    attestations = []
    for index, monitor in enumerate(chain.monitors[:2]):
        signed = monitor.unsafe_sign_hash(hub.hashAttestation(struct, bytes(32)).call())
        attestations.append((index, bytes(32), signed.signature))
    chain.send(hub.submit(report, attestations))
