"""Where a model comes from: its steward, its versions and what they are made of, what auditors say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from tribune.chain.types import digest_of, utc
from tribune.ids import Address, Digest

if TYPE_CHECKING:
    from tribune.store.tables import ChainEvent

EVENTS = (
    *("ModelRegistered", "Transfer", "VersionRegistered", "VersionActivated"),
    *("StatementAttested", "StatementWithdrawn"),
)


@dataclass(frozen=True)
class Version:
    """A version, as its steward registered it.

    Args:
        number: from 1.
        parent: the version that it was made from, 0 if none.
        artifact, evaluation_set, training_data, configuration: sha-256 digests, zero where none was given.
        profile: names the document that it is measured by.
        uri: where its steward says more; others' text.
        registered: where.
        in_force: from when on it was in force, each time that it was chosen.
    """

    number: int
    parent: int
    artifact: Digest
    profile: Digest
    evaluation_set: Digest
    training_data: Digest
    configuration: Digest
    uri: str
    registered: ChainEvent
    in_force: tuple[datetime, ...] = ()


@dataclass(frozen=True)
class Statement:
    """What an auditor stated about a version.

    Args:
        auditor: who signed it.
        version: of the model.
        document: sha-256 of the statement.
        uri: where its auditor says that it is; others' text.
        at: when it was signed.
        recorded: where.
        withdrawn_at: when its auditor took it back; None: it stands.
    """

    auditor: Address
    version: int
    document: Digest
    uri: str
    at: datetime
    recorded: ChainEvent
    withdrawn_at: datetime | None = None


@dataclass(frozen=True)
class Lineage:
    """Where a model comes from.

    Args:
        steward: who answers for it now.
        registered: where; None: the index has not read of it.
        versions: by number, oldest first.
        statements: oldest first.
    """

    steward: Address | None
    registered: ChainEvent | None
    versions: dict[int, Version]
    statements: tuple[Statement, ...]


def lineage_of(events: Sequence[ChainEvent]) -> Lineage:
    """Return what a model's events say of that.

    Args:
        events: oldest first; those of other names are passed over.
    """
    steward: Address | None = None
    registered: ChainEvent | None = None
    versions: dict[int, Version] = {}
    statements: list[Statement] = []
    for event in events:
        args = event.args
        match event.name:
            case "ModelRegistered":
                steward, registered = Address(args["steward"]), event
            case "Transfer":
                steward = Address(args["to"])
            case "VersionRegistered":
                versions[args["version"]] = _version(args["version"], event)
            case "VersionActivated" if args["version"] in versions:
                known = versions[args["version"]]
                versions[known.number] = replace(known, in_force=(*known.in_force, utc(args["from"])))
            case "StatementAttested":
                statements.append(
                    Statement(
                        Address(args["auditor"]),
                        args["version"],
                        digest_of(args["document"]),
                        args["uri"],
                        utc(args["time"]),
                        event,
                    )
                )
            case "StatementWithdrawn":
                taken = (args["auditor"], args["version"], digest_of(args["document"]))
                statements = [
                    replace(one, withdrawn_at=event.block_time)
                    if (one.auditor, one.version, one.document) == taken and one.withdrawn_at is None
                    else one
                    for one in statements
                ]
    return Lineage(steward, registered, versions, tuple(statements))


def _version(number: int, event: ChainEvent) -> Version:
    details = event.args["details"]
    return Version(
        number=number,
        parent=details["parent"],
        artifact=digest_of(details["artifact"]),
        profile=digest_of(details["profile"]),
        evaluation_set=digest_of(details["evaluation_set"]),
        training_data=digest_of(details["training_data"]),
        configuration=digest_of(details["configuration"]),
        uri=details["uri"],
        registered=event,
    )
