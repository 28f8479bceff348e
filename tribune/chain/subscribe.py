"""Follow heads and logs: websocket where there is one, polling where not or while it is down.

A websocket is one connection for one subscription, opened by web3's persistent provider. When it breaks,
polling goes on from the last block seen and the websocket is tried again; nothing is missed or told
twice. A websocket that says nothing for long is compared with what the nodes answer, and one that is
behind them is not believed. When polling finds no node either, the iterator raises
`ChainUnreachableError`: the caller must know that it is blind. Reorgs are told as new heads; who keeps
state from logs checks parent hashes.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from tribune.chain.client import log_filter
from tribune.chain.rpc import show_url
from tribune.chain.types import Block, Log
from tribune.exceptions import WrongChainError
from tribune.ids import Address
from tribune.log import get_logger
from tribune.waiting import heed_cancellation

if TYPE_CHECKING:
    from tribune.chain.client import Chain, Topics

Item = TypeVar("Item")

WS_RETRY_S = 2.0
"""How long polling serves before a broken websocket is tried again."""
WS_PING_S = 5.0
WS_SILENCE_S = 10.0
"""A websocket that says nothing for so long is checked: blocks may come that it does not tell."""
SEEN_LOGS = 4_096
"""Logs remembered against telling one twice; more than a block of ours can hold."""


async def heads(chain: Chain) -> AsyncIterator[Block]:
    """As `Chain.subscribe_heads`."""
    last: str | None = None
    while True:
        if chain.ws_url:
            try:
                async with _messages(chain, chain.ws_url, ["newHeads"], Block.from_rpc) as messages:
                    head = await chain.head()
                    if head.hash != last:
                        last = head.hash
                        yield head
                    async for pushed in messages:
                        if pushed is not None and await chain.rpc.takes(pushed):
                            head = pushed
                        else:  # its node is behind, or says nothing: the others may know more
                            await chain.views()
                            head = await chain.head()
                        if head.hash != last:
                            last = head.hash
                            yield head
            except _SocketDown as down:
                _warn(chain, down)
        async for head in _polled_heads(chain, last):
            last = head.hash
            yield head


async def logs(
    chain: Chain, addresses: Sequence[Address], topics: Topics, from_block: int | None
) -> AsyncIterator[Log]:
    """As `Chain.subscribe_logs`."""
    next_block = from_block if from_block is not None else (await chain.head()).number + 1
    seen: deque[tuple[str, int]] = deque(maxlen=SEEN_LOGS)

    def new(log: Log) -> bool:
        key = (log.block_hash, log.log_index)
        if log.removed or key in seen:
            return False
        seen.append(key)
        return True

    async def missed(head: Block | None = None) -> list[Log]:
        """Return what there is up to the head that was not told yet."""
        nonlocal next_block
        head = head or await chain.head()
        found = await chain.logs(addresses, next_block, head.number, topics)
        next_block = max(next_block, head.number)
        return [log for log in found if new(log)]

    while True:
        if chain.ws_url:
            try:
                criteria = log_filter(addresses, topics)
                async with _messages(chain, chain.ws_url, ["logs", criteria], Log.from_rpc) as messages:
                    # Subscribed first, read back after: what falls between comes twice, not never.
                    for log in await missed():
                        yield log
                    async for pushed in messages:
                        if pushed is None:
                            await chain.views()
                            for log in await missed():
                                yield log
                        elif pushed.block_number >= next_block and new(pushed):
                            next_block = pushed.block_number
                            yield pushed
            except _SocketDown as down:
                _warn(chain, down)
        async for head in _polled_heads(chain, None):
            for log in await missed(head):
                yield log


async def _polled_heads(chain: Chain, last: str | None) -> AsyncIterator[Block]:
    """Yield new heads by polling: for ever without a websocket, else until it should be tried again."""
    loop = asyncio.get_running_loop()
    until = loop.time() + WS_RETRY_S
    while True:
        head = await chain.head()
        if head.hash != last:
            last = head.hash
            yield head
        if chain.ws_url and loop.time() >= until:
            return
        await asyncio.sleep(min(chain.poll_s, WS_RETRY_S) if chain.ws_url else chain.poll_s)


class _SocketDown(Exception):
    """The websocket could not be opened or has closed."""


@asynccontextmanager
async def _messages(
    chain: Chain, url: str, params: list[Any], read: Callable[[Any], Item]
) -> AsyncIterator[AsyncIterator[Item | None]]:
    """Open a websocket and one subscription; yields an iterator of results, None for a long silence."""
    from web3 import WebSocketProvider

    provider = WebSocketProvider(
        url,
        request_timeout=chain.timeout_s,
        max_connection_retries=1,
        websocket_kwargs={
            "open_timeout": chain.timeout_s,
            "ping_interval": WS_PING_S,
            "ping_timeout": max(chain.timeout_s, WS_PING_S),
            "close_timeout": 1.0,
        },
    )
    try:
        try:
            async with asyncio.timeout(chain.timeout_s):
                await provider.connect()
                answer = await provider.make_request("eth_chainId", [])  # type: ignore[arg-type]
                chain.rpc.verify(answer["result"], show_url(url))
                answer = await provider.make_request("eth_subscribe", params)  # type: ignore[arg-type]
            subscription = answer["result"]
        except WrongChainError as fault:
            if not chain.rpc.several:
                raise
            get_logger(__name__).error("the websocket is another chain's", error=str(fault))
            raise _SocketDown("another chain's") from fault
        except Exception as fault:  # web3, websockets and socket faults share no base class
            raise _SocketDown(type(fault).__name__) from fault
        heed_cancellation()  # web3 waits with wait_for
        yield _results(provider, subscription, read)
    finally:
        with suppress(Exception):  # closing what is already broken has nothing to tell
            async with asyncio.timeout(2.0):
                await provider.disconnect()


async def _results(
    provider: Any, subscription: str, read: Callable[[Any], Item]
) -> AsyncIterator[Item | None]:
    # Raw messages, below web3's formatters: those refuse the long extraData of proof-of-authority chains.
    processor = provider._request_processor
    while True:
        silence = asyncio.timeout(WS_SILENCE_S)
        item = None
        try:
            async with silence:
                message = await processor.pop_raw_response(subscription=True)
            if message.get("params", {}).get("subscription") != subscription:
                continue
            item = read(message["params"]["result"])
        except Exception as fault:  # web3 puts the end of its listener into the queue as an exception
            if not silence.expired():
                with suppress(Exception, asyncio.CancelledError):
                    provider._message_listener_task.exception()
                raise _SocketDown(type(fault).__name__) from fault
        yield item


def _warn(chain: Chain, down: _SocketDown) -> None:
    get_logger(__name__).warning(
        "websocket is down, polling instead", node=show_url(chain.ws_url or ""), error=str(down)
    )
