"""Kinds of events that a trail of the whole DAO is narrowed to, as people choose them."""

from __future__ import annotations

from tribune.ballots.histories.acts import SETTINGS
from tribune.ballots.histories.deeds import VOTES
from tribune.language import marked

KINDS: dict[str, tuple[str, frozenset[str]]] = {
    "states": (
        marked("Stopped and started"),
        frozenset(
            (
                *("StateChanged", "GuardianSuspended", "BreachCooling", "BudgetExhausted"),
                *("HaltChanged", "GuardianRearmed"),
            )
        ),
    ),
    "cases": (
        marked("Cases and their votes"),
        frozenset(("CaseOpened", "CaseJoined", "CaseVoteOpened", "CaseClosed", "HoldersCalled")),
    ),
    "ballots": (marked("Ballots"), frozenset(VOTES)),
    "versions": (
        marked("Models and versions"),
        frozenset(("ModelRegistered", "VersionRegistered", "VersionActivated", "AgentChanged", "Transfer")),
    ),
    "statements": (
        marked("Auditors' statements"),
        frozenset(("StatementAttested", "StatementWithdrawn")),
    ),
    "rules": (marked("Rules"), frozenset(("PolicySet",))),
    "proposals": (
        marked("Proposals"),
        frozenset(
            (
                *("ProposalCreated", "ProposalExtended", "ProposalCanceled"),
                *("ProposalQueued", "ProposalExecuted"),
            )
        ),
    ),
    "monitors": (marked("Monitors"), frozenset(("MonitorAdmitted", "MonitorDismissed"))),
    "settings": (marked("Settings"), frozenset(SETTINGS)),
    "measurements": (
        marked("Logs and measurements"),
        frozenset(
            (
                *("FrameAnchored", "LoggerChanged", "Attested", "ReportJudged"),
                *("FrameDisputed", "FrameStale"),
            )
        ),
    ),
}
"""By the name that an address has: what people call it, and its events."""
EVERYTHING = "everything"
"""Name of all kinds together; without a choice measurements, which are many, are left out."""


def names_of(kind: str) -> frozenset[str]:
    """Return the events of a kind, of all (`everything`), or for "" of all but measurements.

    Raises:
        KeyError: there is no such kind.
    """
    if kind and kind != EVERYTHING:
        return KINDS[kind][1]
    chosen = (names for one, (_, names) in KINDS.items() if kind or one != "measurements")
    return frozenset().union(*chosen)
