"""`KillSwitch`: cases, halts, the guardian."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tribune.chain.cases import CaseCall
from tribune.chain.enums import CaseKind, State
from tribune.chain.switch_events import (
    GuardianRearmed,
    GuardianSuspended,
    HaltChanged,
    HubChanged,
    StateChanged,
)
from tribune.exceptions import RevertedError
from tribune.ids import CaseId
from unit.chain.place import GUARDIAN, MODEL, V1, Place, active, address, digest


async def test_switch__parameters__as_deployed(place: Place) -> None:
    deployed = place.tribune.deployment.parameters
    assert (await place.tribune.kill_switch.parameters()).open_window_s == deployed["switch"]["open_window_s"]
    assert await place.tribune.kill_switch.vote_span_s() == deployed["vote_span_s"]


async def test_case__unknown__custom_error(place: Place) -> None:
    with pytest.raises(RevertedError) as caught:
        await place.tribune.kill_switch.case(CaseId(99))
    assert caught.value.ids["error"] == "CaseUnknown"


async def test_set_parameters__as_they_are_with_one_changed__read_back(place: Place) -> None:
    switch = place.tribune.kill_switch
    given = replace(await switch.parameters(), guardian_models=7, halt_budget_s=11)
    await place.as_executive(switch.set_parameters(given))
    assert await switch.parameters() == given


async def test_guardian_suspend__guardian__suspended_by_a_case(place: Place) -> None:
    switch = place.tribune.kill_switch
    await active(place)
    assert not await switch.guardian_used(MODEL)
    receipt = await place.send(switch.guardian_suspend(MODEL, digest(8)), GUARDIAN)
    events = switch.events(receipt.logs)
    (acted,) = [e for e in events if isinstance(e, GuardianSuspended)]
    assert (acted.model_id, acted.case_id, acted.evidence) == (MODEL, 1, digest(8))
    assert [e.current for e in events if isinstance(e, StateChanged)] == [State.SUSPENDED]
    case = await switch.case(CaseId(1))
    assert (case.kind, case.evidence) == (CaseKind.GUARDIAN, digest(8))
    assert await switch.call_of(CaseId(1)) == CaseCall(MODEL, V1, 0, CaseKind.GUARDIAN)
    assert await switch.guardian_used(MODEL)


async def test_guardian_suspend__stranger__custom_error(place: Place) -> None:
    await active(place)
    with pytest.raises(RevertedError) as caught:
        await place.send(place.tribune.kill_switch.guardian_suspend(MODEL, digest(8)))
    assert caught.value.ids["error"] == "AccessManagedUnauthorized"


async def test_rearm__executive__guardian_may_act_again(place: Place) -> None:
    switch = place.tribune.kill_switch
    await active(place)
    await place.send(switch.guardian_suspend(MODEL, digest(8)), GUARDIAN)
    await place.send(switch.guardian_halt(), GUARDIAN)
    receipt = await place.as_executive(switch.rearm([MODEL]))
    (rearmed,) = switch.events(receipt.logs)
    assert isinstance(rearmed, GuardianRearmed)
    assert rearmed.model_ids == (MODEL,)
    assert not await switch.guardian_used(MODEL)
    assert not await switch.halt_used()


async def test_guardian_halt__guardian__nothing_runs_until_its_end(place: Place) -> None:
    switch = place.tribune.kill_switch
    await active(place)
    assert await switch.operational_since(MODEL) is not None
    receipt = await place.send(switch.guardian_halt(), GUARDIAN)
    (changed,) = switch.events(receipt.logs)
    assert isinstance(changed, HaltChanged)
    seconds = (await switch.parameters()).halt_budget_s
    ends = await place.tribune.chain.block_time(receipt.block_number) + timedelta(seconds=seconds)
    assert (changed.previous, changed.current) == (None, ends)
    status = await switch.status(MODEL)
    assert (status.state, status.halted, status.halted_until) == (State.ACTIVE, True, ends)
    assert not status.is_operational
    assert await switch.operational_since(MODEL) is None
    assert await switch.halt_used()
    await place.warp(seconds)
    status = await switch.status(MODEL)
    assert (status.halted, status.halted_until, status.is_operational) == (False, None, True)
    assert await switch.operational_since(MODEL) == ends


async def test_halt__executive__ended_by_naming_no_end(place: Place) -> None:
    switch = place.tribune.kill_switch
    await active(place)
    ends = await place.tribune.chain.block_time() + timedelta(days=2)
    await place.as_executive(switch.halt(ends))
    assert (await switch.status(MODEL)).halted_until == ends
    await place.as_executive(switch.halt(None))
    assert (await switch.status(MODEL)).is_operational


async def test_status__halted_beyond_all_calendars__no_end_is_known(place: Place) -> None:
    switch = place.tribune.kill_switch
    await active(place)
    call = switch.abi.call(switch.address, "halt", [2**48 - 1], "halt for good")
    (changed,) = switch.events((await place.as_executive(call)).logs)
    assert isinstance(changed, HaltChanged)
    status = await switch.status(MODEL)
    assert (status.halted, status.halted_until, changed.current) == (True, None, None)


async def test_set_hub__executive__event_names_both(place: Place) -> None:
    switch = place.tribune.kill_switch
    receipt = await place.as_executive(switch.set_hub(address(9)))
    (changed,) = switch.events(receipt.logs)
    assert isinstance(changed, HubChanged)
    assert (changed.previous, changed.current) == (place.tribune.report_hub.address, address(9))
