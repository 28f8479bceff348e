"""Several nodes of one chain, asked as one: the first that is well answers, and is watched by the others.

A node that fails rests, longer each time, and is asked only when no other is left. One of another chain
is set aside and said loudly. One behind the newest head seen is passed over. Nothing is hidden: where
nobody answers, the error says what each of them did. It never takes one node's silence for an answer.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Sequence
from typing import Any

from tribune.chain.endpoint import Endpoint, Question, verify
from tribune.chain.heads import LATEST, PATIENCE_S, EndpointView, Heads, split
from tribune.chain.rpc import Reader, UnusableAnswer
from tribune.chain.types import Block
from tribune.exceptions import ChainError, ChainUnreachableError, WrongChainError

__all__ = ["EndpointView", "Endpoints", "split"]

ROUNDS = 3
"""How often a node that fails at once is asked for one answer; one that let us wait is asked once."""
PAUSE_S = 0.05
COMPARE_S = 15.0
"""Pause between two looks at what all nodes show: how long an old head may be taken for the newest."""
OUTVOTED_S = 3_600.0
"""How long a node rests whose word on a block most others contradict."""
_REPEATABLE = (
    "eth_get",
    "eth_call",
    "eth_chainId",
    "eth_blockNumber",
    "eth_estimateGas",
    "eth_feeHistory",
    "eth_maxPriorityFeePerGas",
    "eth_sendRawTransaction",  # the same signed bytes count once, wherever they are handed in
)


class Endpoints:
    """Requests to whichever of several nodes answers.

    Args:
        urls: http or https addresses, the preferred one first.
        chain_id: the only chain id that is believed.
        timeout_s: longest wait for one answer of one node.
        compare_s: pause between two looks at what all nodes show.
        patience_s: how long a head that no node tells again is held against those behind it.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        chain_id: int,
        timeout_s: float,
        compare_s: float = COMPARE_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self.several = len(urls) > 1
        self._chain_id = chain_id
        self._all = tuple(
            Endpoint(url, chain_id=chain_id, timeout_s=timeout_s, alone=not self.several) for url in urls
        )
        self._heads = Heads(self._all, patience_s=patience_s)
        self._compare_s = compare_s
        self._compared_at = 0.0
        self._comparing: asyncio.Task[Any] | None = None

    @property
    def name(self) -> str:
        """The nodes, as scheme, host and port."""
        return ", ".join(endpoint.name for endpoint in self._all)

    @property
    def failures(self) -> dict[str, int]:
        """How often each node failed so far, by its name."""
        found: Counter[str] = Counter()
        for endpoint in self._all:
            found[endpoint.name] += endpoint.failures
        return dict(found)

    async def request(
        self, method: str, params: Sequence[Any] = (), *, doing: str = "", read: Reader | None = None
    ) -> Any:
        """Return a method's result, as `read` makes it, from the first node that gives one.

        Raises:
            ChainUnreachableError: no node gave an answer that can be read.
            WrongChainError: every node is another chain's.
            RevertedError: a contract refused.
            ChainError: a node refused.
        """

        async def question(endpoint: Endpoint) -> Any:
            if method == "eth_getBlockByNumber" and tuple(params) == LATEST:
                return await self._head(endpoint, read)
            return await endpoint.rpc.request(method, params, doing=doing, read=read)

        return await self._first(question, ROUNDS if method.startswith(_REPEATABLE) else 1)

    async def batch(
        self, requests: Sequence[tuple[str, Sequence[Any]]], *, doing: str = "", read: Reader | None = None
    ) -> Any:
        """Return the results of several reads of one node in their order, as `read` makes them.

        Raises:
            As `request`.
        """
        return await self._first(lambda node: node.rpc.batch(requests, doing=doing, read=read), ROUNDS)

    async def of_all(self, method: str, params: Sequence[Any], *, read: Reader) -> list[Any]:
        """Return the result of a read as each node gives it that answers, at least one.

        Raises:
            As `request`, where none answers.
        """

        def question(endpoint: Endpoint) -> Awaitable[Any]:
            return endpoint.ask(
                lambda node: node.rpc.request(method, params, read=read), prove=self._heads.prove
            )

        told = [answer for _, answer in await self._told(question)]
        return told or [await self.request(method, params, read=read)]

    async def batch_of_all(self, requests: Sequence[tuple[str, Sequence[Any]]], *, read: Reader) -> list[Any]:
        """Return what `read` makes of several reads of each node, of those that answer; maybe none.

        Whoever has no answer is not sent to rest for it: it may not have the block yet. Whoever tells
        otherwise than more than half of them is: it is not asked first again for long.
        """
        told = await self._told(lambda node: node.rpc.batch(requests, read=read))
        answers = [answer for _, answer in told]
        for endpoint, answer in told:
            if any(one != answer and 2 * answers.count(one) > len(answers) for one in answers):
                why = "most nodes tell otherwise of a block that it has"
                endpoint.set_aside(endpoint.rpc.unreachable(why, pause_s=OUTVOTED_S))
        return answers

    async def everywhere(self, method: str, params: Sequence[Any]) -> None:
        """Tell every node; one that takes it is enough.

        Raises:
            As `request`, where none takes it: a node's refusal rather than another's silence.
        """

        async def tell(endpoint: Endpoint) -> ChainError | None:
            try:
                await endpoint.ask(lambda node: node.rpc.request(method, params), prove=self._heads.prove)
            except ChainError as fault:
                return fault
            return None

        faults = await asyncio.gather(*map(tell, self._all))
        refusals = [f for f in faults if not isinstance(f, (ChainUnreachableError, WrongChainError))]
        if None in faults:
            return
        if refusals:
            raise refusals[0]  # type: ignore[misc]  # None was ruled out above
        raise self._nobody(dict(zip(self._all, faults, strict=True)))  # type: ignore[arg-type]

    async def check(self) -> None:
        """Ask for the chain id again, of the first node that answers.

        Raises:
            ChainUnreachableError, WrongChainError: as `request`.
        """
        for endpoint in self._all:
            endpoint.doubt()

        async def nothing(_: Endpoint) -> None:
            return None

        await self._first(nothing, ROUNDS)

    async def takes(self, head: Block) -> bool:
        """Return whether a head that the first node's websocket pushed may be believed as the newest."""
        try:
            await self._heads.accept(self._all[0], head)
        except UnusableAnswer:
            return False
        return True

    async def views(self) -> tuple[EndpointView, ...]:
        """Return what each node shows: its head, and its block at a height that all have."""
        return await self._heads.views()

    def unreachable(self, why: str) -> ChainUnreachableError:
        """Return the error for "could not look"."""
        if not self.several:
            return self._all[0].rpc.unreachable(why)
        return ChainUnreachableError(
            f"None of the nodes at {self.name} answers ({why}).",
            mend="Check that one of those runs which TRIBUNE_CHAIN__HTTP_URL and "
            "TRIBUNE_CHAIN__FALLBACK_URLS name.",
            url=self.name,
            why=why,
        )

    def verify(self, answer: Any, node: str) -> None:
        """Raise WrongChainError unless a node's `eth_chainId` is ours."""
        verify(self._chain_id, answer, node)

    async def close(self) -> None:
        """Stop comparing and close the connections."""
        if self._comparing is not None:
            self._comparing.cancel()
            await asyncio.gather(self._comparing, return_exceptions=True)
        for endpoint in self._all:
            await endpoint.rpc.close()

    async def _told(self, question: Question) -> list[tuple[Endpoint, Any]]:
        """Return what each node tells that answers; those that rest are not asked."""

        async def ask(endpoint: Endpoint) -> list[tuple[Endpoint, Any]]:
            try:
                return [(endpoint, await question(endpoint))]
            except ChainError:
                return []

        awake = [endpoint for endpoint in self._all if not endpoint.rests]
        return [one for found in await asyncio.gather(*map(ask, awake)) for one in found]

    async def _first(self, question: Question, rounds: int) -> Any:
        faults: dict[Endpoint, ChainError] = {}
        waited: set[Endpoint] = set()
        for attempt in range(rounds):
            if attempt:  # jitter, so that many processes do not come back at once
                await asyncio.sleep(PAUSE_S * 2.0**attempt * (0.5 + random.random()))  # noqa: S311
            for endpoint in sorted(self._all, key=lambda node: node.rests):
                if endpoint in waited:
                    continue
                try:
                    return await endpoint.ask(question, prove=self._heads.prove)
                except (ChainUnreachableError, WrongChainError) as fault:
                    faults[endpoint] = fault
                    wrong = isinstance(fault, WrongChainError)
                    if rounds == 1 and not wrong:
                        raise  # it may have been done
                    if wrong or "timed_out" in fault.ids or "pause_s" in fault.ids:
                        waited.add(endpoint)
            if len(waited) == len(self._all):
                break
        raise self._nobody(faults)

    def _nobody(self, faults: dict[Endpoint, ChainError]) -> ChainError:
        if len(faults) == 1 or all(isinstance(fault, WrongChainError) for fault in faults.values()):
            return next(iter(faults.values()))
        return self.unreachable(
            "; ".join(f"{node.name}: {fault.ids.get('why', fault.message)}" for node, fault in faults.items())
        )

    async def _head(self, endpoint: Endpoint, read: Reader | None) -> Any:
        """Return a node's newest block, as `read` makes it, unless it is behind another's."""
        block, answer = await endpoint.rpc.request(
            "eth_getBlockByNumber",
            LATEST,
            read=lambda raw: (Block.from_rpc(raw), read(raw) if read is not None else raw),
        )
        try:
            await self._heads.accept(endpoint, block)
        except UnusableAnswer as fault:
            raise endpoint.rpc.unreachable(str(fault)) from fault
        now = asyncio.get_running_loop().time()
        if self.several and now >= self._compared_at and (self._comparing is None or self._comparing.done()):
            self._compared_at = now + self._compare_s
            self._comparing = asyncio.create_task(self.views())
        return answer
