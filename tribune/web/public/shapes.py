"""The kinds of value that answers and questions are made of, each with its unit; OpenAPI says the same.

Integers that a program could round (amounts, ids of proposals) are decimal text, times RFC 3339 in UTC,
accounts have their checksum, digests are 0x and hex.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from tribune.metrics.value import NOT_AVAILABLE
from tribune.untrusted import SAFE_INTEGER
from tribune.web.public.cursor import PATTERN

MICRO = 10**6
MOST = 100
"""Items of a list at once."""
_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)

T = TypeVar("T")


class Shape(BaseModel):
    """Something of an answer; what a field means stands below it, and in the OpenAPI description."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Asked(BaseModel):
    """What a request asks; an unknown name is refused, since a misspelt filter would be none."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, populate_by_name=True
    )


def _digits(value: Any) -> Any:
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise ValueError("must be a number in decimal digits")
    return value


def _moment(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not _TIME.fullmatch(value):
        raise ValueError("must be a time as RFC 3339 has it, such as 2026-11-01T12:00:00Z")
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except OverflowError:  # at the ends of the calendar
        return datetime.max.replace(tzinfo=UTC) if value.startswith("9") else datetime.min.replace(tzinfo=UTC)
    except ValueError:
        if value.startswith("0000"):
            return datetime.min.replace(tzinfo=UTC)
        raise ValueError("is no time of the calendar") from None


Number = Annotated[int, Field(ge=1, le=SAFE_INTEGER), BeforeValidator(_digits)]
"""A number that a contract counts from 1."""
NumberOr0 = Annotated[int, Field(ge=0, le=SAFE_INTEGER), BeforeValidator(_digits)]
Account = Annotated[str, Field(pattern="^0x[0-9a-fA-F]{40}$")]
Hex32 = Annotated[str, Field(pattern="^0x[0-9a-f]{64}$")]
Amount = Annotated[str, Field(pattern="^(0|[1-9][0-9]*)$")]
Fixed = Annotated[str, Field(pattern=r"^-?[0-9]+\.[0-9]{6}$")]
"""An exact decimal with six digits after the point, in the unit of its metric."""
Moment = Annotated[
    datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})
]


def _checked(account: str) -> str:
    from tribune.chain.types import checksum

    return checksum(account)


AskedAccount = Annotated[str, Field(pattern="^0x[0-9a-fA-F]{40}$"), AfterValidator(_checked)]


class Indexed(Shape):
    """The newest block that the answer knows of."""

    block: int
    """Number of the newest block in the index; 0 while it has none."""
    hash: str
    """Its hash; empty while there is none."""


class Located(Shape):
    """Where the chain recorded it."""

    block: int
    """Number of the block."""
    time: Moment
    """Time of the block, UTC."""
    tx: Hex32
    """Hash of the transaction."""
    log_index: int
    """Place of the event in the block."""


class Page(BaseModel, Generic[T]):
    """Part of a list, newest first."""

    # What describes the fields of other shapes is read from their source, which a parametrised class has not.
    model_config = ConfigDict(frozen=True, extra="forbid")

    items: tuple[T, ...] = Field(description="What is on this page.")
    next: str | None = Field(
        pattern=PATTERN, description="Give this as `cursor` for the next page; null on the last one."
    )
    index: Indexed = Field(description="Up to where the chain was read.")


class Paged(Asked):
    """A question for part of a list."""

    limit: Annotated[int, Field(ge=1, le=MOST), BeforeValidator(_digits)] = 50
    """Items at most."""
    cursor: str | None = Field(default=None, pattern=PATTERN)
    """`next` of the page before; without it, the newest items."""


def hex32(digest: bytes) -> str:
    """Return a digest as answers write it."""
    return "0x" + digest.hex()


def fixed(micro: int) -> str | None:
    """Return a value in millionths as an exact decimal; None where it stands for "not available"."""
    if micro == NOT_AVAILABLE:
        return None
    return f"{'-' if micro < 0 else ''}{abs(micro) // MICRO}.{abs(micro) % MICRO:06d}"
