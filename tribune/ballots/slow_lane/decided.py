"""What the calls of a slow-lane proposal would do, in words made from the calls alone, never a description.

A call that is not exactly one of a function that we know at a contract of the deployment is shown as it is,
and said to be unexplained: "could not say" is never passed over.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tribune.ballots.slow_lane.policy_words import policy_words
from tribune.ballots.spans import share, span
from tribune.chain.codec import load_abi
from tribune.chain.types import end_or_none
from tribune.exceptions import ConfigurationError
from tribune.ids import Address
from tribune.language import _, number, plural

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts
    from tribune.ballots.documents import Documents
    from tribune.chain.governor import ProposedCalls

_ROLES = ("ADMIN", "PAUSE", "HUB", "GUARDIAN", "REGISTRY")
_MILLION = 1_000_000


@dataclass(frozen=True)
class CallWords:
    """One call of a proposal."""

    address: Address
    value: int
    """Wei that it sends along."""
    data: bytes
    contract: str
    """Name of the contract; empty where it is none of the deployment."""
    function: str
    """Name of the function; empty where it is none that we know."""
    arguments: Mapping[str, Any]
    title: str
    """In a few words."""
    lines: tuple[str, ...]
    """In sentences, one a line."""
    known: bool
    """Whether the words say all that it does."""

    @property
    def text(self) -> str:
        """For those who read code: "MonitorRegistry.dismiss(account = 0x…)", else the bare bytes."""
        if not self.function:
            return f"{self.address}: 0x{self.data.hex()}"
        shown = ", ".join(f"{name} = {_plain(value)}" for name, value in self.arguments.items())
        return f"{self.contract}.{self.function}({shown})"


@dataclass(frozen=True)
class _Looking:
    """Where words are read from, at one block."""

    contracts: VoteContracts
    documents: Documents
    at: int
    carried_out: bool

    async def model(self, model_id: int) -> str:
        count, name = await self.contracts.read(
            ("ModelRegistry", "modelCount", ()), ("ModelRegistry", "nameOf", (model_id,)), block=self.at
        )
        if not 0 < model_id <= count:
            return _("model {id}, which does not exist").format(id=model_id)
        return _("{name} (model {id})").format(name=name, id=model_id)


_Said = tuple[str, tuple[str, ...], bool]
"""(title, lines, whether they say all)."""
_Explains = Callable[[_Looking, Mapping[str, Any]], Awaitable[_Said]]


async def words_of_calls(
    contracts: VoteContracts,
    documents: Documents,
    calls: ProposedCalls,
    at: int,
    *,
    carried_out: bool = False,
) -> tuple[CallWords, ...]:
    """Return what each call of a proposal does, in order, read at one block; what it did once carried out.

    Raises:
        ChainUnreachableError: the chain cannot be read.
    """
    looking = _Looking(contracts, documents, at, carried_out)
    together = zip(calls.targets, calls.values, calls.calldatas, strict=True)
    return tuple([await _words(looking, *one) for one in together])


def call_names(contracts: VoteContracts, targets: Sequence[str], calldatas: Sequence[str]) -> tuple[str, ...]:
    """Return what a proposal's calls are, by their names alone: "PolicyBook.setPolicy"; reads nothing.

    Args:
        contracts: says which address is which contract.
        targets: addresses.
        calldatas: 0x-hex, as the index keeps them.
    """
    names = {where: name for name, where in contracts.deployment.addresses.items()}
    found = []
    for target, data in zip(targets, calldatas, strict=True):
        contract = names.get(Address(target), "")
        decoded = _decoded(contract, bytes.fromhex(data[2:]))
        found.append(_unexplained()[0] if decoded is None else f"{contract}.{decoded[0]}")
    return tuple(found)


def title_of(calls: tuple[CallWords, ...]) -> str:
    """Return a proposal's title, from its calls."""
    if not calls:
        return _("Nothing at all")
    others = len(calls) - 1
    if not others:
        return calls[0].title
    text = plural("{first}, and {n} more change", "{first}, and {n} more changes", others)
    return text.format(first=calls[0].title, n=number(others))


async def _words(looking: _Looking, address: Address, value: int, data: bytes) -> CallWords:
    names = {where: name for name, where in looking.contracts.deployment.addresses.items()}
    contract, function = names.get(address, ""), ""
    arguments: dict[str, Any] = {}
    title, lines, known = _unexplained()
    decoded = _decoded(contract, data)
    if decoded is not None:
        function, arguments = decoded
        explains = _EXPLAINED.get((contract, function)) or _EXPLAINED.get(("", function))
        if explains is not None:
            title, lines, known = await explains(looking, {**arguments, "": contract})
    if value:
        coins = number(value / 10**18, 6)
        lines = (*lines, _("It sends {n} of the chain's own coin along.").format(n=coins))
    return CallWords(address, value, data, contract, function, arguments, title, lines, known)


def _unexplained() -> _Said:
    return _("A call that we cannot explain"), (), False


def _decoded(contract: str, data: bytes) -> tuple[str, dict[str, Any]] | None:
    if not contract:
        return None
    try:
        return load_abi(contract).decode_call(data)
    except ConfigurationError:  # a contract of the record whose ABI we do not carry
        return None


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name} = {_plain(one)}" for name, one in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_plain, value)) + "]"
    return str(value)


async def _set_policy(looking: _Looking, given: Mapping[str, Any]) -> _Said:
    model_id = given["model_id"]
    model = await looking.model(model_id)
    words = await policy_words(
        looking.contracts,
        looking.documents,
        model_id,
        given["policy"],
        looking.at,
        carried_out=looking.carried_out,
    )
    return _("New rules for {model}").format(model=model), words.lines, words.complete


async def _admit(looking: _Looking, given: Mapping[str, Any]) -> _Said:
    lines = [
        _("Admits {address} as the monitor “{name}”: policies may name it from then on.").format(
            address=given["account"], name=given["name"]
        ),
        _("It judges nothing until a policy names it."),
    ]
    if given["uri"]:
        lines.append(_("More about it: {uri}").format(uri=given["uri"]))
    return _("Admit the monitor {name}").format(name=given["name"]), tuple(lines), True


async def _dismiss(looking: _Looking, given: Mapping[str, Any]) -> _Said:
    account = given["account"]
    [told] = await looking.contracts.read(("MonitorRegistry", "monitorOf", (account,)), block=looking.at)
    name = told["name"] or account
    lines = (
        _("Bars the monitor “{name}” ({address}) from new policies.").format(name=name, address=account),
        _("Policies that name it keep it until they are replaced."),
    )
    return _("Dismiss the monitor {name}").format(name=name), lines, True


async def _retire(looking: _Looking, given: Mapping[str, Any]) -> _Said:
    model = await looking.model(given["model_id"])
    line = _("{model} never answers again. Nothing can undo this.").format(model=model)
    return _("Retire {model}").format(model=model), (line,), True


async def _halt(looking: _Looking, given: Mapping[str, Any]) -> _Said:
    until = end_or_none(given["until"])
    head = await looking.contracts.chain.block(looking.at)
    if until is None and given["until"]:
        return _("Halt all models"), (_("No model answers, without an end, until another vote."),), True
    if until is None or until <= head.time:
        line = _("Models that are not stopped themselves answer again.")
        return _("End the halt of all models"), (line,), True
    line = _("No model answers until {time:%Y-%m-%d %H:%M} UTC.").format(time=until)
    return _("Halt all models"), (line,), True


async def _rearm(looking: _Looking, given: Mapping[str, Any]) -> _Said:
    models = ", ".join([await looking.model(one) for one in given["model_ids"]]) or _("no model")
    line = _("The guardian may use its global halt again, and act again on: {models}.").format(models=models)
    return _("Let the guardian act again"), (line,), True


async def _parameters(looking: _Looking, given: Mapping[str, Any]) -> _Said:
    [now] = await looking.contracts.read(("KillSwitch", "parameters", ()), block=looking.at)
    new = given["parameters"]
    names = {
        "budget": _("how long a model may be stopped without a vote"),
        "hard_cap": _("longest single suspension"),
        "margin": _("time between a vote's end and its suspension's end"),
        "open_window": _("how long a case's vote can be opened"),
        "cooldown": _("rest of a rule after holders voted against it"),
        "guardian_period": _("the guardian's period"),
        "halt_budget": _("length of the guardian's global halt"),
    }
    lines = [
        _("{what}: {new}, now {old}").format(what=what, new=span(new[name]), old=span(now[name]))
        for name, what in names.items()
        if new[name] != now[name]
    ]
    if new["refill"] != now["refill"]:
        lines.append(
            _("share of that time that comes back each day: {new}, now {old}").format(
                new=share(new["refill"], _MILLION), old=share(now["refill"], _MILLION)
            )
        )
    if new["guardian_models"] != now["guardian_models"]:
        lines.append(
            _("models that the guardian may stop in its period: {new}, now {old}").format(
                new=number(new["guardian_models"]), old=number(now["guardian_models"])
            )
        )
    return _("Change how long models can be stopped"), tuple(lines or [_("Nothing changes.")]), True


def _setting(words: Callable[[], tuple[str, Callable[[Any], str]]], argument: str, view: str) -> _Explains:
    """Return what explains a setter of one value: `words` gives its name and how a value is said."""

    async def explain(looking: _Looking, given: Mapping[str, Any]) -> _Said:
        what, say = words()
        [now] = await looking.contracts.read((given[""], view, ()), block=looking.at)
        lane = {
            "PauseGovernor": _("votes on pause and resume"),
            "OversightGovernor": _("votes on everything else"),
        }.get(given[""])
        line = _("{what}: {new}, now {old}.").format(what=what, new=say(given[argument]), old=say(now))
        title = _("Change a setting: {what}").format(what=what)
        return title, (line, *([_("It concerns {lane}.").format(lane=lane)] if lane else ())), True

    return explain


async def _role(looking: _Looking, given: Mapping[str, Any], *, granted: bool) -> _Said:
    role = given["role_id"]
    name = _ROLES[role] if role < len(_ROLES) else str(role)
    who = _named(looking, given["account"])
    text = _("Gives the role {role} to {who}.") if granted else _("Takes the role {role} from {who}.")
    title = _("Give the role {role}") if granted else _("Take the role {role}")
    lines = [text.format(role=name, who=who)]
    if granted and given["execution_delay"]:
        lines.append(_("What it does with it waits {time}.").format(time=span(given["execution_delay"])))
    if name == "ADMIN":
        lines.append(_("⚠ Who holds ADMIN rules everything: policies, monitors, roles."))
    if name == "PAUSE":
        lines.append(_("⚠ Who holds PAUSE can stop and free models; only one contract may hold it."))
    return title.format(role=name), tuple(lines), True


async def _grant(looking: _Looking, given: Mapping[str, Any]) -> _Said:
    return await _role(looking, given, granted=True)


async def _revoke(looking: _Looking, given: Mapping[str, Any]) -> _Said:
    return await _role(looking, given, granted=False)


async def _authority(looking: _Looking, given: Mapping[str, Any]) -> _Said:
    line = _("⚠ {who} decides from then on who may do what with {contract}.").format(
        who=_named(looking, given["new_authority"]), contract=given[""]
    )
    return _("Hand over {contract}").format(contract=given[""]), (line,), True


async def _timelock(looking: _Looking, given: Mapping[str, Any]) -> _Said:
    line = _("⚠ What holders decide is carried out by {who} from then on.").format(
        who=_named(looking, given["new_timelock"])
    )
    return _("Change the timelock"), (line,), True


async def _transfer(looking: _Looking, given: Mapping[str, Any]) -> _Said:
    [decimals] = await looking.contracts.read(("TribuneToken", "decimals", ()), block=looking.at)
    amount = number(given["value"] / 10**decimals, 2)
    who = _named(looking, given["to"])
    line = _("Sends {amount} of the timelock's tokens to {who}.").format(amount=amount, who=who)
    return _("Send tokens"), (line,), True


def _named(looking: _Looking, account: Address) -> str:
    for name, where in looking.contracts.deployment.addresses.items():
        if where == account:
            return _("our {contract} ({address})").format(contract=name, address=account)
    return _("{address}, none of our contracts").format(address=account)


def _tokens(amount: int) -> str:
    return number(amount / 10**18, 2)


def _percent(amount: int) -> str:
    return share(amount, 100)


def _millionths(amount: int) -> str:
    return share(amount, _MILLION)


_EXPLAINED: dict[tuple[str, str], _Explains] = {
    ("PolicyBook", "setPolicy"): _set_policy,
    ("MonitorRegistry", "admit"): _admit,
    ("MonitorRegistry", "dismiss"): _dismiss,
    ("KillSwitch", "retire"): _retire,
    ("KillSwitch", "halt"): _halt,
    ("KillSwitch", "rearm"): _rearm,
    ("KillSwitch", "setParameters"): _parameters,
    ("TribuneAccessManager", "grantRole"): _grant,
    ("TribuneAccessManager", "revokeRole"): _revoke,
    ("TribuneToken", "transfer"): _transfer,
    ("OversightGovernor", "updateTimelock"): _timelock,
    ("TribuneTimelock", "updateDelay"): _setting(
        lambda: (_("how long decisions wait in the timelock"), span), "new_delay", "getMinDelay"
    ),
    ("PauseGovernor", "setCallThreshold"): _setting(
        lambda: (_("share of all votes that can call for a vote together"), _millionths),
        "millionths",
        "callThreshold",
    ),
    ("PauseGovernor", "updateSuperQuorumNumerator"): _setting(
        lambda: (_("share of all votes for that ends a vote early"), _percent),
        "new_super_quorum_numerator",
        "superQuorumNumerator()",
    ),
    ("OversightGovernor", "setProposalThreshold"): _setting(
        lambda: (_("votes that a proposer needs"), _tokens), "new_proposal_threshold", "proposalThreshold"
    ),
    ("ModelRegistry", "setActivationDistance"): _setting(
        lambda: (_("least time between two versions that take force"), span), "distance", "activationDistance"
    ),
    # Of both governors, or of every managed contract:
    ("", "setVotingDelay"): _setting(
        lambda: (_("time from a proposal to the beginning of its vote"), span),
        "new_voting_delay",
        "votingDelay",
    ),
    ("", "setVotingPeriod"): _setting(
        lambda: (_("how long a vote takes"), span), "new_voting_period", "votingPeriod"
    ),
    ("", "setLateQuorumVoteExtension"): _setting(
        lambda: (_("by how much a late quorum prolongs a vote"), span),
        "new_vote_extension",
        "lateQuorumVoteExtension",
    ),
    ("", "updateQuorumNumerator"): _setting(
        lambda: (_("share of all votes that must take part"), _percent),
        "new_quorum_numerator",
        "quorumNumerator()",
    ),
    ("", "setAuthority"): _authority,
}
