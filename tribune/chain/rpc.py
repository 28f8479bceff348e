"""One JSON-RPC endpoint: every request has a timeout, every answer a bound, every fault a name.

"Could not look" (`ChainUnreachableError`), "the node refused" (`ChainError`) and "the contract refused"
(`RevertedError`) are told apart here, once. Asks once: who asks again, and whom, is `endpoints`' matter.
Addresses are shown without credentials and paths.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from tribune.chain.revert import decode_revert
from tribune.exceptions import ChainError, ChainUnreachableError

Reader = Callable[[Any], Any]
"""Makes of a result what is wanted; what it raises means that the answer is no answer."""

MOST_BYTES = 32 * 2**20
"""Longest answer that is read: several times the logs of a full range of blocks."""
LONGEST_PAUSE_S = 60.0
"""What is believed of a node that says when it may be asked again."""
NO_BATCH_S = 300.0
"""How long a node that took no batch is asked one by one."""
_CANNOT_ANSWER = (
    "rate limit",
    "too many requests",
    "limit exceeded",
    "header not found",
    "missing trie node",
    "block not found",
    "blockoutofrange",
)
"""Refusals that say something of the node, not of what was asked: another node may answer."""


class UnusableAnswer(ValueError):
    """Raised by a reader of an answer that this node cannot have given in good order."""


def show_url(url: str) -> str:
    """Return scheme, host and port only: credentials and API keys live in the rest."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}"


class Rpc:
    """Requests to one node over HTTP.

    Args:
        url: http or https address.
        timeout_s: longest wait for one answer.
    """

    def __init__(self, url: str, *, timeout_s: float) -> None:
        from tribune.chain.bounded import BoundedProvider

        self.name = show_url(url)
        self._timeout_s = timeout_s
        self._provider = BoundedProvider(url, timeout_s=timeout_s, most_bytes=MOST_BYTES)
        self._batches_from = 0.0

    async def request(
        self, method: str, params: Sequence[Any] = (), *, doing: str = "", read: Reader | None = None
    ) -> Any:
        """Return a method's result, as `read` makes it.

        Raises:
            ChainUnreachableError: no answer in time, or none that can be read.
            RevertedError: a contract refused.
            ChainError: the node refused.
        """
        from web3.types import RPCEndpoint

        response = await self._within(method, self._provider.make_request(RPCEndpoint(method), list(params)))
        return self._read(read, self._result(method, response, doing), method)

    async def batch(
        self, requests: Sequence[tuple[str, Sequence[Any]]], *, doing: str = "", read: Reader | None = None
    ) -> Any:
        """Return the results of several reads in their order, as `read` makes them.

        They are made in one request, or one by one where the node takes no batches.
        """
        results = None
        if requests and asyncio.get_running_loop().time() >= self._batches_from:
            results = await self._in_one(requests, doing)
        if results is None:
            results = [await self.request(method, params, doing=doing) for method, params in requests]
            if requests:
                self._batches_from = asyncio.get_running_loop().time() + NO_BATCH_S
        return self._read(read, results, "a batch")

    async def _in_one(self, requests: Sequence[tuple[str, Sequence[Any]]], doing: str) -> list[Any] | None:
        """Return the results of a batch, None where it was not answered as one."""
        from web3.types import RPCEndpoint

        asked: list[Any] = [(RPCEndpoint(method), list(params)) for method, params in requests]
        try:
            responses = await self._within("a batch", self._provider.make_batch_request(asked))
        except ChainUnreachableError as fault:
            if "timed_out" in fault.ids or "pause_s" in fault.ids:
                raise
            return None  # one by one tells whether the node is away or only refuses batches
        if not isinstance(responses, list) or len(responses) != len(requests):
            return None
        return [self._result(m, r, doing) for (m, _), r in zip(requests, responses, strict=True)]

    def unreachable(self, why: str, **ids: Any) -> ChainUnreachableError:
        """Return the error for "could not look"."""
        return ChainUnreachableError(
            f"The node at {self.name} does not answer ({why}).",
            mend="Check that it runs and that TRIBUNE_CHAIN__HTTP_URL names it.",
            url=self.name,
            why=why,
            **ids,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._provider.disconnect()

    async def _within(self, what: str, asked: Awaitable[Any]) -> Any:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await asked
        except TimeoutError as fault:
            raise self.unreachable(f"no answer to {what} in {self._timeout_s:g} s", timed_out=True) from fault
        except Exception as fault:
            # aiohttp, web3, socket and JSON faults share no base class; all mean "no usable answer".
            raise self.unreachable(f"{what}: {_name(fault)}", **_pause(fault)) from fault

    def _read(self, read: Reader | None, result: Any, what: str) -> Any:
        if read is None:
            return result
        try:
            return read(result)
        except UnusableAnswer as fault:
            raise self.unreachable(str(fault)) from fault
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError) as fault:
            raise self.unreachable(f"{what}: the answer cannot be read") from fault

    def _result(self, method: str, response: Any, doing: str) -> Any:
        if not isinstance(response, dict) or ("result" not in response and "error" not in response):
            raise self.unreachable(f"{method}: the answer is not JSON-RPC")
        error = response.get("error")
        if not error:
            return response.get("result")
        message = str(error.get("message", error)) if isinstance(error, dict) else str(error)
        if any(words in message.lower() for words in _CANNOT_ANSWER):
            raise self.unreachable(f"{method}: {message[:100]}")
        return _raise(method, error, message, doing)


def _name(fault: Exception) -> str:
    status = getattr(fault, "status", None)
    return f"HTTP status {status}" if isinstance(status, int) and status else type(fault).__name__


def _pause(fault: Exception) -> dict[str, float]:
    """Return how long a node asks not to be asked (HTTP 429), as an error's id."""
    if getattr(fault, "status", None) != 429:
        return {}
    said = str((getattr(fault, "headers", None) or {}).get("Retry-After", ""))
    return {"pause_s": min(float(said), LONGEST_PAUSE_S) if said.isdecimal() else 1.0}


def _raise(method: str, error: Any, message: str, doing: str) -> Any:
    """Raise the error that a JSON-RPC error object means."""
    data = error.get("data") if isinstance(error, dict) else None
    if isinstance(data, dict):  # some nodes wrap the revert data
        data = data.get("data") or data.get("result")
    if method in ("eth_call", "eth_estimateGas") and (
        (isinstance(data, str) and data.startswith("0x")) or "revert" in message.lower()
    ):
        raise decode_revert(_bytes(data), doing=doing, detail=message)
    code = error.get("code") if isinstance(error, dict) else None
    raise ChainError(f"The node refused {method}: {message}.", method=method, code=code, reason=message)


def _bytes(data: Any) -> bytes:
    try:
        return bytes.fromhex(data[2:]) if isinstance(data, str) and data.startswith("0x") else b""
    except ValueError:
        return b""
