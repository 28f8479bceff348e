"""`MonitorRegistry`: admitted monitors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from tribune.chain.contract import Contract, Located
from tribune.chain.types import ContractCall, Log
from tribune.ids import Address


@dataclass(frozen=True, slots=True)
class Monitor:
    """A monitor and its metadata."""

    account: Address
    admitted: bool
    name: str
    uri: str


@dataclass(frozen=True, slots=True)
class MonitorAdmitted(Located):
    """Governance admitted a monitor."""

    account: Address
    name: str
    uri: str


@dataclass(frozen=True, slots=True)
class MonitorDismissed(Located):
    """Governance dismissed a monitor."""

    account: Address


def _monitor_admitted(log: Log, **raw: Any) -> MonitorAdmitted:
    return MonitorAdmitted(log=log, account=raw["account"], name=raw["name"], uri=raw["uri"])


def _monitor_dismissed(log: Log, **raw: Any) -> MonitorDismissed:
    return MonitorDismissed(log=log, account=raw["account"])


class MonitorRegistry(Contract):
    """Reads and calls of `MonitorRegistry`."""

    NAME: ClassVar[str] = "MonitorRegistry"
    EVENTS: ClassVar = {"MonitorAdmitted": _monitor_admitted, "MonitorDismissed": _monitor_dismissed}

    async def is_admitted(self, account: Address) -> bool:
        """Return whether a monitor is admitted."""
        return bool(await self._read("isAdmitted", account))

    async def monitor(self, account: Address) -> Monitor:
        """Return what governance said of an account; nothing for one that never was a monitor."""
        return Monitor(account=account, **await self._read("monitorOf", account))

    def admit(self, account: Address, name: str, uri: str) -> ContractCall:
        """Admit a monitor; for the executive."""
        return self._call(f"admit the monitor {name}", "admit", account, name, uri)

    def dismiss(self, account: Address) -> ContractCall:
        """Dismiss a monitor; for the executive."""
        return self._call(f"dismiss the monitor {account}", "dismiss", account)
