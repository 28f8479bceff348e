"""What monitors show of themselves, on a real chain, and that alarms go by what is really shown."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import Iterable

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from integration.monitor_world import DEADLINE, VERSION, MonitorWorld, monitors
from support.processes import environment, free_port, variables
from tribune.decisions.anchor import log_folder
from tribune.exceptions import StoreError
from tribune.ids import ModelId
from tribune.settings import KeySource, Settings, TelemetrySettings
from tribune.store.states import PeerVerdict
from tribune.store.tables import PeerCheck
from tribune.telemetry import Telemetry
from tribune.telemetry.alerts import alerts
from tribune.telemetry.catalogue import METRICS
from tribune.telemetry.watch import read_once, watched
from tribune_monitors.vitals import MonitorVitals, signs_of

ONE = ModelId(1)
OF_OTHERS = {"tribune_index_block", "tribune_frames_unsealed"} | {
    name for name in METRICS if name.startswith("tribune_gate_")
}


async def _told(monitor, telemetry: Telemetry | None = None) -> Telemetry:  # type: ignore[no-untyped-def]
    """Return what is read of a monitor, each sign once."""
    telemetry = telemetry or Telemetry()
    for part, reader in signs_of(monitor.worker).items():
        fault = await read_once(telemetry, part, reader)
        assert fault is None, fault
    return telemetry


async def test_signs__after_a_reported_frame__say_which_and_how_late(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0, models=[1]) as (monitor,):
        await monitor.look()
        told = await _told(monitor)
        block = await monitor.tribune.chain.block(monitor.row(ONE, frame).block_number)
        end_s = world.grid(ONE).bounds(frame)[1] // 1_000_000
        me = monitor.worker.monitor
        assert told.value("tribune_frame_last", monitor=me, model=1) == frame
        assert told.value("tribune_report_lag_seconds", model=1) == block.timestamp - end_s
        assert told.value("tribune_reports", model=1, state="counted") == 2  # frame 0 too
        balance = int(world.chain.rpc("eth_getBalance", me, "latest"), 16)
        assert told.value("tribune_balance_coins", role="monitor") == balance / 10**18
        assert told.value("tribune_model_stale", model=1) == 0


async def test_signs__quorum_with_our_result__agreement_whole(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0, 1, models=[1]) as panel:
        for monitor in panel:
            await monitor.look()
        assert (await _told(panel[0])).value("tribune_agreement_ratio", model=1) is None  # deadline to come
        world.pass_deadline(ONE, frame)
        told = await _told(panel[0])
        assert told.value("tribune_agreement_ratio", model=1) == 1
        assert told.value("tribune_frames_missed", model=1) == 0


async def test_signs__nobody_else_reported__no_agreement_and_the_chain_says_late(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    async with monitors(world, 0, models=[1]) as (monitor,):
        await monitor.look()
        world.pass_deadline(ONE, frame)
        told = await _told(monitor)
        assert told.value("tribune_agreement_ratio", model=1) == 0
        assert told.value("tribune_model_stale", model=1) == 1
        assert told.value("tribune_frames_missed", model=1) == 0


async def test_signs__frame_not_reported_in_time__missed_once(world: MonitorWorld) -> None:
    frame = world.sealed(ONE)
    log_folder(world.log, ONE, 1).rename(world.log / "away")  # type: ignore[arg-type]
    async with monitors(world, 0, models=[1]) as (monitor,):
        await monitor.look()
        telemetry, vitals = Telemetry(), MonitorVitals(monitor.worker)
        await vitals.read_work(telemetry)
        assert telemetry.value("tribune_faults", model=1) == 1
        world.pass_deadline(ONE, frame)
        for _ in range(2):
            await vitals.read_models(telemetry)
        assert telemetry.value("tribune_frames_missed", model=1) == 1
        assert telemetry.value("tribune_agreement_ratio", model=1) == 0


async def test_signs__frame_without_anchor__not_missed(world: MonitorWorld) -> None:
    frame = world.current_frame(ONE)
    async with monitors(world, 0, models=[1]) as (monitor,):
        world.pass_deadline(ONE, frame)
        told = await _told(monitor)
        assert told.value("tribune_frames_missed", model=1) == 0


async def test_signs__peer_without_data__counted_for_its_model(world: MonitorWorld) -> None:
    async with monitors(world, 0, models=[1]) as (monitor,):
        worker = monitor.worker
        row = PeerCheck(
            monitor=worker.monitor, model_id=1, version=1, frame=1, peer="0x1", verdict=PeerVerdict.DIFFERS
        )
        await worker.store.run(lambda session: session.add(row))
        told = await _told(monitor)
        assert told.value("tribune_peer_witness_differs_total", model=1) == 1


async def test_signs__same_key_twice__the_second_says_that_it_stands_down(world: MonitorWorld) -> None:
    async with monitors(world, 0) as (first,), monitors(world, 0) as (second,):
        await first.look()
        await second.look()
        assert (await _told(first)).value("tribune_monitor_standing_down") == 0
        assert (await _told(second)).value("tribune_monitor_standing_down") == 1


async def test_signs__clock_ten_minutes_fast__skew_of_about_that(world: MonitorWorld) -> None:
    from tribune.sync.vitals import ChainVitals

    async with monitors(world, 0) as (monitor,):
        now = [float(world.chain.now)]
        telemetry, reader = Telemetry(), ChainVitals(monitor.tribune.chain, lambda: now[0] + 600)
        await reader(telemetry)
        world.chain.warp(5)
        now[0] = float(world.chain.now) + 2
        await reader(telemetry)
        skew = telemetry.value("tribune_clock_skew_seconds")
        assert skew is not None
        assert 590 <= skew <= 610


async def test_watched__store_fails__late_and_counted_and_the_rest_goes_on(world: MonitorWorld) -> None:
    async def broken(_: Telemetry) -> None:
        raise StoreError("disk full")

    telemetry = Telemetry()
    port = free_port()
    async with (
        monitors(world, 0) as (monitor,),
        watched(
            telemetry,
            TelemetrySettings(port=port, every_s=0.05),
            {**signs_of(monitor.worker), "store": broken},
        ),
    ):
        async with asyncio.timeout(20):
            while telemetry.value("tribune_store_errors_total") in (None, 0, 1):  # noqa: ASYNC110 - as a scraper sees it
                await asyncio.sleep(0.05)
        assert "store" not in telemetry.health.last
        assert "chain" in telemetry.health.last


def _sampled(text: str) -> set[str]:
    """Return the names of the metrics that have a value."""
    return {sample.name for family in text_string_to_metric_families(text) for sample in family.samples}


async def test_monitor_run__scraped__every_alarm_goes_by_what_it_shows(world: MonitorWorld) -> None:
    reported = world.sealed(ONE)
    port = free_port()
    given = {
        **variables(world.settings("monitor-0")),
        "TRIBUNE_MONITOR__MODELS": "[1]",
        "TRIBUNE_TELEMETRY__PORT": str(port),
        "TRIBUNE_TELEMETRY__EVERY_S": "0.2",
        "TRIBUNE_KEYS__MONITOR__ENV": "MY_KEY",
        "MY_KEY": world.chain.monitors[0].key.hex(),
    }
    wanted = {name for alert in alerts(Settings()) for name in re.findall(r"tribune_[a-z_]+", alert.when)}
    with subprocess.Popen(  # noqa: ASYNC220 - returns at once
        [sys.executable, "-m", "tribune.cli", "monitor", "run"],
        cwd=world.root, env=environment(**given), stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            world.pass_deadline(ONE, reported, but_s=DEADLINE // 4)  # it sends alone from half of it on
            await _until_shown(port, {"tribune_frame_last"})
            world.pass_deadline(ONE, reported)
            text = await _until_shown(port, wanted - OF_OTHERS)
            async with httpx.AsyncClient() as client:
                health = await client.get(f"http://127.0.0.1:{port}/health")
        finally:
            process.send_signal(signal.SIGTERM)
            said = process.communicate(timeout=30)[1]
    assert process.returncode == 0, said
    assert health.status_code == 200, health.text
    assert {"chain", "store", "models", "settle", "news", "model/1"} <= health.json()["parts"].keys()
    assert f'tribune_frame_last{{model="1",monitor="{_address(world)}"}} {float(reported)}' in text
    assert given["MY_KEY"] not in said + text


async def test_log_seal__scraped__shows_what_is_not_sealed_and_the_loggers_coin(
    world: MonitorWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tribune.gate.sealing.logger import run

    monkeypatch.setenv("MY_KEY", world.chain.steward.key.hex())
    port, stop = free_port(), asyncio.Event()
    settings = world.settings(
        "logger",
        telemetry=TelemetrySettings(port=port, every_s=0.1),
        keys={"logger": KeySource(env="MY_KEY")},
    )
    sealing = asyncio.create_task(run(settings, ONE, VERSION, stop))
    text = await _until_shown(port, {"tribune_frames_unsealed", "tribune_balance_coins"}, 20)
    assert 'tribune_frames_unsealed{model="1",version="1"} ' in text
    assert 'tribune_balance_coins{role="logger"} ' in text
    stop.set()
    await asyncio.wait_for(sealing, 10)


def _address(world: MonitorWorld) -> str:
    return str(world.chain.monitors[0].address)


async def _until_shown(port: int, names: Iterable[str], timeout_s: float = 60) -> str:
    """Scrape until all of these metrics have a value; return the last page."""
    shown: set[str] = set()
    async with httpx.AsyncClient() as client:
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    try:
                        text = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
                    except httpx.TransportError:
                        text = ""
                    shown = _sampled(text)
                    if set(names) <= shown:
                        return text
                    await asyncio.sleep(0.2)
        except TimeoutError:
            raise AssertionError(f"never shown: {sorted(set(names) - shown)}") from None
