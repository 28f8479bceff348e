"""Tribune on a chain of its own, as the deployment's plan makes it, with actors by name.

Model 1 is Active in version 1 from frame 2 on. Three monitors, two must agree. Five holders with 40, 25, 17,
10 and 8 percent of the votes. `admin` is the timelock, which holds ADMIN; nobody else has a right that the
design does not give. Times are small, so that nothing here needs more than a few blocks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ape
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from contracts import signing
from contracts.calls import impersonated, now, warp_to
from contracts.signing import FOR, Report
from scripts.deployment.config import (
    DeploymentConfig,
    FastLane,
    Holder,
    OwnToken,
    Registry,
    SlowLane,
    Switch,
)
from scripts.deployment.plan import Deploy, addresses, resolved, steps

STEP, GRACE, DEADLINE, SUSPENSION = 1000, 50, 500, 3000
DELAY, PERIOD, EXTENSION, EXECUTION_GRACE = 10, 1000, 200, 2000
BUDGET, REFILL, HARD_CAP, MARGIN, WINDOW, COOLDOWN = 20_000, 100_000, 10_000, 100, 1000, 3000
SPAN = DELAY + PERIOD + EXTENSION
ORDER = "TRIP, VOTE, WARN, BELOW: the rules of the policy in their order"
TRIP, VOTE, WARN, BELOW = range(4)
HEALTHY = (0, 0, 0, 900_000)
SHARES = (40, 25, 17, 10, 8)
EVALUATION_SET = keccak(text="evaluation set")
ROOT = keccak(text="root")
ROWS = 500

LEAST = Switch(100, 0, 100, 1, 1, 0, 100, 0, 0)
GUARDIAN_PERIOD, GUARDIAN_MODELS, HALT_BUDGET = 30_000, 2, 4000
INITIAL = Switch(
    BUDGET,
    REFILL,
    HARD_CAP,
    MARGIN,
    WINDOW,
    COOLDOWN,
    GUARDIAN_PERIOD,
    GUARDIAN_MODELS,
    HALT_BUDGET,
)
MOST = Switch(100_000, 500_000, 50_000, 10_000, 10_000, 100_000, 300_000, 10, 10_000)
CALL_THRESHOLD, CONTRACT_GAS = 90_000, 250_000
LANE = FastLane(DELAY, PERIOD, EXTENSION, EXECUTION_GRACE, 20, 50, CALL_THRESHOLD, CONTRACT_GAS, 100, 5000)
SLOW = SlowLane(100, 10, 1000, 100, 1, 20)


def rule(metric: str = "quality.invalid_rate", **changes: int) -> tuple[Any, ...]:
    """Return a rule as the policy book takes it."""
    fields = {"op": 0, "severity": 2, "stage": 0, "m": 1, "w": 1, "na": 0, "z": 0, "limit": 20_000} | {
        "lo": -1_000_000,
        "hi": 1_000_000,
    }
    return metric, *(fields | changes).values()


def policy(monitors: list[Any], **changes: Any) -> tuple[Any, ...]:
    """Return a policy as the policy book takes it; rules in the order TRIP, VOTE, WARN, BELOW."""
    rules = [
        rule("quality.invalid_rate", severity=2),
        rule("fairness.equalized_odds", severity=1, limit=100_000, na=1),
        rule("drift.effect", severity=0, limit=100_000),
        rule("performance.accuracy", op=1, severity=2, limit=500_000, lo=0, na=2),
    ]
    fields = {
        "start": 0,
        "step": STEP,
        "length": STEP,
        "grace": GRACE,
        "deadline": DEADLINE,
        "suspension": SUSPENSION,
        "stale_suspends": False,
        "k": 2,
        "panel": [str(monitor) for monitor in monitors],
        "rules": rules,
    }
    return tuple((fields | changes).values())


def version(**changes: Any) -> tuple[Any, ...]:
    """Return a version's details as the registry takes them."""
    fields = {
        "artifact": keccak(text="artifact"),
        "profile": keccak(text="profile"),
        "evaluation_set": EVALUATION_SET,
        "training": bytes(32),
        "configuration": bytes(32),
        "parent": 0,
        "registered_at": 0,
        "uri": "",
    }
    return tuple((fields | changes).values())


@dataclass
class World:
    """Contracts, actors, and what they do most often."""

    contracts: dict[str, Any]
    deployer: Any
    steward: Any
    stranger: Any
    monitors: list[Any]
    outsider: Any
    holders: list[Any]
    base: int = 0

    def __post_init__(self) -> None:
        self.access = self.contracts["TribuneAccessManager"]
        self.token = self.contracts["TribuneToken"]
        self.timelock = self.contracts["TribuneTimelock"]
        self.oversight = self.contracts["OversightGovernor"]
        self.monitor_registry = self.contracts["MonitorRegistry"]
        self.policies = self.contracts["PolicyBook"]
        self.registry = self.contracts["ModelRegistry"]
        self.log = self.contracts["DecisionLog"]
        self.switch = self.contracts["KillSwitch"]
        self.hub = self.contracts["ReportHub"]
        self.governor = self.contracts["PauseGovernor"]
        self.admin = impersonated(self.timelock.address)
        self.as_hub = impersonated(self.hub.address)
        self.as_governor = impersonated(self.governor.address)
        self.chain_id = ape.chain.chain_id

    def delegate(self, holder: Any, to: Any) -> None:
        """Let a holder delegate. By name, since ape's addresses have a `delegate` of their own."""
        self.token.invoke_transaction("delegate", str(to), sender=holder)

    # Frames and reports

    def frame_end(self, frame: int) -> int:
        """Unix time at which a frame of the first policy ends."""
        return self.base + frame * STEP

    def policy_digest(self, model: int = 1) -> bytes:
        """Digest of the policy in force."""
        return bytes(self.policies.currentTerms(model).digest)

    def anchor(self, frame: int, version: int = 1, model: int = 1) -> bytes:
        """Let a frame's grace pass and the steward anchor it; return the anchored word."""
        warp_to(int(self.policies.frameTimes(model, frame).sealFrom))
        manifest = keccak(text=f"manifest {model} {version} {frame}")
        self.log.anchor(model, version, frame, manifest, ROOT, ROWS, sender=self.steward)
        return keccak(encode(["bytes32", "bytes32", "uint64"], [manifest, ROOT, ROWS]))

    def report(
        self, frame: int, values: tuple[int, ...] = HEALTHY, version: int = 1, model: int = 1
    ) -> Report:
        """Return the report that monitors would sign; frame 0 is the evaluation."""
        word = (
            EVALUATION_SET if frame == 0 else bytes(self.log.anchorOf(model, version, frame))  # as anchored
        )
        evidence = keccak(text=f"evidence {frame} {values}")
        return Report(model, version, frame, self.policy_digest(model), word, evidence, tuple(values))

    def sign(self, report: Report, *monitors: int) -> list[tuple[int, bytes, bytes]]:
        """Return the attestations of these monitors of the panel."""
        return [
            signing.attestation(
                self.monitors[index].private_key, self.hub.address, report, index, chain_id=self.chain_id
            )
            for index in monitors
        ]

    def submit(self, report: Report, *monitors: int) -> Any:
        """Pass on a report with the signatures of these monitors (the first two if none is named)."""
        return self.hub.submit(report.struct, self.sign(report, *(monitors or (0, 1))), sender=self.stranger)

    def judge(self, frame: int, values: tuple[int, ...] = HEALTHY, version: int = 1) -> Any:
        """Let a frame end, be anchored and be judged; return the receipt."""
        warp_to(self.frame_end(frame))
        self.anchor(frame, version)
        return self.submit(self.report(frame, values, version))

    def breach(self, rule: int = TRIP, frame: int = 2, version: int = 1) -> int:
        """Let a frame hit one rule; return the id of the newest case."""
        self.judge(frame, hit(rule), version)
        return int(self.switch.caseCount())

    # Versions

    def evaluate(self, version: int, model: int = 1, values: tuple[int, ...] = HEALTHY) -> None:
        """Let two monitors report on a version's evaluation set."""
        self.submit(self.report(0, values, version, model))

    def next_version(self, *, activate: bool = True) -> int:
        """Register and evaluate a further version of model 1, and activate it if asked to."""
        self.registry.registerVersion(1, version(), sender=self.steward)
        number = int(self.registry.versionCount(1))
        self.evaluate(number)
        if activate:
            self.registry.activate(1, number, sender=self.steward)
            warp_to(int(self.policies.boundaryAtOrAfter(1, now())) + 1)
        return number

    # Votes

    def open(self, case: int) -> int:
        """Open a case's vote, let its voting delay pass, and return the proposal."""
        self.governor.openCase(case, sender=self.stranger)
        proposal = self.proposal(case)
        warp_to(now() + DELAY + 1)
        return proposal

    def proposal(self, case: int) -> int:
        """Return the proposal of a case's vote."""
        return int(self.switch.caseOf(case).vote)

    def vote(self, proposal: int, *holders: int, support: int = FOR) -> None:
        """Cast the ballots of these holders, each by itself."""
        for index in holders:
            self.governor.castVote(proposal, support, sender=self.holders[index])

    def ballot(
        self, proposal: int, holder: int, support: int = FOR, reason: str = "", **changes: Any
    ) -> tuple[str, int, str, bytes]:
        """Return a holder's signed ballot as the governor's batch takes it."""
        account = self.holders[holder]
        signature = signing.ballot(
            account.private_key,
            self.governor.address,
            proposal,
            str(account),
            support,
            reason=reason,
            **{"chain_id": self.chain_id} | changes,
        )
        return str(account), support, reason, signature

    def end_vote(self, proposal: int) -> None:
        """Let a vote's deadline pass."""
        warp_to(int(self.governor.proposalDeadline(proposal)) + 1)

    def pause(self, rule: int = TRIP, frame: int = 2) -> int:
        """Bring model 1 into Paused by a breach and a vote; return the case."""
        case = self.breach(rule, frame)
        self.vote(self.open(case), 0, 1)
        self.governor.executeCase(case, sender=self.stranger)
        return case

    def call_resume(self, version: int = 1) -> tuple[int, int]:
        """Let the steward call for a resume, wait for its vote; return case and proposal."""
        self.governor.callResume(1, version, keccak(text="conclusion"), sender=self.steward)
        case = int(self.switch.caseCount())
        warp_to(now() + DELAY + 1)
        return case, self.proposal(case)

    def resume(self, version: int = 1) -> int:
        """Bring model 1 from Paused back by a vote; return the case."""
        case, proposal = self.call_resume(version)
        self.vote(proposal, 0, 1)
        self.end_vote(proposal)
        self.governor.executeCase(case, sender=self.stranger)
        return case

    # What one reads

    def state(self, model: int = 1) -> str:
        """Name of a model's state."""
        names = ("Inactive", "Active", "Suspended", "Paused", "Retired")
        return names[self.switch.statusOf(model).state]

    def outcome(self, case: int) -> str:
        """Name of a case's outcome."""
        return ("Open", "Upheld", "Rejected", "Lapsed")[self.switch.caseOf(case).outcome]

    def vote_state(self, proposal: int) -> str:
        """Name of a proposal's state."""
        names = ("Pending", "Active", "Canceled", "Defeated", "Succeeded", "Queued", "Expired", "Executed")
        return names[self.governor.state(proposal)]


def hit(*rules: int) -> tuple[int, ...]:
    """Values that hit these rules of the policy and no other."""
    bad = {TRIP: 50_000, VOTE: 200_000, WARN: 200_000, BELOW: 400_000}
    return tuple(bad[index] if index in rules else value for index, value in enumerate(HEALTHY))


def build() -> World:
    """Deploy everything by the plan and bring model 1 into Active."""
    accounts = list(ape.accounts.test_accounts)
    while len(accounts) < 12:
        account = ape.accounts.test_accounts.generate_test_account()
        account.balance = 10**22
        accounts.append(account)
    deployer, steward, stranger, outsider = accounts[:4]
    monitors, holders = accounts[4:7], accounts[7:12]
    allocation = tuple(Holder(str(who), share) for who, share in zip(holders, SHARES, strict=True))
    config = DeploymentConfig(
        OwnToken("Tribune test", "TRIB", allocation), SLOW, LANE, INITIAL, LEAST, MOST, Registry(0)
    )
    plan = steps(config, str(deployer))
    where = addresses(plan, str(deployer), deployer.nonce)
    contracts: dict[str, Any] = {}
    for step in plan:
        arguments = resolved(step.arguments, where.__getitem__)
        if isinstance(step, Deploy):
            contracts[step.name] = deployer.deploy(getattr(ape.project, step.contract), *arguments)
        else:
            getattr(contracts[step.name], step.function)(*arguments, sender=deployer)
    world = World(contracts, deployer, steward, stranger, list(monitors), outsider, list(holders))
    for holder in holders:
        world.delegate(holder, holder)
    for index, monitor in enumerate(monitors):
        world.monitor_registry.admit(monitor, f"monitor {index}", "", sender=world.admin)
    world.registry.registerModel("acs-employment", sender=steward)
    world.registry.registerVersion(1, version(), sender=steward)
    world.policies.setPolicy(1, policy(monitors), sender=world.admin)
    world.base = int(world.policies.policyAt(1, 0)[3])
    warp_to(world.base + STEP // 2)
    world.evaluate(1)
    world.registry.activate(1, 1, sender=steward)
    warp_to(world.frame_end(1) + 1)
    return world
