"""How much the relayer pays for others: so much for each wallet and so much in all, in any 24 hours.

Half of the day's amount is for whoever comes first. The other half is kept for votes: a wallet's part of it
is its share of all votes, so that who splits his tokens among many wallets gets no more of it, and nobody's
part is used up by others. Openings of called votes may use all of it.

Counted from the rows of what was taken, in the transaction that takes more, so that no two requests share
the last place. Nobody is kept from the chain by it: who is refused here is told what to send himself.
"""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True)
class Power:
    """What a wallet has of all votes at a snapshot, in smallest units of a token with so many decimals."""

    votes: int
    supply: int
    decimals: int


def check_budget(
    session: Session, limits: RelaySettings, wallet: Address, instead: str, power: Power | None = None
) -> None:
    """Check that one more may be taken of a wallet; call it in the transaction that stores what is taken.

    Args:
        session: of that transaction.
        limits: what the operator set.
        wallet: who signed.
        instead: what the wallet's owner can send himself: "castVote(…) of 0x…".
        power: of the wallet, counted at a snapshot, for a ballot; None for what no snapshot counts, which
            may not use what is kept for votes: tokens could be handed on, and counted again and again.

    Raises:
        BudgetSpentError: the wallet's share, or all of it, is used up.
    """
    from tribune.store import relayed
    from tribune.store.tables import now

    check_wallet(session, limits, wallet, instead)
    check_opening(session, limits, instead)
    for_anybody = limits.per_day // 2
    kept = limits.per_day - for_anybody
    since = relayed.used_up_at(session, now() - WINDOW, for_anybody)
    if since is None:
        return
    if power is None:
        raise BudgetSpentError(
            _("Half of what we pay for others in 24 hours is used up, and the rest is kept for votes."),
            mend=_mend(instead),
            wallet=wallet,
        )
    count = relayed.asked_by(session, wallet, since) + 1
    if count * power.supply > power.votes * kept:
        raise _too_few(power, -(-count * power.supply // kept), wallet, instead)


def check_wallet(session: Session, limits: RelaySettings, wallet: Address, instead: str) -> None:
    """Check that a wallet has not had its share of the day; by itself for what costs nothing yet.

    Raises:
        BudgetSpentError: it has.
    """
    from tribune.store import relayed
    from tribune.store.tables import now

    if relayed.asked_by(session, wallet, now() - WINDOW) >= limits.per_wallet_per_day:
        raise spent(limits.per_wallet_per_day, wallet, instead)


def check_opening(session: Session, limits: RelaySettings, instead: str) -> None:
    """Check that not all of the day's amount is used up; by itself for what no single wallet asked for.

    Raises:
        BudgetSpentError: it is.
    """
    from tribune.store import relayed
    from tribune.store.tables import now

    if relayed.asked_by_all(session, now() - WINDOW) >= limits.per_day:
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


def _too_few(power: Power, least: int, wallet: Address, instead: str) -> BudgetSpentError:
    from tribune.ballots.cases.view import counted_votes

    text = _(
        "Half of what we pay for others in 24 hours is used up. The rest is shared out by votes, so that "
        "many small wallets cannot use it up: for one more ballot this wallet would need {least} votes, and "
        "it has {votes}."
    )
    least_shown, votes_shown = (counted_votes(one, power.decimals) for one in (least, power.votes))
    return BudgetSpentError(
        text.format(least=least_shown, votes=votes_shown), mend=_mend(instead), wallet=wallet
    )


def _mend(instead: str) -> str:
    return _("Try again in some hours, or pay the fee yourself: with your wallet, call {instead}.").format(
        instead=instead
    )
