"""Hand in a ballot that was signed elsewhere: by a hardware wallet or any tool that knows EIP-712.

The button holds nothing but which vote it is about, so it outlives restarts. What is handed in is checked as
the page's ballots are: the signature names the wallet, whoever brings it.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

import discord

from tribune.ballots.cases.view import counted_votes, read_case_vote
from tribune.ballots.checks import REASON_LIMIT, BallotInvalidError
from tribune.ballots.queue import accept_ballot
from tribune.ballots.slow_lane.proposals import find_proposal, read_proposal
from tribune.ballots.typed_data import SignedBallot, Support, parse_signature
from tribune.ids import Address, CaseId
from tribune.language import _, spoken
from tribune_bot.errors import tell
from tribune_bot.words.speech import language_of
from tribune_bot.words.text import harmless

if TYPE_CHECKING:
    from tribune.ballots.queue import BallotStatus
    from tribune.ballots.vote import Vote
    from tribune_bot.client import TribuneBot

_TITLE = 45
"""Characters of a modal's title and labels."""
_LONGEST = 4000
"""Characters that a field takes; a key's signature has 132, a safe of fifteen owners fits."""


class Kind(StrEnum):
    """What is voted on."""

    CASE = "case"
    PROPOSAL = "proposal"


class BallotModal(discord.ui.Modal):
    """Takes a signed ballot.

    Args:
        bot: who asks.
        kind: what the vote is on.
        number: the case's, or the proposal's id.
    """

    def __init__(self, bot: TribuneBot, kind: Kind, number: int) -> None:
        super().__init__(title=_("Hand in a signed ballot")[:_TITLE])
        self._bot, self._kind, self._number = bot, kind, number
        self._choice: discord.ui.Select[Any] = discord.ui.Select(
            options=[
                discord.SelectOption(label=choice.word, value=str(int(choice)))
                for choice in (Support.FOR, Support.AGAINST, Support.ABSTAIN)
            ]
        )
        self._field(_("What you signed"), "", self._choice)
        self._wallet = self._text(_("Address of the wallet"), _("0x and 40 hex digits."), longest=42)
        self._signature = self._text(
            _("Signature"), _("What your tool returned: 0x and hex digits."), longest=_LONGEST
        )
        self._reason = self._text(
            _("Reason"),
            _("Exactly as it was signed; nothing where none was."),
            longest=REASON_LIMIT,
            required=False,
        )

    def _text(
        self, label: str, hint: str, *, longest: int, required: bool = True
    ) -> discord.ui.TextInput[Any]:
        style = discord.TextStyle.paragraph if longest > 100 else discord.TextStyle.short
        field: discord.ui.TextInput[Any] = discord.ui.TextInput(
            style=style, max_length=longest, required=required
        )
        self._field(label, hint, field)
        return field

    def _field(self, label: str, hint: str, component: discord.ui.Item[Any]) -> None:
        described = hint[:100] or None
        self.add_item(discord.ui.Label(text=label[:_TITLE], description=described, component=component))

    async def on_submit(self, interaction: discord.Interaction[Any]) -> None:
        """Check the ballot and queue it, or say why it would not count."""
        with spoken(language_of(interaction)):
            try:
                await interaction.response.defer(ephemeral=True, thinking=True)
                vote = await read_vote(self._bot, self._kind, self._number)
                services = self._bot.services
                status = await accept_ballot(
                    services.store,
                    services.contracts,
                    vote,
                    self._ballot(vote),
                    services.settings.relay,
                    discord_user_id=interaction.user.id,
                )
                await interaction.edit_original_response(content=taken_text(vote, status))
            except Exception as fault:  # the boundary of a submission: discord.py would only log it
                await tell(interaction, fault)

    def _ballot(self, vote: Vote) -> SignedBallot:
        return SignedBallot(
            vote.proposal_id,
            _address(self._wallet.value),
            int(self._choice.values[0]),
            self._reason.value.strip().replace("\r\n", "\n"),
            parse_signature("".join(self._signature.value.split())),
        )


class ElsewhereButton(
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"tribune:signed:(?P<kind>case|proposal):(?P<number>0x[0-9a-f]{1,64}|[1-9][0-9]{0,18})",
):
    """Opens the modal; `number` is the case's, or the proposal's id."""

    def __init__(self, kind: Kind, number: int) -> None:
        button: discord.ui.Button[Any] = discord.ui.Button(
            label=_("I have signed elsewhere"), custom_id=f"tribune:signed:{kind}:{number:#x}"
        )
        super().__init__(button)
        self.kind, self.number = kind, number

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button of a press."""
        return cls(Kind(match["kind"]), int(match["number"], 0))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Open the modal at once: reading the chain first could take longer than a press may wait."""
        with spoken(language_of(interaction)):
            try:
                bot: TribuneBot = interaction.client
                await interaction.response.send_modal(BallotModal(bot, self.kind, self.number))
            except Exception as fault:  # the boundary of a press: discord.py would only log it
                await tell(interaction, fault)


async def read_vote(bot: TribuneBot, kind: Kind, number: int) -> Vote:
    """Return the vote that a button is about.

    Raises:
        UnknownCaseError, UnknownProposalError, NoSlowLaneError: there is none.
        ChainUnreachableError, StoreError: it could not be read.
    """
    services = bot.services
    if kind is Kind.CASE:
        return await read_case_vote(services.contracts, services.documents, CaseId(number))
    proposed = await find_proposal(services.store, services.contracts, str(number))
    return await read_proposal(services.contracts, services.documents, proposed)


def taken_text(vote: Vote, status: BallotStatus) -> str:
    """Return what to say of a ballot that was taken."""
    choice, wallet = Support(status.support).word, f"`{status.voter}`"
    if status.status == "mined":
        votes = counted_votes(status.weight, vote.decimals)
        return _("Counted in block {block}: {choice}, {votes} votes of {wallet}.").format(
            block=status.block, choice=choice, votes=votes, wallet=wallet
        )
    return _(
        "Your ballot was taken: {choice}, from {wallet}. It is on its way to the chain; "
        "you get a direct message once it is counted."
    ).format(choice=choice, wallet=wallet)


def _address(text: str) -> Address:
    from eth_utils.address import is_hex_address, to_checksum_address

    given = text.strip()
    if not given.startswith("0x") or not is_hex_address(given):
        raise BallotInvalidError(
            _("{text} is no address.").format(text=harmless(given, 60)),
            mend=_("An address is 0x and 40 hex digits."),
        )
    return Address(to_checksum_address(given))
