"""Decoded calls: anything that is not exactly what the case says does not match."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tribune.ballots.cases.calls import decode_proposal, proposal_id
from tribune.chain.cases import Case
from tribune.chain.codec import load_abi
from tribune.chain.enums import CaseKind
from tribune.chain.governor import ProposedCalls
from tribune.ids import Address, ProposalId, VersionNumber

SWITCH = Address("0x5FbDB2315678afecb367f032d93F642f64180aa3")
GOVERNOR = Address("0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512")
ELSEWHERE = Address("0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0")
RAW = {
    "model_id": 4, "version": 2, "epoch": 5, "kind": 0, "severity": 2, "outcome": 0, "opened_at": 1,
    "open_until": 2, "bound": 3, "vote_ends": 4, "frame": 9, "rule": 0, "value": 1, "limit": 0,
    "policy": bytes(32), "evidence": bytes(32), "governor": GOVERNOR, "vote": 0,
}  # fmt: skip
CASE = Case.read(7, RAW)


def calls(function: str = "pause", *arguments: int, **other: object) -> ProposedCalls:
    data = load_abi("KillSwitch").encode(function, arguments or (4, 7, 5))
    return replace(ProposedCalls((SWITCH,), (0,), (data,), "tribune/1/pause/7"), **other)  # type: ignore[arg-type]


def matches(proposal: ProposedCalls, case: Case = CASE) -> bool:
    voted = replace(case, vote=case.vote or proposal_id(proposal))
    return decode_proposal(proposal, voted, switch=SWITCH, governor=GOVERNOR).matches


def test_decode_proposal__the_cases_pause__matches() -> None:
    decoded = decode_proposal(calls(), CASE, switch=SWITCH, governor=GOVERNOR)
    assert (decoded.text, decoded.matches) == ("KillSwitch.pause(model 4)", True)


def test_decode_proposal__the_cases_resume__names_the_version() -> None:
    case = replace(CASE, kind=CaseKind.HOLDER_RESUME, version=VersionNumber(3))
    decoded = decode_proposal(calls("resume", 4, 3, 5), case, switch=SWITCH, governor=GOVERNOR)
    assert (decoded.text, decoded.matches) == ("KillSwitch.resume(model 4, version 3)", True)


@pytest.mark.parametrize(
    "proposal",
    [
        calls("pause", 5, 7, 5),
        calls("pause", 4, 8, 5),
        calls("pause", 4, 7, 6),
        calls("resume", 4, 2, 5),
        calls("retire", 4),
        calls(targets=(ELSEWHERE,)),
        calls(values=(1,)),
        calls(targets=(), values=(), calldatas=()),
        calls(calldatas=(b"\1\2\3\4",)),
        calls(calldatas=(calls().calldatas[0][:40],)),
        replace(calls(), targets=(SWITCH, SWITCH), values=(0, 0), calldatas=calls().calldatas * 2),
    ],
    ids=["model", "case", "epoch", "resume", "retire", "target", "value", "none", "unknown", "cut", "two"],
)
def test_decode_proposal__anything_else__does_not_match(proposal: ProposedCalls) -> None:
    assert not matches(proposal)


def test_decode_proposal__voted_under_another_id__does_not_match() -> None:
    assert not matches(calls(), replace(CASE, vote=ProposalId(1)))


def test_decode_proposal__voted_at_another_governor__does_not_match() -> None:
    assert not matches(calls(), replace(CASE, governor=ELSEWHERE))
