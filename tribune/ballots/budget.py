"""How much the relayer pays for others: so much for each wallet and so much in all, in any 24 hours.

Counted from the rows of what was taken, in the transaction that takes more, so that no two requests share
the last place. Nobody is kept from the chain by it: who is refused here is told what to send himself.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tribune.exceptions import TribuneError
from tribune.language import _, number

if TYPE_CHECKING:
    from tribune.ids import Address
    from tribune.settings import RelaySettings
    from tribune.store.session import Session

WINDOW = timedelta(days=1)


class BudgetSpentError(TribuneError):
    """The relayer pays no more for now. `problem` names why, `status` is the HTTP status that fits."""

    problem = "relay-budget-spent"
    status = 429


def check_budget(session: Session, limits: RelaySettings, wallet: Address | None, instead: str) -> None:
    """Check that one more may be taken; call it in the transaction that stores what is taken.

    Args:
        session: of that transaction.
        limits: what the operator set.
        wallet: who signed; None for what no single wallet asked for.
        instead: what the wallet's owner can send himself: "castVote(…) of 0x…".

    Raises:
        BudgetSpentError: the wallet's share, or all of it, is used up.
    """
    from tribune.store import relayed
    from tribune.store.tables import now

    since = now() - WINDOW
    most = limits.per_wallet_per_day
    if wallet is not None and relayed.asked_by(session, wallet, since) >= most:
        raise spent(most, wallet, instead)
    if relayed.asked_by_all(session, since) >= limits.per_day:
        raise BudgetSpentError(
            _("What we pay for others in 24 hours is used up."), mend=_mend(instead), per_day=limits.per_day
        )


def spent(most: int, wallet: Address, instead: str) -> BudgetSpentError:
    """Return that we have paid so many times for a wallet, and what its owner can send himself."""
    return BudgetSpentError(
        _("We have paid {most} times for this wallet in 24 hours, and pay no more for now.").format(
            most=number(most)
        ),
        mend=_mend(instead),
        wallet=wallet,
    )


def _mend(instead: str) -> str:
    return _("Try again in some hours, or pay for it yourself: call {instead}.").format(instead=instead)
