"""What Discord offers while somebody types, and which model or proposal was meant."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Literal

import pytest

from support.index import happened, proposed, registered, state_changed
from tribune.ballots.directory import Listing
from tribune.exceptions import ChainUnreachableError, StoreError
from tribune.language import Language, spoken
from tribune_bot import choices
from tribune_bot.choices import MOST, UnknownModelError, UnknownProposalError, VotedOn

HOSTILE = "**@everyone** <@1> `x`\n\u202eevil\u200b " + "x" * 200


def listing(*names: str) -> Listing:
    made = Listing()
    for number, name in enumerate(names, 1):
        made.take_in(registered(number, name))
    return made


def bot(found: Listing | Exception, on_chain: int | Exception = 0) -> Any:
    async def look() -> Listing:
        if isinstance(found, Exception):
            raise found
        return found

    async def model_count() -> int:
        if isinstance(on_chain, Exception):
            raise on_chain
        return on_chain

    registry = SimpleNamespace(model_count=model_count)
    services = SimpleNamespace(tribune=SimpleNamespace(model_registry=registry))
    return SimpleNamespace(directory=SimpleNamespace(look=look), services=services)


def asked(of: Any) -> Any:
    return SimpleNamespace(client=of)


async def test_models__nothing_registered__offers_nothing() -> None:
    assert await choices.models(asked(bot(Listing())), "x") == []


async def test_models__index_unreadable__says_so_instead_of_nothing() -> None:
    [only] = await choices.models(asked(bot(StoreError("gone"))), "7")
    assert (only.name, only.value) == ("We cannot look now; give a number", "7")


async def test_models__hostile_names__are_one_plain_line_each() -> None:
    found = await choices.models(asked(bot(listing(HOSTILE, "", "\n\n"))), "")
    assert [one.value for one in found] == ["3", "2", "1"]
    for one in found:
        assert 1 <= len(one.name) <= 100
        assert all(c.isprintable() for c in one.name)
    assert found[0].name == "(no name) · model 3 · INACTIVE"


async def test_models__many__at_most_what_discord_shows() -> None:
    found = await choices.models(asked(bot(listing(*(f"m{i}" for i in range(60))))), "m")
    assert len(found) == MOST


async def test_proposals__both_lanes__open_ones_first() -> None:
    made = listing("credit")
    for number in (1, 2):
        made.take_in(
            happened("CaseOpened", model_id=1, case_id=number, kind=number - 1, details={"version": 4})
        )
    made.take_in(happened("CaseClosed", case_id=2, model_id=1, outcome=1))
    made.take_in(proposed(9, "@here new\nx"))
    found = await choices.proposals(asked(bot(made)), "")
    assert [(one.value, one.name) for one in found] == [
        ("b1", "Case 1: credit v4: it broke a rule (open)"),
        ("p1", "Proposal 1, in its proposer's words: @here new"),
        ("b2", "Case 2: credit v4: the guardian stopped it (passed)"),
    ]
    assert [one.value for one in await choices.proposals(asked(bot(made)), "guardian")] == ["b2"]
    assert [one.value for one in await choices.open_cases(asked(bot(made)), "")] == ["b1"]


async def test_open_cases__another_vote_decided_first__is_offered_as_past_only() -> None:
    made = listing("credit")
    made.take_in(happened("CaseOpened", model_id=1, case_id=1, kind=0, details={"version": 4}))
    made.take_in(state_changed(1, 1, 3, epoch=1))
    assert await choices.open_cases(asked(bot(made)), "") == []
    [only] = await choices.proposals(asked(bot(made)), "")
    assert only.name == "Case 1: credit v4: it broke a rule (no decision)"


@pytest.mark.parametrize("typed", ["2", "#2", "b", " 2 "])
async def test_find_model__number_or_whole_name__is_found(typed: str) -> None:
    assert await choices.find_model(bot(listing("a", "b")), typed) == 2


async def test_find_model__newer_than_the_index__is_asked_of_the_chain() -> None:
    assert await choices.find_model(bot(listing("a"), on_chain=5), "5") == 5


async def test_find_model__chain_unreachable__is_not_told_as_unknown() -> None:
    with pytest.raises(ChainUnreachableError):
        await choices.find_model(bot(listing("a"), on_chain=ChainUnreachableError("gone")), "5")


@pytest.mark.parametrize("typed", ["9", "c", "", "0", "-1", "١", "9" * 40, HOSTILE])
async def test_find_model__no_such__says_so(typed: str) -> None:
    with pytest.raises(UnknownModelError, match="There is no model"):
        await choices.find_model(bot(listing("a", "b")), typed)


async def test_find_model__two_of_one_name__asks_for_the_number() -> None:
    with pytest.raises(UnknownModelError) as caught:
        await choices.find_model(bot(listing("a", "a")), "a")
    assert "1, 2" in caught.value.mend


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        *(("b1", ("b", 1)), ("case 1", ("b", 1)), ("Case #1", ("b", 1)), ("2", ("b", 2))),
        *(("p1", ("p", 1)), ("Proposal 1", ("p", 1)), ("9" * 70, ("p", 1))),
    ],
)
async def test_find_proposal__as_offered_or_by_number__is_found(
    typed: str, meant: tuple[Literal["b", "p"], int]
) -> None:
    made = listing("credit")
    made.take_in(happened("CaseOpened", model_id=1, case_id=1, kind=0, details={"version": 1}))
    made.take_in(happened("CaseOpened", model_id=1, case_id=2, kind=0, details={"version": 1}))
    made.take_in(proposed(int("9" * 70), ""))
    assert await choices.find_proposal(bot(made), typed) == VotedOn(*meant)


async def test_find_proposal__a_number_of_both_lanes__asks_which_one() -> None:
    made = listing("credit")
    made.take_in(happened("CaseOpened", model_id=1, case_id=1, kind=0, details={"version": 1}))
    made.take_in(proposed(int("9" * 70), ""))
    with pytest.raises(UnknownProposalError, match="1 is a case and a proposal") as fault:
        await choices.find_proposal(bot(made), "1")
    assert "“case 1” or “proposal 1”" in fault.value.mend


async def test_find_proposal__words_of_the_askers_language__are_understood() -> None:
    made = listing("credit")
    made.take_in(happened("CaseOpened", model_id=1, case_id=1, kind=0, details={"version": 1}))
    made.take_in(proposed(int("9" * 70), ""))
    with spoken(Language.GERMAN):
        assert await choices.find_proposal(bot(made), "Fall 1") == VotedOn("b", 1)
        assert await choices.find_proposal(bot(made), "Antrag 1") == VotedOn("p", 1)


@pytest.mark.parametrize("typed", ["b1", "p1", "7", "", "p", "b٣"])
async def test_find_proposal__no_such__says_so(typed: str) -> None:
    with pytest.raises(UnknownProposalError):
        await choices.find_proposal(bot(Listing()), typed)
