"""One thing that can be asked of the API, and how any of them is answered: checked, cached by block, as JSON.

An answer depends on the index, on the time of the chain's newest block and on the question alone, so these
three make its ETag, and it is found unchanged without being made. The ETag is taken first: an answer may be
newer than its ETag, never older.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from tribune.language import _
from tribune.store.queries import checkpoint
from tribune.store.vitals import INDEX
from tribune.web.headers import PUBLIC
from tribune.web.problems import BadRequestError, NotFoundError
from tribune.web.public.shapes import Asked, Indexed

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.requests import Request

    from tribune.ballots.directory import Listing
    from tribune.store.session import Store
    from tribune.web.records import Records
    from tribune.web.site import Site

CACHED = {"Cache-Control": "public, no-cache"}
"""May be kept by anybody, and is asked for anew each time: a halt is seen at once, the same costs no body."""
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "If-None-Match",
    "Access-Control-Max-Age": "86400",
    "Allow": "GET, HEAD, OPTIONS",
}

Q = TypeVar("Q", bound=Asked)


@dataclass(frozen=True)
class Look:
    """What an answer is read from.

    Args:
        store: with the index.
        records: of the monitors, from it.
        listing: what there is, as the index has it.
        index: up to where the chain was read.
        chain_id: of the chain (EIP-155).
        head: number of the chain's newest block; None where the chain cannot be seen.
    """

    store: Store
    records: Records
    listing: Listing
    index: Indexed
    chain_id: int
    head: int | None


@dataclass(frozen=True)
class Operation(Generic[Q]):
    """Something that can be asked.

    Args:
        path: below `/api/v1`, with the names of fields of `asked` in braces.
        name: what generated clients call it.
        summary: one line.
        asked: what is asked, in the path and after the question mark.
        answer: what is answered.
        read: finds the answer.
        cached: False for what depends on more than the index.
    """

    path: str
    name: str
    summary: str
    asked: type[Q]
    answer: type[BaseModel]
    read: Callable[[Look, Q], Awaitable[BaseModel]]
    cached: bool = True

    @property
    def in_path(self) -> frozenset[str]:
        """Names of the fields that the path holds."""
        return frozenset(part[1:-1] for part in self.path.split("/") if part.startswith("{"))

    async def __call__(self, request: Request) -> Response:
        """Answer a request.

        Raises:
            BadRequestError, NotFoundError: it asks for what cannot be.
            StoreError: the index cannot be read.
        """
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=PREFLIGHT)
        asked = self._asked(request)
        site: Site = request.app.state.site
        at = await site.store.read(checkpoint, INDEX)
        await site.head.look()
        listing = await site.directory.look()
        index = (
            Indexed(block=0, hash="") if at is None else Indexed(block=at.block_number, hash=at.block_hash)
        )
        headers = {"Cache-Control": "no-store"}
        if self.cached:
            tag = _tag(index.hash, _time(listing.at, site), request.url.path, asked.model_dump_json())
            headers = {**CACHED, "ETag": tag}
            if _names(request.headers.get("if-none-match", ""), tag):
                return Response(status_code=304, headers=headers)
        head = None if site.head.block is None else site.head.block.number
        look = Look(site.store, site.records, listing, index, site.contracts.chain.chain_id, head)
        answer = await self.read(look, asked)
        return Response(answer.model_dump_json(by_alias=True), headers=headers, media_type="application/json")

    def _asked(self, request: Request) -> Q:
        given: dict[str, str] = dict(request.path_params)
        for name, value in request.query_params.multi_items():
            if name in given:
                raise BadRequestError(
                    _("{name} is given twice.").format(name=repr(name[:40])), mend=_("Give each name once.")
                )
            given[name] = value
        try:
            return self.asked.model_validate(given)
        except ValidationError as fault:
            first = fault.errors(include_input=False, include_url=False, include_context=False)[0]
            name = str(first["loc"][0])
            if name in self.in_path:
                raise NotFoundError(
                    _("Nothing has this address."),
                    mend=_("{path}/openapi.json says what there is.").format(path=PUBLIC),
                ) from None
            raise BadRequestError(
                _("{name} cannot be asked for like that: {fault}.").format(
                    name=repr(name[:40]), fault=first["msg"]
                ),
                mend=_("{path}/openapi.json says what there is.").format(path=PUBLIC),
            ) from None


def _time(at: datetime, site: Site) -> str:
    """Return the time that an answer is of; where no block is seen, this machine's, to the minute."""
    return at.isoformat() if site.head.block is not None else at.isoformat(timespec="minutes")


def _tag(*parts: str) -> str:
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return f'"{digest[:32]}"'


def _names(header: str, tag: str) -> bool:
    """Return whether an `If-None-Match` names an ETag; a proxy may have made it a weak one."""
    named = (one.strip().removeprefix("W/") for one in header.split(","))
    return any(one in ("*", tag) for one in named)


def unknown(address: str) -> NotFoundError:
    """Return the error that something is not there, as far as the chain was read."""
    return NotFoundError(
        _("Nothing is at {address}, as far as the chain has been read.").format(address=address),
        mend=_("{path}/status says how far that is.").format(path=PUBLIC),
    )
