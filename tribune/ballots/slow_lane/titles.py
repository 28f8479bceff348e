"""A proposal's title from its calls alone, never from what its proposer wrote. Reads nothing.

Names of models and monitors are given by whoever has read them, from the chain or from the index.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tribune.chain.codec import load_abi
from tribune.chain.types import end_or_none
from tribune.exceptions import ConfigurationError
from tribune.ids import Address
from tribune.language import _, marked, number, plural

if TYPE_CHECKING:
    from tribune.chain.deployments import Deployment

ROLES = ("ADMIN", "PAUSE", "HUB", "GUARDIAN", "REGISTRY")
SETTINGS = {
    ("TribuneTimelock", "updateDelay"): marked("how long decisions wait in the timelock"),
    ("PauseGovernor", "setCallThreshold"): marked("share of all votes that can call for a vote together"),
    ("PauseGovernor", "updateSuperQuorumNumerator"): marked("share of all votes for that ends a vote early"),
    ("OversightGovernor", "setProposalThreshold"): marked("votes that a proposer needs"),
    ("ModelRegistry", "setActivationDistance"): marked("least time between two versions that take force"),
    # Of both governors:
    ("", "setVotingDelay"): marked("time from a proposal to the beginning of its vote"),
    ("", "setVotingPeriod"): marked("how long a vote takes"),
    ("", "setLateQuorumVoteExtension"): marked("by how much a late quorum prolongs a vote"),
    ("", "updateQuorumNumerator"): marked("share of all votes that must take part"),
}
"""Setters of one value: what they set."""


@dataclass(frozen=True)
class Names:
    """What titles call things.

    Args:
        models: id → name of the models there are.
        monitors: address → name.
        at: the time of the chain; None where no title needs it.
    """

    models: Mapping[int, str] = field(default_factory=dict)
    monitors: Mapping[str, str] = field(default_factory=dict)
    at: datetime | None = None

    def model(self, model_id: int) -> str:
        """Return what to call a model."""
        if model_id not in self.models:
            return _("model {id}, which does not exist").format(id=model_id)
        return _("{name} (model {id})").format(name=self.models[model_id], id=model_id)


def decoded_call(contract: str, data: bytes) -> tuple[str, dict[str, Any]] | None:
    """Return function and arguments of a call of one of our contracts; None where we do not know it."""
    if not contract:
        return None
    try:
        return load_abi(contract).decode_call(data)
    except ConfigurationError:  # a contract of the record whose ABI we do not carry
        return None


def call_title(contract: str, function: str, given: Mapping[str, Any], names: Names) -> str:
    """Return what a call does in a few words."""
    told = _TITLES.get((contract, function)) or _TITLES.get(("", function))
    if told is not None:
        return told({**given, "": contract}, names)
    what = setting_words(contract, function)
    if what:
        return _("Change a setting: {what}").format(what=what)
    return _("A call that we cannot explain")


def setting_words(contract: str, function: str) -> str:
    """Return what a setter sets; empty where it is none."""
    what = SETTINGS.get((contract, function)) or SETTINGS.get(("", function))
    return _(what) if what else ""


def title_of(titles: Sequence[str]) -> str:
    """Return a proposal's title, from those of its calls."""
    if not titles:
        return _("Nothing at all")
    others = len(titles) - 1
    if not others:
        return titles[0]
    text = plural("{first}, and {n} more change", "{first}, and {n} more changes", others)
    return text.format(first=titles[0], n=number(others))


def indexed_title(deployment: Deployment, calls: Sequence[tuple[str, str]], names: Names) -> str:
    """Return the title of calls as the index keeps them: (address, 0x-hex)."""
    contracts = {where: name for name, where in deployment.addresses.items()}
    titles = []
    for target, data in calls:
        contract = contracts.get(Address(target), "")
        function, given = decoded_call(contract, bytes.fromhex(data[2:])) or ("", {})
        titles.append(call_title(contract, function, given, names))
    return title_of(titles)


def _halt(given: Mapping[str, Any], names: Names) -> str:
    until = end_or_none(given["until"])
    if until is None:
        return _("Halt all models") if given["until"] else _("End the halt of all models")
    over = names.at is not None and until <= names.at
    return _("End the halt of all models") if over else _("Halt all models")


def _role(given: Mapping[str, Any]) -> str:
    return role_name(given["role_id"])


def role_name(role: int) -> str:
    """Return what a role is called."""
    return ROLES[role] if role < len(ROLES) else str(role)


_TITLES: Mapping[tuple[str, str], Callable[[Mapping[str, Any], Names], str]] = {
    ("PolicyBook", "setPolicy"): lambda given, names: _("New rules for {model}").format(
        model=names.model(given["model_id"])
    ),
    ("MonitorRegistry", "admit"): lambda given, names: _("Admit the monitor {name}").format(
        name=given["name"]
    ),
    ("MonitorRegistry", "dismiss"): lambda given, names: _("Dismiss the monitor {name}").format(
        name=names.monitors.get(given["account"]) or given["account"]
    ),
    ("KillSwitch", "retire"): lambda given, names: _("Retire {model}").format(
        model=names.model(given["model_id"])
    ),
    ("KillSwitch", "halt"): _halt,
    ("KillSwitch", "rearm"): lambda given, names: _("Let the guardian act again"),
    ("KillSwitch", "setParameters"): lambda given, names: _("Change how long models can be stopped"),
    ("TribuneAccessManager", "grantRole"): lambda given, names: _("Give the role {role}").format(
        role=_role(given)
    ),
    ("TribuneAccessManager", "revokeRole"): lambda given, names: _("Take the role {role}").format(
        role=_role(given)
    ),
    ("TribuneToken", "transfer"): lambda given, names: _("Send tokens"),
    ("OversightGovernor", "updateTimelock"): lambda given, names: _("Change the timelock"),
    ("", "setAuthority"): lambda given, names: _("Hand over {contract}").format(contract=given[""]),
}
