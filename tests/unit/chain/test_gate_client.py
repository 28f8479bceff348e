"""What a gate reads of the chain."""

from __future__ import annotations

import asyncio

from tribune.chain.enums import CaseKind
from tribune.chain.gate_client import GateClient
from tribune.gate.watcher import GateClient as WatcherClient
from tribune.ids import CaseId, FrameIndex, VersionNumber
from unit.chain.place import GUARDIAN, MODEL, RULE, Place, active, breach, digest, silence


async def test_gate_client__suspended__status_and_case_with_metric(place: Place) -> None:
    await breach(place)
    client: WatcherClient = GateClient(place.tribune)
    status = await client.model_status(MODEL)
    assert str(status.state) == "Suspended"
    case = await client.model_case(CaseId(status.case_id))
    assert (case.metric, str(case.kind), case.value) == (RULE.metric, "Breach", 50_000)
    record = await place.tribune.policy_book.policy_for(MODEL, FrameIndex(1))
    assert record is not None
    assert case.monitors == len(record.policy.panel)


async def test_gate_client__trip__log_reaches_the_subscriber(place: Place) -> None:
    client = GateClient(place.tribune)

    async def first() -> bytes:
        async for log in client.subscribe_logs([place.tribune.kill_switch.address]):
            return log.topics[0]
        return b""

    waiting = asyncio.create_task(first())
    await asyncio.sleep(0.3)
    await breach(place)
    topics = {place.tribune.kill_switch.topic(name) for name in ("StateChanged", "CaseOpened")}
    assert await asyncio.wait_for(waiting, 10) in topics


async def test_gate_client__guardian_s_case__names_no_metric(place: Place) -> None:
    await active(place)
    await place.send(place.tribune.kill_switch.guardian_suspend(MODEL, digest(8)), GUARDIAN)
    case = await GateClient(place.tribune).model_case(CaseId(1))
    assert (case.kind, case.metric, case.evidence) == (CaseKind.GUARDIAN, "", digest(8))


async def test_gate_client__stale_case__names_no_metric(place: Place) -> None:
    frame = await silence(place)
    await place.send(place.tribune.report_hub.poke_stale(MODEL, frame))
    case = await GateClient(place.tribune).model_case(CaseId(1))
    assert (case.kind, case.metric, case.monitors) == (CaseKind.STALE, "", 0)


async def test_gate_client__registered_version__its_artifact(place: Place) -> None:
    await active(place)
    version = await place.tribune.model_registry.version(MODEL, VersionNumber(1))
    found = await GateClient(place.tribune).artifact_of(MODEL, VersionNumber(1))
    assert found == version.details.artifact
    assert any(found)
