"""Signed delegations: what a holder signs, whether it would count, and the queue from which it is relayed.

The typed data is OpenZeppelin's own, under the domain that the token itself names (ERC-5267). A delegation
moves nobody's tokens and can be replaced by another at any time. A token without it is delegated by a call of
its own; contract wallets do that too, since the token takes keys' signatures only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tribune.ballots.budget import check_budget
from tribune.ballots.contracts import TOKEN
from tribune.ballots.power import Standing, read_standings
from tribune.ballots.typed_data import recover_signer, typed_digest
from tribune.chain.types import ZERO_ADDRESS
from tribune.exceptions import ChainUnreachableError, RevertedError, TribuneError
from tribune.ids import Address
from tribune.language import _

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts
    from tribune.settings import RelaySettings
    from tribune.store.session import Session, Store
    from tribune.store.tables import SignedDelegation

LIFETIME = timedelta(hours=1)
"""How long a signed delegation may be relayed: long enough for a busy chain, no longer."""
LONGEST = timedelta(days=1)
_DOMAIN_FIELDS = (
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
)
_DELEGATION = [
    {"name": "delegatee", "type": "address"},
    {"name": "nonce", "type": "uint256"},
    {"name": "expiry", "type": "uint256"},
]
_PLAIN_DOMAIN = 0x0F
"""Name, version, chain and contract: the fields of a domain that wallets show."""


class DelegationRefusedError(TribuneError):
    """A delegation that would not count. `problem` names why, `status` is the HTTP status that fits."""

    problem = "delegation-refused"
    status = 422


class NoSignedDelegationError(DelegationRefusedError):
    """The token takes no signed delegations."""

    problem = "no-signed-delegation"
    status = 409


@dataclass(frozen=True)
class Delegating:
    """What a wallet's delegation needs.

    Args:
        standing: the wallet's tokens, votes and delegate.
        token: the contract.
        chain_id: its chain.
        domain: of the token's typed data; None where it takes no signed delegations.
        nonce: that a signature must carry.
    """

    standing: Standing
    token: Address
    chain_id: int
    domain: dict[str, Any] | None
    nonce: int


@dataclass(frozen=True)
class SignedBy:
    """A holder's signed delegation."""

    delegator: Address
    delegatee: Address
    nonce: int
    expiry: int
    """Until when it may be relayed, unix seconds."""
    signature: bytes


@dataclass(frozen=True)
class DelegationStatus:
    """Where a signed delegation stands."""

    delegator: Address
    delegatee: Address
    nonce: int
    status: str
    """queued, relayed, mined or refused."""
    tx: str = ""
    block: int = 0
    error: str = ""
    """Why it was refused, in the language that is spoken."""

    @classmethod
    def of(cls, row: SignedDelegation) -> DelegationStatus:
        """Read a stored delegation."""
        return cls(
            delegator=Address(row.delegator),
            delegatee=Address(row.delegatee),
            nonce=row.nonce,
            status="refused" if row.state == "rejected" else str(row.state),
            tx=row.tx_hash,
            block=row.block_number,
            error=_(row.error) if row.error else "",
        )


async def read_delegating(contracts: VoteContracts, wallet: Address) -> Delegating:
    """Return what a wallet's delegation needs.

    Raises:
        ChainUnreachableError: the chain cannot be read.
    """
    [standing] = await read_standings(contracts, [wallet])
    token = await contracts.token()
    try:
        found, nonce = await contracts.read((TOKEN, "eip712Domain", ()), (TOKEN, "nonces", (wallet,)))
        domain = _domain(found, token, contracts.chain.chain_id)
    except ChainUnreachableError:
        raise
    except TribuneError:  # the token has no such views, or answers otherwise
        domain, nonce = None, 0
    return Delegating(standing, token, contracts.chain.chain_id, domain, nonce)


def unsigned_delegation(delegating: Delegating, delegatee: Address | None = None) -> dict[str, Any]:
    """Return the typed data that a wallet signs; without a delegatee it lacks that one.

    Raises:
        NoSignedDelegationError: the token takes no signed delegations.
    """
    if delegating.domain is None:
        raise NoSignedDelegationError(
            _("This token takes no signed delegations."),
            mend=_("Call delegate(address) of {token} with your wallet.").format(token=delegating.token),
        )
    expiry = int((delegating.standing.at + LIFETIME).timestamp())
    return _typed(delegating.domain, delegatee, delegating.nonce, expiry)


async def accept_delegation(
    store: Store, contracts: VoteContracts, limits: RelaySettings, signed: SignedBy
) -> DelegationStatus:
    """Check a delegation and queue it; sent again, it is found again.

    Raises:
        DelegationRefusedError: it would not count, with the reason.
        BudgetSpentError: the relayer pays no more for now.
        ChainUnreachableError: it could not be checked; nothing was queued.
        StoreError: it could not be stored.
    """
    known = await store.read(_get, signed.delegator, signed.nonce)
    if known is not None and known.delegatee == signed.delegatee and known.status != "refused":
        return known
    delegating = await read_delegating(contracts, signed.delegator)
    await _check(contracts, delegating, signed)
    instead = _("delegate({delegatee}) of {token} (the page for delegating does it for you)").format(
        delegatee=signed.delegatee, token=delegating.token
    )
    return await store.run(_put, signed, limits, instead)


async def delegation_status(store: Store, delegator: Address, nonce: int) -> DelegationStatus | None:
    """Return where a delegation stands; None where there is none.

    Raises:
        StoreError: the records cannot be read.
    """
    return await store.read(_get, delegator, nonce)


async def _check(contracts: VoteContracts, delegating: Delegating, signed: SignedBy) -> None:
    if delegating.domain is None:
        unsigned_delegation(delegating)  # raises
    if signed.delegatee == ZERO_ADDRESS:
        raise DelegationRefusedError(
            _("That would delegate to nobody, so that these tokens would not count."),
            mend=_("Name yourself, or somebody you trust."),
        )
    now = delegating.standing.at
    expiry = datetime.fromtimestamp(min(signed.expiry, 2**37), UTC)
    if not now < expiry <= now + LONGEST:
        raise DelegationRefusedError(
            _("This delegation has expired, or would be good for too long."),
            mend=_("Sign a new one; it may be good for one day at most."),
        )
    if signed.nonce != delegating.nonce:
        raise DelegationRefusedError(
            _("This delegation carries the number {given}; the next one of this wallet is {next}.").format(
                given=signed.nonce, next=delegating.nonce
            ),
            mend=_("Open the page again and sign what it shows."),
        )
    data = _typed(delegating.domain or {}, signed.delegatee, signed.nonce, signed.expiry)
    if recover_signer(typed_digest(data), signed.signature) != signed.delegator:
        raise DelegationRefusedError(
            _("The signature is not from {wallet} for this delegation.").format(wallet=signed.delegator),
            mend=_("Sign what the page shows, unchanged. A contract wallet calls delegate(address) itself."),
        )
    if not delegating.standing.balance:  # wallets cost nothing: only holders use up what we pay
        raise DelegationRefusedError(
            _("This wallet holds no tokens, so there is nothing to delegate."),
            mend=_("Name yourself, or somebody you trust, once it holds some."),
        )
    try:
        await contracts.chain.call(delegate_call(contracts, signed))
    except RevertedError as fault:
        raise DelegationRefusedError(
            _("The token would not take this delegation."),
            mend=_("Call delegate(address) of {token} with your wallet.").format(token=delegating.token),
        ) from fault


def delegate_call(contracts: VoteContracts, signed: SignedBy) -> Any:
    """Return the call that brings a signed delegation to the chain."""
    r, s, v = signed.signature[:32], signed.signature[32:64], signed.signature[64]
    return contracts.call(
        TOKEN,
        "delegateBySig",
        *(signed.delegatee, signed.nonce, signed.expiry, v, r, s),
        description=f"delegate the votes of {signed.delegator}",
    )


def signed_of(row: SignedDelegation) -> SignedBy:
    """Return a stored delegation as it was signed."""
    return SignedBy(
        Address(row.delegator),
        Address(row.delegatee),
        row.nonce,
        int(row.expiry.timestamp()),
        bytes.fromhex(row.signature[2:]),
    )


def _domain(found: tuple[Any, ...], token: Address, chain_id: int) -> dict[str, Any] | None:
    """Return the token's domain; None where it is not one of this token that wallets can show."""
    fields, name, version, chain, contract, *_rest = found
    usable = fields == bytes([_PLAIN_DOMAIN]) and chain == chain_id and contract == token
    return (
        {"name": name, "version": version, "chainId": chain_id, "verifyingContract": token}
        if usable
        else None
    )


def _typed(domain: dict[str, Any], delegatee: Address | None, nonce: int, expiry: int) -> dict[str, Any]:
    fields = [{"name": name, "type": kind} for name, kind in _DOMAIN_FIELDS]
    return {
        "types": {"EIP712Domain": fields, "Delegation": _DELEGATION},
        "primaryType": "Delegation",
        "domain": domain,
        "message": {"delegatee": delegatee, "nonce": nonce, "expiry": expiry},
    }


def _get(session: Session, delegator: Address, nonce: int) -> DelegationStatus | None:
    from tribune.store.delegations import delegation_of

    row = delegation_of(session, delegator, nonce)
    return None if row is None else DelegationStatus.of(row)


def _put(session: Session, signed: SignedBy, limits: RelaySettings, instead: str) -> DelegationStatus:
    """Insert a delegation, or put a new one in the place of one of its number that is not yet sent."""
    from tribune.store.delegations import delegation_of
    from tribune.store.states import BallotState
    from tribune.store.tables import SignedDelegation, now

    check_budget(session, limits, signed.delegator, instead)
    row = delegation_of(session, signed.delegator, signed.nonce)
    if row is None:
        row = SignedDelegation(
            delegator=signed.delegator, delegatee="", nonce=signed.nonce, expiry=now(), signature=""
        )
    elif row.state == BallotState.MINED:
        return DelegationStatus.of(row)
    elif row.state == BallotState.RELAYED:  # both would be paid for, and one fail in its block
        raise DelegationRefusedError(
            _("Another delegation of this wallet is on its way to the chain."),
            mend=_("Sign again once it is there; the later one counts."),
        )
    row.delegatee, row.signature = signed.delegatee, "0x" + signed.signature.hex()
    row.expiry = datetime.fromtimestamp(signed.expiry, UTC)
    row.state, row.tx_hash, row.error, row.updated_at = BallotState.QUEUED, "", "", now()
    session.add(row)
    session.flush()
    return DelegationStatus.of(row)
