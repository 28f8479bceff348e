"""Events in a store: put there as the indexer does, for tests that need no chain, or read by it from one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from tribune.chain.client import Chain
from tribune.chain.codec import Abi
from tribune.ids import Address
from tribune.store import queries
from tribune.store.about import about
from tribune.store.session import Session, Store
from tribune.store.tables import ChainEvent
from tribune.store.vitals import INDEX
from tribune.sync.indexer import Indexer

if TYPE_CHECKING:  # imports web3, which warns at import: only once pytest's filters are set
    from support.chain import TestChain

BEGAN = datetime(2026, 11, 1, 12, tzinfo=UTC)


def happened(name: str, /, *, contract: str = "KillSwitch", hours: float = 0, **args: Any) -> ChainEvent:
    """Return an event, so many hours after the first block; a hundred events come in one."""
    return ChainEvent(
        block_number=1 + int(hours),
        block_hash=f"0x{int(hours):064x}",
        block_time=BEGAN + timedelta(hours=hours),
        tx_hash="0x" + f"{int(hours):064x}",
        log_index=0,
        address="0x" + "11" * 20,
        contract=contract,
        name=name,
        **about(args),
        args=args,
        data="0x",
    )


def registered(number: int, name: str, hours: float = 0) -> ChainEvent:
    steward = "0x" + "22" * 20
    return happened(
        "ModelRegistered",
        contract="ModelRegistry",
        hours=hours,
        model_id=number,
        steward=steward,
        name=name,
    )


def state_changed(
    number: int,
    previous: int,
    current: int,
    hours: float = 0,
    until_hours: float | None = None,
    case: int = 0,
    epoch: int = 0,
) -> ChainEvent:
    """0 Inactive, 1 Active, 2 Suspended, 3 Paused, 4 Retired."""
    until = 0 if until_hours is None else int((BEGAN + timedelta(hours=until_hours)).timestamp())
    changed: dict[str, Any] = {
        "previous": previous,
        "current": current,
        "epoch": epoch,
        "case_id": case,
        "until": until,
    }
    return happened("StateChanged", hours=hours, model_id=number, **changed)


def activated(number: int, hours: float = 0, version: int = 1) -> ChainEvent:
    """A version that takes force at the moment in which it is chosen."""
    since = int((BEGAN + timedelta(hours=hours)).timestamp())
    chosen: dict[str, Any] = {"version": version, "previous": version - 1, "from": since}
    return happened("VersionActivated", contract="ModelRegistry", hours=hours, model_id=number, **chosen)


def proposed(number: int, text: str, hours: float = 0, contract: str = "OversightGovernor") -> ChainEvent:
    """A proposal that is voted on from then on for a day."""
    starts = int((BEGAN + timedelta(hours=hours)).timestamp())
    span = {"vote_start": starts, "vote_end": starts + 86_400}
    return happened(
        "ProposalCreated", contract=contract, hours=hours, proposal_id=number, description=text, **span
    )


def put(session: Session, *events: ChainEvent) -> None:
    """Store events, each at a place of its own, and move the index on."""
    at = queries.checkpoint(session, INDEX)
    place = 0 if at is None else at.block_number
    for event in events:
        place += 1
        event.log_index = place
        session.add(event)
    queries.set_checkpoint(session, INDEX, place, f"0x{place:064x}")


async def read_chain(chain: TestChain, store: Store) -> None:
    """Take a whole chain into a store, as the bot does."""
    contracts = {
        Address(contract.address): Abi(name, cast(Any, contract.abi))
        for name, contract in chain.contracts.items()
    }
    async with Chain(chain.anvil.http_url, chain_id=31337, timeout_s=5) as client:
        await Indexer(client, store, contracts).catch_up()


def policy_set(
    model: int, rules: Sequence[tuple[Any, ...]], *, digest: str = "0xaa", **terms: Any
) -> ChainEvent:
    """A policy that takes force with the first block, with frames of an hour; rules as the chain has them."""
    names = ("metric", "op", "severity", "stage", "m", "w", "na_budget", "z", "limit", "lo", "hi")
    policy: dict[str, Any] = {
        "start": 0, "step": 3_600, "length": 3_600, "grace": 300, "deadline": 1_800, "suspension": 3_600,
        "stale_suspends": False, "k": 2, "panel": ["0x" + f"{one:040x}" for one in (1, 2, 3)],
        "rules": [dict(zip(names, rule, strict=True)) for rule in rules],
    }  # fmt: skip
    args: dict[str, Any] = {"index": 0, "digest": digest, "first_frame": 1, "base": int(BEGAN.timestamp())}
    hours = terms.pop("hours", 0)
    args |= {key: terms.pop(key) for key in tuple(terms) if key in args}
    args["policy"] = policy | terms
    return happened("PolicySet", contract="PolicyBook", hours=hours, model_id=model, **args)


def judged(model: int, frame: int, *values: int, hits: int = 0, **other: Any) -> ChainEvent:
    """A frame's report as the hub judged it, an hour after the one before."""
    report: dict[str, Any] = {
        "model_id": model, "version": 1, "frame": frame, "policy": "0xaa", "manifest": "0x" + "33" * 32,
        "evidence": "0x" + "00" * 32, "values": list(values),
    }  # fmt: skip
    report |= {key: other.pop(key) for key in tuple(other) if key in report}
    facts: dict[str, Any] = {"frame": frame, "version": report["version"], "digest": f"0x{frame:064x}"}
    facts |= {"hits": hits, "case_id": other.pop("case_id", 0), "report": report}
    return happened("ReportJudged", contract="ReportHub", hours=frame + 0.5, model_id=model, **facts)
