"""What the calls of a slow-lane proposal would do, in words made from the calls alone, never a description.

A call that is not exactly one of a function that we know at a contract of the deployment is shown as it is,
and said to be unexplained: "could not say" is never passed over.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tribune.ballots.slow_lane.policy_words import policy_words
from tribune.ballots.slow_lane.titles import Names, call_title, decoded_call, role_name, setting_words
from tribune.ballots.spans import share, span
from tribune.chain.types import COIN, end_or_none
from tribune.ids import Address
from tribune.language import _, number

if TYPE_CHECKING:
    from tribune.ballots.contracts import VoteContracts
    from tribune.ballots.documents import Documents
    from tribune.chain.governor import ProposedCalls

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
        return Names(await self._models(model_id)).model(model_id)

    async def names(self, function: str, given: Mapping[str, Any]) -> Names:
        """Return what the title of a call needs."""
        models = await self._models(given["model_id"]) if "model_id" in given else {}
        monitors, at = {}, None
        if function == "dismiss":
            account = given["account"]
            [told] = await self.contracts.read(("MonitorRegistry", "monitorOf", (account,)), block=self.at)
            monitors = {account: told["name"]}
        if function == "halt":
            at = (await self.contracts.chain.block(self.at)).time
        return Names(models, monitors, at)

    async def _models(self, model_id: int) -> dict[int, str]:
        count, name = await self.contracts.read(
            ("ModelRegistry", "modelCount", ()), ("ModelRegistry", "nameOf", (model_id,)), block=self.at
        )
        return {model_id: name} if 0 < model_id <= count else {}


_Said = tuple[tuple[str, ...], bool]
"""(lines, whether they say all)."""
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


async def _words(looking: _Looking, address: Address, value: int, data: bytes) -> CallWords:
    names = {where: name for name, where in looking.contracts.deployment.addresses.items()}
    contract, function = names.get(address, ""), ""
    arguments: dict[str, Any] = {}
    lines: tuple[str, ...] = ()
    known = False
    decoded = decoded_call(contract, data)
    if decoded is not None:
        function, arguments = decoded
        explains = _EXPLAINED.get((contract, function)) or _EXPLAINED.get(("", function))
        if explains is not None:
            lines, known = await explains(looking, {**arguments, "": contract})
    title = call_title(contract, function, arguments, await looking.names(function, arguments))
    if value:
        coins = number(value / COIN, 6)
        lines = (*lines, _("It sends {n} of the chain's own coin along.").format(n=coins))
    return CallWords(address, value, data, contract, function, arguments, title, lines, known)


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name} = {_plain(one)}" for name, one in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_plain, value)) + "]"
    return str(value)


async def _set_policy(looking: _Looking, given: Mapping[str, Any]) -> _Said:
    words = await policy_words(
        looking.contracts,
        looking.documents,
        given["model_id"],
        given["policy"],
        looking.at,
        carried_out=looking.carried_out,
    )
    return words.lines, words.complete


async def _admit(looking: _Looking, given: Mapping[str, Any]) -> _Said:
    lines = [
        _("Admits {address} as the monitor “{name}”: policies may name it from then on.").format(
            address=given["account"], name=given["name"]
        ),
        _("It judges nothing until a policy names it."),
    ]
    if given["uri"]:
        lines.append(_("More about it: {uri}").format(uri=given["uri"]))
    return tuple(lines), True


async def _dismiss(looking: _Looking, given: Mapping[str, Any]) -> _Said:
    account = given["account"]
    [told] = await looking.contracts.read(("MonitorRegistry", "monitorOf", (account,)), block=looking.at)
    name = told["name"] or account
    lines = (
        _("Bars the monitor “{name}” ({address}) from new policies.").format(name=name, address=account),
        _("Policies that name it keep it until they are replaced."),
    )
    return lines, True


async def _retire(looking: _Looking, given: Mapping[str, Any]) -> _Said:
    model = await looking.model(given["model_id"])
    line = _("{model} never answers again. Nothing can undo this.").format(model=model)
    return (line,), True


async def _halt(looking: _Looking, given: Mapping[str, Any]) -> _Said:
    until = end_or_none(given["until"])
    head = await looking.contracts.chain.block(looking.at)
    if until is None and given["until"]:
        return (_("No model answers, without an end, until another vote."),), True
    if until is None or until <= head.time:
        line = _("Models that are not stopped themselves answer again.")
        return (line,), True
    line = _("No model answers until {time:%Y-%m-%d %H:%M} UTC.").format(time=until)
    return (line,), True


async def _rearm(looking: _Looking, given: Mapping[str, Any]) -> _Said:
    models = ", ".join([await looking.model(one) for one in given["model_ids"]]) or _("no model")
    line = _("The guardian may use its global halt again, and act again on: {models}.").format(models=models)
    return (line,), True


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
    return tuple(lines or [_("Nothing changes.")]), True


def _setting(function: str, say: Callable[[Any], str], argument: str, view: str) -> _Explains:
    """Return what explains a setter of one value: `say` says the value that it is given and that it has."""

    async def explain(looking: _Looking, given: Mapping[str, Any]) -> _Said:
        [now] = await looking.contracts.read((given[""], view, ()), block=looking.at)
        lane = {
            "PauseGovernor": _("votes on pause and resume"),
            "OversightGovernor": _("votes on everything else"),
        }.get(given[""])
        what = setting_words(given[""], function)
        line = _("{what}: {new}, now {old}.").format(what=what, new=say(given[argument]), old=say(now))
        return (line, *([_("It concerns {lane}.").format(lane=lane)] if lane else ())), True

    return explain


async def _role(looking: _Looking, given: Mapping[str, Any], *, granted: bool) -> _Said:
    name = role_name(given["role_id"])
    who = _named(looking, given["account"])
    text = _("Gives the role {role} to {who}.") if granted else _("Takes the role {role} from {who}.")
    lines = [text.format(role=name, who=who)]
    if granted and given["execution_delay"]:
        lines.append(_("What it does with it waits {time}.").format(time=span(given["execution_delay"])))
    if name == "ADMIN":
        lines.append(_("⚠ Who holds ADMIN rules everything: policies, monitors, roles."))
    if name == "PAUSE":
        lines.append(_("⚠ Who holds PAUSE can stop and free models; only one contract may hold it."))
    return tuple(lines), True


async def _grant(looking: _Looking, given: Mapping[str, Any]) -> _Said:
    return await _role(looking, given, granted=True)


async def _revoke(looking: _Looking, given: Mapping[str, Any]) -> _Said:
    return await _role(looking, given, granted=False)


async def _authority(looking: _Looking, given: Mapping[str, Any]) -> _Said:
    line = _("⚠ {who} decides from then on who may do what with {contract}.").format(
        who=_named(looking, given["new_authority"]), contract=given[""]
    )
    return (line,), True


async def _timelock(looking: _Looking, given: Mapping[str, Any]) -> _Said:
    line = _("⚠ What holders decide is carried out by {who} from then on.").format(
        who=_named(looking, given["new_timelock"])
    )
    return (line,), True


async def _transfer(looking: _Looking, given: Mapping[str, Any]) -> _Said:
    [decimals] = await looking.contracts.read(("TribuneToken", "decimals", ()), block=looking.at)
    amount = number(given["value"] / 10**decimals, 2)
    who = _named(looking, given["to"])
    line = _("Sends {amount} of the timelock's tokens to {who}.").format(amount=amount, who=who)
    return (line,), True


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
    ("TribuneTimelock", "updateDelay"): _setting("updateDelay", span, "new_delay", "getMinDelay"),
    ("PauseGovernor", "setCallThreshold"): _setting(
        "setCallThreshold", _millionths, "millionths", "callThreshold"
    ),
    ("PauseGovernor", "updateSuperQuorumNumerator"): _setting(
        "updateSuperQuorumNumerator", _percent, "new_super_quorum_numerator", "superQuorumNumerator()"
    ),
    ("OversightGovernor", "setProposalThreshold"): _setting(
        "setProposalThreshold", _tokens, "new_proposal_threshold", "proposalThreshold"
    ),
    ("ModelRegistry", "setActivationDistance"): _setting(
        "setActivationDistance", span, "distance", "activationDistance"
    ),
    # Of both governors, or of every managed contract:
    ("", "setVotingDelay"): _setting("setVotingDelay", span, "new_voting_delay", "votingDelay"),
    ("", "setVotingPeriod"): _setting("setVotingPeriod", span, "new_voting_period", "votingPeriod"),
    ("", "setLateQuorumVoteExtension"): _setting(
        "setLateQuorumVoteExtension", span, "new_vote_extension", "lateQuorumVoteExtension"
    ),
    ("", "updateQuorumNumerator"): _setting(
        "updateQuorumNumerator", _percent, "new_quorum_numerator", "quorumNumerator()"
    ),
    ("", "setAuthority"): _authority,
}
