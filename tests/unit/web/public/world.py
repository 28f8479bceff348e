"""An index with something of everything, and the pages over it without a chain."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from starlette.applications import Starlette

from support.index import BEGAN, activated, happened, put, registered, state_changed
from tribune.chain.client import Chain
from tribune.chain.deployments import Deployment
from tribune.chain.types import Block
from tribune.ids import Address
from tribune.settings import WebSettings
from tribune.store.session import Session, Store
from tribune.store.tables import ChainEvent

MONITORS = tuple(Address("0x" + f"{number:02x}" * 20) for number in (0x31, 0x32, 0x33))
HOLDER = Address("0x" + "44" * 20)
GOVERNOR = Address("0x" + "11" * 20)
"""As `happened` has it: the contract of every event."""
POLICY = "0x" + "0c" * 32
LARGE = 2**200 + 7
"""A proposal's id, and an amount, as only exact integers hold it."""
PAUSED_AT, NOW_H = 30, 40


def at(hours: float) -> int:
    """Return the Unix time so many hours after the beginning."""
    return int((BEGAN + timedelta(hours=hours)).timestamp())


def hex32(number: int) -> str:
    return f"0x{number:064x}"


class StillChain:
    """A chain that stands still: its newest block is all that there is to ask."""

    chain_id = 31337

    async def head(self) -> Block:
        return Block(NOW_H + 1, hex32(NOW_H), hex32(NOW_H - 1), at(NOW_H))


def policy(model: int, hours: float = 0) -> ChainEvent:
    rule = {"metric": "fairness.demographic_parity_difference.lower/SEX", "op": 0, "severity": 2, "stage": 0}
    rule |= {"m": 1, "w": 1, "na_budget": 3, "z": 2_000_000, "limit": 100_000, "lo": 0, "hi": 1_000_000}
    terms: dict[str, Any] = {"start": at(1), "step": 3600, "length": 3600, "grace": 60, "deadline": 1800}
    terms |= {"suspension": 86_400, "stale_suspends": False, "k": 2, "panel": list(MONITORS)}
    terms["rules"] = [rule, {**rule, "op": 1, "severity": 0, "limit": -50_000}]
    return happened(
        "PolicySet",
        contract="PolicyBook",
        hours=hours,
        model_id=model,
        index=0,
        digest=POLICY,
        first_frame=1,
        base=at(1),
        policy=terms,
    )


def version(model: int, number: int, hours: float = 0) -> ChainEvent:
    details = {"artifact": hex32(1), "profile": hex32(2), "evaluation_set": hex32(3)}
    details |= {"training_data": hex32(0), "configuration": hex32(0)}
    return happened(
        "VersionRegistered",
        contract="ModelRegistry",
        hours=hours,
        model_id=model,
        version=number,
        details={
            **details,
            "parent": number - 1,
            "registered_at": at(hours),
            "uri": "https://steward.example",
        },
    )


def judged(model: int, frame: int, hours: float, *, hits: int = 0, case: int = 0) -> list[ChainEvent]:
    """A frame that two of three monitors agree on."""
    digest, measured = hex32(1000 * model + frame), 431_000 if hits else 20_000
    report = {"model_id": model, "version": 1, "frame": frame, "policy": POLICY, "manifest": hex32(frame)}
    report |= {"evidence": hex32(9 * frame), "values": [measured, -(2**63)]}
    named: dict[str, Any] = {"contract": "ReportHub", "hours": hours, "model_id": model, "frame": frame}
    signed = [
        happened("Attested", **named, monitor=who, version=1, report=result, witness=hex32(5))
        for who, result in zip(MONITORS, (digest, hex32(6), digest), strict=True)
    ]
    final = happened(
        "ReportJudged", **named, version=1, digest=digest, hits=hits, case_id=case, report=report
    )
    return [*signed, final]


def case_opened(case: int, model: int, kind: int = 0, hours: float = 0) -> ChainEvent:
    details: dict[str, Any] = {"model_id": model, "version": 1, "epoch": 0, "kind": kind, "severity": 2}
    details |= {
        "outcome": 0,
        "opened_at": at(hours),
        "open_until": at(hours + 12),
        "bound": at(hours + 24) if kind == 0 else 0,
    }
    details |= {"vote_ends": 0, "frame": 2, "rule": 0, "value": 431_000, "limit": 100_000, "policy": POLICY}
    details |= {"evidence": hex32(18 if kind == 0 else 0), "governor": "0x" + "00" * 20, "vote": 0}
    return happened(
        "CaseOpened", hours=hours, case_id=case, model_id=model, kind=kind, severity=2, details=details
    )


def proposed(number: int, text: str, hours: float) -> ChainEvent:
    asked: dict[str, Any] = {"proposal_id": number, "proposer": HOLDER, "targets": [GOVERNOR], "values": [0]}
    asked |= {"signatures": [""], "calldatas": ["0x12345678"]}
    asked |= {"vote_start": at(hours + 1), "vote_end": at(hours + 7), "description": text}
    return happened("ProposalCreated", contract="OversightGovernor", hours=hours, **asked)


def ballot(proposal: int, support: int, weight: int, hours: float) -> ChainEvent:
    cast_: dict[str, Any] = {"voter": HOLDER, "proposal_id": proposal, "support": support, "weight": weight}
    return happened("VoteCast", contract="PauseGovernor", hours=hours, **cast_, reason="")


def seed(session: Session) -> None:
    """Three models; the first broke a rule, was stopped, voted on and is paused."""
    put(
        session,
        *(
            happened("MonitorAdmitted", contract="MonitorRegistry", account=who, name=f"m{who[-1]}", uri="")
            for who in MONITORS
        ),
        *(registered(number, name) for number, name in ((1, "acs-employment"), (2, "Ünïcode"), (3, ""))),
        version(1, 1),
        policy(1),
        activated(1, hours=1),
        *judged(1, 1, 2),
        *judged(1, 2, 3, hits=1, case=1),
        case_opened(1, 1, hours=3),
        state_changed(1, 1, 2, hours=3, until_hours=27, case=1),
        happened(
            "CaseVoteOpened", case_id=1, governor=GOVERNOR, proposal_id=LARGE, vote_ends=at(28), hours=4
        ),
        ballot(LARGE, 1, LARGE, hours=5),
        ballot(LARGE, 0, 5, hours=6),
        happened("CaseClosed", case_id=1, model_id=1, outcome=1, hours=PAUSED_AT),
        state_changed(1, 2, 3, hours=PAUSED_AT, case=1, epoch=1),
        case_opened(2, 2, kind=3, hours=PAUSED_AT + 1),
        proposed(LARGE + 1, "Change the limit\n\nfor the better", hours=32),
        happened("HaltChanged", previous=0, current=at(35), hours=33),
        proposed(LARGE + 2, "Change the panel", hours=36),
    )


def app_over(store: Store, folder: Path, **web: Any) -> Starlette:
    """Return the application over an index, with a chain that stands still.

    Args:
        store: with the index.
        folder: of evidence; there is none in it.
        **web: settings of the pages.
    """
    from tribune.web.app import create_app

    names = ("PauseGovernor", "KillSwitch", "ModelRegistry", "PolicyBook", "TribuneToken", "ReportHub")
    return create_app(
        store=store,
        chain=cast(Chain, StillChain()),
        deployment=Deployment(31337, 0, {name: GOVERNOR for name in names}),
        evidence=[folder],
        public_url="https://dao.example",
        web=WebSettings(**web),
    )
