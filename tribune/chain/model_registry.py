"""`ModelRegistry`: models, their stewards and versions, and what auditors say of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from tribune.chain.contract import Contract, Located
from tribune.chain.types import ZERO_ADDRESS, ContractCall, Log, utc, utc_or_none
from tribune.ids import Address, Digest, ModelId, VersionNumber
from tribune.reports.statements import Statement

NO_DIGEST = Digest(bytes(32))
NO_VERSION = VersionNumber(0)


@dataclass(frozen=True, slots=True)
class VersionDetails:
    """What a steward states of a version; digests are sha-256 of canonical documents or files."""

    artifact: Digest
    profile: Digest
    evaluation_set: Digest
    """Of the manifest of the evaluation set."""
    uri: str
    """Where people and monitors find profile and card."""
    training_data: Digest = NO_DIGEST
    configuration: Digest = NO_DIGEST
    parent: VersionNumber = NO_VERSION
    """Version that it derives from, 0 if none."""

    @property
    def fields(self) -> tuple[Any, ...]:
        """The struct as the contract takes it; it sets `registeredAt` itself."""
        return (
            self.artifact,
            self.profile,
            self.evaluation_set,
            self.training_data,
            self.configuration,
            self.parent,
            0,
            self.uri,
        )

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> VersionDetails:
        """Make details of the contract's struct."""
        return cls(
            artifact=Digest(raw["artifact"]),
            profile=Digest(raw["profile"]),
            evaluation_set=Digest(raw["evaluation_set"]),
            uri=raw["uri"],
            training_data=Digest(raw["training_data"]),
            configuration=Digest(raw["configuration"]),
            parent=VersionNumber(raw["parent"]),
        )


@dataclass(frozen=True, slots=True)
class Version:
    """A registered version of a model."""

    model_id: ModelId
    version: VersionNumber
    details: VersionDetails
    registered_at: datetime


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent of ERC-8004, as which a steward says that a model is known. Nothing that judges reads it."""

    chain_id: int
    identity_registry: Address
    agent_id: int

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Agent | None:
        """Make an agent of the contract's struct, None where none is named."""
        return cls(**raw) if raw["chain_id"] else None


@dataclass(frozen=True, slots=True)
class ModelRegistered(Located):
    """A model was registered."""

    model_id: ModelId
    steward: Address
    name: str


@dataclass(frozen=True, slots=True)
class VersionRegistered(Located):
    """A version was registered."""

    model_id: ModelId
    version: VersionNumber
    details: VersionDetails


@dataclass(frozen=True, slots=True)
class VersionActivated(Located):
    """A version takes force at a time."""

    model_id: ModelId
    version: VersionNumber
    previous: VersionNumber
    since: datetime


@dataclass(frozen=True, slots=True)
class AgentChanged(Located):
    """A steward named a model's agent, or none, in place of another."""

    model_id: ModelId
    previous: Agent | None
    current: Agent | None


@dataclass(frozen=True, slots=True)
class StatementAttested(Located):
    """An auditor's statement about a version came on chain."""

    statement: Statement


@dataclass(frozen=True, slots=True)
class StatementWithdrawn(Located):
    """An auditor withdrew a statement."""

    model_id: ModelId
    version: VersionNumber
    auditor: Address
    document: Digest


@dataclass(frozen=True, slots=True)
class ActivationDistanceChanged(Located):
    """Versions of a model keep another distance, in seconds."""

    previous: int
    current: int


def _model_registered(log: Log, **raw: Any) -> ModelRegistered:
    return ModelRegistered(
        log=log, model_id=ModelId(raw["model_id"]), steward=raw["steward"], name=raw["name"]
    )


def _version_registered(log: Log, **raw: Any) -> VersionRegistered:
    return VersionRegistered(
        log=log,
        model_id=ModelId(raw["model_id"]),
        version=VersionNumber(raw["version"]),
        details=VersionDetails.read(raw["details"]),
    )


def _version_activated(log: Log, **raw: Any) -> VersionActivated:
    return VersionActivated(
        log=log,
        model_id=ModelId(raw["model_id"]),
        version=VersionNumber(raw["version"]),
        previous=VersionNumber(raw["previous"]),
        since=utc(raw["from"]),
    )


def _agent_changed(log: Log, **raw: Any) -> AgentChanged:
    return AgentChanged(
        log=log,
        model_id=ModelId(raw["model_id"]),
        previous=Agent.read(raw["previous"]),
        current=Agent.read(raw["current"]),
    )


def _statement_attested(log: Log, **raw: Any) -> StatementAttested:
    statement = Statement(
        auditor=raw["auditor"],
        model_id=ModelId(raw["model_id"]),
        version=VersionNumber(raw["version"]),
        artifact=Digest(raw["artifact"]),
        document=Digest(raw["document"]),
        uri=raw["uri"],
        time=utc(raw["time"]),
    )
    return StatementAttested(log=log, statement=statement)


def _statement_withdrawn(log: Log, **raw: Any) -> StatementWithdrawn:
    return StatementWithdrawn(
        log=log,
        model_id=ModelId(raw["model_id"]),
        version=VersionNumber(raw["version"]),
        auditor=raw["auditor"],
        document=Digest(raw["document"]),
    )


def _activation_distance_changed(log: Log, **raw: Any) -> ActivationDistanceChanged:
    return ActivationDistanceChanged(log=log, previous=raw["previous"], current=raw["current"])


class ModelRegistry(Contract):
    """Reads and calls of `ModelRegistry`."""

    NAME: ClassVar[str] = "ModelRegistry"
    EVENTS: ClassVar = {
        "ModelRegistered": _model_registered,
        "VersionRegistered": _version_registered,
        "VersionActivated": _version_activated,
        "AgentChanged": _agent_changed,
        "StatementAttested": _statement_attested,
        "StatementWithdrawn": _statement_withdrawn,
        "ActivationDistanceChanged": _activation_distance_changed,
    }

    async def model_count(self) -> int:
        """Return how many models there are; they are numbered from 1."""
        return int(await self._read("modelCount"))

    async def name(self, model_id: ModelId) -> str:
        """Return a model's name, empty for an unknown model."""
        return str(await self._read("nameOf", model_id))

    async def steward(self, model_id: ModelId) -> Address:
        """Return who operates a model.

        Raises:
            RevertedError: there is no such model (`ERC721NonexistentToken`).
        """
        return Address(await self._read("stewardOf", model_id))

    async def version(self, model_id: ModelId, version: VersionNumber) -> Version:
        """Return a version.

        Raises:
            RevertedError: there is no such version (`ModelVersionUnknown`).
        """
        raw = await self._read("versionOf", model_id, version)
        return Version(model_id, version, VersionDetails.read(raw), utc(raw["registered_at"]))

    async def registration(
        self, model_id: ModelId, version: VersionNumber, from_block: int, to_block: int
    ) -> VersionRegistered | None:
        """Return how a version was registered within a range of blocks, None if it was not."""
        topics = (
            self.topic("VersionRegistered"),
            model_id.to_bytes(32, "big"),
            version.to_bytes(32, "big"),
        )
        logs = await self.chain.logs([self.address], from_block, to_block, topics)
        events = (event for event in self.events(logs) if isinstance(event, VersionRegistered))
        return next(events, None)

    async def version_count(self, model_id: ModelId) -> int:
        """Return how many versions a model has; they are numbered from 1."""
        return int(await self._read("versionCount", model_id))

    async def active_version(self, model_id: ModelId) -> VersionNumber:
        """Return the version in force now, 0 if none."""
        return VersionNumber(await self._read("activeVersion", model_id))

    async def version_at(self, model_id: ModelId, time: datetime) -> VersionNumber:
        """Return the version in force at a time, 0 if none."""
        return VersionNumber(await self._read("versionAt", model_id, int(time.timestamp())))

    async def steward_and_version_at(
        self, model_id: ModelId, time: datetime
    ) -> tuple[Address, VersionNumber]:
        """Return the steward of now and the version in force at a time; zero address and 0 if none."""
        seconds = int(time.timestamp())
        steward, version = await self._read("stewardAndVersionAt", model_id, seconds)
        return steward, VersionNumber(version)

    async def active_since(self, model_id: ModelId) -> datetime | None:
        """Return when the model's first version took or takes force, None if none was activated."""
        return utc_or_none(await self._read("activeSince", model_id))

    async def activation_distance_s(self) -> int:
        """Return the least seconds between two versions of a model taking force."""
        return int(await self._read("activationDistance"))

    async def agent(self, model_id: ModelId) -> Agent | None:
        """Return the agent that a steward says the model is known as under ERC-8004, None if none."""
        return Agent.read(await self._read("agentOf", model_id))

    async def attested_at(
        self, model_id: ModelId, version: VersionNumber, auditor: Address, document: Digest
    ) -> datetime | None:
        """Return when an auditor's statement came on chain, None if it did not or was withdrawn."""
        return utc_or_none(await self._read("attestedAt", model_id, version, auditor, document))

    async def evaluation_set(self, model_id: ModelId, version: VersionNumber) -> Digest:
        """Return the digest of a version's evaluation set."""
        return Digest(await self._read("evaluationSetOf", model_id, version))

    def register_model(self, name: str) -> ContractCall:
        """Register a model; the sender becomes its steward."""
        return self._call(f"register the model {name}", "registerModel", name)

    def register_version(self, model_id: ModelId, details: VersionDetails) -> ContractCall:
        """Register a version; for the steward."""
        return self._call(
            f"register a version of model {model_id}", "registerVersion", model_id, details.fields
        )

    def activate(self, model_id: ModelId, version: VersionNumber) -> ContractCall:
        """Let an evaluated version take force at the next frame boundary; for the steward."""
        return self._call(f"activate model {model_id} v{version}", "activate", model_id, version)

    def set_agent(self, model_id: ModelId, agent: Agent | None) -> ContractCall:
        """Name the agent that the model is known as under ERC-8004, or none; for the steward."""
        fields = (agent.identity_registry, agent.agent_id, agent.chain_id) if agent else (ZERO_ADDRESS, 0, 0)
        return self._call(f"name the agent of model {model_id}", "setAgent", model_id, *fields)

    def attest(self, statement: Statement, signature: bytes) -> ContractCall:
        """Bring an auditor's signed statement on chain; anyone may."""
        what = f"attest model {statement.model_id} v{statement.version} for {statement.auditor}"
        return self._call(what, "attest", statement.fields, signature)

    def withdraw_statement(self, model_id: ModelId, version: VersionNumber, document: Digest) -> ContractCall:
        """Withdraw the sender's statement, and void every signature under it up to now."""
        what = f"withdraw a statement about model {model_id} v{version}"
        return self._call(what, "withdrawStatement", model_id, version, document)

    def set_activation_distance(self, seconds: int) -> ContractCall:
        """Set the least time between two versions of a model taking force; for the executive."""
        what = f"keep versions of a model {seconds} s apart"
        return self._call(what, "setActivationDistance", seconds)

    def transfer(self, owner: Address, to: Address, model_id: ModelId) -> ContractCall:
        """Hand a model to another steward."""
        return self._call(f"transfer model {model_id} to {to}", "transferFrom", owner, to, model_id)
