"""A slow-lane proposal on its way: into the timelock once its vote has passed, carried out after that."""

from __future__ import annotations

from pathlib import Path

from scripts.acts.send import send
from scripts.acts.session import Session
from scripts.deployment import proposal
from scripts.deployment.carry_out import Key
from tribune.chain.enums import ProposalState
from tribune.exceptions import ConfigurationError


def advance(session: Session, key: Key, path: Path) -> None:
    """Queue or carry out the proposal of a file, whichever is next.

    Raises:
        ConfigurationError: it has to wait, it was rejected, or it is done.
    """
    proposed = proposal.read(path, session.record.chain_id)
    governor = session.tribune.oversight_governor
    number = session.ask(governor.proposal_id(proposed))
    state = session.ask(governor.state(number))
    words = [f"Proposal: {proposed.description}"]
    if state is ProposalState.SUCCEEDED:
        delay = session.ask(session.tribune.timelock.min_delay_s())
        words.append(f"Its vote has passed. Puts it into the timelock, where it waits for {delay} s.")
        send(session, key, governor.queue(proposed), words)
        return
    if state is ProposalState.QUEUED:
        ready = session.ask(governor.eta(number))
        if ready is not None and ready.timestamp() > session.node.time:
            raise ConfigurationError(
                f"It waits in the timelock until {ready:%F %T} UTC.", mend="Run the same again then."
            )
        words.append("Carries it out.")
        send(session, key, governor.execute(proposed), words)
        return
    raise ConfigurationError(*_waiting(state), proposal_id=number)


def _waiting(state: ProposalState) -> tuple[str]:
    said = {
        ProposalState.PENDING: "Its vote has not begun.",
        ProposalState.ACTIVE: "Its vote is not over.",
        ProposalState.DEFEATED: "Its vote did not pass, so nothing is carried out.",
        ProposalState.EXECUTED: "It was carried out before.",
    }
    return (said.get(state, f"It is {state}."),)
