"""What to do about a refusal, by the contracts' errors: the words that name the mend."""

from __future__ import annotations

from tribune.exceptions import RevertedError

MENDS = {
    "AccessManagedUnauthorized": "Only the executive may do this: run it with --plan, or propose it.",
    "CaseAlreadyOpen": "A vote on this is already under way: see `ape run status`.",
    "CaseNotOpen": "The case has ended: see `ape run status`.",
    "CaseUnknown": "There is no such case: see `ape run status` for the numbers.",
    "CaseVoteNotOver": "Wait until its vote, or the window for opening one, is over: see `ape run status`.",
    "CaseWindowOver": "Its vote was opened before, or the window for opening it is over.",
    "ClockNotTimestamp": "The token counts blocks: wrap it.",
    "ERC721NonexistentToken": "There is no such model: see `ape run status` for the numbers.",
    "EpochStale": "Another vote decided about this model meanwhile.",
    "GovernorAlreadyCastVote": "This account has voted.",
    "GovernorInsufficientProposerVotes": "Delegate votes to this account, or let another holder propose.",
    "GovernorNonexistentProposal": "It was never proposed here, or with other words or calls.",
    "GovernorUnexpectedProposalState": "Its vote has not passed, or it was carried out before.",
    "ModelActivationPending": "A version is on its way already: wait for the next frame boundary.",
    "ModelActivationTooSoon": "Wait until the distance between activations is over.",
    "ModelNotEvaluated": "Monitors must report on the version's evaluation set first, and every rule be met.",
    "ModelNotSteward": "Only the model's steward may do this: use that account.",
    "ModelVersionInvalid": "Give artifact, profile and evaluation set, and a parent that exists.",
    "ModelVersionUnknown": "Register the version first: ape run register --model …",
    "MonitorInvalid": "Give the monitor's address and a name.",
    "MonitorUnknown": "Admit the monitor first: ape run admit_monitor …",
    "PolicyMissing": "Set a policy first: ape run set_policy …",
    "PolicyMonitorInvalid": "Every monitor of the panel must be admitted, and be named once.",
    "PolicyPanelInvalid": "More than half of the panel must agree: raise k, or name fewer monitors.",
    "StateInvalid": "Not possible in the model's present state: see `ape run status`.",
    "TimelockUnexpectedOperationState": "It still waits in the timelock, or was carried out.",
}


def with_mend(fault: RevertedError) -> RevertedError:
    """Return a refusal with the words that name its mend, where there are any."""
    mend = MENDS.get(str(fault.ids.get("error", "")), fault.mend)
    return RevertedError(fault.message, mend=mend, **fault.ids)
