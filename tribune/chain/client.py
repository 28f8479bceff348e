"""The client of one chain: heads, logs, calls, transactions; the chain id is pinned.

Every answer comes within a timeout or as `ChainUnreachableError`; a node of another chain is
`WrongChainError` before anything else is believed. It holds no key and keeps no state of contracts.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tribune.chain.types import Block, ContractCall, Log, Receipt
from tribune.exceptions import ChainError, ChainUnreachableError, WrongChainError
from tribune.ids import Address

if TYPE_CHECKING:
    from tribune.settings import ChainSettings

BlockTag = int | str
Topics = Sequence[bytes | Sequence[bytes] | None]

RECEIPT_POLL_S = 0.1
LOG_RANGE = 5_000
"""Blocks asked for at once: what public nodes commonly allow."""


class Chain:
    """Reads and writes of one chain through one node.

    Args:
        http_url: JSON-RPC address.
        chain_id: the only chain id that is believed.
        ws_url: websocket address for heads and logs; None polls.
        timeout_s: longest wait for one answer.
        poll_s: pause between polls where no websocket serves.
    """

    def __init__(
        self,
        http_url: str,
        *,
        chain_id: int,
        ws_url: str | None = None,
        timeout_s: float = 10.0,
        poll_s: float = 1.0,
    ) -> None:
        from tribune.chain.rpc import Rpc

        self.rpc = Rpc(http_url, timeout_s=timeout_s)
        self.chain_id = chain_id
        self.ws_url = ws_url
        self.timeout_s = timeout_s
        self.poll_s = poll_s
        self._checked = False

    @classmethod
    async def connect(cls, settings: ChainSettings) -> Chain:
        """Return a client whose node has been asked for its chain id.

        Raises:
            ChainUnreachableError: the node does not answer.
            WrongChainError: it is another chain's.
        """
        chain = cls(
            settings.http_url,
            chain_id=settings.chain_id,
            ws_url=settings.ws_url,
            timeout_s=settings.timeout_s,
            poll_s=settings.poll_s,
        )
        try:
            await chain.check()
        except ChainError:
            await chain.close()
            raise
        return chain

    async def close(self) -> None:
        """Close the connections."""
        await self.rpc.close()

    async def __aenter__(self) -> Chain:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def check(self) -> None:
        """Ask the node for its chain id again.

        Raises:
            WrongChainError: it is not ours.
        """
        self.verify_chain_id(await self.rpc.request("eth_chainId"), self.rpc.name)
        self._checked = True

    def verify_chain_id(self, answer: str, node: str) -> None:
        """Raise WrongChainError unless a node's `eth_chainId` is ours."""
        found = int(answer, 16)
        if found != self.chain_id:
            raise WrongChainError(
                f"The node at {node} serves chain {found}, not {self.chain_id}.",
                mend="Set TRIBUNE_CHAIN__HTTP_URL to a node of the right chain, or TRIBUNE_CHAIN__CHAIN_ID.",
                expected=self.chain_id,
                found=found,
            )

    async def request(self, method: str, *params: Any, doing: str = "") -> Any:
        """Return a JSON-RPC result; the chain id is verified first, and again after an outage."""
        if not self._checked:
            await self.check()
        try:
            return await self.rpc.request(method, params, doing=doing)
        except ChainUnreachableError:
            self._checked = False  # whoever answers next may be another node
            raise

    # Reading

    async def head(self) -> Block:
        """Return the newest block."""
        return await self.block("latest")

    async def block(self, which: BlockTag) -> Block:
        """Return a block by number, hash or tag.

        Raises:
            ChainUnreachableError: the node does not have it (yet, or any more).
        """
        found = await self.find_block(which)
        if found is None:
            raise self.rpc.unreachable(f"it does not have block {which}")
        return found

    async def find_block(self, which: BlockTag) -> Block | None:
        """Return a block, None where the node has none of that number or hash."""
        if isinstance(which, str) and len(which) == 66:
            raw = await self.request("eth_getBlockByHash", which, False)
        else:
            raw = await self.request("eth_getBlockByNumber", _tag(which), False)
        return None if raw is None else Block.from_rpc(raw)

    async def block_time(self, number: BlockTag = "latest") -> datetime:
        """Return the time of a block."""
        return (await self.block(number)).time

    async def call(
        self, call: ContractCall, *, sender: Address | None = None, block: BlockTag = "latest"
    ) -> bytes:
        """Return what a call answers, changing nothing.

        Raises:
            RevertedError: the contract refused.
        """
        result = await self.request(
            "eth_call", _transaction(call, sender), _tag(block), doing=call.description
        )
        return bytes.fromhex(result[2:])

    async def call_many(self, calls: Sequence[ContractCall], *, block: BlockTag = "latest") -> list[bytes]:
        """Return the answers of several calls in one request; any refusal raises."""
        if not self._checked:
            await self.check()
        results = await self.rpc.batch([("eth_call", [_transaction(c, None), _tag(block)]) for c in calls])
        return [bytes.fromhex(result[2:]) for result in results]

    async def logs(
        self,
        addresses: Sequence[Address],
        from_block: int,
        to_block: int,
        topics: Topics = (),
    ) -> list[Log]:
        """Return logs of an inclusive range of blocks, in chain order; long ranges are asked in parts."""
        found: list[Log] = []
        for start in range(from_block, to_block + 1, LOG_RANGE):
            criteria = {
                **log_filter(addresses, topics),
                "fromBlock": hex(start),
                "toBlock": hex(min(start + LOG_RANGE - 1, to_block)),
            }
            found += [Log.from_rpc(raw) for raw in await self.request("eth_getLogs", criteria)]
        return found

    async def code(self, address: Address, block: BlockTag = "latest") -> bytes:
        """Return an account's code, empty where it has none."""
        return bytes.fromhex((await self.request("eth_getCode", address, _tag(block)))[2:])

    async def balance(self, address: Address) -> int:
        """Return an account's balance in wei."""
        return int(await self.request("eth_getBalance", address, "latest"), 16)

    # Following

    def subscribe_heads(self) -> AsyncIterator[Block]:
        """Yield the newest head now and then each new one, by websocket or polling.

        Raises:
            ChainUnreachableError: neither answers; subscribe again when ready to.
        """
        from tribune.chain.subscribe import heads

        return heads(self)

    def subscribe_logs(
        self, addresses: Sequence[Address], topics: Topics = (), *, from_block: int | None = None
    ) -> AsyncIterator[Log]:
        """Yield logs as they come, each once, none missed across reconnections.

        Args:
            addresses: contracts to follow.
            topics: JSON-RPC topic filter.
            from_block: first block wanted; None means from the next one.

        Raises:
            ChainUnreachableError: neither websocket nor polling answers.
        """
        from tribune.chain.subscribe import logs

        return logs(self, addresses, topics, from_block)

    # Writing

    async def nonce(self, address: Address, tag: str = "pending") -> int:
        """Return an account's next nonce."""
        return int(await self.request("eth_getTransactionCount", address, tag), 16)

    async def estimate(self, call: ContractCall, sender: Address) -> int:
        """Simulate a transaction; return the gas it needs.

        Raises:
            RevertedError: the contract would refuse.
        """
        return int(
            await self.request("eth_estimateGas", _transaction(call, sender), doing=call.description), 16
        )

    async def fees(self) -> tuple[int, int]:
        """Return EIP-1559 fees (max fee, priority fee) in wei per gas, good for six full blocks."""
        head = await self.head()
        if head.base_fee is None:
            raise ChainError("This chain has no EIP-1559 fees.", mend="Use a chain that has them.")
        tip = int(await self.request("eth_maxPriorityFeePerGas"), 16)
        return 2 * head.base_fee + tip, tip

    async def send_raw(self, raw: bytes) -> str:
        """Hand a signed transaction to the node; return its hash."""
        tx_hash: str = await self.request("eth_sendRawTransaction", "0x" + raw.hex())
        return tx_hash

    async def receipt(self, tx_hash: str) -> Receipt | None:
        """Return a transaction's receipt, None while it is in no block."""
        raw = await self.request("eth_getTransactionReceipt", tx_hash)
        return Receipt.from_rpc(raw) if raw is not None and raw.get("blockNumber") else None

    async def wait_receipt(self, tx_hash: str, timeout_s: float) -> Receipt | None:
        """Wait for a receipt; None if the transaction is in no block by then.

        Raises:
            ChainUnreachableError: the node did not answer all the while.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        silent: ChainUnreachableError | None = None
        while loop.time() < deadline:
            try:
                found = await self.receipt(tx_hash)
                silent = None
            except ChainUnreachableError as fault:  # a node that restarts still has our transaction to show
                found, silent = None, fault
            if found is not None:
                return found
            await asyncio.sleep(RECEIPT_POLL_S)
        if silent is not None:
            raise silent
        return None


def _tag(block: BlockTag) -> str:
    return hex(block) if isinstance(block, int) else block


def _transaction(call: ContractCall, sender: Address | None) -> dict[str, str]:
    made = {"data": "0x" + call.data.hex()}
    if call.to is not None:
        made["to"] = call.to
    if call.value:
        made["value"] = hex(call.value)
    if sender is not None:
        made["from"] = sender
    return made


def log_filter(addresses: Sequence[Address], topics: Topics) -> dict[str, Any]:
    """Return the JSON-RPC filter for logs."""

    def show(topic: bytes | Sequence[bytes] | None) -> Any:
        if topic is None:
            return None
        return "0x" + topic.hex() if isinstance(topic, bytes) else ["0x" + one.hex() for one in topic]

    made: dict[str, Any] = {"address": list(addresses)}
    if topics:
        made["topics"] = [show(topic) for topic in topics]
    return made
