"""What every contract wrapper shares: reads, calls to send, events. Imports no web3 by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from tribune.chain.client import BlockTag, Chain
from tribune.chain.codec import Abi, load_abi
from tribune.chain.types import ContractCall, Event, Log
from tribune.ids import Address

Decoder = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Located:
    """Base of the wrappers' event dataclasses: where on the chain it happened."""

    log: Log


class Contract:
    """A deployed contract of a known interface.

    Args:
        chain: where to read.
        address: where the contract is.
    """

    NAME: ClassVar[str]
    """Its name in `deployments/<chainId>.json` and of its committed ABI."""
    EVENTS: ClassVar[Mapping[str, Decoder]] = {}
    """Event name → what makes its dataclass of the log and the event's arguments."""

    def __init__(self, chain: Chain, address: Address) -> None:
        self.chain = chain
        self.address = address

    @property
    def abi(self) -> Abi:
        """The committed interface."""
        return load_abi(self.NAME)

    async def _read(self, function: str, *arguments: Any, block: BlockTag = "latest") -> Any:
        call = self.abi.call(self.address, function, arguments, f"read {self.NAME}.{function}")
        return self.abi.decode(function, await self.chain.call(call, block=block))

    async def _read_many(self, *reads: tuple[str, tuple[Any, ...]], block: BlockTag = "latest") -> list[Any]:
        """Return several answers, read in one request."""
        calls = [self.abi.call(self.address, name, args, f"read {self.NAME}.{name}") for name, args in reads]
        answers = await self.chain.call_many(calls, block=block)
        return [self.abi.decode(name, answer) for (name, _), answer in zip(reads, answers, strict=True)]

    def _call(self, description: str, function: str, *arguments: Any) -> ContractCall:
        return self.abi.call(self.address, function, arguments, description)

    def topic(self, event: str) -> bytes:
        """Return the topic of one of its events, for log filters."""
        return self.abi.topic(event)

    def event(self, log: Log) -> Any:
        """Return a log as its dataclass, as `Event` where it has none, None if it is not this contract's."""
        if log.address != self.address:
            return None
        event = self.abi.decode_event(log)
        return None if event is None else self._typed(event)

    def events(self, logs: Iterable[Log]) -> list[Any]:
        """Return this contract's events among logs, such as a receipt's, in their order."""
        found = (self.event(log) for log in logs)
        return [event for event in found if event is not None]

    def _typed(self, event: Event) -> Any:
        make = self.EVENTS.get(event.name)
        return make(log=event.log, **event.args) if make is not None else event
