"""What the handlers share: clients, templates and the address that people know. Holds no state of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from starlette.responses import HTMLResponse

from tribune.ballots.cases.view import CaseVote, read_case_vote
from tribune.ids import Address, CaseId
from tribune.language import Language, _, language, number, plural
from tribune.reports.canonical import cid
from tribune.reports.oversight import independence
from tribune.untrusted import load_json
from tribune.web import words
from tribune.web.frame import Head, read_frame
from tribune.web.problems import BadRequestError, NotFoundError
from tribune.web.speaking import PARAMETER

if TYPE_CHECKING:
    from jinja2 import Environment
    from starlette.requests import Request

    from tribune.ballots.contracts import VoteContracts
    from tribune.ballots.directory import Directory
    from tribune.ballots.documents import Documents
    from tribune.ballots.linking import WalletLinks
    from tribune.settings import RelaySettings
    from tribune.store.session import Store
    from tribune.web.network import Network
    from tribune.web.records import Records

HERE = Path(__file__).parent
_TURNING = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
"""Characters that turn the direction of what follows: others' names could make an address read otherwise."""
BODY_LIMIT = 32_768
"""Bytes of a request's body: a signature of 4 kB, a reason and a message fit several times."""


@dataclass(frozen=True)
class Site:
    """The clients of the pages.

    Args:
        store: the queue of ballots, shared with the bot.
        contracts: the chain.
        documents: evidence and profiles.
        links: one-time links for wallets.
        directory: what there is, as the index has it.
        records: how monitors do, likewise.
        head: the chain's newest block.
        public_url: address under which people reach these pages.
        limits: how much the relayer pays for others.
        network: the chain, as people and wallets know it.
        templates: the pages.
    """

    store: Store
    contracts: VoteContracts
    documents: Documents
    links: WalletLinks
    directory: Directory
    records: Records
    head: Head
    public_url: str
    limits: RelaySettings
    network: Network
    templates: Environment

    async def vote(self, request: Request) -> CaseVote:
        """Return the vote that a request's path names.

        Raises:
            UnknownCaseError, NotFoundError: there is none.
        """
        text: str = request.path_params["case_id"]
        if not (text.isascii() and text.isdigit() and len(text) < 20):
            raise NotFoundError(
                _("{name} is no case.").format(name=repr(text[:40])),
                mend=_("A case is a number: check the link."),
            )
        return await read_case_vote(self.contracts, self.documents, CaseId(int(text)))

    async def page(self, template: str, **values: Any) -> HTMLResponse:
        """Return a page within what stands around every page; not to be kept."""
        frame = await read_frame(self.directory, self.head)
        html = self.templates.get_template(template).render(site=self, frame=frame, **values)
        return HTMLResponse(html.translate(_TURNING), headers={"Cache-Control": "no-store"})

    def phone_links(self, path: str) -> list[tuple[str, str]]:
        """Return (wallet, address) pairs that open a page inside a wallet's own browser on a phone.

        As the wallets document them: docs.metamask.io (deeplinks), docs.cdp.coinbase.com (mobile dapps),
        developer.trustwallet.com (deep linking). Rainbow documents none that opens a page.
        """
        parts = urlsplit(self.public_url)
        path = f"{path}{'&' if '?' in path else '?'}{PARAMETER}={language()}"
        url = quote(f"{self.public_url}{path}", safe="")
        return [
            # MetaMask takes the address as it is, without its scheme; encoded it opens an empty tab.
            ("MetaMask", f"https://link.metamask.io/dapp/{parts.netloc}{parts.path}{path}"),
            ("Base (Coinbase Wallet)", f"https://go.cb-w.com/dapp?cb_url={url}"),
            ("Trust Wallet", f"https://link.trustwallet.com/open_url?coin_id=60&url={url}"),
        ]


def environment(network: Network) -> Environment:
    """Return the templates; everything put into them is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    # In a template: {{ _("It ends %(when)s.", when=…) }} or {% trans %}…{% endtrans %}.
    made.install_gettext_callables(_, plural, newstyle=True)  # type: ignore[attr-defined]
    made.globals |= {"language": language, "languages": tuple(Language), "network": network}
    made.globals["independence"] = independence
    made.filters["number"] = number
    made.filters |= {"when": words.when, "iso": words.iso, "percent": words.percent, "limit": words.limit}
    made.filters |= {"state": words.state, "vote_state": words.vote_state, "case_kind": words.case_kind}
    made.filters |= {"short": words.short, "timed": words.timed}
    made.filters |= {"oversight": words.oversight, "ending": words.ending, "days": words.days}
    made.filters |= {"cid": cid, "known": any}
    return made


def parse_address(text: object) -> Address:
    """Read an account's address.

    Raises:
        BadRequestError: it is none.
    """
    from eth_utils.address import is_hex_address, to_checksum_address

    if not isinstance(text, str) or not text.startswith("0x") or not is_hex_address(text):
        raise BadRequestError(_("This is not an address."), mend=_("An address is 0x and 40 hex digits."))
    return Address(to_checksum_address(text))


async def read_json(request: Request) -> dict[str, Any]:
    """Read a request's body as a JSON object.

    Raises:
        BadRequestError: too long, not JSON, or no object.
    """
    mend = _("Send a JSON object with the content type application/json.")
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        raise BadRequestError(_("The body is not JSON."), mend=mend)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise BadRequestError(
                _("The body is too long."),
                mend=_("At most {limit} bytes are read.").format(limit=number(BODY_LIMIT)),
            )
    try:
        value = load_json(bytes(body))
    except ValueError:
        raise BadRequestError(_("The body is not JSON."), mend=mend) from None
    if not isinstance(value, dict):
        raise BadRequestError(_("The body is not a JSON object."), mend=mend)
    return value
