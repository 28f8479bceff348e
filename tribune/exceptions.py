"""Errors a user can cause or must act on. Each says what is wrong and, in `mend`, what to do about it."""

from __future__ import annotations

FOUND_WRONG = 1
"""How a command ends that looked and found something wrong, or that what is asked for is not there."""
WRONG_USE = 2
"""How one ends whose options, settings, keys or policy are wrong: only a person can mend it."""
COULD_NOT = 3
"""How one ends that could not look, or not do it: chain, store, file, data; never a verdict."""


class TribuneError(Exception):
    """Base of all errors of this project.

    Args:
        message: what is wrong, in one plain sentence.
        mend: what the reader can do about it; empty where nothing is known to help.
        **ids: identifiers concerned (model, frame, case …), kept as attributes in `ids`.
    """

    exit_code = COULD_NOT

    def __init__(self, message: str, *, mend: str = "", **ids: object) -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend
        self.ids = ids

    def __str__(self) -> str:
        return f"{self.message} {self.mend}".rstrip()


class ConfigurationError(TribuneError):
    """A setting, file or key that we were given is missing or wrong."""

    exit_code = WRONG_USE


class UnreadableError(ConfigurationError):
    """A file that we were given cannot be read: "could not look"."""

    exit_code = COULD_NOT


class DataError(TribuneError):
    """Rows, columns or labels that cannot be measured as they are."""


class AbsentError(DataError):
    """What is asked for is not where we looked: "nothing found"."""

    exit_code = FOUND_WRONG


class PolicyError(TribuneError):
    """A policy or rule that cannot be judged (unknown metric, no rules, impossible window)."""

    exit_code = WRONG_USE


class EvidenceError(TribuneError):
    """Evidence or a sealed partition that is missing or does not have the digest it should have."""

    exit_code = FOUND_WRONG


class EvidenceMissingError(EvidenceError):
    """Evidence, a profile or a sealed partition that is nowhere where we looked, so nothing was checked."""

    exit_code = COULD_NOT


class EvidenceUnreachableError(EvidenceError):
    """An evidence store that does not answer or cannot be used: "could not look", never "not there"."""

    exit_code = COULD_NOT


class SignatureError(TribuneError):
    """A signature that does not come from whom it should, or not for what it should."""

    exit_code = FOUND_WRONG


class SignerUnreachableError(TribuneError):
    """The device or service that holds a key does not answer or refuses: nothing was signed."""


class ChainError(TribuneError):
    """The chain could not be read or written."""


class ChainUnreachableError(ChainError):
    """No answer from the node within the timeout: "could not look", never "nothing found"."""


class WrongChainError(ChainError):
    """The node answers for another chain than the configured one."""


class RevertedError(ChainError):
    """A call or transaction that a contract refused; `ids["error"]` names the custom error."""


class UnfundedError(ChainError):
    """The key that should send a transaction cannot pay for it."""


class FeeCeilingError(ChainError):
    """Gas costs more than is to be paid (`chain.max_fee_gwei`); nothing was sent."""


class TransactionPendingError(ChainError):
    """A transaction was sent and is in no block yet; it may still get into one (`ids["tx_hash"]`)."""


class StoreError(TribuneError):
    """The local database could not be opened, read or written."""


class ArtifactMismatchError(TribuneError):
    """A model artifact on disk is not the one that the registry names."""

    exit_code = FOUND_WRONG


class ModelHaltedError(TribuneError):
    """The model may not run now, or nobody knows whether it may; `ids["problem"]` says why, where known."""


class LogUnavailableError(TribuneError):
    """The decision log cannot keep a decision now: its disk refuses, or its buffer is full."""


class ReplayError(TribuneError):
    """Decisions could not be run again: "could not look", never "answered otherwise"."""
