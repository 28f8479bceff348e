"""The run itself: set up, a healthy frame, the incident, the halt, the vote, the way back.

Every figure that is said was read from chain, store or HTTP a moment before.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from examples.acs_employment.demo import governance, local_chain, proving, voters, wallets
from examples.acs_employment.demo.processes import Process
from examples.acs_employment.demo.stage import CHAIN_ID, Stage, free_port
from examples.acs_employment.demo.steward import FIRST, MODEL, SECOND, Steward, prepare
from examples.acs_employment.demo.story import Story
from examples.acs_employment.demo.watcher import Watcher
from examples.acs_employment.incident import Incident
from examples.acs_employment.prober import Prober
from examples.acs_employment.rows import load_spec, stream
from examples.acs_employment.terms import load_terms
from examples.acs_employment.traffic import Pace, Traffic
from support.discord.client import Control
from tribune.chain import Chain, Tribune
from tribune.chain.enums import State
from tribune.chain.report_hub import ReportJudged
from tribune.chain.switch_events import StateChanged
from tribune.decisions.grid import MICROSECONDS, FrameGrid
from tribune.exceptions import TribuneError
from tribune.gate.sealing.grids import grid_for
from tribune.ids import CaseId, Digest, FrameIndex, VersionNumber
from tribune.metrics.policies.terms import FrameTerms

NO_FRAME, NO_CASE = FrameIndex(0), CaseId(0)
NEARLY_US = 1_500_000
"""How late into a frame the first answer may come for the frame to be told as the healthy one."""
MONITORS_READY_S = 60
REPORTING_S = 5
"""How long a monitor that is ready may take to measure, sign and send."""


@dataclass
class Run:
    """One run of the demo, and what it saw.

    Args:
        stage: what it stands on.
        story: what it says.
        incident: what is injected.
    """

    stage: Stage
    story: Story
    incident: Incident
    terms: FrameTerms = field(default_factory=load_terms)
    healthy_frame: FrameIndex = NO_FRAME
    first_state: State = State.INACTIVE
    durations_s: dict[str, float] = field(default_factory=dict)
    ballots: list[voters.Mined] = field(default_factory=list)
    breach_case: CaseId = NO_CASE
    refusal: dict[str, Any] = field(default_factory=dict)
    linked: tuple[str, str] | None = None

    tribune: Tribune = field(init=False)
    watcher: Watcher = field(init=False)
    steward: Steward = field(init=False)
    stranger: proving.Stranger = field(init=False)
    traffic: Traffic = field(init=False)
    prober: Prober = field(init=False)
    second_prober: Prober = field(init=False)
    pages: httpx.AsyncClient = field(init=False)
    grid: FrameGrid = field(init=False)
    electorate: voters.Electorate = field(init=False)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    _preparing: Process = field(init=False)
    _served_since_s: float = field(init=False)
    _tasks: list[asyncio.Task[Any]] = field(default_factory=list)

    async def play(self, stack: AsyncExitStack) -> None:
        """Play the whole; clients stay open on `stack`."""
        await self._set_up(stack)
        await self._serve(stack)
        await self._healthy()
        if self.incident is Incident.NONE:
            await self._quiet_end()
            await self.stranger.check()
            return
        suspended = await self.watcher.until_state(State.SUSPENDED, limit_s=90)
        # Holders vote while the halt is told: a machine that is slow to tell it must not miss the vote.
        told = asyncio.Event()
        voting = self._background(self._cast(suspended, told))
        await self._halt(suspended)
        told.set()
        self._background(self.stranger.check())
        # The steward prepares the mended version meanwhile: it changes no state by itself.
        mending = self._background(self._mend())
        await self._vote(voting)
        await self._come_back(stack, await mending)

    # Setting up

    async def _set_up(self, stack: AsyncExitStack) -> None:
        stage, story = self.stage, self.story
        preparing = prepare(stage, FIRST)
        stage.start_discord()
        holders = [{"address": h.account.address, "tokens": h.tokens} for h in stage.actors.holders]
        async with await Chain.connect(stage.settings().chain) as chain:
            await stage.local.fund(chain, stage.actors)
        deploying = local_chain.deploy(stage, holders)
        await self.stage.processes.finish(deploying, 120)
        await self._connect(stack)
        checked = "Keys with admin rights: none" in deploying.log.read_text()
        contracts = len(self.tribune.deployment.addresses)
        rights = "none (checked)" if checked else "NOT CHECKED"
        story.say(f"Local chain up, {contracts} contracts deployed. Keys with admin rights: {rights}.")
        story.step("deployed", block=self.tribune.deployment.block)
        for name in self.first_monitors:
            stage.start_monitor(name)
        await governance.delegate(self.tribune, stage.actors)
        await self.steward.register_model()
        executed = await governance.set_policy(self.tribune, stage.local, stage.actors, MODEL, self.terms)
        await stage.local.go_live(self.tribune.chain)
        self.grid = await grid_for(self.tribune, MODEL)
        story.step("policy set by vote", block=executed.block_number, transaction=executed.tx_hash)
        await self.steward.register(FIRST, preparing)

    async def _connect(self, stack: AsyncExitStack) -> None:
        settings = self.stage.settings()
        self.tribune = await stack.enter_async_context(await Tribune.connect(settings))
        own = await stack.enter_async_context(await Tribune.connect(settings))
        self.watcher = Watcher(own, MODEL, self.stage.processes.check)
        self._background(self.watcher.run())
        self.steward = Steward(self.stage, self.story, self.tribune, self.watcher)
        self.stranger = proving.Stranger(self.stage, self.story)
        self.pages = await stack.enter_async_context(httpx.AsyncClient(base_url=self.stage.site, timeout=10))

    def _background(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        self._tasks.append(task := asyncio.create_task(work))
        return task

    @property
    def first_monitors(self) -> list[str]:
        """The k monitors whose start comes first: a small machine is spared until they have evaluated."""
        return list(self.stage.actors.monitors)[: self.terms.k]

    # Serving

    async def _serve(self, stack: AsyncExitStack) -> None:
        stage = self.stage
        port = free_port()
        await asyncio.to_thread(proving.certify_receipts, stage, self.tribune, MODEL)
        serving = stage.start_server(self.steward.prepared(FIRST)["card"], MODEL, FIRST, port)
        await self.steward.activate(FIRST)
        stage.start_logger(MODEL, FIRST)
        await stage.processes.until(serving, of="server-v1")
        self.prober = self._probe(port)
        await self._ask(stack, port, skip=0)
        answered = await self.prober.wait_for(200, timeout_s=60)
        self._served_since_s = answered.monotonic_s
        status = await self.tribune.kill_switch.status(MODEL)
        self.first_state = status.state
        self.healthy_frame = self._whole_frame(answered.wall_us)
        self.story.say(f"v{FIRST} serves behind its gate; the chain says {status.state}.")
        self.story.step("serving")
        await self._start_the_rest(stack)

    async def _start_the_rest(self, stack: AsyncExitStack) -> None:
        """Start what is not needed before the first frame ends."""
        stage = self.stage
        for name in stage.actors.monitors:
            if name not in self.first_monitors:
                stage.start_monitor(name)
        control = None
        if not stage.real_discord:
            ports = stage.discord_folder / "ports.json"
            await stage.processes.until(ports, of="discord")
            control_port = json.loads(ports.read_text())["control_port"]
            control = await stack.enter_async_context(Control(control_port))
        self.electorate = voters.Electorate(self.pages, stage.actors.holders, control, stage.processes.check)
        stage.start_pages()
        if stage.wallets:
            chain = stage.local.anvil.http_url
            offered = wallets.offered(stage.pages, stage.wallets_port, stage.actors.holders, chain, CHAIN_ID)
            await stack.enter_async_context(offered)
        stage.start_bot()
        if self.incident is not Incident.NONE:
            self._preparing = prepare(stage, SECOND)

    def _whole_frame(self, moment_us: int) -> FrameIndex:
        """Return the frame that people can ask in from its beginning, or nearly."""
        frame = FrameIndex((moment_us - self.grid.epoch) // self.grid.step + 1)
        begun_us = moment_us - self.grid.bounds(frame)[0]
        return frame if begun_us < NEARLY_US else FrameIndex(frame + 1)

    def _probe(self, port: int) -> Prober:
        prober = Prober("127.0.0.1", port)
        self._background(prober.run(self.stop))
        return prober

    async def _ask(self, stack: AsyncExitStack, port: int, *, skip: int) -> None:
        """Let people ask the server on this port from now on, after the first `skip` of them."""
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}"))
        rows = stream(load_spec())
        for _ in range(skip):
            next(rows)
        pace = Pace(frame_s=float(self.terms.length_s))
        log = self.stage.folder / "log"
        self.traffic = Traffic(client, rows, log_root=log, model_id=MODEL, pace=pace, grid=self.grid)
        self._background(self.traffic.run(self.stop))

    # A healthy frame

    async def _healthy(self) -> None:
        frame = self.healthy_frame = await self._frame_of_all(self.healthy_frame)
        end_us = self.grid.bounds(frame)[1]
        await self.stranger.ask(MODEL, FIRST)
        if self.incident is not Incident.NONE:
            self.traffic.switch(self.incident, at_us=end_us)
        await asyncio.sleep(max(0.0, end_us / MICROSECONDS - time.time()))
        if self.incident is not Incident.NONE:
            self.story.say(f"INCIDENT, injected by this demo: {self.incident.words}.")
        judged = await self._until_reported(FIRST, frame)
        signed = await self.watcher.until_attested(FIRST, frame, len(self.stage.actors.monitors), limit_s=60)
        results = {event.report for event in signed}
        rows = self.manifest(FIRST, frame)["rows"]
        outcome = "All rules kept" if not judged.hits else f"Rules broken: {sorted(judged.hits)}"
        self.story.say(
            f"Frame {frame}, {rows:,} decisions: {len(signed)} monitors, {len(results)} result "
            f"({judged.digest.hex()[:4]}…{judged.digest.hex()[-2:]}). {outcome}."
        )
        self.story.step("healthy frame", block=judged.log.block_number, transaction=judged.log.tx_hash)

    async def _frame_of_all(self, frame: FrameIndex) -> FrameIndex:
        """Return the first frame from `frame` on that every monitor can report on before its deadline."""
        limit = time.monotonic() + MONITORS_READY_S
        while True:
            end_s = self.grid.bounds(frame)[1] / MICROSECONDS
            while True:
                if self.stage.monitors_ready_s() < end_s + self.terms.deadline_s - REPORTING_S:
                    return frame
                if time.time() >= end_s:
                    break
                await asyncio.sleep(0.2)
            self.stage.processes.check()
            if time.monotonic() > limit:
                raise TimeoutError(f"Waited {MONITORS_READY_S} s for all monitors to be ready.")
            frame = FrameIndex(frame + 1)

    async def _until_reported(self, version: VersionNumber, frame: FrameIndex) -> ReportJudged:
        return await self.watcher.until_judged(version, frame, limit_s=90)

    def manifest(self, version: VersionNumber, frame: FrameIndex) -> dict[str, Any]:
        """Return the sealed manifest of a frame."""
        path = self.stage.folder / "log" / str(MODEL) / str(version) / "frames" / str(frame) / "manifest.json"
        found: dict[str, Any] = json.loads(path.read_text())
        return found

    async def _quiet_end(self) -> None:
        frame = FrameIndex(self.healthy_frame + 1)
        judged = await self._until_reported(FIRST, frame)
        status = await self.tribune.kill_switch.status(MODEL)
        self.story.say(
            f"Frame {frame}: {len(judged.hits)} rules broken. The chain says {status.state}, oversight "
            f"{status.oversight}. No case, no vote."
        )
        self.story.step("second frame", block=judged.log.block_number, transaction=judged.log.tx_hash)
        self.stop.set()

    # The halt

    async def _halt(self, suspended: StateChanged) -> None:
        change = await self.prober.wait_for(503, since_s=self._served_since_s, timeout_s=30)
        arrived = self.watcher.arrived[suspended.log.block_number]
        self.durations_s["report_to_refusal"] = change.monotonic_s - arrived
        self.breach_case = suspended.case_id
        case = await self.tribune.kill_switch.case(self.breach_case)
        evidence = await self._evidence(case.evidence)
        signed = await self.watcher.attested(FIRST, case.frame)
        why = await self._why(case.case_id)
        refused_ms = self.durations_s["report_to_refusal"] * 1000
        self.story.say(
            f"Frame {case.frame}: {why} {len(signed)} of {len(self.stage.actors.monitors)} monitors agree. "
            f"SUSPENDED until {suspended.until:%H:%M:%S} UTC at the latest; next request refused "
            f"{refused_ms:.0f} ms later."
        )
        self.story.step("suspended", block=suspended.log.block_number, transaction=suspended.log.tx_hash)
        self.refusal = await self._refusal_in_words()
        self.story.say(f"The gate says: {self.refusal['detail']}")
        if evidence is None:
            raise TribuneError("No store holds the evidence of the breach.", case_id=case.case_id)

    async def _evidence(self, value: Digest) -> dict[str, Any] | None:
        from tribune.ballots.documents import Documents

        return await Documents(self.stage.stores).find(value)

    async def _why(self, case_id: CaseId) -> str:
        """Return the case's own words, as the ballot page has them."""
        offer = (await self.pages.get(f"/api/ballots/{case_id}")).json()
        return str(offer["why"])

    async def _refusal_in_words(self) -> dict[str, Any]:
        """Ask the gate until its refusal can say why: evidence is read after the model was stopped."""
        deadline = time.monotonic() + 30
        while True:
            body = json.loads(self.traffic.last_refusal or b"{}")
            if body.get("state") == State.SUSPENDED and body.get("reason"):
                return dict(body)
            if time.monotonic() > deadline:
                raise TribuneError(f"The gate's refusal does not say why: {body}.")
            await asyncio.sleep(0.1)

    # The vote

    async def _cast(self, suspended: StateChanged, told: asyncio.Event) -> float:
        """Let holders vote on the pause; returns when the vote was seen to be open."""
        began = self.watcher.arrived[suspended.log.block_number]
        await self.electorate.until_open(suspended.case_id)
        opened = time.monotonic()
        self.durations_s["breach_to_vote"] = opened - began
        order = {"emil": voters.ABSTAIN, "dina": voters.AGAINST}
        order |= dict.fromkeys(("cleo", "ben", "ada"), voters.FOR)
        # The largest comes last: the ballot that reaches the super-quorum ends the vote.
        self.ballots = await self.electorate.vote(suspended.case_id, order, told)
        return opened

    async def _vote(self, voting: asyncio.Task[float]) -> None:
        opened = await voting
        paused = await self.watcher.until_state(State.PAUSED, limit_s=90)
        self.durations_s["vote_to_paused"] = time.monotonic() - opened
        tally = (await self.pages.get(f"/api/ballots/{self.breach_case}")).json()["tally"]
        share = int(tally["for"]) / int(tally["supply"])
        self.story.say(
            f"Discord: {len(self.ballots)} ballots, {share:.0%} of voting power for the pause. "
            "PAUSED until a vote says otherwise."
        )
        self.story.step("paused by vote", block=paused.log.block_number, transaction=paused.log.tx_hash)
        self.linked = await self.electorate.link_first()
        if self.linked is not None:
            name, wallet = self.linked
            self.story.say(
                f"{name} links {wallet[:6]}…{wallet[-4:]} to see her power in Discord; votes need no link."
            )

    # The way back

    async def _mend(self) -> datetime:
        """Prepare, register and activate the second version; returns when it takes force."""
        await self.steward.register(SECOND, self._preparing)
        return await self.steward.activate(SECOND)

    async def _come_back(self, stack: AsyncExitStack, since: datetime) -> None:
        stage = self.stage
        port = free_port()
        serving = stage.start_server(self.steward.prepared(SECOND)["card"], MODEL, SECOND, port)
        self.traffic.switch(Incident.NONE)
        self.stop.set()
        await asyncio.gather(*self._tasks[1:])
        self.stop = asyncio.Event()
        stage.processes.stop("server-v1")
        stage.processes.stop("logger-v1")
        await asyncio.sleep(max(0.0, since.timestamp() - time.time()))
        await self.steward.call_resume(self.steward.conclude(self.breach_case, self.incident))
        case_id = CaseId(await self.tribune.kill_switch.case_count())
        stage.start_logger(MODEL, SECOND)
        await self.electorate.until_open(case_id)
        order = {"ada": voters.FOR, "ben": voters.FOR, "dina": voters.FOR, "emil": voters.ABSTAIN}
        await self.electorate.vote(case_id, order)
        await stage.processes.until(serving, of="server-v2")
        prober = self.second_prober = self._probe(port)
        await self._ask(stack, port, skip=self.traffic.counts.used)
        paused = (await self.watcher.state_changes())[-1]
        resumed = await self.watcher.until_state(State.ACTIVE, after=paused.log.block_number, limit_s=90)
        answered = await prober.wait_for(200, timeout_s=30)
        arrived = self.watcher.arrived[resumed.log.block_number]
        tally = (await self.pages.get(f"/api/ballots/{case_id}")).json()["tally"]
        share = int(tally["for"]) / int(tally["supply"])
        self.story.say(
            f"Resume vote passed in its full period, {share:.0%} for. ACTIVE; v{SECOND} answers "
            f"{(answered.monotonic_s - arrived) * 1000:.0f} ms later."
        )
        self.story.step("resumed by vote", block=resumed.log.block_number, transaction=resumed.log.tx_hash)

    async def close(self) -> None:
        """Stop asking, and end what runs in the background."""
        self.stop.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def transitions(self) -> list[StateChanged]:
        """Return the model's changes of state, as the chain has them."""
        return await self.watcher.state_changes()
