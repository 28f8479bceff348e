"""What an address asks for: a model, a page of a list, words to search. Odd questions get plain answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from tribune.language import _
from tribune.web.problems import NotFoundError

if TYPE_CHECKING:
    from starlette.requests import Request

    from tribune.ballots.directory import ListedModel, Listing
    from tribune.web.site import Site

T = TypeVar("T")
LONGEST = 200
"""Characters of a text that is searched for."""
_DIGITS = 16
"""No number that pages know has so many."""


@dataclass(frozen=True)
class Part(Generic[T]):
    """One page of a list.

    Args:
        items: what is on it.
        page: which it is, from 1.
        pages: how many there are, at least 1.
        total: how many items all pages have.
    """

    items: Sequence[T]
    page: int
    pages: int
    total: int


def part_of(found: Sequence[T], each: int, page: int) -> Part[T]:
    """Return a page of a whole list; the last one where there are fewer."""
    shown, pages, start = place(len(found), each, page)
    return Part(found[start : start + each], shown, pages, len(found))


def place(total: int, each: int, page: int) -> tuple[int, int, int]:
    """Return which page is shown, how many there are, and where it begins; for lists read page by page."""
    pages = max(1, -(-total // each))
    shown = min(max(page, 1), pages)
    return shown, pages, (shown - 1) * each


def asked_page(request: Request, name: str = "page") -> int:
    """Return the page that `?page=` asks for, from 1."""
    return _number(request.query_params.get(name, "")) or 1


def asked_number(request: Request, name: str) -> int | None:
    """Return a number of the path, None where it is none."""
    text: str = request.path_params[name]
    return int(text) if text.isascii() and text.isdigit() and len(text) < _DIGITS else None


def asked_text(request: Request, name: str) -> str:
    """Return what `?name=` asks for, on one line."""
    return " ".join(request.query_params.get(name, "")[:LONGEST].split())


async def listing_of(site: Site) -> Listing:
    """Return what there is, as the index has it.

    Raises:
        StoreError: it cannot be read.
    """
    await site.head.look()
    return await site.directory.look()


async def asked_model(request: Request) -> ListedModel:
    """Return the model that the path names by its number.

    Raises:
        NotFoundError: there is none, or the index has not read of it yet.
        StoreError: the index cannot be read.
    """
    text: str = request.path_params["model"]
    listing = await listing_of(request.app.state.site)
    model = listing.models.get(_number(text))
    if model is None:
        raise NotFoundError(
            _("There is no model {name}, as far as the chain has been read.").format(name=text[:40]),
            mend=_("A model is a number: choose it from the list of models."),
        )
    return model


def _number(text: str) -> int:
    """Return a number as an address has it, 0 where it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < _DIGITS else 0
