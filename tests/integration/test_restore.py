"""After an old backup is restored, a monitor signs nothing that its key signed before, and goes on."""

from __future__ import annotations

from integration.monitor_world import MonitorWorld, monitors
from tribune.ids import ModelId
from tribune.operations.backup import make_backup, restore_backup
from tribune.settings import load_settings

ONE = ModelId(1)


async def test_restore__backup_older_than_a_report__no_second_one_and_later_frames_go_on(
    world: MonitorWorld,
) -> None:
    settings = world.settings("monitor-0")
    file = world.root / "tribune.toml"
    file.write_text(f'store_url = "{settings.store_url}"\ndeployments = "{settings.deployments}"\n')
    archive, _ = make_backup(load_settings(file), file)

    first = world.sealed(ONE)
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        signature = monitor.row(ONE, first).signature
        assert (await monitor.frame(ONE, first)).reported == {0}

    restore_backup(archive, file, force=True)
    async with monitors(world, 0) as (monitor,):
        await monitor.look()
        assert monitor.signed(ONE, first) is None
        assert any("is signed by our key already" in why for why in monitor.why)
        assert (await monitor.frame(ONE, first)).reported == {0}
        second = world.sealed(ONE)
        await monitor.look()
        assert monitor.row(ONE, second).signature != signature
        assert (await monitor.frame(ONE, second)).reported == {0}
