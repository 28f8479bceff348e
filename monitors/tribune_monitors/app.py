"""A monitor as a process: connects, proves its engine, and looks for due work until it is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from tribune.chain import Tribune
from tribune.exceptions import ConfigurationError
from tribune.ids import Address, ModelId
from tribune.keys import load_account
from tribune.log import get_logger
from tribune.reports.evidence_store import write_everywhere
from tribune.settings import Settings
from tribune.store.session import Store
from tribune.store.upgrade import upgrade
from tribune.sync.sender import Sender
from tribune.telemetry import Telemetry
from tribune.telemetry.watch import watched
from tribune_monitors.desk import Desk
from tribune_monitors.engines import open_engine
from tribune_monitors.engines.conformance import assert_conformant
from tribune_monitors.engines.kept import KeptTallies
from tribune_monitors.measurement.measuring import Measurer
from tribune_monitors.sources.readings import Readings
from tribune_monitors.sources.sealed import SealedLog
from tribune_monitors.vitals import signs_of
from tribune_monitors.worker import Worker


async def run(settings: Settings, stop: asyncio.Event, *, once: bool = False) -> None:
    """Run a monitor until `stop` is set, or do all that is due now and end.

    Args:
        settings: of the monitor.
        stop: ends it.
        once: look once at everything instead of working on a schedule.

    Raises:
        ConfigurationError: no key, no deployment, an evidence store or tally folder that cannot be written,
            or an engine that does not count as it must.
        ChainUnreachableError: the node does not answer at the start.
        WrongChainError: the node is another chain's.
        StoreError: the store cannot be opened.
    """
    async with open_worker(settings) as worker:
        get_logger(__name__).info("monitor ready", monitor=worker.monitor)
        if once:
            await worker.look()
            await worker.look()  # what the first look sent is settled by the second
        else:
            telemetry = Telemetry()
            async with watched(telemetry, settings.telemetry, signs_of(worker)):
                await Desk(worker, settings.frames_poll_s, telemetry).run(stop)


@asynccontextmanager
async def open_worker(settings: Settings) -> AsyncIterator[Worker]:
    """Yield a worker as the settings say, its engine proven; its right to act for the key ends with it."""
    account = load_account(settings, "monitor")
    await asyncio.to_thread(upgrade, settings.store_url)
    await asyncio.to_thread(_check_writable, settings.evidence_urls)
    async with await Tribune.connect(settings) as tribune:
        sender = Sender.of(tribune.chain, account, settings.chain)
        measurer = await open_measurer(settings, tribune, sender.address)
        with Store(settings.store_url) as store:
            worker = Worker(
                tribune=tribune,
                account=account,
                sender=sender,
                store=store,
                measurer=measurer,
                evidence=settings.evidence_urls,
                readable=settings.evidence_read_urls,
                models=[ModelId(number) for number in settings.monitor.models],
                patience=settings.monitor.patience,
                stagger_s=settings.monitor.stagger_s,
            )
            try:
                yield worker
            finally:
                await worker.close()


async def open_measurer(settings: Settings, tribune: Tribune, monitor: Address) -> Measurer:
    """Return what measures, its engine proven.

    Raises:
        ConfigurationError: the engine does not count as it must, or tallies cannot be kept.
    """
    counting, readings = settings.monitor, Readings()
    engine = open_engine(counting.engine, counting.threads, master=counting.spark_master)
    await asyncio.to_thread(assert_conformant, engine)
    kept = KeptTallies(engine, settings.tally_folder, readings)
    log = SealedLog(settings.log_folder, readings)
    return Measurer(tribune, monitor, kept, log, settings.evidence_stores, counting.replay)


def _check_writable(stores: Sequence[str]) -> None:
    """Write a small document into the evidence stores: better to fail now than with the first report.

    One that takes it is enough: what the others miss is owed to them.
    """
    if not stores:
        raise ConfigurationError(
            "There is no evidence store, so nobody could check what this monitor says.",
            mend="Name one in TRIBUNE_EVIDENCE_URLS.",
        )
    copies = write_everywhere(stores, {"schema": "tribune/writable/1"})
    why = {place: type(fault.__cause__ or fault).__name__ for place, fault in copies.failed.items()}
    for place, name in why.items():
        said = f"Evidence store {place + 1} of {len(stores)} cannot be written ({name})"
        if not copies.written:
            raise ConfigurationError(
                f"{said}, and no other can.",
                mend="Check TRIBUNE_EVIDENCE_URLS: each is a folder we may write to, or a store's address.",
            )
        get_logger(__name__).warning(said)
