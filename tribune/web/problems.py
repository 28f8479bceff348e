"""Errors for programs (`application/problem+json`, RFC 9457) and for people (a plain page).

Says what is wrong and what helps. Never shows a traceback, and tells "not there" from "could not look".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from tribune.ballots.budget import BudgetSpentError
from tribune.ballots.cases.view import UnknownCaseError
from tribune.ballots.checks import BallotRefusedError
from tribune.ballots.delegating.delegations import DelegationRefusedError
from tribune.ballots.holders.refusals import CallRefusedError, UnknownCallError
from tribune.ballots.linking import LinkRefusedError
from tribune.ballots.slow_lane.drafts import UnknownDraftError
from tribune.ballots.slow_lane.proposals import NoSlowLaneError, UnknownProposalError
from tribune.ballots.told import told
from tribune.exceptions import ChainError, EvidenceError, SignatureError, StoreError, TribuneError
from tribune.language import _
from tribune.log import get_logger

if TYPE_CHECKING:
    from starlette.requests import Request

    from tribune.web.site import Site

RETRY_S = 5
"""When to ask again where we could not look."""


class BadRequestError(TribuneError):
    """A request that is not of its form."""


class NotFoundError(TribuneError):
    """Nothing is there."""


class TooManyRequestsError(TribuneError):
    """One address asks too often; `ids["retry_s"]` says when it may again."""


@dataclass(frozen=True)
class Problem:
    """An error as it is told."""

    status: int
    slug: str
    title: str
    detail: str
    mend: str = ""


def problem_of(fault: Exception) -> Problem:
    """Return how an error is told."""
    if isinstance(fault, HTTPException):
        titles = {404: _("There is no such page"), 405: _("That cannot be done here")}
        title = titles.get(fault.status_code, _("This request cannot be answered"))
        return Problem(fault.status_code, "request", title, f"{title}.")
    if not isinstance(fault, TribuneError):
        return Problem(
            500, "internal", _("Something went wrong here"), _("We could not answer; it was logged.")
        )
    status, slug, title = _kind(fault)
    return Problem(status, slug, title, *told(fault))


def _kind(fault: TribuneError) -> tuple[int, str, str]:
    if isinstance(fault, BallotRefusedError):
        return fault.status, fault.problem, _("This ballot would not count")
    if isinstance(fault, CallRefusedError):
        return fault.status, fault.problem, _call_title(fault)
    if isinstance(fault, DelegationRefusedError):
        return fault.status, fault.problem, _("This delegation would not count")
    if isinstance(fault, BudgetSpentError):
        return fault.status, fault.problem, _("We pay no more for now")
    if isinstance(fault, LinkRefusedError):
        gone = bool(fault.ids.get("gone"))
        return (410 if gone else 403), "link-refused", _("This wallet was not linked")
    kinds: tuple[tuple[type[TribuneError], int, str, str], ...] = (
        (UnknownCaseError, 404, "unknown-case", _("There is no such case")),
        (UnknownProposalError, 404, "unknown-proposal", _("There is no such proposal")),
        (UnknownDraftError, 404, "unknown-draft", _("There is no such draft")),
        (NoSlowLaneError, 404, "no-slow-lane", _("This is decided elsewhere")),
        (NotFoundError, 404, "not-found", _("Nothing is there")),
        (TooManyRequestsError, 429, "too-many-requests", _("Too many requests")),
        (BadRequestError, 400, "bad-request", _("This request is not of its form")),
        (SignatureError, 400, "bad-signature", _("This is not a signature")),
        (EvidenceError, 404, "no-evidence", _("This document is not here")),
        (ChainError, 503, "chain-unreadable", _("We cannot see the chain")),
        (StoreError, 503, "store-unreadable", _("We cannot read our records")),
    )
    for kind, status, slug, title in kinds:
        if isinstance(fault, kind):
            return status, slug, title
    return 500, "internal", _("Something went wrong here")


def _call_title(fault: CallRefusedError) -> str:
    if isinstance(fault, UnknownCallError):
        return _("There is no such call")
    return _("This signature would not count")


async def on_error(request: Request, fault: Exception) -> Response:
    """Answer a request that failed."""
    site: Site = request.app.state.site
    problem = problem_of(fault)
    if problem.status >= 500:
        get_logger(__name__).error(
            "request failed",
            path=request.scope.get("route_path", ""),
            error=type(fault).__name__,
            detail=str(fault),
            exc_info=None if isinstance(fault, TribuneError | HTTPException) else fault,
        )
    headers = {"Cache-Control": "no-store"}
    if problem.status == 503:
        headers["Retry-After"] = str(RETRY_S)
    elif isinstance(fault, TooManyRequestsError):
        headers["Retry-After"] = str(fault.ids["retry_s"])
    elif isinstance(fault, HTTPException):
        headers |= fault.headers or {}  # which methods there are
    if not _for_people(request):
        body = {
            "type": f"{site.public_url}/problems/{problem.slug}",
            "title": problem.title,
            "status": problem.status,
            "detail": problem.detail,
            "mend": problem.mend,
        }
        return JSONResponse(body, problem.status, headers, media_type="application/problem+json")
    page = await site.page("error.html", problem=problem)
    page.status_code = problem.status
    page.headers.update(headers)
    return page


def _for_people(request: Request) -> bool:
    if request.url.path.startswith("/api/") or request.method not in ("GET", "HEAD"):
        return False
    return "text/html" in request.headers.get("accept", "text/html")
