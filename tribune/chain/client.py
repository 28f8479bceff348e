"""The client of one chain: heads, logs, calls, transactions; the chain id is pinned.

Every answer comes within a timeout or as `ChainUnreachableError`; a node of another chain is set aside
before anything else is believed, and `WrongChainError` where no other is left. It holds no key and keeps
no state of contracts.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tribune.chain.answers import Standing, as_block, as_bytes, as_int, as_logs, as_receipt, as_standing
from tribune.chain.types import Block, ContractCall, Log, Receipt
from tribune.exceptions import ChainError, ChainUnreachableError
from tribune.ids import Address

if TYPE_CHECKING:
    from tribune.chain.endpoints import EndpointView
    from tribune.chain.rpc import Reader
    from tribune.settings import ChainSettings

BlockTag = int | str
Topics = Sequence[bytes | Sequence[bytes] | None]

RECEIPT_POLL_S = 0.1
LOG_RANGE = 5_000
"""Blocks asked for at once: what public nodes commonly allow."""


class Chain:
    """Reads and writes of one chain through one node, or several in turn.

    Args:
        http_url: JSON-RPC address.
        chain_id: the only chain id that is believed.
        fallback_urls: further addresses, asked in this order where the ones before do not answer.
        ws_url: websocket address of the first for heads and logs; None polls.
        timeout_s: longest wait for one answer of one node.
        poll_s: pause between polls where no websocket serves.
        finality_blocks: depth from which a block is taken as final; 0 where the chain never reorganises.
    """

    def __init__(
        self,
        http_url: str,
        *,
        chain_id: int,
        fallback_urls: Sequence[str] = (),
        ws_url: str | None = None,
        timeout_s: float = 10.0,
        poll_s: float = 1.0,
        finality_blocks: int = 12,
    ) -> None:
        from tribune.chain.endpoints import Endpoints

        self.rpc = Endpoints([http_url, *fallback_urls], chain_id=chain_id, timeout_s=timeout_s)
        self.chain_id = chain_id
        self.ws_url = ws_url
        self.timeout_s = timeout_s
        self.poll_s = poll_s
        self.finality_blocks = finality_blocks

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
            fallback_urls=settings.fallback_urls,
            ws_url=settings.ws_url,
            timeout_s=settings.timeout_s,
            poll_s=settings.poll_s,
            finality_blocks=settings.finality_blocks,
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
        """Ask for the chain id again.

        Raises:
            ChainUnreachableError: no node answers.
            WrongChainError: every node is another chain's.
        """
        await self.rpc.check()

    async def request(self, method: str, *params: Any, doing: str = "", read: Reader | None = None) -> Any:
        """Return a JSON-RPC result, as `read` makes it, of a node whose chain id was verified."""
        return await self.rpc.request(method, params, doing=doing, read=read)

    async def views(self) -> tuple[EndpointView, ...]:
        """Return what each node shows: its head, and its block at a height that all have."""
        return await self.rpc.views()

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
        by_hash = isinstance(which, str) and len(which) == 66
        method = "eth_getBlockByHash" if by_hash else "eth_getBlockByNumber"
        found: Block | None = await self.request(method, _tag(which), False, read=as_block)
        return found

    async def agreed_block(self, number: int) -> Block:
        """Return a block as more than half of the nodes that have it tell it; a single node is believed.

        Raises:
            ChainUnreachableError: no node has it, or they contradict each other.
        """
        told: list[Block | None] = await self.rpc.of_all(
            "eth_getBlockByNumber", (_tag(number), False), read=as_block
        )
        blocks = [block for block in told if block is not None]
        agreed = Counter(block.hash for block in blocks).most_common(1)
        if not agreed:
            raise self.rpc.unreachable(f"it does not have block {number}")
        hash_, votes = agreed[0]
        if 2 * votes <= len(blocks):
            raise self.rpc.unreachable(f"the nodes tell different blocks {number}")
        return next(block for block in blocks if block.hash == hash_)

    async def final_block(self) -> Block:
        """Return the newest block that is taken as final."""
        head = await self.head()
        return await self.block(max(0, head.number - self.finality_blocks)) if self.finality_blocks else head

    async def has(self, receipt: Receipt) -> bool:
        """Return whether the block of a receipt is (still) in the chain."""
        block = await self.find_block(receipt.block_number)
        return block is not None and block.hash == receipt.block_hash

    async def is_final(self, receipt: Receipt) -> bool:
        """Return whether a receipt's block is in the chain and so deep that it is taken as final.

        False may mean "not yet" or "a reorg removed it": `has` tells which.
        """
        head = await self.head()
        return receipt.block_number <= head.number - self.finality_blocks and await self.has(receipt)

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
        answer: bytes = await self.request(
            "eth_call", _transaction(call, sender), _tag(block), doing=call.description, read=as_bytes
        )
        return answer

    async def call_many(self, calls: Sequence[ContractCall], *, block: BlockTag = "latest") -> list[bytes]:
        """Return the answers of several calls in one request; any refusal raises."""
        answers: list[bytes] = await self.rpc.batch(
            [("eth_call", [_transaction(call, None), _tag(block)]) for call in calls],
            read=lambda results: [as_bytes(result) for result in results],
        )
        return answers

    async def logs(
        self,
        addresses: Sequence[Address],
        from_block: int,
        to_block: int,
        topics: Topics = (),
    ) -> list[Log]:
        """Return logs of an inclusive range of blocks, in chain order; long ranges are asked in parts.

        Raises:
            ChainUnreachableError: no node answers that has the range's last block: what one does not have
                yet, it would leave out without a word.
        """
        found: list[Log] = []
        for start in range(from_block, to_block + 1, LOG_RANGE):
            last = min(start + LOG_RANGE - 1, to_block)
            criteria = {**log_filter(addresses, topics), "fromBlock": hex(start), "toBlock": hex(last)}
            found += await self.rpc.batch(
                [("eth_getLogs", [criteria]), ("eth_getBlockByNumber", [hex(last), False])],
                read=lambda results, last=last: as_logs(results, last),  # type: ignore[misc]
            )
        return found

    async def code(self, address: Address, block: BlockTag = "latest") -> bytes:
        """Return an account's code, empty where it has none."""
        code: bytes = await self.request("eth_getCode", address, _tag(block), read=as_bytes)
        return code

    async def balance(self, address: Address) -> int:
        """Return an account's balance in wei."""
        balance: int = await self.request("eth_getBalance", address, "latest", read=as_int)
        return balance

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
        nonce: int = await self.request("eth_getTransactionCount", address, tag, read=as_int)
        return nonce

    async def mined_counts(self, address: Address) -> list[int]:
        """Return how many of an account's transactions are in blocks, as each node that answers says."""
        return await self.rpc.of_all("eth_getTransactionCount", (address, "latest"), read=as_int)

    async def estimate(self, call: ContractCall, sender: Address, most: int | None = None) -> int:
        """Simulate a transaction, with at most so much gas; return the gas it needs.

        Raises:
            RevertedError: the contract would refuse.
        """
        transaction = _transaction(call, sender)
        if most is not None:
            transaction["gas"] = hex(most)
        gas: int = await self.request("eth_estimateGas", transaction, doing=call.description, read=as_int)
        return gas

    async def fees(self) -> tuple[int, int]:
        """Return EIP-1559 fees (max fee, priority fee) in wei per gas, good for six full blocks."""
        head = await self.head()
        if head.base_fee is None:
            raise ChainError("This chain has no EIP-1559 fees.", mend="Use a chain that has them.")
        tip: int = await self.request("eth_maxPriorityFeePerGas", read=as_int)
        return 2 * head.base_fee + tip, tip

    async def send_raw(self, raw: bytes, *, everywhere: bool = False) -> None:
        """Hand a signed transaction to the first node that answers, or to all of them.

        Raises:
            ChainError: refused, also where it is known already.
        """
        if everywhere:
            await self.rpc.everywhere("eth_sendRawTransaction", ["0x" + raw.hex()])
        else:
            await self.request("eth_sendRawTransaction", "0x" + raw.hex())

    async def receipt(self, tx_hash: str) -> Receipt | None:
        """Return a transaction's receipt, None while it is in no block."""
        receipt: Receipt | None = await self.request("eth_getTransactionReceipt", tx_hash, read=as_receipt)
        return receipt

    async def standing(self, address: Address, hashes: Sequence[str]) -> Standing:
        """Return how an account's transactions stand that were signed for one nonce, the last one last.

        The count is asked before the receipts: where it has passed their nonce and there is no receipt,
        none of them is the one that took it.
        """
        standing: Standing = await self.rpc.batch(
            [
                ("eth_getTransactionCount", [address, "latest"]),
                ("eth_getTransactionByHash", [hashes[-1]]),
                *(("eth_getTransactionReceipt", [tx_hash]) for tx_hash in hashes),
            ],
            read=as_standing,
        )
        if standing.receipt is None or await self.has(standing.receipt):
            return standing
        return Standing(standing.mined, standing.known, None)

    async def wait_receipt(self, tx_hash: str, timeout_s: float) -> Receipt | None:
        """Wait for a receipt of a block that is still there; None if there is none by then.

        Raises:
            ChainUnreachableError: the node did not answer all the while.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        silent: ChainUnreachableError | None = None
        while loop.time() < deadline:
            try:
                found = await self.receipt(tx_hash)
                if found is not None and await self.has(found):
                    return found
                silent = None
            except ChainUnreachableError as fault:  # a node that restarts still has our transaction to show
                silent = fault
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
