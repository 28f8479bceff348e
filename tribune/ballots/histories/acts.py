"""What happened around the models, each event in a sentence: monitors, measurements, proposals, settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tribune.chain.types import end_or_none, utc
from tribune.language import _, marked, number, plural

if TYPE_CHECKING:
    from tribune.ballots.histories.deeds import Telling

_Tells = Callable[[Mapping[str, Any], "Telling"], str]
SETTINGS = {
    "ParametersChanged": marked("how long models can be stopped"),
    "ActivationDistanceChanged": marked("least time between two versions that take force"),
    "VoteSpanChanged": marked("how long a suspension lasts at least, for its vote"),
    "CallThresholdChanged": marked("share of all votes that can call for a vote together"),
    "SuperQuorumNumeratorUpdated": marked("share of all votes for that ends a vote early"),
    "QuorumNumeratorUpdated": marked("share of all votes that must take part"),
    "VotingDelaySet": marked("time from a proposal to the beginning of its vote"),
    "VotingPeriodSet": marked("how long a vote takes"),
    "LateQuorumVoteExtensionSet": marked("by how much a late quorum prolongs a vote"),
    "ProposalThresholdSet": marked("votes that a proposer needs"),
    "MinDelayChange": marked("how long decisions wait in the timelock"),
    "TimelockChange": marked("who carries out what holders decide"),
}
"""Events that a setting was changed, the first at deployment; their arguments are for who reads code."""


def _admitted(args: Mapping[str, Any], how: Telling) -> str:
    return _("Governance admitted {who} as the monitor “{name}”.").format(
        who=how.who(args["account"]), name=args["name"]
    )


def _dismissed(args: Mapping[str, Any], how: Telling) -> str:
    return _("Governance dismissed the monitor {who}.").format(who=how.who(args["account"]))


def _signed(args: Mapping[str, Any], how: Telling) -> str:
    return _("Monitor {who} signed its report of frame {frame}; its result is {result}.").format(
        who=how.who(args["monitor"]), frame=args["frame"], result=f"{args['report'][2:10]}…"
    )


def _judged(args: Mapping[str, Any], how: Telling) -> str:
    text = _("Enough monitors had exactly the same result of frame {frame}, so the rules were applied.")
    return text.format(frame=args["report"]["frame"])


def _anchored(args: Mapping[str, Any], how: Telling) -> str:
    return plural(
        "The log of frame {frame} was sealed and anchored, with {n} decision.",
        "The log of frame {frame} was sealed and anchored, with {n} decisions.",
        args["rows"],
    ).format(frame=args["frame"], n=number(args["rows"]))


def _number(args: Mapping[str, Any], how: Telling) -> object:
    return how.proposals.get(args["proposal_id"], "?")


def _proposed(args: Mapping[str, Any], how: Telling) -> str:
    return _("{who} made proposal {number}.").format(who=how.who(args["proposer"]), number=_number(args, how))


def _extended(args: Mapping[str, Any], how: Telling) -> str:
    return _("Enough took part in the vote on proposal {number} only late: it goes on until {when}.").format(
        number=_number(args, how), when=how.when(utc(args["extended_deadline"]))
    )


def _queued(args: Mapping[str, Any], how: Telling) -> str:
    return _("Proposal {number} passed; it can be carried out from {when} on.").format(
        number=_number(args, how), when=how.when(utc(args["eta_seconds"]))
    )


def _executed(args: Mapping[str, Any], how: Telling) -> str:
    return _("Proposal {number} was carried out.").format(number=_number(args, how))


def _canceled(args: Mapping[str, Any], how: Telling) -> str:
    return _("Proposal {number} was withdrawn by its proposer.").format(number=_number(args, how))


def _halt(args: Mapping[str, Any], how: Telling) -> str:
    if args["current"] <= args["previous"]:  # it is only ever shortened to end it
        return _("The halt of all models was ended.")
    end = end_or_none(args["current"])
    if end is None:
        return _("All models were HALTED, without an end.")
    return _("All models were HALTED until {when}.").format(when=how.when(end))


def _rearmed(args: Mapping[str, Any], how: Telling) -> str:
    return _("Governance let the guardian act again.")


def _setting(what: str) -> _Tells:
    def told(args: Mapping[str, Any], how: Telling) -> str:
        return _("A setting was changed: {what}.").format(what=_(what))

    return told


WORDS: Mapping[str, _Tells] = {
    "MonitorAdmitted": _admitted,
    "MonitorDismissed": _dismissed,
    "Attested": _signed,
    "ReportJudged": _judged,
    "FrameAnchored": _anchored,
    "ProposalCreated": _proposed,
    "ProposalExtended": _extended,
    "ProposalQueued": _queued,
    "ProposalExecuted": _executed,
    "ProposalCanceled": _canceled,
    "HaltChanged": _halt,
    "GuardianRearmed": _rearmed,
    **{name: _setting(what) for name, what in SETTINGS.items()},
}
