"""What Discord shows of a call: whole, harmless and within a message, whatever its author wrote."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tribune.ballots.cases.calls import DecodedCall
from tribune.ballots.holders.beginning import CallPlan
from tribune.ballots.holders.documents import TEXT_LIMIT, About, CallDocument, Conclusion, Harm
from tribune.ballots.holders.progress import CallProgress
from tribune.ballots.holders.simulation import Simulation
from tribune.ballots.holders.view import CallView
from tribune.chain.enums import CaseKind
from tribune.chain.pause_governor import HolderCall
from tribune.chain.types import ContractCall
from tribune.ids import Address, CaseId, Cid, ModelId, VersionNumber
from tribune.store.states import CallState
from tribune_bot.messages.call_message import call_message, plan_message
from tribune_bot.views.calling import ConfirmButton
from tribune_bot.words.text import dated
from unit.bot.samples import NOW

GOVERNOR = Address("0x" + "11" * 20)
URL = "https://dao.example/a/rather/long/address/of/these/pages"
SERVICES: Any = SimpleNamespace(
    call_url=lambda number: f"{URL}/c/{number}",
    ballot_url=lambda number: f"{URL}/b/{number}",
    evidence_url=lambda cid: f"{URL}/evidence/{cid}",
)
STOP = About(31337, CaseKind.HOLDER_PAUSE, ModelId(1), "acs-employment", VersionNumber(2), 3, 4)
FREE = replace(STOP, kind=CaseKind.HOLDER_RESUME)
HARM = Harm("It insults people.", ("https://news.example/a",))
CURE = Conclusion("A joke.", "It was told off.", CaseId(7))
WORST = "*" * TEXT_LIMIT


def view_of(document: CallDocument, **progress: Any) -> CallView:
    about = document.about
    given: dict[str, Any] = {"state": CallState.COLLECTING, "case_id": CaseId(0), "over": "", **progress}
    call = HolderCall(
        about.kind,
        about.model_id,
        about.version,
        about.epoch,
        about.round,
        document.digest,
        NOW + timedelta(days=3),
    )
    powers = {GOVERNOR: 310}
    return CallView(
        id=5,
        call=call,
        name=about.name,
        cid=Cid("bafkrei" + "a" * 52),
        document=document,
        progress=CallProgress(powers=powers, needed=500, supply=100_000, block=812, read_at=NOW, **given),
        decoded=DecodedCall("KillSwitch", GOVERNOR, "pause", {}, "KillSwitch.pause(model 1)", True),
        chain_id=31337,
        governor=GOVERNOR,
        decimals=0,
        signers=(GOVERNOR,),
        held_up="",
    )


def labels(view: CallView) -> list[str]:
    return [item.to_component_dict()["label"] for item in call_message(view, SERVICES).buttons]


def plan_of(document: CallDocument, carried_out: bool | None = True) -> CallPlan:
    nothing = ContractCall(to=GOVERNOR, data=b"", description="")
    return CallPlan(document, Simulation(CaseId(9), nothing, carried_out, 812), 5_000)


def test_call_message__collecting__says_all_that_a_holder_needs() -> None:
    shown = call_message(view_of(CallDocument(STOP, HARM)), SERVICES)
    assert shown.content.splitlines() == [
        "**Shall holders vote on stopping acs-employment v2?**",
        f"<{URL}/c/5>",
        "**Harm:** It insults people.",
        "With 1 link, on the page.",
        "**So far:** 1 holder has signed: 0.31 % of all votes. 0.5 % are needed for the vote to open.",
        "**If enough sign:** a vote opens. If that passes, this runs, and nothing else: "
        "`KillSwitch.pause(model 1)`",
        f"**Until:** {dated(NOW + timedelta(days=3))}",
    ]
    assert labels(view_of(CallDocument(STOP, HARM))) == ["Sign", "See the evidence"]


def test_call_message__opened__leads_to_the_vote() -> None:
    view = view_of(CallDocument(STOP, HARM), state=CallState.OPENED, case_id=CaseId(9))
    assert labels(view) == ["Vote", "See the evidence"]
    assert "Enough have signed: the vote is open." in call_message(view, SERVICES).content


def test_call_message__over__says_why_and_asks_for_nothing() -> None:
    view = view_of(CallDocument(STOP, HARM), state=CallState.OVER, over="Too few had signed.")
    shown = call_message(view, SERVICES)
    assert labels(view) == ["See the evidence"]
    assert "**So far:** Too few had signed." in shown.content
    assert "If enough sign" not in shown.content


def test_call_message__reached_but_held_up__says_why() -> None:
    view = replace(view_of(CallDocument(STOP, HARM)), held_up="What we pay for others is used up.")
    assert "**Not open yet:** What we pay for others is used up." in call_message(view, SERVICES).content


def test_call_message__document_cannot_be_read__offers_nothing_to_sign() -> None:
    view = replace(view_of(CallDocument(STOP, HARM)), document=None)
    assert "Do not sign" in call_message(view, SERVICES).content
    assert labels(view) == ["See the evidence"]


@pytest.mark.parametrize(
    "document",
    [
        CallDocument(replace(STOP, name="*" * 200), Harm(WORST, HARM.links)),
        CallDocument(replace(FREE, name="*" * 200), Conclusion(WORST, WORST, CaseId(7), HARM.links)),
    ],
)
def test_messages__longest_texts_all_escaped__nothing_is_left_out(document: CallDocument) -> None:
    shown = call_message(view_of(document), SERVICES).content
    assert len(shown) <= 2000
    assert "**Until:**" in shown
    preview = plan_message(plan_of(document), GOVERNOR)
    assert len(preview) <= 2000
    assert preview.endswith(
        "Nothing is posted before you press the button. Its text cannot be changed afterwards."
    )


def test_call_message__any_state__is_found_again_by_the_same_mark() -> None:
    view = view_of(CallDocument(STOP, HARM))
    marks = set()
    for progress in (view.progress, replace(view.progress, state=CallState.OVER)):
        shown = call_message(replace(view, progress=progress), SERVICES)
        assert shown.mark in shown.content.splitlines()
        marks.add(shown.mark)
    assert len(marks) == 1


@pytest.mark.parametrize(
    ("carried_out", "said"),
    [
        (True, "Both were tried on the chain at block 812, and go through (it would be case 9)."),
        (None, "this node cannot try the second."),
        (False, "The second does not, as things stand."),
    ],
)
def test_plan_message__tried__says_what_came_of_it(carried_out: bool | None, said: str) -> None:
    assert said in plan_message(plan_of(CallDocument(STOP, HARM), carried_out), GOVERNOR)


def test_plan_message__resume__names_the_steward_s_way() -> None:
    document = CallDocument(FREE, CURE)
    assert f"callResume(1, 2, 0x{document.digest.hex()})` of `{GOVERNOR}`" in plan_message(
        plan_of(document), GOVERNOR
    )


@pytest.mark.parametrize(
    "forged", ["5", "bafkrei", "bafkrei" + "a" * 51, "bafkrei" + "A" * 52, "bafkrei" + "1" * 52, "../" * 20]
)
def test_confirm_button__forged_name__matches_nothing(forged: str) -> None:
    pattern: re.Pattern[str] = ConfirmButton.__discord_ui_compiled_template__
    assert pattern.fullmatch(f"tribune:call:{forged}") is None
    assert pattern.fullmatch("tribune:call:bafkrei" + "a" * 52) is not None
