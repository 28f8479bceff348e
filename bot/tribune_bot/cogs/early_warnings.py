"""Early warnings: a rule of severity WARN was hit. Nothing is stopped and nobody is asked to vote.

One message for each unbroken run of hits of a rule, edited while the run goes on. A frame that opened or
joined a case is told by that case alone. In the server's quiet hours a warning waits for their end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from discord.ext import commands

from tribune.chain.enums import Severity
from tribune.chain.types import digest_of
from tribune.exceptions import PolicyError
from tribune.ids import FrameIndex, ModelId, VersionNumber
from tribune.language import _
from tribune.reports.oversight import independence
from tribune.store import happenings, queries
from tribune.store.tables import now
from tribune.sync.outbox import Outbox
from tribune_bot.following import follow
from tribune_bot.posting.board import Shown
from tribune_bot.views.buttons import evidence_button
from tribune_bot.words.text import fitted, harmless, moment

if TYPE_CHECKING:
    from tribune.chain.policy_book import PolicyRule
    from tribune.store.session import Session
    from tribune.store.tables import ChainEvent
    from tribune_bot.client import TribuneBot

READER = "bot.warnings"
"""Name of our checkpoint; its block number is the row id of the last event taken in."""
KIND = "discord.warning"


@dataclass(frozen=True)
class Judged:
    """A judged frame, as far as warnings need it."""

    model_id: int
    version: int
    frame: int
    policy: str
    hits: int
    """Bit i is set where rule i was hit."""

    @classmethod
    def of(cls, event: ChainEvent) -> Judged:
        """Read a stored event."""
        report = event.args["report"]
        return cls(
            report["model_id"], report["version"], report["frame"], report["policy"], event.args["hits"]
        )


def run_of(earlier: Iterable[Judged], last: Judged, rule: int) -> int:
    """Return the first frame of the unbroken run of hits of a rule that ends with `last`.

    `earlier`: the model's judged frames before it, newest first; read no further than the run goes.
    """
    first = last.frame
    for frame, all_judged in groupby(earlier, attrgetter("frame")):
        alike = (one for one in all_judged if (one.version, one.policy) == (last.version, last.policy))
        if not any(one.hits >> rule & 1 for one in alike):
            break
        first = frame
    return first


class EarlyWarnings(commands.Cog):
    """Tells early warnings."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot
        self.services = bot.services
        self.outbox = Outbox(self.services.store, {KIND: self._tell})

    async def cog_load(self) -> None:
        """Register the jobs."""
        self.bot.add_job("tell early warnings", self.outbox.run)
        self.bot.add_job("watch for early warnings", self.watch)

    async def watch(self) -> None:
        """Take in judged reports until cancelled."""
        await follow(self.services.indexer, self._look, "warnings could not be followed")

    async def _look(self, _changed: bool) -> None:
        server = await self.bot.servers.now()
        if await self.services.store.run(_take_in, server.quiet_until(now())):
            self.outbox.wake()

    async def _tell(self, key: str, payload: dict[str, Any]) -> dict[str, Any]:
        async with self.bot.servers.speaking():
            await self._tell_hits(payload)
        return {}

    async def _tell_hits(self, payload: dict[str, Any]) -> None:
        last = Judged(**payload["judged"])
        record = await self.services.tribune.policy_book.policy_for(
            ModelId(last.model_id), FrameIndex(last.frame)
        )
        if record is None:
            return
        at = datetime.fromisoformat(payload["at"])
        for place, rule in enumerate(record.policy.rules):
            chain_rule: Any = rule
            if last.hits >> place & 1 and chain_rule.severity is Severity.WARN:
                first = await self.services.store.read(_began, last, place)
                subject = f"warning/{last.model_id}/{last.version}/{place}/{first}"
                alone = independence(len(record.policy.panel))
                shown = await self._shown(last, chain_rule, payload, place, first, at, alone)
                await self.bot.board.show(subject, shown)
                await self.bot.board.settled(subject)  # nothing else would bring it up to date

    async def _shown(
        self,
        last: Judged,
        rule: PolicyRule,
        payload: dict[str, Any],
        place: int,
        first: int,
        at: datetime,
        alone: str,
    ) -> Shown:
        from tribune.metrics.policies.policy import Rule
        from tribune.reports.canonical import cid
        from tribune.reports.words import Subject, case_words

        services, registry = self.services, self.services.tribune.model_registry
        model_id, evidence = ModelId(last.model_id), digest_of(payload["evidence"])
        name = await registry.name(model_id)
        version = await registry.version(model_id, VersionNumber(last.version))
        try:
            judged_by: Rule | None = Rule.from_chain(rule.on_chain())
        except PolicyError:
            judged_by = None
        value = payload["values"][place]
        words = await asyncio.to_thread(
            case_words,
            Subject(name, last.version, value=value, limit=rule.limit, frame=last.frame),
            judged_by,
            await services.documents.find(evidence),
            await services.documents.profile(version.details.profile),
        )
        model = f"{harmless(name, 80)} v{last.version}"
        if first < last.frame:
            seen = _("Seen {when} in frame {frame}, since frame {first}.").format(
                when=moment(at), frame=last.frame, first=first
            )
        else:
            seen = _("Seen {when} in frame {frame}.").format(when=moment(at), frame=last.frame)
        lines = [
            _("**Early warning: {model}: {fault}**").format(model=model, fault=harmless(words.clause, 160)),
            harmless(words.sentence, 500),
            " ".join(
                part
                for part in (seen, _told_by(alone), _("Nothing is stopped, nothing is voted on."))
                if part
            ),
        ]
        button = evidence_button(services.evidence_url(cid(evidence)))
        return Shown(fitted(lines), mark=lines[0], buttons=(button,))


def _told_by(alone: str) -> str:
    return _("Told by {whom}.").format(whom=alone) if alone else ""


def _began(session: Session, last: Judged, rule: int) -> int:
    earlier = happenings.judged_before(session, last.model_id, last.frame)
    return run_of(map(Judged.of, earlier), last, rule)


def _take_in(session: Session, not_before: datetime | None) -> int:
    """Write down which judged frames may be worth a warning, told from a time on; return how many."""
    place = queries.checkpoint(session, READER)
    since = place.block_number if place is not None else 0
    events = queries.events_since(session, since, names=["ReportJudged"])
    asked = 0
    for event in events:
        judged = Judged.of(event)
        if judged.hits and judged.frame and not event.args["case_id"]:
            report = event.args["report"]
            payload = {
                "judged": judged.__dict__,
                "evidence": report["evidence"],
                "values": list(report["values"]),
                "at": event.block_time.isoformat(),
            }
            key = f"warning/{judged.model_id}/{judged.version}/{judged.frame}"
            asked += queries.enqueue(session, key, KIND, payload, not_before=not_before)
    if events:
        queries.set_checkpoint(session, READER, events[-1].id or 0, "")
    return asked
