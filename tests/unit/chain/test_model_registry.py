"""`ModelRegistry`: models, versions, agents, statements."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tribune.chain.enums import Oversight, State
from tribune.chain.model_registry import (
    ActivationDistanceChanged,
    Agent,
    AgentChanged,
    ModelRegistered,
    StatementAttested,
    StatementWithdrawn,
    VersionActivated,
    VersionDetails,
    VersionRegistered,
)
from tribune.exceptions import RevertedError
from tribune.ids import Address, VersionNumber
from tribune.reports.statements import Statement, sign_statement
from unit.chain.place import MODEL, STEWARD, V1, Place, account, active, address, digest


async def test_register__model_and_version__events_and_reads_agree(place: Place) -> None:
    registry = place.tribune.model_registry
    receipt = await place.send(registry.register_model("acs"), STEWARD)
    (registered,) = [e for e in registry.events(receipt.logs) if isinstance(e, ModelRegistered)]
    assert (registered.model_id, registered.steward, registered.name) == (MODEL, address(STEWARD), "acs")
    details = VersionDetails(digest(1), digest(2), digest(3), "uri", digest(4), digest(5))
    receipt = await place.send(registry.register_version(MODEL, details), STEWARD)
    (version,) = registry.events(receipt.logs)
    assert isinstance(version, VersionRegistered)
    assert version.details == details
    read = await registry.version(MODEL, V1)
    assert read.details == details
    assert read.registered_at == await place.tribune.chain.block_time(receipt.block_number)
    assert await registry.name(MODEL) == "acs"
    assert (await registry.model_count(), await registry.version_count(MODEL)) == (1, 1)
    assert await registry.evaluation_set(MODEL, V1) == digest(3)
    assert (await place.tribune.kill_switch.status(MODEL)).state is State.INACTIVE


async def test_register_version__stranger__custom_error_by_name(place: Place) -> None:
    registry = place.tribune.model_registry
    await place.send(registry.register_model("acs"), STEWARD)
    with pytest.raises(RevertedError) as caught:
        await place.send(
            registry.register_version(MODEL, VersionDetails(digest(1), digest(2), digest(3), ""))
        )
    assert caught.value.ids["error"] == "ModelNotSteward"
    assert address(0) in str(caught.value)


async def test_activate__evaluated_version__model_is_operational(place: Place) -> None:
    tribune = place.tribune
    await active(place)
    status = await tribune.kill_switch.status(MODEL)
    assert (status.state, status.version, status.oversight) == (State.ACTIVE, V1, Oversight.HEALTHY)
    assert status.is_operational
    assert await tribune.kill_switch.is_operational(MODEL)
    assert await tribune.kill_switch.is_operational(MODEL, V1)
    assert not await tribune.kill_switch.is_operational(MODEL, VersionNumber(2))
    head = await tribune.chain.head()
    assert (status.block_number, status.block_time) == (head.number, head.time)
    logs = await tribune.chain.logs([tribune.model_registry.address], 0, head.number)
    (activated,) = [e for e in tribune.model_registry.events(logs) if isinstance(e, VersionActivated)]
    assert (activated.version, activated.previous) == (V1, 0)


AUDITOR = 9


async def test_set_agent__named_and_taken_back__reads_and_events_agree(place: Place) -> None:
    registry = place.tribune.model_registry
    await place.send(registry.register_model("acs"), STEWARD)
    agent = Agent(8453, address(5), 77)
    receipt = await place.send(registry.set_agent(MODEL, agent), STEWARD)
    (changed,) = registry.events(receipt.logs)
    assert isinstance(changed, AgentChanged)
    assert (changed.previous, changed.current) == (None, agent)
    assert await registry.agent(MODEL) == agent
    await place.send(registry.set_agent(MODEL, None), STEWARD)
    assert await registry.agent(MODEL) is None


async def test_attest__signed_by_the_auditor__stands_until_withdrawn(place: Place) -> None:
    registry = place.tribune.model_registry
    await active(place)
    now = await place.tribune.chain.block_time()
    said = Statement(address(AUDITOR), MODEL, V1, digest(1), digest(44), "ipfs://x", now)
    signature = sign_statement(account(AUDITOR), 31337, registry.address, said)
    receipt = await place.send(registry.attest(said, signature))
    (attested,) = registry.events(receipt.logs)
    assert isinstance(attested, StatementAttested)
    assert attested.statement == said
    key = (MODEL, V1, said.auditor, said.document)
    assert await registry.attested_at(*key) == await place.tribune.chain.block_time(receipt.block_number)
    receipt = await place.send(registry.withdraw_statement(MODEL, V1, said.document), AUDITOR)
    (withdrawn,) = registry.events(receipt.logs)
    assert isinstance(withdrawn, StatementWithdrawn)
    assert (withdrawn.auditor, withdrawn.document) == (said.auditor, said.document)
    assert await registry.attested_at(*key) is None


async def test_attest__another_s_signature__is_refused(place: Place) -> None:
    registry = place.tribune.model_registry
    await active(place)
    now = await place.tribune.chain.block_time()
    said = Statement(address(AUDITOR), MODEL, V1, digest(1), digest(44), "", now)
    signature = sign_statement(account(STEWARD), 31337, registry.address, said)
    with pytest.raises(RevertedError) as caught:
        await place.send(registry.attest(said, signature))
    assert caught.value.ids["error"] == "StatementSignatureInvalid"


async def test_set_activation_distance__executive__reads_back(place: Place) -> None:
    registry = place.tribune.model_registry
    before = await registry.activation_distance_s()
    receipt = await place.as_executive(registry.set_activation_distance(3600))
    (changed,) = registry.events(receipt.logs)
    assert isinstance(changed, ActivationDistanceChanged)
    assert (changed.previous, changed.current) == (before, 3600)
    assert await registry.activation_distance_s() == 3600


async def test_steward_and_version_at__before_and_after__says_who_and_which(place: Place) -> None:
    registry = place.tribune.model_registry
    nobody = (Address("0x" + "00" * 20), 0)
    now = await place.tribune.chain.block_time()
    assert await registry.steward_and_version_at(MODEL, now) == nobody
    assert await registry.active_since(MODEL) is None
    await active(place)
    since = await registry.active_since(MODEL)
    assert since is not None
    assert await registry.steward_and_version_at(MODEL, since) == (address(STEWARD), V1)
    before = since - timedelta(seconds=1)
    assert await registry.steward_and_version_at(MODEL, before) == (address(STEWARD), 0)
