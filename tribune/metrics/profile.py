"""Profiles: what a model looked like on held-out reference rows. Monitors need this, never the rows.

A profile is made once and named by the sha-256 of its canonical JSON. Refuses one whose parts do not fit
together, and a reference without rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path

from tribune.exceptions import ConfigurationError, DataError, UnreadableError
from tribune.ids import Digest
from tribune.metrics.binning import Binning, binning_from_json
from tribune.metrics.canonical import canonical_json
from tribune.metrics.families import drift
from tribune.metrics.fixed import MICRO, micro
from tribune.metrics.scheme import Scheme
from tribune.metrics.spec import ModelSpec
from tribune.metrics.tally import Tally
from tribune.untrusted import load_json

SCHEMA = "tribune/profile/2"


@dataclass(frozen=True)
class Profile:
    """Reference of a model version.

    Args:
        spec: its columns.
        binnings: a binning per counted column, and one of the errors of a regression model.
        reference: tally of the reference rows, labels joined.
        overdispersion: per counted column, in millionths, at least 1: how much more the reference's own
            time blocks differ from each other than independent draws would.
    """

    spec: ModelSpec
    binnings: Mapping[str, Binning]
    reference: Tally
    overdispersion: Mapping[str, int]

    @cached_property
    def scheme(self) -> Scheme:
        """How rows are counted for this profile."""
        return Scheme(self.spec, self.binnings)

    @cached_property
    def canonical(self) -> bytes:
        """RFC 8785 bytes."""
        return canonical_json(
            {
                "schema": SCHEMA,
                "spec": self.spec.to_json(),
                "binnings": [self.binnings[name].to_json() for name in self.scheme.names],
                "reference": self.reference.to_json(),
                "overdispersion": [self.overdispersion[column.name] for column in self.spec.counted],
            }
        )

    @cached_property
    def digest(self) -> Digest:
        """The sha-256 of the canonical bytes, as registered on the chain."""
        return Digest(hashlib.sha256(self.canonical).digest())

    @classmethod
    def from_bytes(cls, data: bytes) -> Profile:
        """Read what `canonical` wrote.

        Raises:
            ConfigurationError, DataError: when it is not a profile, or its parts do not fit together.
        """
        try:
            document = load_json(data)
            if document["schema"] != SCHEMA:
                raise ConfigurationError(f"The profile has schema {document['schema']!r}, not {SCHEMA}.")
            spec = ModelSpec.from_json(document["spec"])
            names = [column.name for column in spec.counted]
            read = [binning_from_json(entry) for entry in document["binnings"]]
            errors = [spec.error_name] if spec.has_errors else []
            binnings = dict(zip([*names, *errors], read, strict=True))
            reference = Tally.from_json(document["reference"], Scheme(spec, binnings))
            factors = dict(zip(names, document["overdispersion"], strict=True))
        except (ValueError, KeyError, TypeError) as fault:
            raise ConfigurationError(
                f"This is not a profile: {fault}.", mend="Make the profile anew."
            ) from fault
        if any(type(factor) is not int or factor < MICRO for factor in factors.values()):
            raise ConfigurationError(
                "An overdispersion of the profile is below 1.", mend="Make the profile anew."
            )
        return cls(spec, binnings, reference, factors)

    @classmethod
    def load(cls, path: Path) -> Profile:
        """Read a profile's file; ConfigurationError where it cannot be read."""
        try:
            return cls.from_bytes(path.read_bytes())
        except OSError as fault:
            raise UnreadableError(
                f"The profile {path} cannot be read: {fault.strerror}.",
                mend="Check the path; `tribune profile DATA` makes one.",
            ) from fault


def make_profile(
    spec: ModelSpec,
    tally: Tally,
    binnings: Mapping[str, Binning],
    block_tallies: Sequence[Tally] = (),
) -> Profile:
    """Make a profile of reference rows.

    Args:
        spec: the model's columns.
        tally: the reference's tally. Take held-out rows: a model looks better on rows it was trained on.
        binnings: by which all was counted.
        block_tallies: tallies of the reference's consecutive time blocks; together they are `tally`.

    Raises:
        DataError: when there are no rows, or the blocks are not the reference.
    """
    if tally.rows == 0:
        raise DataError("A profile cannot be made of no rows.", mend="Give held-out reference rows.")
    scheme = Scheme(spec, binnings)
    if block_tallies and Tally.total(block_tallies) != tally:
        raise DataError("The reference's time blocks do not add up to the reference.")
    factors = {
        column.name: _overdispersion(scheme.binnings[column.name], column.name, tally, block_tallies)
        for column in spec.counted
    }
    return Profile(spec, {name: scheme.binnings[name] for name in scheme.names}, tally, factors)


def _overdispersion(binning: Binning, name: str, tally: Tally, blocks: Sequence[Tally]) -> int:
    """Return max(1, mean over blocks of X²/df), each block against the rest, in millionths."""
    ratios = []
    whole = drift.cells(binning, tally.columns[name])
    for block in blocks:
        part = drift.cells(binning, block.columns[name])
        rest = [total - count for total, count in zip(whole, part, strict=True)]
        squared, freedom = drift.chi_squared(*drift.joined(part, rest))
        if freedom:
            ratios.append(squared / freedom)
    mean = sum(ratios, Fraction(0)) / len(ratios) if ratios else Fraction(1)
    return micro(max(Fraction(1), mean))
