"""Checking proofs against the chain: the one place where a stranger's document meets what nobody can change.

Takes nothing from a proof but what it claims: chain and contract must be those of the deployment that the
asker trusts, and the frame's times are the policy book's.
"""

from __future__ import annotations

from tribune.chain import Tribune
from tribune.chain.policy_book import FrameTimes
from tribune.decisions.grid import microseconds
from tribune.decisions.proofs.proof import DecisionProof, check_anchor
from tribune.decisions.typed import LogContract
from tribune.exceptions import EvidenceError, RevertedError
from tribune.ids import FrameIndex, ModelId


async def check_on_chain(tribune: Tribune, proof: DecisionProof) -> None:
    """Check that a proof, right by itself, is about a frame as it is anchored.

    Raises:
        EvidenceError: another chain or contract, a frame that is not anchored, or with another word, or that
            does not hold the decision's time.
        ChainUnreachableError: the chain could not be asked.
    """
    check_contract(tribune, proof.contract)
    times = await frame_times(tribune, proof.model_id, proof.frame)
    anchored = await tribune.decision_log.anchor_of(proof.model_id, proof.version, proof.frame)
    check_anchor(proof, anchored, microseconds(times.start), microseconds(times.end))


def check_contract(tribune: Tribune, contract: LogContract) -> None:
    """Check that a stranger's document is about the decision log of this deployment.

    Raises:
        EvidenceError: it is about another.
    """
    own = LogContract(tribune.chain.chain_id, tribune.decision_log.address)
    if contract.chain_id != own.chain_id:
        raise EvidenceError(
            f"It is about chain {contract.chain_id}, and chain {own.chain_id} was asked.",
            mend="Name that chain in the settings.",
        )
    if contract.address != own.address:
        raise EvidenceError(
            f"It is about another contract, {contract.address}; the decision log is {own.address}.",
            mend="Do not take the address from it: who deployed Tribune tells it (deployments/).",
        )


async def frame_times(tribune: Tribune, model_id: ModelId, frame: FrameIndex) -> FrameTimes:
    """Return the times of a frame that a stranger named.

    Raises:
        EvidenceError: no policy of the model has such a frame, or none that a calendar reaches.
    """
    try:
        if 1 <= frame < 2**64:
            return await tribune.policy_book.frame_times(model_id, frame)
    except (RevertedError, ValueError, OverflowError):  # the latter: beyond the year 9999
        pass
    raise EvidenceError(f"Model {model_id} has no frame {frame} on this chain.", frame=frame)
