"""What anyone may do about a case: open its vote, carry it out, record how it ended, report a stale frame."""

from __future__ import annotations

from scripts.acts.send import send
from scripts.acts.session import Session
from scripts.deployment.carry_out import Key
from tribune.chain.cases import Case
from tribune.chain.enums import CaseKind
from tribune.chain.types import checksum
from tribune.exceptions import ConfigurationError
from tribune.ids import CaseId, FrameIndex, ModelId

_KINDS = {
    CaseKind.BREACH: "a rule that was broken",
    CaseKind.GUARDIAN: "a suspension by the guardian",
    CaseKind.STALE: "a frame that nobody reported on",
    CaseKind.HOLDER_PAUSE: "a call by token holders to stop it",
    CaseKind.HOLDER_RESUME: "a call to let it run again",
}


def about(session: Session, case: Case) -> str:
    """Return what a case is about, in one line."""
    name = session.ask(session.tribune.model_registry.name(case.model_id))
    return (
        f"Case {case.case_id} is about model {case.model_id} ({name}) v{case.version}: {_KINDS[case.kind]}."
    )


def open_case(session: Session, key: Key, case_id: CaseId) -> None:
    """Open a case's vote."""
    case = session.ask(session.tribune.kill_switch.case(case_id))
    asked = "runs again" if case.kind is CaseKind.HOLDER_RESUME else "stays stopped until another vote"
    words = [
        about(session, case),
        f"Opens its vote: if it passes, the model {asked}.",
        f"Anyone may, once, until {case.open_until:%F %T} UTC.",
    ]
    send(session, key, session.tribune.pause_governor.open_case(case_id), words)


def execute_case(session: Session, key: Key, case_id: CaseId) -> None:
    """Carry out a case's passed vote."""
    case = session.ask(session.tribune.kill_switch.case(case_id))
    if not case.vote:
        raise ConfigurationError(
            f"Case {case_id} has no vote yet.", mend=f"Open it: ape run open_case {case_id}"
        )
    effect = "runs again" if case.kind is CaseKind.HOLDER_RESUME else "stays stopped until another vote"
    words = [about(session, case), f"Carries out its passed vote: the model {effect}."]
    governor = session.tribune.pause_governor
    if case.governor not in (governor.address, "0x" + "00" * 20):
        governor = type(governor)(session.tribune.chain, checksum(case.governor))
    send(session, key, governor.execute_case(case_id), words)


def poke_case(session: Session, key: Key, case_id: CaseId) -> None:
    """Record how a case ended."""
    case = session.ask(session.tribune.kill_switch.case(case_id))
    words = [
        about(session, case),
        "Records how it ended without being carried out. If a quorum voted against it, a suspension that it",
        "caused ends at once; else nothing changes but the record.",
    ]
    send(session, key, session.tribune.kill_switch.poke(case_id), words)


def poke_stale(session: Session, key: Key, model: ModelId, frame: FrameIndex) -> None:
    """Make a case of a frame that nobody reported on in time."""
    name = session.ask(session.tribune.model_registry.name(model))
    hub = session.tribune.report_hub
    call = hub.abi.call(
        hub.address, "pokeStale", (model, frame), f"report frame {frame} of model {model} as stale"
    )
    words = [
        f"Says of model {model} ({name}) that no report on frame {frame} was accepted by its deadline.",
        "That opens a case for a vote, and suspends the model where its policy says so.",
    ]
    send(session, key, call, words)
