"""A model's cases as the index has them, each in plain words: what was found, how it ended, what was mended.

The words are those of a ballot; what they are made of comes from the events alone, so a breach that joined a
case later is told by the case's own page, which reads the chain.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tribune.ballots.histories.policies import SetPolicy, by_digest
from tribune.chain.codec import snake
from tribune.chain.enums import CaseKind, Outcome, State
from tribune.chain.types import digest_of
from tribune.exceptions import PolicyError
from tribune.ids import Cid, Digest
from tribune.reports.canonical import cid

if TYPE_CHECKING:
    from tribune.ballots.documents import Documents
    from tribune.metrics.policies.policy import Rule
    from tribune.metrics.profile import Profile
    from tribune.reports.words import CaseWords
    from tribune.store.tables import ChainEvent


@dataclass(frozen=True)
class PastCase:
    """A case.

    Args:
        id: its number.
        kind: what opened it.
        version: of the model.
        opened_at: when.
        outcome: how it stands.
        closed_at: when its end was recorded; None: it was not.
        suspends: whether it stopped the model at once, for a bounded time.
        evidence: what it rests on; None where it names nothing.
        words: all that in words.
    """

    id: int
    kind: CaseKind
    version: int
    opened_at: datetime
    outcome: Outcome
    closed_at: datetime | None
    suspends: bool
    evidence: Cid | None
    words: CaseWords


async def tell_cases(
    name: str,
    events: Sequence[ChainEvent],
    policies: Sequence[SetPolicy],
    profiles: Mapping[int, Profile | None],
    documents: Documents,
) -> list[PastCase]:
    """Return cases in words, in the order of their events.

    Args:
        name: of the model.
        events: its `CaseOpened` that are asked for, its `CaseClosed` and its `StateChanged`.
        policies: all of the model's.
        profiles: of its versions.
        documents: evidence; what no store gives is said to be missing.
    """
    closed = {event.args["case_id"]: event for event in events if event.name == "CaseClosed"}
    opened = [event for event in events if event.name == "CaseOpened"]
    # When a case is opened, its suspension has not been counted yet.
    stopped = {
        event.args["case_id"]
        for event in events
        if event.name == "StateChanged" and State.of(event.args["current"]) is State.SUSPENDED
    }
    found = await asyncio.gather(*(documents.find(_evidence(event)) for event in opened))
    return await asyncio.to_thread(
        lambda: [
            _told(
                name,
                event,
                closed.get(event.args["case_id"]),
                event.args["case_id"] in stopped,
                policies,
                profiles,
                document,
            )
            for event, document in zip(opened, found, strict=True)
        ]
    )


def _told(
    name: str,
    event: ChainEvent,
    closed: ChainEvent | None,
    suspends: bool,
    policies: Sequence[SetPolicy],
    profiles: Mapping[int, Profile | None],
    document: Mapping[str, Any] | None,
) -> PastCase:
    from tribune.reports.words import Kind, Subject, case_words

    args, details = event.args, event.args["details"]
    kind, evidence = CaseKind.of(args["kind"]), _evidence(event)
    subject = Subject(
        model=name,
        version=details["version"],
        kind=Kind(snake(kind)),
        value=details["value"],
        limit=details["limit"],
        stopped=suspends,
        frame=details["frame"],
    )
    rule = _rule(by_digest(policies, details["policy"]), details["rule"]) if kind is CaseKind.BREACH else None
    return PastCase(
        id=args["case_id"],
        kind=kind,
        version=details["version"],
        opened_at=event.block_time,
        outcome=Outcome.OPEN if closed is None else Outcome.of(closed.args["outcome"]),
        closed_at=None if closed is None else closed.block_time,
        suspends=suspends,
        evidence=cid(evidence) if any(evidence) else None,
        words=case_words(subject, rule, document, profiles.get(details["version"])),
    )


def _evidence(event: ChainEvent) -> Digest:
    return digest_of(event.args["details"]["evidence"])


def _rule(policy: SetPolicy | None, place: int) -> Rule | None:
    from tribune.metrics.policies.policy import Rule

    if policy is None or place >= len(policy.policy.rules):
        return None
    try:
        return Rule.from_chain(policy.policy.rules[place].on_chain())
    except PolicyError:  # of a newer release
        return None
