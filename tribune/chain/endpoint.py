"""One node and what is thought of it: believed for a while, resting after a fault, or another chain's.

It is asked for its chain id before it is believed, and again after each fault. It does not know that
there are other nodes: whom to ask instead is `endpoints`' matter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tribune.chain.rpc import Rpc
from tribune.exceptions import ChainError, ChainUnreachableError, WrongChainError
from tribune.log import get_logger

BELIEF_S = 30.0
"""How long a node is believed to be of our chain."""
REST_S = (1.0, 60.0)
"""First and longest rest of a node that failed; it doubles from fault to fault."""
SLOW_S = 1.0
"""A caller that gives up after so long says something of the node."""

Question = Callable[["Endpoint"], Awaitable[Any]]


class Endpoint:
    """A node that may serve a chain.

    Args:
        url: http or https address.
        chain_id: the only chain id that is believed.
        timeout_s: longest wait for one answer.
        alone: there is no other to pass on to; its faults are then told by who asked, not here.
    """

    def __init__(self, url: str, *, chain_id: int, timeout_s: float, alone: bool) -> None:
        self.rpc = Rpc(url, timeout_s=timeout_s)
        self.failures = 0
        """How often it failed in all."""
        self._chain_id = chain_id
        self._alone = alone
        self._believed_until = 0.0
        self._rests_until = 0.0
        self._faults = 0
        self._wrong = False

    @property
    def name(self) -> str:
        """Scheme, host and port."""
        return self.rpc.name

    @property
    def rests(self) -> bool:
        """Whether it failed a short while ago."""
        return self._rests_until > _now()

    def doubt(self) -> None:
        """Ask for its chain id before its next answer."""
        self._believed_until = 0.0

    async def ask(self, question: Question, *, prove: Question) -> Any:
        """Return what it answers, once it is believed; a fault sends it to rest.

        Args:
            question: asks it.
            prove: asks for more than the chain id before it is believed.

        Raises:
            ChainUnreachableError, WrongChainError: it gives no answer that can be used.
        """
        started = _now()
        try:
            if self._believed_until <= started:
                await self.identify()
                await prove(self)
                self._believed_until = started + BELIEF_S
            answer = await question(self)
        except (ChainUnreachableError, WrongChainError) as fault:
            self.set_aside(fault)
            raise
        except asyncio.CancelledError:
            if _now() - started > SLOW_S:
                self.set_aside(self.rpc.unreachable("who asked could not wait"))
            raise
        if not self.rests:
            self._faults = 0
        return answer

    async def identify(self) -> None:
        """Ask for its chain id.

        Raises:
            WrongChainError: it is not ours.
        """
        await self.rpc.request("eth_chainId", read=lambda answer: verify(self._chain_id, answer, self.name))
        if self._wrong:
            get_logger(__name__).info("the node serves our chain again", node=self.name)
        self._wrong = False

    def set_aside(self, fault: ChainError) -> None:
        """Let it rest: others are asked first, and its chain id before it is believed again."""
        if isinstance(fault, WrongChainError):
            if not self._wrong:
                get_logger(__name__).error("a node of another chain is set aside", error=str(fault))
            self._wrong = True
        elif not self._alone and not self._faults:
            get_logger(__name__).warning("a node is passed over", error=fault.message)
        least_s = float(fault.ids.get("pause_s", 0.0))  # type: ignore[arg-type]
        first, longest = REST_S
        self._rests_until = _now() + max(least_s, min(first * 2.0 ** min(self._faults, 10), longest))
        self._faults += 1
        self.failures += 1
        self._believed_until = 0.0


def verify(chain_id: int, answer: Any, node: str) -> None:
    """Raise WrongChainError unless a node's `eth_chainId` is the right one; ValueError for no number."""
    found = int(answer, 16)
    if found != chain_id:
        raise WrongChainError(
            f"The node at {node} serves chain {found}, not {chain_id}.",
            mend="Set TRIBUNE_CHAIN__HTTP_URL (and FALLBACK_URLS, WS_URL) to nodes of the right chain, "
            "or TRIBUNE_CHAIN__CHAIN_ID.",
            expected=chain_id,
            found=found,
        )


def _now() -> float:
    return asyncio.get_running_loop().time()
