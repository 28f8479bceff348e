"""The discord.py client: commands, buttons, jobs. It keeps no state that a restart would lose.

Work is done by jobs that cogs register, never in `on_ready`; posting needs no gateway, so an alert does not
wait for one.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from tribune.ballots.directory import Directory
from tribune_bot.docket import Docket
from tribune_bot.errors import tell
from tribune_bot.posting.board import Board
from tribune_bot.posting.notices import Notices
from tribune_bot.posting.threads import Threads
from tribune_bot.server import Servers
from tribune_bot.services import Services
from tribune_bot.views.ballot_modal import ElsewhereButton
from tribune_bot.views.buttons import BUTTONS
from tribune_bot.views.calling import ConfirmButton
from tribune_bot.views.pages import PageButton
from tribune_bot.views.proposal_buttons import PROPOSAL_BUTTONS
from tribune_bot.views.setup_panel import SETUP_PARTS
from tribune_bot.words.speech import DescriptionTranslator, SpeakingTree

READY_WAIT_S = 0.5
"""How long discord.py waits for guilds before it says that it is ready."""

Job = Callable[[], Coroutine[Any, Any, None]]


class TribuneBot(commands.Bot):
    """The bot.

    Args:
        services: what it works with.
        connector: how to reach a stand-in; None reaches Discord.
    """

    def __init__(self, services: Services, connector: Any = None) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,  # never used: there are slash commands only
            help_command=None,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            guild_ready_timeout=READY_WAIT_S,
            connector=connector,
            tree_cls=SpeakingTree,
        )
        self.services = services
        self.servers = Servers(services.store, services.guild_id, services.channel_id)
        self.board = Board(self, services)
        self.notices = Notices(self, services.store)
        self.threads = Threads(self, services.store)
        self.docket = Docket(services)
        self.directory = Directory(services.store, self._chain_time)
        self.jobs: dict[str, Job] = {}
        self.chain_jobs: dict[str, Job] = {}
        """Jobs that need no Discord: they go on while it cannot be reached."""
        self.tree.error(self._command_failed)

    async def prepare(self) -> None:
        """Add cogs, which register their jobs, and buttons; before login."""
        from tribune_bot.cogs.audit import Audit
        from tribune_bot.cogs.calls import Calls
        from tribune_bot.cogs.cases import Cases
        from tribune_bot.cogs.delegates import Delegates
        from tribune_bot.cogs.disagreements import Disagreements
        from tribune_bot.cogs.early_warnings import EarlyWarnings
        from tribune_bot.cogs.flag import Flag
        from tribune_bot.cogs.health import Health
        from tribune_bot.cogs.help import Help
        from tribune_bot.cogs.links import Links
        from tribune_bot.cogs.model import OneModel
        from tribune_bot.cogs.models import Models
        from tribune_bot.cogs.power import Power
        from tribune_bot.cogs.proposals import Proposals
        from tribune_bot.cogs.propose import Propose
        from tribune_bot.cogs.relay import Relay
        from tribune_bot.cogs.reorgs import Reorgs
        from tribune_bot.cogs.reports import Reports
        from tribune_bot.cogs.setup import Setup
        from tribune_bot.cogs.silence import Silence
        from tribune_bot.cogs.slow_lane import SlowLane
        from tribune_bot.cogs.subscriptions import Subscriptions
        from tribune_bot.cogs.voter_notices import VoterNotices
        from tribune_bot.cogs.votes import Votes

        cogs = (
            *(Cases, Votes, VoterNotices, Subscriptions, Setup, Relay, Silence, Links, EarlyWarnings),
            *(Models, OneModel, Reports, Audit, Health, Disagreements),
            *(Power, Delegates, Help),
            *(Propose, Proposals, SlowLane, Flag, Calls, Reorgs),
        )
        for cog in cogs:
            await self.add_cog(cog(self))
        self.add_dynamic_items(
            *BUTTONS, *PROPOSAL_BUTTONS, *SETUP_PARTS, PageButton, ConfirmButton, ElsewhereButton
        )

    async def setup_hook(self) -> None:
        """Tell Discord the commands; called after login."""
        if not self.cogs:
            await self.prepare()
        await self.tree.set_translator(DescriptionTranslator())
        guild = discord.Object(self.services.guild_id)
        self.tree.copy_global_to(guild=guild)
        await self.tree.sync(guild=guild)

    async def close(self) -> None:
        """Close the connections; messages that are to be edited are edited at the next start."""
        await self.board.close()
        await super().close()

    @property
    def connected(self) -> bool:
        """Whether there is a gateway connection now."""
        return self.ws is not None and self.ws.open

    def add_job(self, name: str, job: Job, *, needs_discord: bool = True) -> None:
        """Register work that runs as long as the bot does, or as long as it is logged in."""
        (self.jobs if needs_discord else self.chain_jobs)[name] = job

    def _chain_time(self) -> datetime:
        head = self.services.indexer.head
        return datetime.now(UTC) if head is None else head.time

    async def _command_failed(
        self, interaction: discord.Interaction[Any], fault: app_commands.AppCommandError
    ) -> None:
        await tell(interaction, fault)
