"""What people are told of a fault, in their language.

What only operators can use (which node, which setting) stays in the log: a voter can do nothing with it, and
it is nobody else's to know.
"""

from __future__ import annotations

from tribune.exceptions import (
    ChainError,
    EvidenceUnreachableError,
    RevertedError,
    StoreError,
    TransactionPendingError,
    TribuneError,
)
from tribune.language import _


def told(fault: TribuneError) -> tuple[str, str]:
    """Return what is wrong, and what helps; the latter is empty where nothing is known to."""
    later = _("Please try again in a minute.")
    if isinstance(fault, RevertedError):
        why = fault.ids.get("said") or fault.message.rstrip(".")
        return _("The contracts refuse it: {why}.").format(why=why), ""
    if isinstance(fault, TransactionPendingError):
        return _("It was sent, and is in no block yet."), later
    if isinstance(fault, ChainError):
        return _("We cannot see the chain at the moment."), later
    if isinstance(fault, StoreError):
        return _("We cannot read our records at the moment."), later
    if isinstance(fault, EvidenceUnreachableError):
        return _("The store of documents does not answer at the moment."), later
    return fault.message, fault.mend


def sentence(fault: TribuneError) -> str:
    """Return the same as one text."""
    return " ".join(told(fault)).rstrip()
