"""Checks of the chain: its nodes, this machine's clock against it, the contracts."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from tribune.exceptions import ChainError, WrongChainError
from tribune.operations.finding import Finding, Patient, not_ok, ok, warning

if TYPE_CHECKING:
    from tribune.chain.types import Block
    from tribune.settings import ChainSettings

SKEW_S = 15
"""A block's time may be so far ahead of ours: proposers have some freedom."""
OLD_S = 120
"""A newest block older than this is a chain that stands still, or a clock that is fast."""


async def nodes(patient: Patient) -> list[Finding]:
    """Look whether each node answers, is of our chain, does not lag, and shows what the others show."""
    from tribune.chain.client import Chain
    from tribune.chain.endpoints import split
    from tribune.chain.heads import LAG_BLOCKS

    settings = patient.settings.chain
    urls = [settings.http_url, *settings.fallback_urls]
    seen = await asyncio.gather(*(_look(url, settings) for url in urls))
    newest = max((block.number for _, block, _ in seen if block is not None), default=0)
    answered = any(block is not None for _, block, _ in seen)
    found = []
    for name, block, fault in seen:
        if isinstance(fault, WrongChainError):
            found.append(not_ok(fault.message, fault.mend))
        elif block is None:
            said = fault.message if fault is not None else f"The node at {name} shows nothing."
            mend = fault.mend if fault is not None else ""
            found.append(warning(said, mend) if answered else not_ok(said, mend))
        elif newest - block.number > LAG_BLOCKS:
            found.append(warning(f"{name} is {newest - block.number} blocks behind.", "It is passed over."))
        else:
            found.append(ok(f"{name}: chain {settings.chain_id}, block {block.number}"))
    async with Chain(
        settings.http_url,
        chain_id=settings.chain_id,
        fallback_urls=settings.fallback_urls,
        timeout_s=settings.timeout_s,
    ) as together:
        if len(urls) > 1 and split(await together.views()):
            mend = "Find out which is right before anything is signed; take the others out."
            found.append(
                not_ok(
                    "The nodes show different blocks at one height, or the only two stand far apart.", mend
                )
            )
    return found


async def _look(url: str, settings: ChainSettings) -> tuple[str, Block | None, ChainError | None]:
    from tribune.chain.client import Chain

    async with Chain(url, chain_id=settings.chain_id, timeout_s=settings.timeout_s) as node:
        try:
            await node.check()
            return node.rpc.name, await node.head(), None
        except ChainError as fault:
            return node.rpc.name, None, fault


async def clock(patient: Patient) -> list[Finding]:
    """Look whether this machine's clock is that of the newest block, within what blocks allow."""
    from tribune.chain.client import Chain

    async with await Chain.connect(patient.settings.chain) as chain:
        head = await chain.head()
    behind_s = int(time.time()) - head.timestamp
    if behind_s < -SKEW_S:
        return [
            not_ok(
                f"The newest block's time is {-behind_s} s ahead of this machine's clock.",
                "Set this machine's clock (NTP); frames would be sealed late.",
            )
        ]
    if behind_s > OLD_S:
        return [
            warning(
                f"The newest block is {behind_s} s old by this machine's clock.",
                "Does the chain make blocks? If it does, set this machine's clock (NTP).",
            )
        ]
    return [ok(f"the newest block is {max(behind_s, 0)} s old")]


async def contracts(patient: Patient) -> list[Finding]:
    """Look whether each contract of the deployment is there."""
    from tribune.chain.client import Chain
    from tribune.chain.deployments import load_deployment

    settings = patient.settings
    deployment = load_deployment(settings.deployments, settings.chain.chain_id)
    async with await Chain.connect(settings.chain) as chain:
        codes = await asyncio.gather(*(chain.code(address) for address in deployment.addresses.values()))
    empty = [name for name, code in zip(deployment.addresses, codes, strict=True) if not code]
    if empty:
        return [
            not_ok(
                f"There is no contract where {', '.join(empty)} should be.",
                f"Is {settings.deployments}/{settings.chain.chain_id}.json this deployment's?",
            )
        ]
    return [ok(f"{len(codes)} contracts")]
