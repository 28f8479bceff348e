"""Policies that ask what a log is worth: who serves another model is caught, who cannot look is silent."""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from integration.monitor_world import VERSION, MonitorWorld, monitors, panel_of
from support.anvil import KEYS
from tribune.chain.enums import State
from tribune.chain.types import Block
from tribune.exceptions import ArtifactMismatchError, ConfigurationError
from tribune.ids import Cid, FrameIndex, ModelId
from tribune.metrics import Rule, Severity
from tribune.operations.doctor import CHECKS, examine
from tribune.operations.finding import Outcome, ok
from tribune.reports.evidence_store import read_evidence
from tribune.settings import KeySource
from tribune.settings.sections import MonitorSettings, ReplaySettings
from tribune_monitors.audit.sampling import drawn
from tribune_monitors.measurement.recheck import recheck

ONE = ModelId(1)
RULES = (
    Rule("replay.mismatch", ">", 20_000, Severity.TRIP),
    Rule("log.anchored_share", "<", 1_000_000, Severity.VOTE, m=2, w=2, na_budget=9),
    Rule("log.volume", "<", 10_000_000, Severity.WARN),
)
MISMATCH, PROVEN, VOLUME = range(3)
ARTIFACT = b"score = age / 100"
REPLAYER = """
import json, sys
assert open(sys.argv[1]).read() == "score = age / 100"
for line in sys.stdin:
    row = json.loads(line)
    score = row["features"]["age"] / 100
    print(json.dumps({"id": row["id"], "prediction": "1" if score > 0.5 else "0", "score": score}))
"""


def registered(features: Mapping[str, object]) -> float:
    return float(str(features["age"])) / 100


def another(features: Mapping[str, object]) -> float:
    return float(str(features["age"])) / 90


@pytest.fixture
def audited(world: MonitorWorld) -> Iterator[tuple[MonitorWorld, ModelId, ReplaySettings]]:
    """A model in force whose policy asks for an audit, its artifact, and a replayer for it."""
    artifacts = world.root / "artifacts"
    artifacts.mkdir()
    (artifacts / "model.txt").write_bytes(ARTIFACT)
    (world.root / "replayer.py").write_text(REPLAYER)
    world.model = registered
    model_id = world.register(panel_of(world.chain), rules=RULES, artifact=hashlib.sha256(ARTIFACT).digest())
    command = [sys.executable, "-I", str(world.root / "replayer.py")]
    replay = ReplaySettings(commands={model_id: command}, artifacts=artifacts)
    deep(world)
    asyncio.run(evaluate(world, model_id, replay))
    world.activate(model_id)
    world.warp_to_force()
    yield world, model_id, replay
    world.model = None


def deep(world: MonitorWorld) -> None:
    """Let what was anchored lie as deep as is taken for final."""
    world.chain.rpc("anvil_mine", hex(13))


async def evaluate(world: MonitorWorld, model_id: ModelId, replay: ReplaySettings) -> None:
    async with monitors(world, 0, 1, models=[model_id], replay=replay) as panel:
        for monitor in panel:
            await monitor.look()
        assert [monitor.why for monitor in panel] == [[], []]


Audited = tuple[MonitorWorld, ModelId, ReplaySettings]


async def test_look__honest_operator__equal_digests_and_nothing_differs(audited: Audited) -> None:
    world, model_id, replay = audited
    frame = world.sealed(model_id)
    deep(world)
    async with monitors(world, 0, 1, 2, models=[model_id], replay=replay) as panel:
        await asyncio.gather(*(monitor.look() for monitor in panel))
        rows = [monitor.row(model_id, frame) for monitor in panel]
        assert len({row.digest for row in rows}) == 1
        assert rows[0].report_values[MISMATCH] == 0
        assert rows[0].report_values[VOLUME] == 200_000_000
        document = read_evidence(panel[0].settings.evidence_urls[0], Cid(rows[0].cid))
        chain, log = panel[0].tribune.chain, panel[0].tribune.decision_log
        newest = (await chain.head()).number
        (anchored,) = await log.anchorings(model_id, VERSION, [frame], 0, newest)
        block = await chain.block(anchored.log.block_number + 1)
    assert document["audit"]["replay"] == {
        "block": block.number,
        "hash": block.hash,
        "sampled": 200,
        "proven": 200,
        "replayed": 200,
        "mismatched": [0],
        "missing": [],
    }
    assert document["audit"]["leaves"]["proven"] == document["audit"]["leaves"]["rows"] == 200


async def test_look__operator_serves_another_model__caught_and_suspended(audited: Audited) -> None:
    world, model_id, replay = audited
    world.model = another
    frame = world.sealed(model_id, n=500)
    deep(world)
    async with monitors(world, 0, 1, models=[model_id], replay=replay) as panel:
        for monitor in panel:
            await monitor.look()
        status = await panel[0].tribune.kill_switch.status(model_id)
        row = panel[0].row(model_id, frame)
        document = read_evidence(panel[0].settings.evidence_urls[0], Cid(row.cid))
    assert status.state is State.SUSPENDED
    assert row.report_values[MISMATCH] == 1_000_000
    seed = bytes.fromhex(document["audit"]["replay"]["hash"][2:])
    assert document["audit"]["replay"]["mismatched"] == [200, *drawn(seed, 500, 200)]


async def test_look__seed_not_deep_enough_or_of_another_chain__waits_and_then_reports(
    audited: Audited, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, model_id, replay = audited
    frame = world.sealed(model_id)
    async with monitors(world, 0, models=[model_id], replay=replay) as (monitor,):
        await monitor.look()
        assert monitor.signed(model_id, frame) is None
        assert ["not 12 blocks deep yet" in why for why in monitor.why] == [True]
        deep(world)
        chain = monitor.tribune.chain
        true = chain.agreed_block

        async def of_another_chain(number: int) -> Block:
            return replace(await true(number), parent_hash="0x" + "5" * 64)

        with monkeypatch.context() as patch:
            patch.setattr(chain, "agreed_block", of_another_chain)
            await monitor.look()
        assert monitor.signed(model_id, frame) is None
        assert "does not follow the block that anchored it" in monitor.why[0]
        await monitor.look()
        assert monitor.signed(model_id, frame) is not None
        assert monitor.why == []


async def test_look__second_frame__the_first_was_audited_too(audited: Audited) -> None:
    """Two of two frames for the rule on proven rows: without the first there would be no value."""
    world, model_id, replay = audited
    frames = []
    for _ in range(2):
        frames.append(world.sealed(model_id))
        deep(world)
    async with monitors(world, 0, models=[model_id], replay=replay) as (monitor,):
        await monitor.look()
        assert monitor.row(model_id, frames[1]).report_values[PROVEN] == 1_000_000


async def test_look__monitor_without_a_replayer__reports_the_others_and_says_why(audited: Audited) -> None:
    world, model_id, _ = audited
    frame, other = world.sealed(model_id), world.sealed(ONE)
    deep(world)
    async with monitors(world, 0, models=[ONE, model_id]) as (monitor,):
        await monitor.look()
        assert monitor.signed(model_id, frame) is None
        assert monitor.signed(ONE, other) is not None
        (why,) = monitor.why
    assert "has no replayer for it" in why
    assert f"monitor.replay.commands.{model_id}" in why


async def test_look__artifact_is_not_the_registered_one__reports_nothing(audited: Audited) -> None:
    world, model_id, replay = audited
    frame = world.sealed(model_id)
    deep(world)
    (replay.artifacts / "model.txt").write_bytes(b"score = age / 90")
    async with monitors(world, 0, models=[model_id], replay=replay) as (monitor,):
        await monitor.look()
        assert monitor.signed(model_id, frame) is None
        assert "is the registered artifact 0x" in monitor.why[0]


async def test_recheck__anyone_with_the_artifact__recomputes_it(audited: Audited) -> None:
    world, model_id, replay = audited
    frame = world.sealed(model_id)
    deep(world)
    async with monitors(world, 0, models=[model_id], replay=replay) as (monitor,):
        await monitor.look()
        settings, name = monitor.settings, Cid(monitor.row(model_id, frame).cid)
    with pytest.raises(ConfigurationError, match="no replayer"):
        await recheck(settings, name)
    artifact = replay.artifacts / "model.txt"
    able = settings.model_copy(update={"monitor": MonitorSettings(replay=replay)})
    assert (await recheck(able, name)).words.startswith("The same to the last byte")
    artifact.unlink()
    with pytest.raises(ArtifactMismatchError):
        await recheck(able, name)


async def test_doctor__monitor_without_and_with_a_replayer__says_how_to_mend(
    audited: Audited, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, model_id, replay = audited
    monkeypatch.setenv("MY_KEY", KEYS[7])
    settings = world.settings("monitor-0", keys={"monitor": KeySource(env="MY_KEY")})
    check = {"replay": CHECKS["replay"]}
    (line,) = await examine(settings, None, made=check)
    assert line.finding.outcome is Outcome.NOT_OK
    assert f"monitor.replay.commands.{model_id}" in line.finding.mend
    able = settings.model_copy(update={"monitor": MonitorSettings(replay=replay)})
    (line,) = await examine(able, None, made=check)
    assert line.finding == ok(f"monitor: can run decisions of model {model_id} again")
    (replay.artifacts / "model.txt").write_bytes(b"another")
    (line,) = await examine(able, None, made=check)
    assert "is the registered artifact" in line.finding.says


async def test_look__evaluation_set_of_another_model__does_not_pass(audited: Audited) -> None:
    world, model_id, replay = audited
    world.model = another
    version = world.register_version(model_id, hashlib.sha256(ARTIFACT).digest())
    deep(world)
    async with monitors(world, 0, 1, models=[model_id], replay=replay) as panel:
        for monitor in panel:
            await monitor.look()
        assert monitor.why == []
        assert not await panel[0].tribune.report_hub.evaluation_passed(model_id, version)
        assert (await panel[0].frame(model_id, FrameIndex(0))).judged


async def test_look__only_the_log_is_asked_about__no_seed_and_no_replayer_needed(world: MonitorWorld) -> None:
    model_id = world.register(panel_of(world.chain), k=2, rules=RULES[PROVEN:])
    async with monitors(world, 0, models=[model_id]) as (monitor,):
        await monitor.look()
        assert monitor.why == []
        row = monitor.row(model_id, 0)
        document = read_evidence(monitor.settings.evidence_urls[0], Cid(row.cid))
    assert set(document["audit"]) == {"leaves"}
    assert row.report_values == [1_000_000, 600_000_000]
