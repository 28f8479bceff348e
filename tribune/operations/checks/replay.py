"""A check of what monitors need to run decisions again, where a policy asks for that (replay.mismatch)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tribune.exceptions import PolicyError, TribuneError
from tribune.ids import FrameIndex, ModelId, VersionNumber
from tribune.operations.finding import Finding, Patient, not_ok, ok, warning

if TYPE_CHECKING:
    from tribune.chain.facade import Tribune
    from tribune.chain.policy_book import PolicyRecord
    from tribune.settings import Settings

IN_FORCE = FrameIndex(0)
BLOCKS = 100
"""Over so many of the newest blocks it is seen how long one takes."""


async def replay(patient: Patient) -> list[Finding]:
    """Look whether each monitor has a replayer and the artifact of each model whose policy asks for them."""
    from tribune.chain.facade import Tribune

    if not patient.monitors:
        return []
    async with await Tribune.connect(patient.settings) as tribune:
        asking = await _asking(tribune)
        found = [
            await _monitor(tribune, name, own, model, record)
            for name, own in patient.monitors.items()
            for model, record in asking.items()
            if (not own.monitor.models or model in own.monitor.models)
            and await patient.address(name) in record.policy.panel
        ]
        late = [await _late(tribune, model, record) for model, record in asking.items()] if found else []
    return [*found, *(one for one in late if one is not None)]


async def _asking(tribune: Tribune) -> dict[ModelId, PolicyRecord]:
    """Return the models whose policy in force asks that decisions be run again."""
    from tribune.metrics import Policy

    count = await tribune.model_registry.model_count()
    found = {}
    for model in map(ModelId, range(1, count + 1)):
        record = await tribune.policy_book.policy_for(model, IN_FORCE)
        if record is None:
            continue
        try:
            audits = Policy.from_chain([rule.on_chain() for rule in record.policy.rules]).audits
        except PolicyError:  # of newer definitions: what cannot be read here cannot be reported either
            continue
        if "replay.mismatch" in audits:
            found[model] = record
    return found


async def _monitor(
    tribune: Tribune, name: str, own: Settings, model: ModelId, record: PolicyRecord
) -> Finding:
    from tribune_monitors.audit.replaying import Replayers

    registry = tribune.model_registry
    version = await registry.active_version(model) or VersionNumber(await registry.version_count(model))
    replayers = Replayers(own.monitor.replay)
    try:
        replayers.command(model)
        if version:
            details = (await registry.version(model, version)).details
            await asyncio.to_thread(replayers.artifact, details.artifact)
    except TribuneError as fault:
        return not_ok(f"{name}: {fault.message}", fault.mend)
    return ok(f"{name}: can run decisions of model {model} again")


async def _late(tribune: Tribune, model: ModelId, record: PolicyRecord) -> Finding | None:
    """Say where samples are drawn too late for the reports that need them."""
    chain = tribune.chain
    head = await chain.head()
    earlier = await chain.block(max(0, head.number - BLOCKS))
    if head.number == earlier.number:
        return None
    block_s = (head.timestamp - earlier.timestamp) / (head.number - earlier.number)
    wait_s = block_s * (chain.finality_blocks + 1)
    room_s = record.policy.deadline_s - record.policy.grace_s
    if wait_s < room_s:
        return None
    return warning(
        f"model {model}: a sample is drawn about {wait_s:.0f} s after its log was anchored, and reports are "
        f"due {room_s} s after it could be.",
        "Lower chain.finality_blocks where the chain is final sooner, or vote a longer deadline.",
    )
