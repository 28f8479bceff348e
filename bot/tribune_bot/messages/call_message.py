"""What Discord shows of holders' call for a vote: to everybody, and before that to who begins it.

Pure: from a call to text and buttons. What others wrote is made harmless; the whole of it is on the page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tribune.ballots.holders.documents import Harm
from tribune.ballots.holders.progress import share_words
from tribune.ballots.holders.view import CallView, question_of
from tribune.chain.enums import CaseKind
from tribune.language import _, plural
from tribune.store.states import CallState
from tribune_bot.posting.board import Shown
from tribune_bot.views.buttons import link_button
from tribune_bot.words.text import dated, fitted, harmless

if TYPE_CHECKING:
    from tribune.ballots.holders.beginning import CallPlan
    from tribune.ballots.holders.documents import CallDocument, Conclusion
    from tribune_bot.services import Services

_NAME, _SHOWN, _PREVIEWED, _LINES = 80, 600, 400, 6  # characters and lines: escaped they still fit


def subject_of(call_id: int) -> str:
    """Return the board's subject of a call."""
    return f"call/{call_id}"


def call_message(view: CallView, services: Services) -> Shown:
    """Return what the message of a call shows."""
    page = services.call_url(view.id)
    collecting = view.progress.state is CallState.COLLECTING
    model = harmless(view.model, _NAME)
    lines = [f"**{_headline(view).format(model=model)}**", f"<{page}>"]
    if view.document is None:
        lines.append(_("What it says cannot be read here at the moment. Do not sign what nobody can read."))
    else:
        lines += _said(view.document.said, _SHOWN)
    lines.append(_("**So far:** {progress}").format(progress=view.progress.words))
    buttons = [link_button(_("See the evidence"), f"{services.evidence_url(view.cid)}/view")]
    if collecting:
        lines.append(
            _(
                "**If enough sign:** a vote opens. If that passes, this runs, and nothing else: `{call}`"
            ).format(call=view.decoded.text)
        )
        lines.append(_("**Until:** {when}").format(when=dated(view.deadline)))
        if view.resuming:
            lines.append(_("Its steward can open the same vote alone."))
        if view.document is not None:
            buttons.insert(0, link_button(_("Sign"), page))
    elif view.progress.case_id:
        buttons.insert(0, link_button(_("Vote"), services.ballot_url(view.progress.case_id)))
    if view.held_up:
        lines.append(_("**Not open yet:** {why}").format(why=harmless(view.held_up, 300)))
    return Shown(fitted(lines), f"<{page}>", tuple(buttons))


def _said(said: Harm | Conclusion, longest: int) -> list[str]:
    """Return what a document says, made harmless, in so many characters of its own."""
    if isinstance(said, Harm):
        lines = [_("**Harm:** {text}").format(text=harmless(said.reason, longest, lines=_LINES))]
    else:
        part = longest // 2
        lines = [
            _("**Cause:** {text}").format(text=harmless(said.cause, part, lines=_LINES)),
            _("**Fix:** {text}").format(text=harmless(said.fix, part, lines=_LINES)),
        ]
    if said.links:
        n = len(said.links)
        lines.append(plural("With {n} link, on the page.", "With {n} links, on the page.", n).format(n=n))
    return lines


def plan_message(plan: CallPlan, governor: str) -> str:
    """Return what is shown privately before a call is posted: its words, and exactly what would run."""
    document, tried = plan.document, plan.simulation
    about = document.about
    resuming = about.kind is CaseKind.HOLDER_RESUME
    model = f"{harmless(about.name, _NAME)} v{about.version}"
    ask = (
        _("**Ask holders to vote on letting {model} answer again?**")
        if resuming
        else _("**Ask holders to vote on stopping {model}?**")
    )
    function = "callResume" if resuming else "callPause"
    lines = [
        ask.format(model=model),
        *_said(document.said, _PREVIEWED),
        "",
        _("**1. Holders sign.** Together they need {share} % of all votes; then this opens the vote:").format(
            share=share_words(plan.threshold / 10_000)
        ),
        f"`PauseGovernor.{function}({_fields(document)}, signatures)`",
        _("**2. They vote.** If it passes, this runs, and nothing else:"),
        f"`KillSwitch.{_decided(plan)}`",
        _tried(tried.carried_out).format(block=tried.block, case=tried.case_id),
    ]
    if resuming:
        alone = f"callResume({about.model_id}, {about.version}, 0x{document.digest.hex()})"
        lines.append(
            _("The model's steward can open this vote alone: `{call}` of `{governor}`").format(
                call=alone, governor=governor
            )
        )
    lines.append(_("Nothing is posted before you press the button. Its text cannot be changed afterwards."))
    return fitted(lines)


def _headline(view: CallView) -> str:
    if view.progress.state is CallState.OPENED:
        return (
            _("Holders called for a vote on letting {model} answer again")
            if view.resuming
            else _("Holders called for a vote on stopping {model}")
        )
    if view.progress.state is CallState.OVER:
        return (
            _("A call for a vote on letting {model} answer again is over")
            if view.resuming
            else _("A call for a vote on stopping {model} is over")
        )
    return question_of(view.call.kind)


def _fields(document: CallDocument) -> str:
    about = document.about
    return (
        f"model {about.model_id}, version {about.version}, epoch {about.epoch}, round {about.round}, "
        f"evidence 0x{document.digest.hex()}"
    )


def _decided(plan: CallPlan) -> str:
    about = plan.document.about
    if about.kind is CaseKind.HOLDER_RESUME:
        return f"resume(model {about.model_id}, version {about.version}, epoch {about.epoch})"
    return f"pause(model {about.model_id}, case {plan.simulation.case_id}, epoch {about.epoch})"


def _tried(carried_out: bool | None) -> str:
    if carried_out:
        return _("Both were tried on the chain at block {block}, and go through (it would be case {case}).")
    if carried_out is None:
        return _("The first was tried at block {block} and goes through; this node cannot try the second.")
    return _(
        "The first was tried at block {block} and goes through. **The second does not, as things stand.**"
    )
