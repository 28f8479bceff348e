"""What relaying a ballot may cost in gas, also where its voter's contract does its worst.

A contract wallet (ERC-1271) runs its own code when a ballot is counted: it may say yes to who only asks, and
burn in the block all that it is given. So its gas is bounded, is there beside that of the others in a batch,
and a batch stays below what one transaction may use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tribune.ballots.typed_data import ballot_digest, recover_signer
from tribune.ids import Address, ProposalId

if TYPE_CHECKING:
    from tribune.store.tables import StoredBallot

BALLOT = 100_000
"""Of a ballot with a key's signature and no reason: 75,000 in the fast lane, 95,000 in the slow one."""
CONTRACT = 260_000
"""Of asking a voter's contract: the fast lane's governor gives it 250,000."""
BYTE = 64
"""Of a byte of a reason or a signature, in the call (at most 40) and in the event."""
MARGIN = 1.25
"""Of what is estimated, as the sender adds."""
KEY_SIGNATURE = 65


def signed_by_key(row: StoredBallot, chain_id: int, governor: Address) -> bool:
    """Return whether its voter's key signed a ballot of the fast lane, so that no contract is asked."""
    digest = ballot_digest(
        chain_id, governor, ProposalId(int(row.proposal_id)), Address(row.voter), row.support, row.reason
    )
    return recover_signer(digest, bytes.fromhex(row.signature[2:])) == row.voter


def most_gas(row: StoredBallot, *, by_key: bool) -> int:
    """Return the most gas that relaying a ballot may take, margin included."""
    long = len(row.reason.encode()) + max(0, len(row.signature) // 2 - 1 - KEY_SIGNATURE)
    # Estimated once with what the contract says it needs, and given once more for what it may do then.
    return int(MARGIN * (BALLOT + BYTE * long + (0 if by_key else CONTRACT))) + (0 if by_key else CONTRACT)
