"""What the executive decides day by day: policies of models, and who may monitor them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scripts.acts.decide import decide
from scripts.acts.policy_file import read_policy
from scripts.acts.session import Session
from scripts.deployment.bounds import shown
from scripts.deployment.carry_out import Key
from tribune.chain.policy_book import PolicyInput
from tribune.exceptions import PolicyError
from tribune.ids import Address, ModelId


def set_policy(
    session: Session,
    key: Key | None,
    model: ModelId,
    path: Path,
    panel: Sequence[Address],
    *,
    plan: Path | None,
    folder: Path,
) -> Path | None:
    """Bring a model's policy before the executive; return the proposal file.

    Raises:
        PolicyError: the panel cannot decide, or a monitor is not admitted.
    """
    policy = read_policy(path, tuple(panel))
    strangers = [
        one for one in policy.panel if not session.ask(session.tribune.monitor_registry.is_admitted(one))
    ]
    if strangers:
        raise PolicyError(
            f"Not admitted as monitors: {', '.join(strangers)}.", mend="First: ape run admit_monitor …"
        )
    name = session.ask(session.tribune.model_registry.name(model))
    words = [f"Sets the policy of model {model} ({name}):", *_words(policy)]
    cap = session.ask(session.tribune.kill_switch.parameters()).hard_cap_s
    if policy.suspension_s > cap:
        words.append(f"WARNING: suspensions are cut to {shown(cap, 's')}, the longest allowed.")
    calls = [session.tribune.policy_book.set_policy(model, policy)]
    description = f"Set the policy of {name} (model {model}): {path.name}"
    return decide(session, key, calls, description, words, plan=plan, folder=folder)


def admit_monitor(
    session: Session, key: Key | None, who: Address, name: str, uri: str, *, plan: Path | None, folder: Path
) -> Path | None:
    """Bring a monitor's admission before the executive; return the proposal file."""
    words = [
        f"Admits {who} as the monitor {name!r}: panels may name it from then on. It judges nothing before a",
        "policy does.",
    ]
    calls = [session.tribune.monitor_registry.admit(who, name, uri)]
    return decide(session, key, calls, f"Admit the monitor {name} ({who})", words, plan=plan, folder=folder)


def dismiss_monitor(
    session: Session, key: Key | None, who: Address, *, plan: Path | None, folder: Path
) -> Path | None:
    """Bring a monitor's dismissal before the executive; return the proposal file."""
    words = [f"Bars {who} from new panels. Policies that name it keep it until they are replaced."]
    calls = [session.tribune.monitor_registry.dismiss(who)]
    return decide(session, key, calls, f"Dismiss the monitor {who}", words, plan=plan, folder=folder)


def _words(policy: PolicyInput) -> list[str]:
    return [
        f"  a frame every {shown(policy.step_s, 's')}, each covering {shown(policy.length_s, 's')}; logs "
        f"sealed within {shown(policy.grace_s, 's')}, reports within {shown(policy.deadline_s, 's')}",
        f"  {policy.k} of {len(policy.panel)} monitors must agree: {', '.join(policy.panel)}",
        f"  a suspension lasts at least {shown(policy.suspension_s, 's')}",
        f"  a frame that nobody reports on {'suspends it and ' if policy.stale_suspends else ''}opens a vote",
        *(f"  {_rule(rule.on_chain())}" for rule in policy.rules),
    ]


def _rule(fields: Sequence[object]) -> str:
    metric, op, severity = fields[0], "<" if fields[1] else ">", fields[2]
    effect = {0: "tells", 1: "opens a vote", 2: "stops the model and opens a vote"}
    stage = {0: "", 1: " (in service only)", 2: " (before it takes force only)"}
    return f"{metric} {op} {_limit(fields)}: {effect[int(str(severity))]}{stage[int(str(fields[3]))]}"


def _limit(fields: Sequence[object]) -> str:
    """Limit stands third from the end, before the metric's range."""
    return f"{int(str(fields[-3])) / 1_000_000:g}"
