"""What a case's vote would carry out, decoded, and whether that is what the words say. Trusts no description.

The proposal id is recomputed from the calls (OpenZeppelin's hash) and compared with the id that is voted on,
and every argument with the case: a proposal that does anything else does not match.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tribune.chain.cases import Case
from tribune.chain.codec import load_abi, signature_of, snake, type_of
from tribune.chain.enums import CaseKind
from tribune.chain.governor import ProposedCalls
from tribune.chain.types import ZERO_ADDRESS
from tribune.ids import Address, ProposalId
from tribune.language import _, number


def proposal_id(calls: ProposedCalls) -> ProposalId:
    """Return `uint256(keccak256(abi.encode(targets, values, calldatas, keccak256(description))))`."""
    from eth_abi.abi import encode
    from eth_utils.crypto import keccak

    packed = encode(["address[]", "uint256[]", "bytes[]", "bytes32"], calls.hashed)
    return ProposalId(int.from_bytes(keccak(packed)))


@dataclass(frozen=True)
class DecodedCall:
    """The call that runs if the vote passes."""

    contract: str
    """Name of the contract; empty where it is none of ours."""
    address: Address
    function: str
    arguments: Mapping[str, Any]
    text: str
    """For people: "KillSwitch.pause(model 1)"."""
    matches: bool
    """Whether this is what the case's words say, and nothing else."""


def decode_proposal(
    proposal: ProposedCalls, case: Case, *, switch: Address, governor: Address
) -> DecodedCall:
    """Return a proposal's call and whether it matches its case.

    Args:
        proposal: what the governor says that it would carry out.
        case: what the words speak of; its vote is 0 where it is not open yet.
        switch: the deployment's KillSwitch.
        governor: the deployment's PauseGovernor, which must be running the case's vote.
    """
    resuming = case.kind is CaseKind.HOLDER_RESUME
    expected: dict[str, Any] = (
        {"model_id": case.model_id, "version": case.version, "epoch": case.epoch}
        if resuming
        else {"model_id": case.model_id, "case_id": case.case_id, "epoch": case.epoch}
    )
    if len(proposal.targets) != 1:
        text = _("{n} calls, which we cannot explain").format(n=number(len(proposal.targets)))
        return DecodedCall("", ZERO_ADDRESS, "", {}, text, matches=False)
    target = proposal.targets[0]
    function, arguments = _decode(proposal.calldatas[0]) if target == switch else ("", {})
    if not function:
        text = _("a call of {address} that we cannot explain").format(address=target)
        return DecodedCall("", target, "", {}, text, matches=False)
    matches = (
        function == ("resume" if resuming else "pause")
        and arguments == expected
        and proposal.values == (0,)
        and (not case.vote or (case.vote == proposal_id(proposal) and case.governor == governor))
    )
    shown = f"model {arguments.get('model_id')}"
    if "version" in arguments:
        shown += f", version {arguments['version']}"
    if not {"model_id", "epoch"} <= arguments.keys():
        shown = ", ".join(f"{name} {value}" for name, value in arguments.items())
    return DecodedCall("KillSwitch", target, function, arguments, f"KillSwitch.{function}({shown})", matches)


def _decode(data: bytes) -> tuple[str, dict[str, Any]]:
    """Return function and arguments of a call of the switch, empty where it is none."""
    from eth_abi.abi import decode
    from eth_abi.exceptions import DecodingError
    from eth_utils.crypto import keccak

    for item in load_abi("KillSwitch").items:
        if item["type"] == "function" and keccak(text=signature_of(item))[:4] == data[:4]:
            inputs: Sequence[Mapping[str, Any]] = item["inputs"]
            try:
                values = decode([type_of(p) for p in inputs], data[4:])
            except (DecodingError, OverflowError):
                return "", {}
            return str(item["name"]), {snake(p["name"]): v for p, v in zip(inputs, values, strict=True)}
    return "", {}
