"""Read stretches of the chain, each consistent in itself: blocks, and all logs of some contracts in them.

Two ways. What is final is read by ranges of numbers: few requests, and each log's block is compared with
the chain's. What a reorg may still replace is read block by block, each by its hash and linked to the one
before: a node that is behind or of two minds cannot leave anything out without it being seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tribune.chain.types import Block, Log
from tribune.exceptions import ChainError, ChainUnreachableError
from tribune.ids import Address

if TYPE_CHECKING:
    from tribune.chain.client import Chain

AT_ONCE = 200
"""Blocks asked for in one request."""


class ChainChanged(Exception):
    """What was read does not fit together: a reorg, or a node that is behind; look again."""


@dataclass(frozen=True)
class Stretch:
    """Consecutive blocks.

    Args:
        logs: all that the contracts logged in them, in chain order.
        blocks: number → block, of every log and of the last block at least.
        end: the last block.
    """

    logs: Sequence[Log]
    blocks: Mapping[int, Block]
    end: Block


async def read_final(chain: Chain, addresses: Sequence[Address], start: int, stop: int) -> Stretch:
    """Read an inclusive range of blocks that no reorg is expected to reach.

    Raises:
        ChainChanged: a log's block is not in the chain.
        ChainError: the node does not answer, or refuses so long a range.
    """
    logs = sorted(await chain.logs(addresses, start, stop), key=_place)
    blocks = await read_blocks(chain, {*(log.block_number for log in logs), stop})
    if any(blocks[log.block_number].hash != log.block_hash for log in logs):
        raise ChainChanged(f"a log between blocks {start} and {stop} is in a block that is not in the chain")
    return Stretch(logs, blocks, blocks[stop])


async def read_linked(
    chain: Chain, addresses: Sequence[Address], start: int, head: Block, parent_hash: str | None
) -> Stretch:
    """Read every block up to the head.

    Args:
        chain: where to read.
        addresses: contracts whose logs are wanted.
        start: number of the first block.
        head: the last block.
        parent_hash: hash of the block before the first; None where it is not known.

    Raises:
        ChainChanged: the blocks do not follow each other, or one is gone.
        ChainUnreachableError: the node does not answer.
    """
    blocks = await read_blocks(chain, range(start, head.number))
    blocks[head.number] = head
    for number in range(start, head.number + 1):
        before = blocks[number - 1].hash if number > start else parent_hash
        if before is not None and blocks[number].parent_hash != before:
            raise ChainChanged(f"block {number} does not follow the block before it")
    logs: list[Log] = []
    for part in _parts(range(start, head.number + 1)):
        asked = [
            ("eth_getLogs", [{"address": list(addresses), "blockHash": blocks[number].hash}])
            for number in part
        ]
        for number, answer in zip(part, await _batch(chain, asked), strict=True):
            found = [Log.from_rpc(raw) for raw in answer]
            if any(log.block_hash != blocks[number].hash for log in found):
                raise ChainChanged(f"the logs of block {number} are of another block")
            logs += found
    return Stretch(sorted(logs, key=_place), blocks, head)


async def read_blocks(chain: Chain, numbers: Iterable[int]) -> dict[int, Block]:
    """Read blocks by their numbers, many at once.

    Raises:
        ChainChanged: the node does not have one of them (any more, or yet).
        ChainUnreachableError: the node does not answer.
    """
    blocks: dict[int, Block] = {}
    for part in _parts(sorted(numbers)):
        asked = [("eth_getBlockByNumber", [hex(number), False]) for number in part]
        for number, answer in zip(part, await _batch(chain, asked), strict=True):
            if answer is None:
                raise ChainChanged(f"the node does not have block {number}")
            blocks[number] = Block.from_rpc(answer)
            if blocks[number].number != number:
                raise ChainChanged(f"asked for block {number}, the node gave another")
    return blocks


async def _batch(chain: Chain, asked: Sequence[tuple[str, Sequence[Any]]]) -> Sequence[Any]:
    try:
        answers: Sequence[Any] = await chain.rpc.batch(asked)
    except ChainUnreachableError:
        raise
    except ChainError as fault:  # nodes refuse what they do not have in many words
        raise ChainChanged(str(fault)) from fault
    return answers


def _parts(numbers: Sequence[int]) -> Iterable[Sequence[int]]:
    return (numbers[first : first + AT_ONCE] for first in range(0, len(numbers), AT_ONCE))


def _place(log: Log) -> tuple[int, int]:
    return log.block_number, log.log_index
