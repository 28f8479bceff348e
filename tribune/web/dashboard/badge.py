"""A model's state as a small picture for pages elsewhere: no script, a title that is read aloud.

It says that the state is not known rather than show an old one: whoever embeds it cannot see how old it is.
"""

from __future__ import annotations

import hashlib
from html import escape
from typing import TYPE_CHECKING

from starlette.responses import Response

from tribune.chain.enums import State
from tribune.language import _
from tribune.web.dashboard.asking import asked_model
from tribune.web.frame import read_frame
from tribune.web.words import state as state_word

if TYPE_CHECKING:
    from starlette.requests import Request

    from tribune.web.site import Site

MOST_CHARACTERS = 32
CHARACTER = 6.8
"""Width of a character at 11 pixels, about; the text is fitted into its place."""
_COLOURS = {State.ACTIVE: "#1c6b3a", State.SUSPENDED: "#a61b1b", State.PAUSED: "#a61b1b"}
"""At least 4.5:1 against the white text on them."""
_GREY = "#4b5261"
HEADERS = {
    "Cache-Control": "public, max-age=30",
    "Cross-Origin-Resource-Policy": "cross-origin",  # pages elsewhere show it
}


async def get_badge(request: Request) -> Response:
    """`GET /badge/{model}.svg`: the badge."""
    site: Site = request.app.state.site
    model = await asked_model(request)
    frame = await read_frame(site.directory, site.head)
    name = (model.name or _("(no name)"))[:MOST_CHARACTERS]
    word, colour = _("not known now"), _GREY
    if frame.listing is not None and frame.head is not None and not frame.late:
        state = model.state(frame.listing.at)
        word, colour = state_word(state), _COLOURS.get(state, _GREY)
        if frame.halted and state is State.ACTIVE:
            word, colour = _("Halted"), _COLOURS[State.PAUSED]
        elif state is State.ACTIVE:
            word = f"{word} v{model.version(frame.listing.at)}"
    drawn = draw(name, word, colour)
    tag = f'"{hashlib.sha256(drawn.encode()).hexdigest()[:16]}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={**HEADERS, "ETag": tag})
    return Response(drawn, media_type="image/svg+xml", headers={**HEADERS, "ETag": tag})


def draw(name: str, word: str, colour: str) -> str:
    """Return a badge; both texts may be others'."""
    left, right = (round(CHARACTER * len(text) + 14) for text in (name, word))
    title, name, word = escape(f"{name}: {word}"), escape(name), escape(word)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" '
        f'aria-label="{title}"><title>{title}</title>'
        f'<rect width="{left}" height="20" fill="#333a47"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{colour}"/>'
        '<g fill="#fff" font-family="Verdana,Geneva,DejaVu Sans,sans-serif" font-size="11">'
        f'<text x="7" y="14" textLength="{left - 14}">{name}</text>'
        f'<text x="{left + 7}" y="14" textLength="{right - 14}">{word}</text>'
        "</g></svg>"
    )
