"""`TribuneTimelock`: operations that wait, and who may do what with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from tribune.chain.contract import Contract, Located
from tribune.chain.enums import OperationState
from tribune.chain.types import Log, utc
from tribune.ids import Address, Digest

_DONE_TIMESTAMP = 1  # OpenZeppelin marks a done operation by it


@dataclass(frozen=True, slots=True)
class CallExecuted(Located):
    """A call of an operation was made."""

    operation: Digest
    index: int
    target: Address
    value: int
    data: bytes


def _call_executed(log: Log, **raw: Any) -> CallExecuted:
    return CallExecuted(
        log=log,
        operation=Digest(raw["id"]),
        index=raw["index"],
        target=raw["target"],
        value=raw["value"],
        data=raw["data"],
    )


class Timelock(Contract):
    """Reads of `TribuneTimelock`; its operations are made by the governor."""

    NAME: ClassVar[str] = "TribuneTimelock"
    EVENTS: ClassVar = {"CallExecuted": _call_executed}

    async def min_delay_s(self) -> int:
        """Return the least seconds that an operation waits."""
        return int(await self._read("getMinDelay"))

    async def operation_state(self, operation: Digest) -> OperationState:
        """Return where an operation stands."""
        return OperationState.of(await self._read("getOperationState", operation))

    async def ready_at(self, operation: Digest) -> datetime | None:
        """Return when a waiting operation can be carried out; None if it is unknown or done."""
        seconds = int(await self._read("getTimestamp", operation))
        return utc(seconds) if seconds > _DONE_TIMESTAMP else None

    async def has_role(self, role: str, account: Address) -> bool:
        """Return whether an account holds a role: PROPOSER, CANCELLER, EXECUTOR or DEFAULT_ADMIN."""
        return bool(await self._read("hasRole", await self._read(f"{role}_ROLE"), account))
