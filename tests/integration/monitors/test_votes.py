"""Votes that nobody opens: the monitors do, so that the loop from breach to vote needs no bot."""

from __future__ import annotations

import asyncio

from integration.monitor_world import Monitor, MonitorWorld, monitors
from tribune.chain.cases import Case
from tribune.chain.enums import State
from tribune.ids import ModelId, ProposalId

ONE, TWO = ModelId(1), ModelId(2)
BREACHING = 10_000.0


async def breached(world: MonitorWorld, panel: list[Monitor]) -> Case:
    """Let monitors report a breach; return its case, which nobody has opened."""
    world.sealed(ONE, age=BREACHING)
    for monitor in panel:
        await monitor.look()
    switch = panel[0].tribune.kill_switch
    status = await switch.status(ONE)
    assert status.state is State.SUSPENDED
    return await switch.case(status.case_id)


def quarter(case: Case) -> int:
    """The second from which on it is late."""
    return int((case.opened_at + (case.open_until - case.opened_at) / 4).timestamp())


async def vote_of(monitor: Monitor, case: Case) -> ProposalId:
    return (await monitor.tribune.kill_switch.case(case.case_id)).vote


async def test_look__case_without_a_vote_and_no_bot__opened_after_a_quarter_of_its_window(
    world: MonitorWorld,
) -> None:
    async with monitors(world, 0, 1) as panel:
        case = await breached(world, panel)
        world.until(quarter(case) - 5)
        await panel[0].look()
        assert await vote_of(panel[0], case) == 0
        world.until(quarter(case))
        await panel[0].look()
        assert await vote_of(panel[0], case) != 0
        assert (await panel[0].tribune.pause_governor.proposal_id_of(case.case_id)) == await vote_of(
            panel[0], case
        )


async def test_look__opened_by_another__nothing_sent(world: MonitorWorld) -> None:
    async with monitors(world, 0, 1) as panel:
        case = await breached(world, panel)
        world.chain.send(world.chain.contracts["PauseGovernor"].functions.openCase(case.case_id))
        world.until(quarter(case) + 1)
        before = await panel[0].sent()
        await panel[0].look()
        assert await panel[0].sent() == before


async def test_open_votes__two_at_once__one_vote_and_no_fault(world: MonitorWorld) -> None:
    async with monitors(world, 0, 1) as panel:
        case = await breached(world, panel)
        world.until(quarter(case))
        await asyncio.gather(*(monitor.worker.open_votes() for monitor in panel))
        assert await vote_of(panel[0], case) != 0
        assert [monitor.why for monitor in panel] == [[], []]


async def test_look__window_over__not_tried(world: MonitorWorld) -> None:
    async with monitors(world, 0, 1) as panel:
        case = await breached(world, panel)
        world.until(int(case.open_until.timestamp()) + 1)
        before = await panel[0].sent()
        await panel[0].look()
        assert await panel[0].sent() == before
        assert await vote_of(panel[0], case) == 0


async def test_look__case_of_a_model_that_it_does_not_watch__left_to_others(world: MonitorWorld) -> None:
    async with monitors(world, 0, 1) as panel:
        case = await breached(world, panel)
    async with monitors(world, 0, models=[TWO]) as (monitor,):
        world.until(quarter(case))
        await monitor.look()
        assert await vote_of(monitor, case) == 0


async def test_look__opened_vote_reorganised_away__opened_again(world: MonitorWorld) -> None:
    async with monitors(world, 0, 1) as panel:
        case = await breached(world, panel)
        world.until(quarter(case))
        await panel[0].look()
        world.chain.rpc("evm_setAutomine", False)
        world.chain.rpc("anvil_reorg", 1, [])
        world.chain.rpc("anvil_dropAllTransactions")
        world.chain.rpc("evm_setAutomine", True)
        assert await vote_of(panel[0], case) == 0
        await panel[0].look()
        await panel[0].look()
        assert await vote_of(panel[0], case) != 0
