"""The past of the page benchmark: a thousand models, each with frames of an hour, incidents, votes, people.

The order is the chain's: what is registered first, then frame by frame all models, and within that what a
breach leads to. Every tenth model had a case; in some frames a monitor found something else, or none did.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.webbing.documents import STEP_S, Found, Measured, about, stored
from bench.webbing.ledger import Ledger, account, word

NONE = "0x" + "0" * 40
MONITORS = tuple(account(f"monitor {number}") for number in range(12))
HOLDERS = tuple(account(f"holder {number}") for number in range(200))
STEWARDS = tuple(account(f"steward {number}") for number in range(50))
AUDITORS = tuple(account(f"auditor {number}") for number in range(10))
PANEL, FIRST_CASE = 3, 1_000
WHY = "I have read the evidence, and I would rather wait until it is mended."


@dataclass
class Past:
    """What was written, for whoever asks pages of it.

    Args:
        models: ids of the models, oldest first.
        documented: models whose every frame has its evidence in the folder.
        cases: case → model.
        reports: how many were judged.
    """

    models: tuple[int, ...]
    documented: tuple[int, ...]
    cases: dict[int, int] = field(default_factory=dict)
    reports: int = 0


@dataclass
class _Writer:
    ledger: Ledger
    measured: Measured
    folder: Path
    frames: int
    ends_s: int
    past: Past
    governor: str
    luck: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311

    def begin(self) -> None:
        """Admit monitors; give holders votes, which they delegate to themselves."""
        at = self._end_s(0) - 30 * 86_400
        self.ledger.block(at)
        for number, monitor in enumerate(MONITORS):
            name, uri = f"Observatory {number}", f"https://observatory-{number}.example"
            self.ledger.event("MonitorRegistry", "MonitorAdmitted", account=monitor, name=name, uri=uri)
        for holder in HOLDERS:
            self.ledger.block(at := at + 12)
            votes = 10**18 * self.luck.randint(10, 10_000)
            self.ledger.event("TribuneToken", "Transfer", from_=STEWARDS[0], to=holder, value=votes)
            self.ledger.event(
                "TribuneToken", "DelegateChanged", delegator=holder, fromDelegate=NONE, toDelegate=holder
            )
            self.ledger.event(
                "TribuneToken", "DelegateVotesChanged", delegate=holder, previousVotes=0, newVotes=votes
            )

    def register(self, model: int) -> None:
        """Register a model with its rules, evaluate and activate its first version."""
        steward, at = STEWARDS[model % len(STEWARDS)], self._end_s(0) - 86_400 + 12 * model
        self.ledger.block(at)
        registry = "ModelRegistry"
        self.ledger.event(registry, "Transfer", from_=NONE, to=steward, tokenId=model)
        name = f"{('lending', 'hiring', 'claims', 'triage')[model % 4]}-{model:04d}"
        self.ledger.event(registry, "ModelRegistered", modelId=model, steward=steward, name=name)
        self._version(model, 1, 0, at)
        panel = [MONITORS[(model + place) % len(MONITORS)] for place in range(PANEL)]
        rules = self.measured.policy.on_chain()
        policy = (self._end_s(0), STEP_S, STEP_S, 360, 3_600, 86_400, False, 2, panel, rules)
        self.ledger.event(
            "PolicyBook", "PolicySet",
            modelId=model, index=0, digest=self._policy(model), firstFrame=1, base=self._end_s(0),
            policy=policy,
        )  # fmt: skip
        self.ledger.event("DecisionLog", "LoggerChanged", modelId=model, previous=NONE, current=steward)
        self._report(model, 1, 0, self.measured.found[0])
        self._activate(model, 1, at)
        self.ledger.event(
            "KillSwitch", "StateChanged", modelId=model, previous=0, current=1, epoch=1, caseId=0, until=0
        )

    def frame(self, model: int, frame: int) -> None:
        """Anchor, measure and judge a frame; a breach suspends the model, and its vote ends at once."""
        at, version = self._end_s(frame) + 900 + model, self._version_at(model, frame)
        self.ledger.block(at)
        if frame == self.frames // 2 and version == 2:
            self._version(model, 2, 1, at)
            self._activate(model, 2, at)
        self.ledger.event(
            "DecisionLog", "FrameAnchored", modelId=model, version=version, frame=frame,
            manifest=word(f"manifest {model} {frame}"), root=word(f"root {model} {frame}"), rows=20_000,
        )  # fmt: skip
        if model % 97 == 0 and frame % 7 == 3:
            self.ledger.event(
                "ReportHub", "FrameStale", modelId=model, frame=frame, version=version, caseId=0
            )
            return
        broken = model % 10 == 0 and frame == self.frames - 2 - model // 10 % 5
        found = self.luck.choice(self.measured.found)
        self._report(model, version, frame, self.measured.broken(found) if broken else found, breaks=broken)

    def proposals(self, count: int) -> None:
        """Make proposals of the slow lane, long over, each voted on."""
        lane = "OversightGovernor"
        for number in range(count):
            at = self._end_s(0) - 20 * 86_400 + 7_200 * number
            proposal = int.from_bytes(word(f"slow {number}"))
            self.ledger.block(at)
            self.ledger.event(
                lane, "ProposalCreated",
                proposalId=proposal, proposer=HOLDERS[0], targets=[self.governor], values=[0],
                signatures=[""], calldatas=[b""], voteStart=at + 60, voteEnd=at + 3_600,
                description=f"Proposal {number}\nBecause it is time.",
            )  # fmt: skip
            self._votes(lane, proposal, at + 120)
            self.ledger.block(at + 3_700)
            self.ledger.event(lane, "ProposalQueued", proposalId=proposal, etaSeconds=at + 3_800)
            self.ledger.block(at + 3_900)
            self.ledger.event(lane, "ProposalExecuted", proposalId=proposal)

    def _report(self, model: int, version: int, frame: int, found: Found, *, breaks: bool = False) -> None:
        evidence = word(f"evidence {model} {version} {frame}")
        if breaks or frame == self.frames or model in self.past.documented:
            evidence = stored(
                self.folder, about(found, self._policy(model), model, version, frame, self._end_s(frame))
            )
        digest = word(f"report {model} {version} {frame}")
        for place in range(PANEL):
            other = place == PANEL - 1 and (model + frame) % 31 == 0
            if place == PANEL - 1 and (model + frame) % 53 == 0:
                continue  # it missed the frame
            monitor = MONITORS[(model + place) % len(MONITORS)]
            self.ledger.event(
                "ReportHub", "Attested", modelId=model, frame=frame, monitor=monitor, version=version,
                report=word(f"other {model} {frame}") if other else digest,
                witness=word(f"witness {model} {frame} {place}"),
            )  # fmt: skip
        case = FIRST_CASE + model if breaks else 0
        values = list(found.values)
        manifest = word(f"manifest {model} {frame}")
        self.ledger.event(
            "ReportHub", "ReportJudged",
            modelId=model, frame=frame, version=version, digest=digest, hits=self.measured.hits(found.values),
            caseId=case, report=(model, version, frame, self._policy(model), manifest, evidence, values),
        )  # fmt: skip
        self.past.reports += 1
        if breaks:
            self._incident(model, version, frame, case, found.values[0], evidence)

    def _incident(self, model: int, version: int, frame: int, case: int, value: int, evidence: bytes) -> None:
        at = self._end_s(frame) + 900 + model
        proposal, ends = int.from_bytes(word(f"fast {case}")), at + 25
        rule = self.measured.policy.rules[0]
        details = (model, version, 1, 0, 2, 0, at, at + 600, at + 7_200, 0, frame, 0, value, rule.limit,
                   self._policy(model), evidence, NONE, 0)  # fmt: skip
        self.past.cases[case] = model
        switch = "KillSwitch"
        self.ledger.event(
            switch, "CaseOpened", caseId=case, modelId=model, kind=0, severity=2, details=details
        )
        self._state(model, 1, 2, 2, case, at + 7_200)
        self.ledger.block(at + 1)
        self.ledger.event(
            switch, "CaseVoteOpened",
            caseId=case, governor=self.governor, proposalId=proposal, voteEnds=ends,
        )  # fmt: skip
        self._votes("PauseGovernor", proposal, at + 2)
        self.ledger.block(ends)
        upheld = model % 20 == 0
        self.ledger.event(switch, "CaseClosed", caseId=case, modelId=model, outcome=1 if upheld else 2)
        self._state(model, 2, 3 if upheld else 1, 3, case, 0)
        if upheld and model % 60:
            self.ledger.block(ends + 5)
            self._state(model, 3, 1, 4, case, 0)

    def _votes(self, governor: str, proposal: int, at: int) -> None:
        for number in range(20):
            self.ledger.block(at + number)
            voter, support = self.luck.choice(HOLDERS), self.luck.choice((0, 1, 1, 2))
            weight = 10**18 * self.luck.randint(10, 10_000)
            self.ledger.event(
                governor, "VoteCast",
                voter=voter, proposalId=proposal, support=support, weight=weight,
                reason=WHY if number % 3 else "",
            )  # fmt: skip

    def _version(self, model: int, version: int, parent: int, at: int) -> None:
        words = [
            word(f"{name} {model} {version}") for name in ("artifact", "set", "training", "configuration")
        ]
        artifact, evaluation, training, configuration = words
        profile = self.measured.profile.digest
        details = (
            artifact,
            profile,
            evaluation,
            training,
            configuration,
            parent,
            at,
            "https://models.example/",
        )
        self.ledger.event(
            "ModelRegistry", "VersionRegistered", modelId=model, version=version, details=details
        )
        if model % 20 == 5:
            self.ledger.event(
                "ModelRegistry", "StatementAttested",
                modelId=model, version=version, auditor=AUDITORS[model % len(AUDITORS)], artifact=artifact,
                document=word(f"statement {model} {version}"), time=at,
                uri="https://auditor.example/statement",
            )  # fmt: skip

    def _activate(self, model: int, version: int, at: int) -> None:
        self.ledger.event(
            "ModelRegistry", "VersionActivated",
            modelId=model, version=version, previous=version - 1, from_=at,
        )  # fmt: skip

    def _state(self, model: int, previous: int, current: int, epoch: int, case: int, until: int) -> None:
        self.ledger.event(
            "KillSwitch", "StateChanged",
            modelId=model, previous=previous, current=current, epoch=epoch, caseId=case, until=until,
        )  # fmt: skip

    def _version_at(self, model: int, frame: int) -> int:
        return 2 if model % 3 == 0 and frame >= self.frames // 2 else 1

    def _policy(self, model: int) -> bytes:
        return word(f"policy {model}")

    def _end_s(self, frame: int) -> int:
        """Return when a frame ended; the newest some hours ago, so that reports and votes are in the past."""
        return self.ends_s - 4 * STEP_S - (self.frames - frame) * STEP_S


def write_past(
    ledger: Ledger,
    measured: Measured,
    folder: Path,
    *,
    models: Sequence[int],
    documented: Sequence[int],
    frames: int,
    ends_s: int,
    governor: str,
) -> Past:
    """Write it; return what there is.

    Args:
        ledger: where to.
        measured: what reports found.
        folder: where evidence goes: that of each model's newest frame, and all of the documented models'.
        models: ids to give.
        documented: those of them that pages are asked about in depth.
        frames: per model.
        ends_s: the time before which all of it lies, in unix seconds.
        governor: address of the fast lane's governor.
    """
    past = Past(tuple(models), tuple(documented))
    writer = _Writer(ledger, measured, folder, frames, ends_s, past, governor)
    writer.begin()
    writer.proposals(40)
    for model in models:
        writer.register(model)
    for frame in range(1, frames + 1):
        for model in models:
            writer.frame(model, frame)
    ledger.flush()
    return past
