"""A small model on a real chain, its steward, and monitors with stores of their own."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlmodel import select

from integration.monitor_samples import ROWS, Model, Sample, sample
from support.chain import TestChain
from tribune.chain import Tribune
from tribune.chain.policy_book import PolicyInput
from tribune.chain.report_hub import FrameRecord
from tribune.decisions.anchor import Manifest, anchor_word, log_folder, manifest_digest
from tribune.decisions.frames.labels import append_labels
from tribune.decisions.frames.sealing import LogSealer, seal_evaluation
from tribune.decisions.grid import FrameGrid
from tribune.decisions.leaf import LogSchema
from tribune.decisions.log import DecisionLog
from tribune.ids import Address, Digest, FrameIndex, ModelId, VersionNumber
from tribune.metrics import Column, ColumnKind, ModelSpec, Policy, Role, Rule, Severity
from tribune.reports.evidence_store import write_evidence
from tribune.settings import ChainSettings, Settings
from tribune.settings.sections import ReplaySettings
from tribune.store.queries import reports_in
from tribune.store.session import open_store
from tribune.store.states import ReportState
from tribune.store.tables import SignedReport
from tribune.sync.sender import Sender
from tribune_monitors.engines.duckdb_engine import DuckDBEngine
from tribune_monitors.engines.fit import fit_profile
from tribune_monitors.engines.kept import KeptTallies
from tribune_monitors.measurement.measuring import Measurer
from tribune_monitors.sources.sealed import SealedLog
from tribune_monitors.worker import Worker

if TYPE_CHECKING:
    import pytest

STEP, GRACE, DEADLINE, SUSPENSION = 100, 5, 350, 60
SPEC = ModelSpec(
    columns=(
        Column("age", ColumnKind.NUMERIC, Role.FEATURE),
        Column("job", ColumnKind.CATEGORY, Role.FEATURE),
        Column("sex", ColumnKind.CATEGORY, Role.GROUP),
        Column("prediction", ColumnKind.CATEGORY, Role.PREDICTION),
        Column("score", ColumnKind.NUMERIC, Role.SCORE),
    ),
    label_lag=1,
    min_rows=50,
    min_group=20,
)
POLICY = Policy(
    (
        Rule("quality.invalid_rate_increase.lower.max", ">", 20_000, Severity.TRIP, z=3_000_000),
        Rule("performance.accuracy", "<", 300_000, Severity.VOTE, m=2, w=3, na_budget=9),
        Rule("drift.effect.lower.max", ">", 300_000, Severity.WARN, m=2, w=2, na_budget=9, z=3_000_000),
        Rule("fairness.demographic_parity_difference/sex", ">", 900_000, Severity.WARN, na_budget=9),
    )
)
INVALID, ACCURACY, DRIFT, PARITY = range(4)
VERSION = VersionNumber(1)


@dataclass
class MonitorWorld:
    """The chain, the steward's log, and what the monitors share."""

    chain: TestChain
    root: Path
    seed: int = 1000
    model: Model | None = None
    """What is served; None: chance, which nobody can run again."""
    samples: dict[FrameIndex, Sample] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def steward_store(self) -> Path:
        return self.root / "steward"

    def copied(self, root: Path) -> MonitorWorld:
        """Return the same world with files of its own, so that a test may break them."""
        shutil.copytree(self.root, root, dirs_exist_ok=True)
        return MonitorWorld(self.chain, root, self.seed)

    # Steward and governance

    def register(
        self,
        panel: Sequence[Address],
        *,
        k: int = 2,
        rules: Sequence[Rule] = POLICY.rules,
        artifact: bytes = b"\1" * 32,
    ) -> ModelId:
        """Register a model with policy, profile, evaluation set and version 1."""
        registry = self.chain.contracts["ModelRegistry"].functions
        self.chain.send(registry.registerModel("credit"), self.chain.steward)
        model_id = ModelId(registry.modelCount().call())
        functions = self.chain.contracts["PolicyBook"].functions
        policy = replace(policy_input(panel, k), rules=tuple(rules))
        self.chain.as_timelock(functions.setPolicy(model_id, policy.fields))
        self.register_version(model_id, artifact)
        return model_id

    def register_version(self, model_id: ModelId, artifact: bytes = b"\1" * 32) -> VersionNumber:
        registry = self.chain.contracts["ModelRegistry"].functions
        version = VersionNumber(registry.versionCount(model_id).call() + 1)
        made = sample(1, 0, n=600, model=self.model)
        manifest = seal_evaluation(
            self.log, LogSchema.of(SPEC), made.decisions, made.labels, model_id=model_id, version=version
        )
        folder = log_folder(self.log, model_id, version)
        parts = [folder / one.path for one in manifest.partitions]
        profile = fit_profile(DuckDBEngine(), [parts], [folder / one.path for one in manifest.labels], SPEC)
        write_evidence(self.steward_store, json.loads(profile.canonical))
        digests = (artifact, profile.digest, manifest_digest(manifest), bytes(32), bytes(32))
        self.chain.send(registry.registerVersion(model_id, (*digests, 0, 0, "")), self.chain.steward)
        return version

    def change_policy(self, model_id: ModelId) -> None:
        """Let another policy of the same panel and grid take force."""
        functions = self.chain.contracts["PolicyBook"].functions
        policy = replace(policy_input(panel_of(self.chain)), suspension_s=SUSPENSION + 1)
        self.chain.as_timelock(functions.setPolicy(model_id, policy.fields))
        self.warp_to_force()

    def activate(self, model_id: ModelId, version: VersionNumber = VERSION) -> None:
        registry = self.chain.contracts["ModelRegistry"].functions
        self.chain.send(registry.activate(model_id, version), self.chain.steward)

    def warp_to_force(self) -> None:
        """Let activations take force: pass the next boundary."""
        self.chain.warp(STEP)

    # Frames

    def grid(self, model_id: ModelId) -> FrameGrid:
        _, _, first, base = self.chain.contracts["PolicyBook"].functions.policyAt(model_id, 0).call()
        assert first == 1
        return FrameGrid.of_seconds(epoch_s=base, step_s=STEP, length_s=STEP, grace_s=GRACE)

    def current_frame(self, model_id: ModelId) -> FrameIndex:
        """Return the frame that is under way."""
        book = self.chain.contracts["PolicyBook"].functions
        return FrameIndex(book.lastFrameAt(model_id, self.chain.now).call() + 1)

    def seal(
        self,
        model_id: ModelId,
        frame: FrameIndex,
        *,
        n: int = ROWS,
        age: float = 40.0,
        jobs: bool = True,
        labels: Iterable[tuple[str, int, object]] = (),
    ) -> Manifest:
        """Let decisions into a frame's log, with labels beside them, and seal it when its grace is over."""
        grid = self.grid(model_id)
        start, end = grid.bounds(frame)
        self.seed += 1
        made = sample(self.seed, start, n=n, age=age, jobs=jobs, model=self.model)
        self.samples[frame] = made
        schema = LogSchema.of(SPEC)
        if not jobs:
            schema = LogSchema({"age": "numeric", "sex": "category"})
        log = DecisionLog(self.log, schema, grid, model_id=model_id, version=VERSION)
        futures = [log.accept(decision) for decision in made.decisions]
        log.close()
        assert all(future.result(5).frame == frame for future in futures)
        folder = log_folder(self.log, model_id, VERSION)
        if given := list(labels):
            append_labels(folder, given, now=end)
        self.until(end // 1_000_000 + GRACE)
        return LogSealer(self.log, grid, model_id, VERSION).seal(frame, now=grid.due_at(frame))

    def until(self, moment_s: int) -> None:
        """Let chain time pass up to a moment."""
        if moment_s > self.chain.now:
            self.chain.warp(moment_s - self.chain.now)

    def pass_deadline(self, model_id: ModelId, frame: FrameIndex, *, but_s: int = -1) -> None:
        """Let chain time pass up to `but_s` before the end of a frame's deadline."""
        self.until(self.grid(model_id).bounds(frame)[1] // 1_000_000 + DEADLINE - but_s)

    def anchor(self, manifest: Manifest) -> Digest:
        """Anchor a manifest as the steward; return its word."""
        call = self.chain.contracts["DecisionLog"].functions.anchor(
            manifest.model_id,
            manifest.version,
            manifest.frame,
            manifest_digest(manifest),
            manifest.merkle_root,
            manifest.rows,
        )
        self.chain.send(call, self.chain.steward)
        return anchor_word(manifest)

    def sealed(self, model_id: ModelId, **options: object) -> FrameIndex:
        """Let the next frame pass, seal and anchor it."""
        frame = self.current_frame(model_id)
        self.anchor(self.seal(model_id, frame, **options))  # type: ignore[arg-type]
        return frame

    # Monitors

    def settings(self, name: str, **changes: object) -> Settings:
        own = self.root / name
        own.mkdir(exist_ok=True)
        deployments = self.root / "deployments"
        if not deployments.exists():
            self.chain.write_record(deployments)
        return Settings(
            chain=ChainSettings(http_url=self.chain.anvil.http_url, timeout_s=5, receipt_timeout_s=10),
            deployments=deployments,
            store_url=f"sqlite:///{own / 'monitor.db'}",
            evidence_urls=[str(own / "evidence")],
            evidence_read_urls=[str(self.steward_store)],
            log_folder=self.log,
            tally_folder=own / "tallies",
            **changes,  # type: ignore[arg-type]
        )


@dataclass
class Monitor:
    """A worker with what tests ask of it."""

    worker: Worker
    settings: Settings
    tribune: Tribune

    async def look(self) -> None:
        await self.worker.look()

    @property
    def why(self) -> list[str]:
        return list(self.worker.faults.words.values())

    def signed(self, model_id: ModelId, frame: int) -> SignedReport | None:
        with self.worker.store.session(readonly=True) as session:
            return session.exec(
                select(SignedReport).where(
                    SignedReport.monitor == self.worker.monitor,
                    SignedReport.model_id == model_id,
                    SignedReport.frame == frame,
                )
            ).first()

    @property
    def open(self) -> int:
        """How many of its reports have still to reach the hub."""
        with self.worker.store.session(readonly=True) as session:
            return len(reports_in(session, self.worker.monitor, ReportState.SIGNED, ReportState.PUBLISHED))

    def row(self, model_id: ModelId, frame: int) -> SignedReport:
        """Return what this monitor signed for a frame."""
        found = self.signed(model_id, frame)
        assert found is not None, self.why
        return found

    def requests(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """Return a list that grows by the name of each request to the node from now on."""
        rpc: Any = self.tribune.chain.rpc
        asked: list[str] = []
        request, batch = rpc.request, rpc.batch

        async def one(method: str, *args: Any, **options: Any) -> Any:
            asked.append(method)
            return await request(method, *args, **options)

        async def many(calls: Sequence[Any], **options: Any) -> Any:
            asked.append("batch")
            found: list[Any] = await batch(calls, **options)
            return found

        monkeypatch.setattr(rpc, "request", one)
        monkeypatch.setattr(rpc, "batch", many)
        return asked

    async def sent(self) -> int:
        """Return how many transactions this monitor has sent."""
        return await self.tribune.chain.nonce(self.worker.monitor)

    async def frame(self, model_id: ModelId, frame: int) -> FrameRecord:
        """Return what the hub knows of a frame."""
        record = await self.tribune.policy_book.policy_for(model_id, FrameIndex(frame))
        assert record is not None
        return await self.tribune.report_hub.frame(model_id, VERSION, FrameIndex(frame), record.digest)


@asynccontextmanager
async def monitors(
    world: MonitorWorld,
    *places: int,
    models: Sequence[int] = (),
    timeout_s: float = 5.0,
    patience: float = 0.0,
    stagger_s: float = 0.0,
    shared: bool = False,
    own: str = "",
    replay: ReplaySettings | None = None,
) -> AsyncIterator[list[Monitor]]:
    """Yield workers of the panel's members at these places, with 1, 2 and 4 threads.

    Args:
        world: theirs.
        places: in the panel.
        models: that they watch.
        timeout_s: of the node.
        patience: with 0 each sends its own signature at once, so that one look is a report.
        stagger_s: one turn.
        shared: whether they read each other's evidence stores.
        own: makes their stores others than those of a monitor in the same place.
        replay: what they can run decisions again with.
    """
    async with AsyncExitStack() as stack:
        made = []
        for place in places:
            settings = world.settings(f"monitor-{place}{own}")
            chain = settings.chain.model_copy(update={"timeout_s": timeout_s})
            settings = settings.model_copy(update={"chain": chain})
            tribune = await stack.enter_async_context(await Tribune.connect(settings))
            key = world.chain.monitors[place]
            store = stack.enter_context(open_store(settings.store_url))
            sender = Sender(tribune.chain, key, receipt_timeout_s=10)
            stores = [*settings.evidence_urls, *settings.evidence_read_urls]
            peers = [str(world.root / f"monitor-{n}" / "evidence") for n in range(3)] if shared else []
            engine = KeptTallies(DuckDBEngine(2**place), settings.tally_folder)
            measurer = Measurer(tribune, sender.address, engine, SealedLog(world.log), stores, replay)
            worker = Worker(
                tribune=tribune,
                account=key,
                sender=sender,
                store=store,
                measurer=measurer,
                evidence=settings.evidence_urls,
                readable=[*settings.evidence_read_urls, *peers],
                models=[ModelId(number) for number in models],
                retry_s=0.0,
                patience=patience,
                stagger_s=stagger_s,
            )
            stack.push_async_callback(worker.close)
            made.append(Monitor(worker, settings, tribune))
        yield made


def sharing(
    world: MonitorWorld, *places: int, stagger_s: float = 0.05, own: str = ""
) -> AbstractAsyncContextManager[list[Monitor]]:
    """As `monitors`, who read each other's evidence stores and wait for each other as in earnest."""
    return monitors(world, *places, patience=0.5, stagger_s=stagger_s, shared=True, own=own)


async def looks(panel: Sequence[Monitor], *, times: int = 12) -> None:
    """Let monitors look side by side until nothing of theirs waits any more, at most so many times."""
    for _ in range(times):
        await asyncio.gather(*(monitor.look() for monitor in panel))
        if not any(monitor.open for monitor in panel):
            return
        await asyncio.sleep(0.05)


def policy_input(panel: Sequence[Address], k: int = 2) -> PolicyInput:
    """Return the policy of these tests."""
    return PolicyInput(STEP, STEP, GRACE, DEADLINE, SUSPENSION, k, tuple(panel), POLICY.rules)


def panel_of(chain: TestChain) -> list[Address]:
    """Return the three monitors."""
    return [Address(account.address) for account in chain.monitors]
