"""Take a holder's signature under a call, checked first as the contract will check it.

A signature is over chain, governor, kind, model, version, epoch, round, document and deadline: one that was
given for anything else is some other wallet's here, and refused. Power counts from the second before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tribune.ballots.budget import check_wallet
from tribune.ballots.erc1271 import accepts_signature
from tribune.ballots.holders.progress import CallProgress, power_of, read_progress, signed_form
from tribune.ballots.holders.refusals import CallOverError, CallPowerError, CallSignatureError
from tribune.ballots.holders.view import find_document, not_readable, stored_call
from tribune.ballots.typed_data import call_digest, recover_signer
from tribune.language import _, number
from tribune.store import calls
from tribune.store.states import CallState

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts
    from tribune.ballots.documents import Documents
    from tribune.ids import Address
    from tribune.settings import RelaySettings
    from tribune.store.session import Session, Store

MOST_SIGNATURES = 150
"""Under one call; beyond it only more power than the least that is there is taken, in its place."""


@dataclass(frozen=True)
class Signed:
    """A signature that is kept.

    Args:
        new: whether it was not there before.
        power: the votes that it brings now; 0 where the call is not collecting any more.
        progress: of the call, with this signature.
    """

    new: bool
    power: int
    progress: CallProgress


async def accept_signature(
    store: Store,
    contracts: VoteContracts,
    documents: Documents,
    call_id: int,
    signer: Address,
    signature: bytes,
    limits: RelaySettings | None = None,
) -> Signed:
    """Check a signature under a call and keep it; sent again, it is found again.

    Args:
        store: the calls.
        contracts: the chain.
        documents: where the call's document is.
        call_id: which call.
        signer: the wallet that signed.
        signature: what it returned.
        limits: how much is paid for holders; None: what is usual.

    Raises:
        UnknownCallError, CallOverError, CallMismatchError, CallSignatureError, CallPowerError: as they say.
        BudgetSpentError: we pay no more for this wallet for now.
        ChainUnreachableError: it could not be checked; nothing was kept.
        StoreError: it could not be kept.
    """
    row, signers = await stored_call(store, call_id)
    call = signed_form(row)
    progress = await read_progress(contracts, call, signers)
    if signer in signers:
        return Signed(False, progress.powers.get(signer, 0), progress)
    _check_collecting(progress)
    if await find_document(contracts, documents, call) is None:
        raise not_readable()
    digest = call_digest(contracts.chain.chain_id, contracts.governor, call)
    ours = recover_signer(digest, signature) == signer
    if not ours and not await accepts_signature(contracts.chain, signer, digest, signature):
        raise CallSignatureError(
            _("The signature is not from {signer} under this call.").format(signer=signer),
            mend=_(
                "Sign what the page of this call shows, unchanged, with that wallet on chain {chain}."
            ).format(chain=contracts.chain.chain_id),
        )
    power = await power_of(contracts, signer)
    if not power:
        raise CallPowerError(
            _("This wallet has no votes that count here."),
            mend=_("Tokens count once they are delegated, to yourself or somebody else; then you can sign."),
        )
    weakest = _weakest(progress) if len(signers) >= MOST_SIGNATURES else None
    if weakest is not None and power <= progress.powers[weakest]:
        raise CallPowerError(
            _("{count} holders have signed, each with more votes than this wallet.").format(
                count=number(len(signers))
            ),
            mend=_("Delegate your votes to one of them, or call the contract with all signatures yourself."),
        )
    instead = f"callPause / callResume of {contracts.governor}"
    fresh = await store.run(_keep, call_id, signer, signature, weakest, limits, instead)
    signers = [one for one in signers if one != weakest]
    return Signed(fresh, power, await read_progress(contracts, call, [*signers, signer]))


def _check_collecting(progress: CallProgress) -> None:
    if progress.state is CallState.OPENED:
        raise CallOverError(
            _("Enough have signed already: the vote is open."),
            mend=_("Vote on case {case}.").format(case=progress.case_id),
        )
    if progress.state is CallState.OVER:
        raise CallOverError(progress.over, mend=_("Begin a new call where there is still reason to."))


def _weakest(progress: CallProgress) -> Address:
    return min(progress.powers, key=lambda one: (progress.powers[one], one))


def _keep(
    session: Session,
    call_id: int,
    signer: Address,
    signature: bytes,
    weakest: Address | None,
    limits: RelaySettings | None,
    instead: str,
) -> bool:
    from tribune.settings import RelaySettings

    check_wallet(session, limits or RelaySettings(), signer, instead)
    if weakest is not None:
        calls.drop_signature(session, call_id, weakest)
    return calls.add_signature(session, call_id, signer, "0x" + signature.hex())
