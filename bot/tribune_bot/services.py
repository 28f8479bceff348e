"""What the bot works with, opened once and handed to every part: store, chain, ballots, sender.

Opening checks what a person can have got wrong (key, deployment, chain, channel) before anything is said.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tribune.exceptions import ConfigurationError
from tribune.ids import Address

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts
    from tribune.ballots.documents import Documents
    from tribune.ballots.holders.opening import CallOpener
    from tribune.ballots.linking import WalletLinks
    from tribune.ballots.relay import BallotRelay
    from tribune.chain.facade import Tribune
    from tribune.settings import Settings
    from tribune.store.session import Store
    from tribune.sync.indexer import Indexer
    from tribune.sync.sender import Sender


@dataclass(frozen=True)
class Services:
    """Everything the cogs use. Only `sender` holds a key, and that pays gas only."""

    settings: Settings
    store: Store
    tribune: Tribune
    contracts: VoteContracts
    documents: Documents
    indexer: Indexer
    sender: Sender
    relay: BallotRelay
    opener: CallOpener
    links: WalletLinks
    guild_id: int
    channel_id: int

    @property
    def public_url(self) -> str:
        """Address of the pages, without a slash at its end."""
        return self.settings.web.public_url.rstrip("/")

    def ballot_url(self, case_id: int) -> str:
        """Address of a case's ballot page."""
        return f"{self.public_url}/b/{case_id}"

    def incident_url(self, case_id: int) -> str:
        """Address of a case's timeline."""
        return f"{self.public_url}/i/{case_id}"

    def proposal_url(self, number: int) -> str:
        """Address of a slow-lane proposal's page."""
        return f"{self.public_url}/p/{number}"

    def call_url(self, call_id: int) -> str:
        """Address of the page of holders' call for a vote."""
        return f"{self.public_url}/c/{call_id}"

    def draft_url(self, draft_id: str) -> str:
        """Address of a draft's page."""
        return f"{self.public_url}/p/draft/{draft_id}"

    def evidence_url(self, cid: str) -> str:
        """Address of a document."""
        return f"{self.public_url}/evidence/{cid}"


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Services]:
    """Open everything, and close it at the end.

    Raises:
        ConfigurationError: guild, channel, relayer key or deployment are missing or wrong.
        ChainError: the node does not answer, or is another chain's.
        StoreError: the database cannot be opened.
    """
    from tribune.ballots.contracts import VoteContracts
    from tribune.ballots.documents import Documents
    from tribune.ballots.holders.opening import CallOpener
    from tribune.ballots.linking import WalletLinks
    from tribune.ballots.relay import BallotRelay
    from tribune.chain.facade import Tribune
    from tribune.keys import load_account
    from tribune.store.session import open_store
    from tribune.sync.indexer import Indexer
    from tribune.sync.sender import Sender

    guild_id, channel_id = settings.discord.guild_id, settings.discord.channel_id
    if guild_id is None or channel_id is None:
        raise ConfigurationError(
            "The bot does not know where to speak.",
            mend="Set TRIBUNE_DISCORD__GUILD_ID and TRIBUNE_DISCORD__CHANNEL_ID.",
        )
    account = load_account(settings, "relayer")
    with open_store(settings.store_url) as store:
        async with await Tribune.connect(settings) as tribune:
            chain, deployment = tribune.chain, tribune.deployment
            contracts = VoteContracts(chain, deployment)
            sender = Sender.of(chain, account, settings.chain)
            yield Services(
                settings=settings,
                store=store,
                tribune=tribune,
                contracts=contracts,
                documents=Documents(settings.evidence_stores),
                indexer=Indexer(
                    chain,
                    store,
                    {Address(c.address): c.abi for c in tribune.contracts},
                    first_block=deployment.block,
                ),
                sender=sender,
                relay=BallotRelay(store, contracts, sender),
                opener=CallOpener(store, contracts, sender, settings.relay, settings.chain.finality_blocks),
                links=WalletLinks(store, chain, settings.web.public_url),
                guild_id=guild_id,
                channel_id=channel_id,
            )
