"""What a gate reads of the chain."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tribune.chain.enums import CaseKind
from tribune.chain.gate_client import GateClient, GateNews
from tribune.chain.model_registry import VersionDetails
from tribune.exceptions import ChainUnreachableError
from tribune.gate.watching.onchain import GateClient as WatcherClient
from tribune.ids import CaseId, FrameIndex, ModelId, VersionNumber
from tribune.reports.signing import Report
from unit.chain.place import (
    GUARDIAN,
    MODEL,
    RULE,
    STEWARD,
    Place,
    active,
    attest,
    breach,
    digest,
    silence,
)


async def test_gate_client__suspended__status_and_case_with_metric(place: Place) -> None:
    await breach(place)
    client: WatcherClient = GateClient(place.tribune)
    head = await client.head()
    (status,) = await client.statuses([MODEL], head)
    known = await place.tribune.kill_switch.status(MODEL)
    assert known.until is not None
    assert (str(status.state), status.until) == ("Suspended", int(known.until.timestamp()))
    assert status.restless
    case = await client.model_case(CaseId(status.case_id))
    assert (case.metric, str(case.kind), case.value) == (RULE.metric, "Breach", 50_000)
    record = await place.tribune.policy_book.policy_for(MODEL, FrameIndex(1))
    assert record is not None
    assert case.monitors == len(record.policy.panel)


async def test_statuses__several_models__are_all_of_one_block(place: Place) -> None:
    await active(place)
    client = GateClient(place.tribune)
    head = await client.head()
    await place.send(place.tribune.kill_switch.guardian_suspend(MODEL, digest(8)), GUARDIAN)
    before = await client.statuses([MODEL, ModelId(99)], head)
    assert [(str(one.state), one.version, one.restless) for one in before] == [
        ("Active", 1, False),
        ("Inactive", 0, False),
    ]
    now = await client.statuses([MODEL], await client.head())
    assert [str(one.state) for one in now] == ["Suspended"]


async def test_statuses__version_takes_force_later__is_restless(place: Place) -> None:
    await active(place)
    registry = place.tribune.model_registry
    details = VersionDetails(digest(1), digest(2), digest(3), "uri")
    await place.send(registry.register_version(MODEL, details), STEWARD)
    terms = await place.tribune.policy_book.terms(MODEL, FrameIndex(0))
    report = Report(MODEL, VersionNumber(2), FrameIndex(0), terms.digest, digest(3), digest(9), (10_000,))
    await place.send(place.tribune.report_hub.submit(report, attest(place, report)))
    await place.warp(10)  # into a frame: the version takes force at its end
    await place.send(registry.activate(MODEL, VersionNumber(2)), STEWARD)
    client = GateClient(place.tribune)
    (waiting,) = await client.statuses([MODEL], await client.head())
    assert (waiting.version, waiting.restless) == (1, True)
    await place.warp(100)
    (turned,) = await client.statuses([MODEL], await client.head())
    assert (turned.version, turned.restless) == (2, False)


async def test_statuses__block_that_is_gone__is_no_answer(place: Place) -> None:
    client = GateClient(place.tribune)
    head = replace(await client.head(), hash="0x" + "11" * 32)
    with pytest.raises(ChainUnreachableError):
        await client.statuses([MODEL], head)


async def test_news__between_two_blocks__names_the_models_of_events(place: Place) -> None:
    await active(place)
    client = GateClient(place.tribune)
    before = await client.head()
    await place.send(place.tribune.kill_switch.guardian_suspend(MODEL, digest(8)), GUARDIAN)
    assert await client.news(before, await client.head()) == GateNews(frozenset({MODEL}), 0)


async def test_news__what_anybody_may_cause__names_no_model(place: Place) -> None:
    client = GateClient(place.tribune)
    before = await client.head()
    await place.send(place.tribune.model_registry.register_model("mine"), STEWARD)
    news = await client.news(before, await client.head())
    assert news is not None
    assert not news.models


async def test_news__global_halt__gives_its_end(place: Place) -> None:
    client = GateClient(place.tribune)
    before = await client.head()
    await place.send(place.tribune.kill_switch.guardian_halt(), GUARDIAN)
    end = await place.tribune.kill_switch.halted_until()
    assert end is not None
    assert await client.news(before, await client.head()) == GateNews(frozenset(), int(end.timestamp()))


async def test_news__of_another_branch__is_none(place: Place) -> None:
    await active(place)
    client = GateClient(place.tribune)
    old = replace(await client.head(), hash="0x" + "11" * 32)
    await place.warp(1)
    assert await client.news(old, await client.head()) is None


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
