"""Tells that a model's monitors contradict each other: it stops nothing, but nobody knows how it does.

One message a dispute, edited while it goes on and when it is over. It keeps no place among events: what is to
be posted follows from the index. In the server's quiet hours a new one waits for their end.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from discord.ext import commands

from tribune.ballots.cases.panel import panel_size
from tribune.ballots.histories.disputes import Dispute, find_disputes
from tribune.exceptions import RevertedError
from tribune.language import _, number, plural
from tribune.store.tables import now
from tribune_bot.following import follow
from tribune_bot.posting.board import Shown
from tribune_bot.words.text import dated, fitted, harmless, moment, wallet_name

if TYPE_CHECKING:
    from datetime import datetime

    from tribune_bot.client import TribuneBot

NEWS = timedelta(days=7)
"""A dispute that is older is history: a new bot does not post it."""
_MOST_GROUPS = 5


class Disagreements(commands.Cog):
    """Watches for disputes."""

    def __init__(self, bot: TribuneBot) -> None:
        self.bot = bot
        self.services = bot.services

    async def cog_load(self) -> None:
        """Register the job."""
        self.bot.add_job("watch for disagreements", self.watch)

    async def watch(self) -> None:
        """Keep the messages of disputes up to date, until cancelled."""
        waits = False

        async def look(changed: bool) -> None:
            nonlocal waits
            if changed or waits:
                waits = await self.look()

        await follow(self.services.indexer, look, "disagreements could not be followed")

    async def look(self) -> bool:
        """Bring all messages up to date; return whether one waits for the end of quiet hours.

        Raises:
            StoreError, ChainUnreachableError, DiscordUnreachableError: call again.
        """
        quiet = (await self.bot.servers.now()).quiet_until(now()) is not None
        waits = False
        for dispute in await find_disputes(self.services.store):
            if now() - dispute.newest > NEWS:
                continue
            waits |= quiet
            async with self.bot.servers.speaking():
                subject = f"disputed/{dispute.model_id}/{dispute.version}/{dispute.first}"
                await self.bot.board.show(subject, await self._shown(dispute), post=not quiet)
        return waits

    async def _shown(self, dispute: Dispute) -> Shown:
        services, frame = self.services, dispute.last
        name = harmless(await services.tribune.model_registry.name(dispute.model_id), 80)
        panel = await panel_size(services.contracts, dispute.model_id, frame)
        return disagreement_message(dispute, name, panel, await self._deadline(dispute))

    async def _deadline(self, dispute: Dispute) -> datetime | None:
        """Return until when reports of the last frame count; None for an evaluation."""
        try:
            terms = await self.services.tribune.policy_book.terms(dispute.model_id, dispute.last)
        except RevertedError:
            return None
        return terms.accept_until


def disagreement_message(dispute: Dispute, name: str, panel: int | None, deadline: datetime | None) -> Shown:
    """Return what the message of a dispute shows.

    Args:
        dispute: the frames.
        name: of the model, made harmless.
        panel: monitors that were to measure the last frame; None where that is not known.
        deadline: until when reports of the last frame count.
    """
    model = f"{name} v{dispute.version}"
    if dispute.agreed is not None:
        lines = [
            _("**{model}: its monitors agree again, since frame {frame}**").format(
                model=model, frame=dispute.agreed
            ),
            _("They contradicted each other from frame {first} to frame {last}, since {when}.").format(
                first=dispute.first, last=dispute.last, when=moment(dispute.since, "f")
            ),
            _("What it did in those frames was judged by no rule."),
        ]
        return Shown(fitted(lines), mark=lines[0])
    signed = sum(len(group) for group in dispute.results)
    what = (
        _("frame {frame}").format(frame=dispute.last) if dispute.last else _("the evaluation of this version")
    )
    lines = [
        _("**{model}: its monitors contradict each other**").format(model=model),
        _("Of {what}, {signed} of {panel} monitors signed {results}; too few agree for any to count.").format(
            what=what,
            signed=number(signed),
            panel=number(max(panel or 0, signed)),
            results=plural("{n} result", "{n} different results", len(dispute.results)).format(
                n=number(len(dispute.results))
            ),
        ),
        _("**Who agrees with whom:** {groups}").format(groups=_groups(dispute)),
        _("**Seen:** {when}, since frame {frame}").format(when=moment(dispute.newest), frame=dispute.first)
        if dispute.first < dispute.last
        else _("**Seen:** {when}").format(when=moment(dispute.newest)),
        _("**What happens next:** nothing is stopped by this; until they agree, nobody knows how it does."),
    ]
    if deadline is not None:
        lines.append(
            _("Without a result that counts by {when}, holders can vote on it.").format(when=dated(deadline))
        )
    return Shown(fitted(lines), mark=lines[0])


def _groups(dispute: Dispute) -> str:
    shown = [" = ".join(map(wallet_name, group)) for group in dispute.results[:_MOST_GROUPS]]
    return " ≠ ".join(shown) + (" …" if len(dispute.results) > _MOST_GROUPS else "")
