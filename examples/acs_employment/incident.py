"""Incidents that the demo injects, openly, into its own traffic. No part of the product."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from tribune.exceptions import ConfigurationError

WOMAN = "2"  # SEX in the ACS PUMS


class Incident(StrEnum):
    """What is wrong with the traffic."""

    NONE = "none"
    WOMEN = "women"
    MONTHS = "months"

    @property
    def words(self) -> str:
        """What it does, for people."""
        return {
            Incident.NONE: "nothing is wrong with the traffic",
            Incident.WOMEN: f"women's ages now arrive {YEARS_TOO_MANY} years too high",
            Incident.MONTHS: "ages now arrive in months, not in years",
        }[self]

    @classmethod
    def named(cls, name: str) -> Incident:
        """Return an incident by its name; ConfigurationError for any other."""
        try:
            return cls(name)
        except ValueError:
            raise ConfigurationError(
                f"There is no incident {name!r}.", mend=f"Known: {', '.join(cls)}."
            ) from None

    def spoil(self, features: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row's features as they arrive while this incident lasts; a missing age stays missing."""
        spoilt, age = dict(features), features["AGEP"]
        if age is not None and self is Incident.MONTHS:
            spoilt["AGEP"] = age * MONTHS_A_YEAR
        if age is not None and self is Incident.WOMEN and features["SEX"] == WOMAN:
            spoilt["AGEP"] = age + YEARS_TOO_MANY
        return spoilt


YEARS_TOO_MANY = 40
MONTHS_A_YEAR = 12
