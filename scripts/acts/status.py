"""How things stand: every model, its cases, and what one could do next. Reads only."""

from __future__ import annotations

from datetime import datetime

from scripts.acts.cases import about
from scripts.acts.session import Session
from scripts.deployment.bounds import shown
from tribune.chain.cases import Case
from tribune.chain.enums import Outcome, ProposalState, State
from tribune.chain.types import checksum
from tribune.exceptions import ChainError
from tribune.ids import CaseId, ModelId

_CASES_SHOWN = 10
_STATES = {
    State.INACTIVE: "not in service",
    State.ACTIVE: "in service",
    State.SUSPENDED: "suspended",
    State.PAUSED: "paused by vote",
    State.RETIRED: "retired",
}


def status(session: Session, only: ModelId | None = None) -> None:
    """Say how a model, or every model, stands, and which cases are open."""
    tribune = session.tribune
    session.say(f"Chain {session.record.chain_id}, decided by {_executive(session)}.")
    count = session.ask(tribune.model_registry.model_count())
    if count == 0:
        session.say("No model is registered yet: ape run register NAME")
    for number in range(1, count + 1):
        if only is None or only == number:
            _model(session, ModelId(number))
    _cases(session, only)


def _executive(session: Session) -> str:
    if session.tribune.has_slow_lane:
        return "token holders through OversightGovernor and timelock"
    return f"the executive {session.record.executive}"


def _model(session: Session, model: ModelId) -> None:
    tribune = session.tribune
    found = session.ask(tribune.kill_switch.status(model))
    name = session.ask(tribune.model_registry.name(model))
    steward = session.ask(tribune.model_registry.steward(model))
    line = f"Model {model} {name}: {_STATES[found.state]}"
    line += f", version {found.version}" if found.version else ", no version in force"
    if found.until is not None:
        line += f", until {_at(found.until)} at the latest"
    if found.halted:
        line += "; HALTED together with all models"
    session.say(line)
    used = session.ask(tribune.kill_switch.budget_used_s(model))
    budget = session.ask(tribune.kill_switch.parameters()).budget_s
    policy = "in force" if session.ask(tribune.policy_book.has_policy(model)) else "none: ape run set_policy"
    session.say(
        f"  oversight {str(found.oversight).lower()}; policy {policy}; steward {steward}; "
        f"{shown(used, 's')} of {shown(budget, 's')} suspension budget used"
    )


def _cases(session: Session, only: ModelId | None) -> None:
    count = session.ask(session.tribune.kill_switch.case_count())
    shown_cases = 0
    for number in range(count, 0, -1):
        case = session.ask(session.tribune.kill_switch.case(CaseId(number)))
        if case.outcome is not Outcome.OPEN or (only is not None and case.model_id != only):
            continue
        shown_cases += 1
        if shown_cases > _CASES_SHOWN:
            session.say("  … and older ones.")
            return
        session.say(about(session, case))
        session.say(f"  {_next(session, case)}")
    if shown_cases == 0:
        session.say("No case is open.")


def _next(session: Session, case: Case) -> str:
    """Return what can be done about a case now."""
    now = session.node.time
    if not case.vote:
        if now <= case.open_until.timestamp():
            return f"its vote can be opened until {_at(case.open_until)}: ape run open_case {case.case_id}"
        return f"its window is over: ape run poke --case {case.case_id}"
    governor = type(session.tribune.pause_governor)(session.tribune.chain, checksum(case.governor))
    try:
        count = session.ask(governor.count(case.vote))
    except ChainError as fault:
        return f"its vote could not be read: {fault}"
    said = (
        f"{count.for_ / 10**18:g} for, {count.against / 10**18:g} against, quorum {count.quorum / 10**18:g}"
    )
    if count.state in (ProposalState.PENDING, ProposalState.ACTIVE):
        return f"voting until {_at(count.deadline)}: {said}"
    if count.state is ProposalState.SUCCEEDED:
        return f"its vote passed ({said}): ape run execute {case.case_id}"
    return f"its vote is {str(count.state).lower()} ({said}): ape run poke --case {case.case_id}"


def _at(time: datetime) -> str:
    return f"{time:%F %T} UTC"
