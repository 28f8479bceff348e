"""What happened, each event in one plain sentence: for `/audit` in Discord and on the pages.

Says only what the contracts recorded. How a wallet and a time are shown is the caller's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tribune.ballots.histories import acts
from tribune.chain.enums import CaseKind, Outcome, State, Support
from tribune.chain.types import ZERO_ADDRESS, utc
from tribune.ids import Address
from tribune.language import _, number, plural

if TYPE_CHECKING:
    from tribune.store.tables import ChainEvent

OF_MODEL = (
    *("ModelRegistered", "VersionRegistered", "VersionActivated", "AgentChanged", "Transfer"),
    *("StatementAttested", "StatementWithdrawn", "PolicySet", "LoggerChanged"),
    *("StateChanged", "CaseOpened", "CaseJoined", "CaseClosed", "BreachCooling", "BudgetExhausted"),
    *("GuardianSuspended", "FrameDisputed", "FrameStale", "HoldersCalled"),
)
"""Events that name their model."""
VOTES = ("VoteCast", "VoteCastWithParams")
TRAIL = frozenset((*OF_MODEL, *VOTES, "CaseVoteOpened"))
"""Events of the trail of a model."""


@dataclass(frozen=True)
class Telling:
    """How an event is told.

    Args:
        who: shows a wallet.
        when: shows a time.
        cases: proposal → case, for votes.
        decimals: of the token; None where nobody could look.
        proposals: proposal of the slow lane → its number.
    """

    who: Callable[[Address], str]
    when: Callable[[datetime], str]
    cases: Mapping[int, int]
    decimals: int | None
    proposals: Mapping[int, int] = field(default_factory=dict)


def tell(event: ChainEvent, how: Telling) -> str:
    """Return what happened in one sentence; an event's name where we have no words for it."""
    words = _WORDS.get(event.name)
    return event.name if words is None else words(event.args, how)


def _registered(args: Mapping[str, Any], how: Telling) -> str:
    return _("Registered; its steward is {who}.").format(who=how.who(args["steward"]))


def _version(args: Mapping[str, Any], how: Telling) -> str:
    return _("Version {version} was registered.").format(version=args["version"])


def _activated(args: Mapping[str, Any], how: Telling) -> str:
    return _("Version {version} was chosen, in force from {when}.").format(
        version=args["version"], when=how.when(utc(args["from"]))
    )


def _agent(args: Mapping[str, Any], how: Telling) -> str:
    return _("The steward named the agent as which it is known elsewhere.")


def _transfer(args: Mapping[str, Any], how: Telling) -> str:
    if args["from"] == ZERO_ADDRESS:
        return _("Its token went to its first steward, {who}.").format(who=how.who(args["to"]))
    return _("It was handed from {old} to a new steward, {new}.").format(
        old=how.who(args["from"]), new=how.who(args["to"])
    )


def _attested(args: Mapping[str, Any], how: Telling) -> str:
    return _("{who} published a statement as auditor on version {version}.").format(
        who=how.who(args["auditor"]), version=args["version"]
    )


def _withdrawn(args: Mapping[str, Any], how: Telling) -> str:
    return _("{who} withdrew its statement as auditor on version {version}.").format(
        who=how.who(args["auditor"]), version=args["version"]
    )


def _policy(args: Mapping[str, Any], how: Telling) -> str:
    policy = args["policy"]
    rules, panel = len(policy["rules"]), len(policy["panel"])
    return _("Governance set its rules: {rules}, measured by {monitors}, from frame {frame}.").format(
        rules=plural("{n} rule", "{n} rules", rules).format(n=number(rules)),
        monitors=plural("{n} monitor", "{n} monitors", panel).format(n=number(panel)),
        frame=args["first_frame"],
    )


def _logger(args: Mapping[str, Any], how: Telling) -> str:
    return _("The steward named {who} to write its log.").format(who=how.who(args["current"]))


def _state(args: Mapping[str, Any], how: Telling) -> str:
    current, previous = State.of(args["current"]), State.of(args["previous"])
    if current is State.SUSPENDED:
        return _("It was SUSPENDED until {when} at the latest.").format(when=how.when(utc(args["until"])))
    if current is State.PAUSED:
        return _("It was PAUSED by vote.")
    if current is State.RETIRED:
        return _("It was RETIRED by governance.")
    if current is State.ACTIVE and previous is State.PAUSED:
        return _("It is ACTIVE again: the vote to resume passed.")
    if current is State.ACTIVE and previous is State.SUSPENDED:
        return _("It is ACTIVE again: the vote to stop it was rejected.")
    return _("It became ACTIVE.") if current is State.ACTIVE else _("It became INACTIVE.")


def _opened(args: Mapping[str, Any], how: Telling) -> str:
    told = {
        CaseKind.BREACH: _("Case {case} was opened: it broke a rule."),
        CaseKind.GUARDIAN: _("Case {case} was opened by the guardian."),
        CaseKind.STALE: _("Case {case} was opened: nobody had measured it in time."),
        CaseKind.HOLDER_PAUSE: _("Case {case} was opened: holders call for a stop."),
        CaseKind.HOLDER_RESUME: _("Case {case} was opened: shall it answer again?"),
    }
    return told[CaseKind.of(args["kind"])].format(case=args["case_id"])


def _joined(args: Mapping[str, Any], how: Telling) -> str:
    return _("Another broken rule was added to case {case}.").format(case=args["case_id"])


def _vote_opened(args: Mapping[str, Any], how: Telling) -> str:
    return _("The vote on case {case} was opened, until {when} at the latest.").format(
        case=args["case_id"], when=how.when(utc(args["vote_ends"]))
    )


def _closed(args: Mapping[str, Any], how: Telling) -> str:
    told = {
        Outcome.UPHELD: _("Case {case} ended: the vote passed and was carried out."),
        Outcome.REJECTED: _("Case {case} ended: the vote was rejected, which somebody recorded (poke)."),
        Outcome.LAPSED: _("Case {case} ended without a decision, which somebody recorded (poke)."),
    }.get(Outcome.of(args["outcome"]), _("Case {case} ended."))
    return told.format(case=args["case_id"])


def _cooling(args: Mapping[str, Any], how: Telling) -> str:
    return _("What was rejected stops it no more until {when}.").format(when=how.when(utc(args["until"])))


def _exhausted(args: Mapping[str, Any], how: Telling) -> str:
    return _("Case {case} did not stop it: its budget for suspensions is used up.").format(
        case=args["case_id"]
    )


def _guardian(args: Mapping[str, Any], how: Telling) -> str:
    return _("The guardian stopped it.")


def _disputed(args: Mapping[str, Any], how: Telling) -> str:
    return _("Its monitors contradicted each other on frame {frame}.").format(frame=args["frame"])


def _stale(args: Mapping[str, Any], how: Telling) -> str:
    return _("Somebody recorded that nobody measured frame {frame} in time (poke).").format(
        frame=args["frame"]
    )


def _called(args: Mapping[str, Any], how: Telling) -> str:
    power = _votes(args["power"], how)
    if CaseKind.of(args["kind"]) is CaseKind.HOLDER_RESUME:
        return _("A vote to let it answer again was called for ({votes}).").format(votes=power)
    return _("Holders of {votes} called for a vote to stop it.").format(votes=power)


def _cast(args: Mapping[str, Any], how: Telling) -> str:
    told = {
        Support.FOR: _("{who} voted for, with {votes}, on {what}."),
        Support.AGAINST: _("{who} voted against, with {votes}, on {what}."),
        Support.ABSTAIN: _("{who} abstained, with {votes}, on {what}."),
    }[Support.of(args["support"])]
    if (case := how.cases.get(args["proposal_id"])) is not None:
        what = _("case {case}").format(case=case)
    else:
        what = _("proposal {number}").format(number=how.proposals.get(args["proposal_id"], "?"))
    return told.format(who=how.who(args["voter"]), votes=_votes(args["weight"], how), what=what)


def _votes(amount: int, how: Telling) -> str:
    if how.decimals is None:
        return _("votes that cannot be counted now")
    whole = amount // 10**how.decimals
    if amount and not whole:
        return _("less than 1 vote")
    return plural("{n} vote", "{n} votes", whole).format(n=number(whole))


_WORDS: Mapping[str, Callable[[Mapping[str, Any], Telling], str]] = {
    **acts.WORDS,
    "ModelRegistered": _registered,
    "VersionRegistered": _version,
    "VersionActivated": _activated,
    "AgentChanged": _agent,
    "Transfer": _transfer,
    "StatementAttested": _attested,
    "StatementWithdrawn": _withdrawn,
    "PolicySet": _policy,
    "LoggerChanged": _logger,
    "StateChanged": _state,
    "CaseOpened": _opened,
    "CaseJoined": _joined,
    "CaseVoteOpened": _vote_opened,
    "CaseClosed": _closed,
    "BreachCooling": _cooling,
    "BudgetExhausted": _exhausted,
    "GuardianSuspended": _guardian,
    "FrameDisputed": _disputed,
    "FrameStale": _stale,
    "HoldersCalled": _called,
    "VoteCast": _cast,
    "VoteCastWithParams": _cast,
}
