"""One JSON-RPC endpoint: every request has a timeout, every fault a name.

"Could not look" (`ChainUnreachableError`), "the node refused" (`ChainError`) and "the contract refused"
(`RevertedError`) are told apart here, once. Addresses are shown without credentials and paths.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tribune.chain.revert import decode_revert
from tribune.exceptions import ChainError, ChainUnreachableError, TribuneError

if TYPE_CHECKING:
    from web3 import AsyncWeb3

RETRY_PAUSE_S = 0.05
_SAFE_TO_REPEAT = (
    "eth_get",
    "eth_call",
    "eth_chainId",
    "eth_blockNumber",
    "eth_estimateGas",
    "eth_feeHistory",
)


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
        from aiohttp import ClientTimeout
        from web3 import AsyncHTTPProvider, AsyncWeb3

        self.name = show_url(url)
        self._timeout_s = timeout_s
        self._provider = AsyncHTTPProvider(
            url,
            request_kwargs={"timeout": ClientTimeout(total=timeout_s)},
            exception_retry_configuration=None,  # retried below, once, so that a wait stays bounded
        )
        self.web3: AsyncWeb3[Any] = AsyncWeb3(self._provider)

    async def request(self, method: str, params: Sequence[Any] = (), *, doing: str = "") -> Any:
        """Return a method's result.

        Raises:
            ChainUnreachableError: no answer in time, or none that is JSON-RPC.
            RevertedError: a contract refused.
            ChainError: the node refused.
        """
        from web3.types import RPCEndpoint

        attempts = 2 if method.startswith(_SAFE_TO_REPEAT) else 1
        for attempt in range(1, attempts + 1):
            try:
                async with asyncio.timeout(self._timeout_s):
                    response: Any = await self._provider.make_request(RPCEndpoint(method), list(params))
                break
            except TimeoutError as fault:
                raise self.unreachable(f"no answer to {method} in {self._timeout_s:g} s") from fault
            except TribuneError:
                raise
            except Exception as fault:
                # aiohttp, web3, socket and JSON faults share no base class; all mean "no usable answer".
                if attempt == attempts:
                    raise self.unreachable(f"{method}: {type(fault).__name__}") from fault
                await asyncio.sleep(RETRY_PAUSE_S)
        return self._result(method, response, doing)

    async def batch(self, requests: Sequence[tuple[str, Sequence[Any]]], *, doing: str = "") -> list[Any]:
        """Return the results of several reads, made in one request, in their order."""
        from web3.types import RPCEndpoint

        if not requests:
            return []
        try:
            async with asyncio.timeout(self._timeout_s):
                responses: Any = await self._provider.make_batch_request(
                    [(RPCEndpoint(method), list(params)) for method, params in requests]
                )
        except TimeoutError as fault:
            raise self.unreachable(f"no answer to a batch in {self._timeout_s:g} s") from fault
        except Exception as fault:  # as in request()
            raise self.unreachable(f"batch: {type(fault).__name__}") from fault
        if not isinstance(responses, list) or len(responses) != len(requests):
            raise self.unreachable("a batch was not answered as a batch")
        return [self._result(m, r, doing) for (m, _), r in zip(requests, responses, strict=True)]

    def unreachable(self, why: str) -> ChainUnreachableError:
        """Return the error for "could not look"."""
        return ChainUnreachableError(
            f"The node at {self.name} does not answer ({why}).",
            mend="Check that it runs and that TRIBUNE_CHAIN__HTTP_URL names it.",
            url=self.name,
        )

    def _result(self, method: str, response: Any, doing: str) -> Any:
        if not isinstance(response, dict) or ("result" not in response and "error" not in response):
            raise self.unreachable(f"{method}: the answer is not JSON-RPC")
        error = response.get("error")
        if not error:
            return response.get("result")
        return _raise(method, error, doing)

    async def close(self) -> None:
        """Close the connections."""
        await self._provider.disconnect()


def _raise(method: str, error: Any, doing: str) -> Any:
    """Raise the error that a JSON-RPC error object means."""
    message = str(error.get("message", error)) if isinstance(error, dict) else str(error)
    data = error.get("data") if isinstance(error, dict) else None
    if isinstance(data, dict):  # some nodes wrap the revert data
        data = data.get("data") or data.get("result")
    if method in ("eth_call", "eth_estimateGas") and (
        (isinstance(data, str) and data.startswith("0x")) or "revert" in message.lower()
    ):
        text = data[2:] if isinstance(data, str) and data.startswith("0x") else ""
        raise decode_revert(bytes.fromhex(text), doing=doing, detail=message)
    code = error.get("code") if isinstance(error, dict) else None
    raise ChainError(f"The node refused {method}: {message}.", method=method, code=code, reason=message)
