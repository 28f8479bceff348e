"""The web application: routes and what they share. Clients are passed in; importing does nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from tribune.ballots.contracts import VoteContracts
from tribune.ballots.directory import Directory
from tribune.ballots.documents import Documents
from tribune.ballots.linking import WalletLinks
from tribune.exceptions import TribuneError
from tribune.settings import RelaySettings, WebSettings
from tribune.web import api, calls, delegations, incidents, pages, proposals
from tribune.web.dashboard.routes import routes as dashboard_routes
from tribune.web.frame import Head
from tribune.web.headers import SafeHeaders
from tribune.web.network import Network
from tribune.web.problems import on_error
from tribune.web.public.routes import routes as public_routes
from tribune.web.rates import RateLimit
from tribune.web.records import Records
from tribune.web.site import HERE, Site, environment
from tribune.web.speaking import Speaking
from tribune.web.unforeseen import Unforeseen

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tribune.chain.client import Chain
    from tribune.chain.deployments import Deployment
    from tribune.store.session import Store


def create_app(
    *,
    store: Store,
    chain: Chain,
    deployment: Deployment,
    evidence: Sequence[str | Path],
    public_url: str,
    limits: RelaySettings | None = None,
    web: WebSettings | None = None,
) -> Starlette:
    """Return the application.

    Args:
        store: the queue of ballots and the links, shared with the bot.
        chain: the chain.
        deployment: where its contracts are.
        evidence: stores of evidence and profiles, tried in order.
        public_url: address under which people reach the pages; wallets sign for its host.
        limits: how much the relayer pays for others; None: what is usual.
        web: what pages say of the chain, and how much one address may ask; None: what is usual.
    """
    public_url = public_url.rstrip("/")
    web = web or WebSettings()
    app = Starlette(
        routes=[
            *dashboard_routes(),
            *public_routes(),
            Route("/b/{case_id}", pages.get_page),
            Route("/b/{case_id}/chart.png", pages.get_chart),
            Route("/api/ballots/{case_id}", api.get_ballot, methods=["GET"]),
            Route("/api/ballots/{case_id}", api.post_ballot, methods=["POST"]),
            Route("/api/ballots/{case_id}/message", api.get_message),
            Route("/api/ballots/{case_id}/transaction", api.get_transaction),
            Route("/api/ballots/{case_id}/{voter}", api.get_ballot_status),
            Route("/i/{case_id}", incidents.get_page),
            Route("/api/incidents/{case_id}", incidents.get_incident),
            Route("/c/{call_id}", calls.get_page),
            Route("/api/calls/{call_id}", calls.get_call, methods=["GET"]),
            Route("/api/calls/{call_id}", calls.post_signature, methods=["POST"]),
            Route("/delegate", delegations.get_page),
            Route("/api/delegation", delegations.get_delegation, methods=["GET"]),
            Route("/api/delegation", delegations.post_delegation, methods=["POST"]),
            Route("/api/delegation/{delegator}/{nonce}", delegations.get_status),
            Route("/p/draft/{draft_id}", proposals.get_draft_page),
            Route("/p/{number}", proposals.get_page),
            Route("/api/drafts/{draft_id}", proposals.get_draft),
            Route("/api/proposals/{number}", proposals.get_proposal, methods=["GET"]),
            Route("/api/proposals/{number}", proposals.post_ballot, methods=["POST"]),
            Route("/api/proposals/{number}/message", proposals.get_message),
            Route("/api/proposals/{number}/transaction", proposals.get_transaction),
            Route("/api/proposals/{number}/{voter}", proposals.get_ballot_status),
            Route("/link/{token}", pages.get_link, methods=["GET"]),
            Route("/link/{token}", pages.post_link, methods=["POST"]),
            Route("/evidence/{cid}", pages.get_evidence),
            Route("/evidence/{cid}/view", pages.get_evidence_view),
            Route("/healthz", pages.get_health),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ],
        middleware=[
            Middleware(SafeHeaders),
            Middleware(Speaking),
            Middleware(Unforeseen),
            Middleware(RateLimit, web=web),
        ],
        exception_handlers={TribuneError: on_error, HTTPException: on_error},
    )
    contracts = VoteContracts(chain, deployment)
    head, network = Head(chain), Network.of(chain.chain_id, web)
    app.state.site = Site(
        store=store,
        directory=Directory(store, head.time),
        records=Records(store),
        head=head,
        contracts=contracts,
        documents=Documents(evidence),
        links=WalletLinks(store, chain, public_url),
        public_url=public_url,
        limits=limits or RelaySettings(),
        network=network,
        templates=environment(network),
    )
    return app
