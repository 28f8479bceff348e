"""What a gate needs of the chain, in the form that `tribune.gate.watching.watcher` asks for.

A module of its own, since a gate in sidecar mode imports nothing of the chain. Many models are read in one
request, all at one block; an answer of a node that does not have that very block (any more) is no answer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tribune.chain.answers import as_block, as_bytes
from tribune.chain.client import log_filter
from tribune.chain.enums import CaseKind, Oversight, State
from tribune.chain.facade import Tribune
from tribune.chain.rpc import UnusableAnswer
from tribune.chain.types import Block, ContractCall, Log
from tribune.exceptions import RevertedError
from tribune.ids import Address, CaseId, Digest, ModelId, ProposalId, VersionNumber

FOR_EVER = 2**48 - 1
"""The last second that contracts can name."""
NEWS = {
    "KillSwitch": ("StateChanged", "CaseOpened", "CaseJoined", "CaseClosed"),
    "ModelRegistry": ("VersionActivated",),
}
"""Events after which a model's status may be another; each names the model in a topic. What changes by time
alone, and halts of all models, no event tells."""


@dataclass(frozen=True, slots=True)
class GateStatus:
    """A model's status at one block. Times in unix seconds."""

    model_id: ModelId
    state: State
    oversight: Oversight
    version: VersionNumber
    """Version in force, 0 while there is none."""
    epoch: int
    until: int
    """End of the suspension, 0 unless suspended."""
    case_id: CaseId
    block_number: int
    block_time: int
    halted_until: int
    """End of the global halt in force or of the last one, as the contract has it; 0 if there was none."""
    restless: bool
    """Whether time alone may change it: a suspension that ends, a version that takes force later."""

    @property
    def halted(self) -> bool:
        """Whether a global halt is in force at the block."""
        return self.block_time < self.halted_until


@dataclass(frozen=True, slots=True)
class GateNews:
    """What lies between two blocks of one chain."""

    models: frozenset[ModelId]
    """Models that an event was about."""
    halted_until: int
    """As in `GateStatus`, at the later block."""


@dataclass(frozen=True, slots=True)
class GateCase:
    """A case with the name of its rule's metric."""

    case_id: CaseId
    model_id: ModelId
    version: VersionNumber
    kind: CaseKind
    metric: str
    """Empty where no rule is behind the case."""
    value: int
    limit: int
    evidence: Digest
    vote: ProposalId
    monitors: int
    """How many monitors the panel of its policy has; 0 where no rule is behind the case."""


class GateClient:
    """Reads and subscriptions of a gate.

    Args:
        tribune: the contracts.
    """

    def __init__(self, tribune: Tribune) -> None:
        self._tribune = tribune
        contracts = (tribune.kill_switch, tribune.model_registry)
        self._addresses: tuple[Address, ...] = tuple(contract.address for contract in contracts)
        self._places: dict[tuple[Address, bytes], int] = {}
        """Which topic names the model, by contract and event."""
        for contract in contracts:
            for topic, item in contract.abi.events.items():
                if item["name"] in NEWS[contract.NAME]:
                    indexed = [part["name"] for part in item["inputs"] if part["indexed"]]
                    self._places[contract.address, topic] = 1 + indexed.index("modelId")

    @property
    def several(self) -> bool:
        """Whether there is more than one node."""
        return self._tribune.chain.rpc.several

    async def head(self) -> Block:
        """Return the newest block."""
        return await self._tribune.chain.head()

    def subscribe_heads(self) -> AsyncIterator[Block]:
        """Yield the newest head and each new one."""
        return self._tribune.chain.subscribe_heads()

    async def statuses(self, models: Sequence[ModelId], at: Block) -> list[GateStatus]:
        """Return where models stand at a block, read in one request.

        Raises:
            ChainUnreachableError: no node answers that has the block.
        """
        requests, read = self._of_statuses(models, at)
        found: list[GateStatus] = await self._tribune.chain.rpc.batch(requests, read=read)
        return found

    async def opinions(self, models: Sequence[ModelId], at: Block) -> list[list[GateStatus]]:
        """Return the same as each node tells it that has the block, one list a node; maybe none."""
        requests, read = self._of_statuses(models, at)
        return await self._tribune.chain.rpc.batch_of_all(requests, read=read)

    def _of_statuses(
        self, models: Sequence[ModelId], at: Block
    ) -> tuple[list[tuple[str, list[Any]]], Callable[[list[Any]], list[GateStatus]]]:
        """Return what to ask a node about models at a block, and what reads its answers."""
        switch, registry = self._tribune.kill_switch, self._tribune.model_registry
        calls = [switch.abi.call(switch.address, "haltedUntil", (), "read the halt")]
        for model_id in models:
            calls += [
                switch.abi.call(switch.address, "statusOf", (model_id,), f"read model {model_id}"),
                registry.abi.call(registry.address, "versionAt", (model_id, FOR_EVER), "read its version"),
            ]

        def read(results: list[Any]) -> list[GateStatus]:
            _same(results[-1], at)
            answers = [as_bytes(result) for result in results[:-1]]
            halted_until = switch.abi.decode("haltedUntil", answers[0])
            found = zip(models, answers[1::2], answers[2::2], strict=True)
            return [
                _status(
                    model_id,
                    switch.abi.decode("statusOf", status),
                    registry.abi.decode("versionAt", last),
                    at,
                    halted_until,
                )
                for model_id, status, last in found
            ]

        requests = [("eth_call", [_call(call), hex(at.number)]) for call in calls]
        return [*requests, ("eth_getBlockByNumber", [hex(at.number), False])], read

    async def news(self, since: Block, to: Block) -> GateNews | None:
        """Return what happened after a block up to another; None where they are not of one chain.

        Raises:
            ChainUnreachableError: no node answers that has the later block.
        """
        switch = self._tribune.kill_switch
        halt = switch.abi.call(switch.address, "haltedUntil", (), "read the halt")
        topics = [topic for _, topic in self._places]
        criteria = {
            **log_filter(self._addresses, [topics]),
            "fromBlock": hex(since.number + 1),
            "toBlock": hex(to.number),
        }

        def read(answers: list[Any]) -> tuple[bool, list[Log], bytes]:
            raws, halted, before, after = answers
            _same(after, to)
            earlier = as_block(before)
            linked = earlier is not None and earlier.hash == since.hash
            return linked, [Log.from_rpc(raw) for raw in raws], as_bytes(halted)

        linked, logs, halted = await self._tribune.chain.rpc.batch(
            [
                ("eth_getLogs", [criteria]),
                ("eth_call", [_call(halt), hex(to.number)]),
                ("eth_getBlockByNumber", [hex(since.number), False]),
                ("eth_getBlockByNumber", [hex(to.number), False]),
            ],
            read=read,
        )
        if not linked:
            return None
        found = set()
        for log in logs:
            place = self._places.get((log.address, log.topics[0] if log.topics else b""))
            if place is not None and place < len(log.topics):
                found.add(ModelId(int.from_bytes(log.topics[place], "big")))
        return GateNews(frozenset(found), switch.abi.decode("haltedUntil", halted))

    async def model_case(self, case_id: CaseId) -> GateCase:
        """Return a case and the metric of its rule."""
        case = await self._tribune.kill_switch.case(case_id)
        metric, monitors = await self._rule(case.model_id, case.policy, case.rule)
        return GateCase(
            case_id=case_id,
            model_id=case.model_id,
            version=case.version,
            kind=case.kind,
            metric=metric,
            value=case.value,
            limit=case.limit,
            evidence=case.evidence,
            vote=case.vote,
            monitors=monitors,
        )

    async def artifact_of(self, model_id: ModelId, version: VersionNumber) -> Digest:
        """Return the registered digest of a version's artifact, which never changes."""
        return (await self._tribune.model_registry.version(model_id, version)).details.artifact

    async def _rule(self, model_id: ModelId, policy: Digest, rule: int) -> tuple[str, int]:
        """Return the metric of a rule and the size of its policy's panel."""
        if not any(policy):
            return "", 0
        try:
            record = await self._tribune.policy_book.policy_by_digest(model_id, policy)
        except RevertedError:  # a pending policy was replaced while we read: the next head asks again
            return "", 0
        if record is None or rule >= len(record.policy.rules):
            return "", 0
        return record.policy.rules[rule].on_chain()[0], len(record.policy.panel)


def _same(raw: Any, block: Block) -> None:
    found = as_block(raw)
    if found is None or found.hash != block.hash:
        raise UnusableAnswer(f"it does not have block {block.number} as it was told")


def _call(call: ContractCall) -> dict[str, str]:
    return {"to": str(call.to), "data": "0x" + call.data.hex()}


def _status(model_id: ModelId, raw: dict[str, Any], last: int, at: Block, halted_until: int) -> GateStatus:
    state = State.of(raw["state"])
    waits = state is State.SUSPENDED or (state is State.INACTIVE and raw["version"] != 0)
    return GateStatus(
        model_id=model_id,
        state=state,
        oversight=Oversight.of(raw["oversight"]),
        version=VersionNumber(raw["version"]),
        epoch=raw["epoch"],
        until=raw["until"],
        case_id=CaseId(raw["case_id"]),
        block_number=at.number,
        block_time=at.timestamp,
        halted_until=halted_until,
        restless=waits or last != raw["version"],
    )
