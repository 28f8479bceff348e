"""Models and versions, as their steward registers them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from scripts.acts.send import send
from scripts.acts.session import Session
from scripts.deployment.carry_out import Key
from tribune.chain.model_registry import VersionDetails
from tribune.exceptions import ConfigurationError
from tribune.ids import Digest, ModelId, VersionNumber

_CHUNK = 1 << 20


def register_model(session: Session, key: Key, name: str) -> ModelId | None:
    """Register a model and return its number; None where it was not sent."""
    words = [
        f"Registers the model {name!r}. The sending account becomes its steward: it registers versions,",
        "anchors logs and asks to resume. Nothing runs by that: token holders must set a policy first.",
    ]
    if send(session, key, session.tribune.model_registry.register_model(name), words) is None:
        return None
    number = ModelId(session.ask(session.tribune.model_registry.model_count()))
    session.say(f"It is model {number}.")
    return number


def register_version(
    session: Session, key: Key, model: ModelId, details: VersionDetails
) -> VersionNumber | None:
    """Register a version and return its number; None where it was not sent."""
    registry = session.tribune.model_registry
    named = {
        "artifact": details.artifact,
        "profile": details.profile,
        "evaluation set": details.evaluation_set,
        "training data": details.training_data,
        "configuration": details.configuration,
    }
    words = [
        f"Registers a version of model {model}, for good:",
        *(f"  {name}: {digest.hex() if any(digest) else 'not stated'}" for name, digest in named.items()),
        f"  profile and card at: {details.uri or 'not stated'}",
        "Monitors report on its evaluation set next; only then it can be activated.",
    ]
    if send(session, key, registry.register_version(model, details), words) is None:
        return None
    number = VersionNumber(session.ask(registry.version_count(model)))
    session.say(f"It is version {number}. When monitors have reported: --activate {number}")
    return number


def activate(session: Session, key: Key, model: ModelId, version: VersionNumber) -> None:
    """Let a version take force at the next frame boundary."""
    words = [
        f"Lets version {version} of model {model} take force at the next boundary of its frames.",
        "A model that is suspended or paused stays so.",
    ]
    send(session, key, session.tribune.model_registry.activate(model, version), words)


def digest_of(given: str | None, what: str) -> Digest:
    """Return a file's SHA-256, or the digest that was given as 64 hex digits; all zero for None.

    Raises:
        ConfigurationError: there is no such file, and it is no digest.
    """
    if given is None:
        return Digest(bytes(32))
    path = Path(given)
    if path.is_file():
        found = hashlib.sha256()
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                found.update(chunk)
        return Digest(found.digest())
    try:
        word = bytes.fromhex(given.removeprefix("0x"))
    except ValueError:
        word = b""
    if len(word) != 32:
        raise ConfigurationError(
            f"The {what} {given} is no file and no digest.", mend="Give a file, or 64 hex digits of SHA-256."
        )
    return Digest(word)
