"""Gas of Tribune's actions in steady state.

What is new in the storage of each is said beside it; all else was written by actions before it. In a
transaction each account and slot is cold at its first use, as on any chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_utils.crypto import keccak

from bench.costs.scene import BALLOTS, MONITORS, Scene
from tribune.ballots.typed_data import ballot_typed_data
from tribune.ids import Address, ProposalId

STEP_S = 100
GRACE_S = 1
ROWS = 1_000_000_000
VALUES = (123_456, -25_000, 7, 0, 999, 45_000, 1_000, 33, 500_000, 20)
"""A healthy report's values, in millionths; one of ten is negative, as a lower bound often is."""
BREACHING = 950_000
_LIMIT = 900_000
_EVALUATION_SET = keccak(text="evaluation set")
_FOR = 1


@dataclass
class Model:
    """A model in service under a policy of its own, with a panel of five of which three must agree."""

    scene: Scene
    rules: int
    severity: int = 2
    frame: int = 2
    id: int = 0
    start: int = 0

    def prepare(self) -> Model:
        """Register a model, set its policy, report its evaluation, activate it and report two frames."""
        scene, chain = self.scene, self.scene.chain
        registry = scene.contracts["ModelRegistry"].functions
        chain.send(registry.registerModel("model"), chain.steward)
        self.id = registry.modelCount().call()
        self.start = chain.now + 10
        chain.as_timelock(scene.contracts["PolicyBook"].functions.setPolicy(self.id, self._policy()))
        digests = (keccak(text="artifact"), keccak(text="profile"), _EVALUATION_SET, bytes(32), bytes(32))
        chain.send(registry.registerVersion(self.id, (*digests, 0, 0, "")), chain.steward)
        scene.at(self.start + 1)
        self.submit(0, 3)
        chain.send(registry.activate(self.id, 1), chain.steward)
        named = scene.contracts["DecisionLog"].functions.setLogger(self.id, chain.relayer.address)
        chain.send(named, chain.steward)
        for _ in range(2):
            self.report(3)
        return self

    def report(self, signatures: int, breaching: bool = False) -> int:
        """Gas of a report of the next frame: new are the frame's record and nothing else."""
        self.anchor()
        return self.submit(self.frame, signatures, breaching)

    def anchor(self, rows: int = ROWS, logger: bool = False) -> int:
        """Gas of anchoring the next frame, once its log is sealed: new is the anchor."""
        scene, self.frame = self.scene, self.frame + 1
        sealed = self.start + self.frame * STEP_S + GRACE_S
        if scene.chain.now < sealed:
            scene.at(sealed)
        digests = keccak(text=f"manifest {self.frame}"), keccak(text=f"root {self.frame}")
        log = scene.contracts["DecisionLog"].functions
        sender = scene.chain.relayer if logger else scene.chain.steward
        return scene.gas(log.anchor(self.id, 1, self.frame, *digests, rows), sender)

    def submit(self, frame: int, signatures: int, breaching: bool = False) -> int:
        """Gas of passing on a report of an anchored frame, or of the evaluation, in one call."""
        contracts, hub = self.scene.contracts, self.scene.contracts["ReportHub"].functions
        values = [VALUES[index % len(VALUES)] for index in range(self.rules)]
        if breaching:
            values[0] = BREACHING
        policy = contracts["PolicyBook"].functions.currentTerms(self.id).call()[0]
        anchored = contracts["DecisionLog"].functions.anchorOf(self.id, 1, frame).call()
        manifest = anchored if frame else _EVALUATION_SET
        report = (self.id, 1, frame, policy, manifest, keccak(text=f"evidence {frame}"), values)
        digest = hub.hashReport(report).call()
        attestations = []
        for index in range(signatures):
            witness = keccak(text=f"witness {frame} {index}")
            signed = self.scene.monitors[index].unsafe_sign_hash(hub.hashAttestation(digest, witness).call())
            attestations.append((index, witness, bytes(signed.signature)))
        return self.scene.gas(hub.submit(report, attestations))

    def _policy(self) -> dict[str, Any]:
        """Return a policy as the book takes it. The suspension outlasts the fast lane's vote."""
        rule = {"op": 0, "severity": self.severity, "stage": 0, "m": 1, "w": 1, "naBudget": 0, "z": 0}
        values = {"limit": _LIMIT, "lo": -1_000_000, "hi": 1_000_000}
        rules = [{"metric": f"metric.{index}", **rule, **values} for index in range(self.rules)]
        panel = [monitor.address for monitor in self.scene.monitors[:MONITORS]]
        spans = {"step": STEP_S, "length": STEP_S, "grace": GRACE_S, "deadline": 10 * STEP_S}
        suspension = {"suspension": 200, "staleSuspends": False}
        return {"start": self.start, **spans, **suspension, "k": 3, "panel": panel, "rules": rules}


def reports(scene: Scene) -> dict[str, int]:
    """Gas of reports and anchors."""
    ten, twenty = Model(scene, 10).prepare(), Model(scene, 20).prepare()
    three = ten.report(3)
    return {
        "report, 10 rules, 3 signatures": three,
        "each further rule": round((twenty.report(3) - three) / 10),
        "each further signature": round((ten.report(5) - three) / 2),
        "anchor of a frame of 1,000,000,000 rows": ten.anchor(),
        "anchor of an empty frame": ten.anchor(rows=0),
        "anchor by the steward's logger": ten.anchor(logger=True),
    }


def votes(scene: Scene) -> dict[str, int]:
    """Gas of a trip, its vote and its pause, and of a pause where the model was still running.

    A chain's second case, so that counters are not new; new are the case's record and its vote. Fifty ballots
    in one call, without reasons, by voters who never voted before. The pauses are carried out after the
    vote ended, the first amid the suspension.
    """
    _halt(Model(scene, 10).prepare(), [])
    trip, opening, ballots, pause = _halt(Model(scene, 10).prepare(), scene.voters)
    running = _halt(Model(scene, 10, severity=1).prepare(), scene.voters)
    return {
        "report that suspends": trip,
        "openCase": opening,
        f"ballot relayed in a batch of {BALLOTS}": round(ballots / BALLOTS),
        "execution of a pause, model suspended": pause,
        "execution of a pause, model running": running[3],
    }


def _halt(model: Model, voters: list[Any]) -> tuple[int, int, int, int]:
    """Let a report breach, open the case's vote and, if there are voters, vote and carry the pause out."""
    scene = model.scene
    governor, switch = scene.contracts["PauseGovernor"], scene.contracts["KillSwitch"].functions
    trip = model.report(3, breaching=True)
    case = switch.caseCount().call()
    opening = scene.gas(governor.functions.openCase(case))
    proposal = ProposalId(switch.caseOf(case).call()[-1])
    scene.later(2)
    if not voters:
        return trip, opening, 0, 0
    chain_id, address = scene.chain.web3.eth.chain_id, Address(governor.address)
    ballots = []
    for voter in voters:
        data = ballot_typed_data(chain_id, address, proposal, Address(voter.address), _FOR)
        ballots.append((voter.address, _FOR, "", bytes(voter.sign_typed_data(full_message=data).signature)))
    cast = scene.gas(governor.functions.castVotesBySig(proposal, ballots))
    lane = scene.chain.config.fast_lane
    scene.later(lane.voting_period_s + lane.late_extension_s + 1)
    return trip, opening, cast, scene.gas(governor.functions.executeCase(case))
