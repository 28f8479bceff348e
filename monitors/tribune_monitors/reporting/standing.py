"""Whether this process may act for its key: at most one at a time does, or it stands down and says why.

Two processes on one store see each other by a lease in it. Two on stores of their own cannot, so before a
frame is signed the chain and the evidence stores are asked whether our key signed it already: what we do not
have in our store, another process signed, or this one before its store was lost. No second report is signed.
"""

from __future__ import annotations

import os
import platform
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tribune.chain import Tribune
from tribune.exceptions import TribuneError
from tribune.ids import Address
from tribune.reports.attestation import attestation_name
from tribune.reports.signing import HubDomain
from tribune.store.leases import database_time, lease_of, release, take_lease
from tribune.store.session import Session, Store
from tribune.store.tables import Lease
from tribune_monitors.reporting.attestations import Attestations
from tribune_monitors.watching.due import DueReport

LEASE = timedelta(seconds=60)
"""By the database's clock: so long after a machine died, another one takes its work over."""


class StandDownError(TribuneError):
    """Another process acts for this key."""


class Standing:
    """The right to act for a key.

    Args:
        tribune: the contracts.
        monitor: the key's address.
        store: holds the lease.
        attestations: the evidence stores.
        own: those of them that this monitor writes to.
        domain: chain and hub.
    """

    def __init__(
        self,
        tribune: Tribune,
        monitor: Address,
        store: Store,
        attestations: Attestations,
        own: Sequence[str],
        domain: HubDomain,
    ) -> None:
        self._hub = tribune.report_hub
        self._monitor = monitor
        self._store = store
        self._attestations = attestations
        self._own = own
        self._domain = domain
        self._name = f"monitor/{monitor.lower()}"
        self._holder = f"{this_machine()}/{uuid.uuid4()}"
        self._renew_from: datetime | None = None

    async def require(self) -> None:
        """Take or renew the lease.

        Raises:
            StandDownError: another process has it.
            StoreError: the store does not answer.
        """
        now = datetime.now(UTC)
        if self._renew_from is not None and self._renew_from - LEASE / 3 <= now < self._renew_from:
            return
        self._renew_from = None
        lease = await self._store.run(_take, self._name, self._holder)
        if lease.holder != self._holder:
            raise StandDownError(
                f"Another process acts for {self._monitor}: {lease.pid} on {lease.host}, until "
                f"{lease.until:%H:%M:%S} UTC unless it goes on. This one stands down.",
                mend="Stop one of the two, or give each its own key.",
                monitor=self._monitor,
            )
        self._renew_from = now + LEASE / 3

    async def require_unsigned(self, due: DueReport) -> None:
        """Make sure that our key signed no report of a frame that is not in our store.

        Raises:
            StandDownError: it did.
            EvidenceUnreachableError, ChainError: we could not look; the frame waits.
        """
        report = (due.model_id, due.version, due.frame, due.policy.digest)
        known = await self._hub.frame(*report)
        where = "on the chain" if due.index in known.reported else ""
        if not where:
            name = attestation_name(self._domain, *report, self._monitor)
            found = await self._attestations.find([name], need=self._own)
            where = "in an evidence store" if found else ""
        if where:
            raise StandDownError(
                f"Frame {due.frame} of model {due.model_id} is signed by our key already, {where}, and our "
                "store does not know of it. Another process has the same key, or our store is an old copy. "
                "No second report of the frame is signed.",
                mend="Stop the other process, or give it its own key. After a restore, later frames go on.",
                model_id=due.model_id,
                frame=due.frame,
            )

    async def release(self) -> None:
        """Give the lease up, so that a successor need not wait for its end."""
        self._renew_from = None
        await self._store.run(release, self._name, self._holder)


def _take(session: Session, name: str, holder: str) -> Lease:
    """Return the lease in force: ours, unless another process has it that may still run."""
    now = database_time(session)
    taken = take_lease(session, name, holder, now, LEASE)
    held = taken or lease_of(session, name)
    if held is None:
        raise AssertionError("a lease that cannot be taken is somebody's")
    if taken is None and _is_dead(held):
        release(session, name, held.holder)
        return take_lease(session, name, holder, now, LEASE) or held
    return held


def _is_dead(lease: Lease) -> bool:
    """Whether a holder surely runs no more: its process was on this machine, under this kernel's numbers."""
    if lease.host != platform.node() or not this_machine() or lease.holder.split("/")[0] != this_machine():
        return False
    try:
        os.kill(lease.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False


def this_machine() -> str:
    """Name this boot of this machine and the space of its process numbers; empty where nothing tells them."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot}:{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""
