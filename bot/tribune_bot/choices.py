"""What Discord offers while somebody types a model, a case or a proposal; and which one was meant.

Answers come from the index in memory. Where it cannot be read, that is said: an empty list means that
nothing fits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Literal

import discord
from discord import app_commands

from tribune.chain.enums import CaseKind, Outcome
from tribune.exceptions import StoreError, TribuneError
from tribune.ids import ModelId
from tribune.language import _
from tribune_bot.words.standing import state_word

if TYPE_CHECKING:
    from tribune.ballots.directory import ListedCase, ListedModel, Listing
    from tribune_bot.client import TribuneBot

Interaction = discord.Interaction[Any]
Choice = app_commands.Choice[str]

MOST = 25
"""Choices that Discord shows."""
LONGEST = 100
"""Characters of a choice's name."""


class UnknownModelError(TribuneError):
    """There is no such model."""


class UnknownProposalError(TribuneError):
    """There is no such case or proposal."""


@dataclass(frozen=True)
class VotedOn:
    """What a vote is about: a case of the fast lane, or a proposal of the slow one.

    Args:
        lane: "b" for a case, "p" for a proposal: as in the addresses of their pages.
        number: of the case, or the proposal's place among all.
    """

    lane: Literal["b", "p"]
    number: int


async def models(interaction: Interaction, typed: str) -> list[Choice]:
    """Offer models by name or number; the value is the number."""
    return await _offered(interaction, typed, _models)


async def proposals(interaction: Interaction, typed: str) -> list[Choice]:
    """Offer cases and proposals of both lanes, open ones first; the value is "b7" or "p3"."""
    return await _offered(interaction, typed, _proposals)


async def open_cases(interaction: Interaction, typed: str) -> list[Choice]:
    """Offer cases without an outcome; the value is "b7"."""
    return await _offered(interaction, typed, _open_cases)


async def find_model(bot: TribuneBot, typed: str) -> ModelId:
    """Return the model that a person means, by number or by its whole name.

    Raises:
        UnknownModelError: there is none, or there are several of that name.
        ChainUnreachableError: the index does not have it yet, and the chain cannot be asked.
        StoreError: the index cannot be read.
    """
    listing = await bot.directory.look()
    number = _number(typed.strip().removeprefix("#"))
    if number in listing.models:
        return ModelId(number)
    if number and number <= await bot.services.tribune.model_registry.model_count():
        return ModelId(number)  # newer than the index
    named = [model.id for model in listing.models.values() if model.name == typed]
    if len(named) == 1:
        return ModelId(named[0])
    if named:
        raise UnknownModelError(
            _("Several models are called {name}.").format(name=repr(typed[:60])),
            mend=_("Give the number of the one you mean: {numbers}.").format(
                numbers=", ".join(map(str, named[:10]))
            ),
        )
    raise UnknownModelError(
        _("There is no model {name}.").format(name=repr(typed[:60])),
        mend=_("Choose one from the list that appears while you type."),
    )


async def find_proposal(bot: TribuneBot, typed: str) -> VotedOn:
    """Return the case or proposal that a person means.

    "b7" or "case 7" is a case, "p3", "proposal 3" or a 70-digit id a proposal; a bare number is either, as
    long as there are not both.

    Raises:
        UnknownProposalError: there is none, as far as the index knows, or a bare number means two.
        StoreError: the index cannot be read.
    """
    listing = await bot.directory.look()
    text = typed.strip().lower().removeprefix("#")
    word = text.rstrip("0123456789")
    number = _number(text[len(word) :])
    word = word.strip(" #")
    is_case = number in listing.cases and word in ("", "b", "case", _("case").lower())
    is_proposal = number in listing.proposals and word in ("", "p", "proposal", _("proposal").lower())
    if is_case and is_proposal:
        raise UnknownProposalError(
            _("{number} is a case and a proposal.").format(number=number),
            mend=_("Write “case {number}” or “proposal {number}”.").format(number=number),
        )
    if is_case or is_proposal:
        return VotedOn("b" if is_case else "p", number)
    for proposal in listing.proposals.values():
        if text == str(proposal.id):
            return VotedOn("p", proposal.number)
    raise UnknownProposalError(
        _("There is no proposal {name}.").format(name=repr(typed[:60])),
        mend=_("Choose one from the list that appears while you type."),
    )


def case_title(listing: Listing, case: ListedCase) -> str:
    """Return a case in a few words, as plain text: "acs-employment v1: it broke a rule"."""
    name = plain(listing.name_of(case.model_id), 50)
    why = {
        CaseKind.BREACH: _("it broke a rule"),
        CaseKind.GUARDIAN: _("the guardian stopped it"),
        CaseKind.STALE: _("nobody measured it"),
        CaseKind.HOLDER_PAUSE: _("holders call for a pause"),
        CaseKind.HOLDER_RESUME: _("shall it answer again?"),
    }[case.kind]
    return _("{name} v{version}: {why}").format(name=name, version=case.version, why=why)


def plain(text: str, longest: int = LONGEST) -> str:
    """Return a given text as one line of plain text, which choices and buttons show as it stands."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


async def _offered(interaction: Interaction, typed: str, offer: Any) -> list[Choice]:
    try:
        listing = await interaction.client.directory.look()
    except StoreError:
        shown = plain(typed) or "?"
        return [app_commands.Choice(name=_("We cannot look now; give a number"), value=shown)]
    found: list[tuple[str, str]] = offer(listing, typed[:LONGEST])
    return [app_commands.Choice(name=plain(name), value=value) for name, value in found]


def _models(listing: Listing, typed: str) -> list[tuple[str, str]]:
    return [(model_title(listing, model), str(model.id)) for model in listing.search(typed)[:MOST]]


def model_title(listing: Listing, model: ListedModel) -> str:
    """Return a model as choices show it; its number tells it from others of that name."""
    name, state = plain(model.name, 60) or _("(no name)"), state_word(model.state(listing.at))
    return _("{name} · model {id} · {state}").format(name=name, id=model.id, state=state)


def _proposals(listing: Listing, typed: str) -> list[tuple[str, str]]:
    cases = sorted(listing.cases.values(), key=lambda case: (not listing.is_open(case), -case.id))
    still_open = sum(listing.is_open(case) for case in cases)
    told = ((_case_choice(listing, case), f"b{case.id}") for case in cases)
    slow = (
        (
            _("Proposal {number}, in its proposer's words: {title}").format(
                number=one.number, title=plain(one.title, 80)
            ),
            f"p{one.number}",
        )
        for one in reversed(listing.proposals.values())
    )
    return _fitting(chain(islice(told, still_open), slow, told), typed)


def _open_cases(listing: Listing, typed: str) -> list[tuple[str, str]]:
    cases = (case for case in reversed(listing.cases.values()) if listing.is_open(case))
    return _fitting(((_case_choice(listing, case), f"b{case.id}") for case in cases), typed)


def _case_choice(listing: Listing, case: ListedCase) -> str:
    outcome = {
        Outcome.OPEN: _("no decision") if listing.is_overtaken(case) else _("open"),
        Outcome.UPHELD: _("passed"),
        Outcome.REJECTED: _("rejected"),
        Outcome.LAPSED: _("no decision"),
    }[case.outcome]
    return _("Case {id}: {title} ({outcome})").format(
        id=case.id, title=case_title(listing, case), outcome=outcome
    )


def _fitting(offered: Iterable[tuple[str, str]], typed: str) -> list[tuple[str, str]]:
    """Return the first that fit; what comes after them is not even worded."""
    sought = typed.strip().casefold()
    return list(islice((one for one in offered if sought in one[0].casefold() or sought == one[1]), MOST))


def _number(text: str) -> int:
    """Return a number as people write it, 0 where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
