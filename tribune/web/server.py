"""Run the pages as a process: open the clients that the settings name, serve until told to stop.

Keeps the store's index at the chain's head beside it, since what the pages show is read from there; a bot on
the same store does so too, and neither minds the other.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import nullcontext, suppress
from functools import partial
from typing import TYPE_CHECKING

from tribune.exceptions import ConfigurationError
from tribune.listening import listening_on
from tribune.log import get_logger

if TYPE_CHECKING:
    from tribune.settings import Settings, WebSettings
    from tribune.telemetry.watch import Reader
    from tribune.web.site import Site


async def run(settings: Settings, stop: asyncio.Event | None = None) -> None:
    """Serve the pages until `stop` is set (None: until cancelled).

    Raises:
        ConfigurationError: no deployment, or a setting that cannot be used.
        ChainUnreachableError, WrongChainError: the chain does not answer, or is another one.
        StoreError: the store cannot be opened.
    """
    import uvicorn

    from tribune.chain.client import Chain
    from tribune.chain.deployments import load_deployment
    from tribune.chain.facade import Tribune
    from tribune.store.session import open_store
    from tribune.sync.indexer import Indexer
    from tribune.sync.vitals import ChainVitals, read_store
    from tribune.telemetry import Telemetry
    from tribune.telemetry.watch import watched
    from tribune.web.app import create_app
    from tribune.web.webhooks.delivery import Webhooks

    deployment = load_deployment(settings.deployments, settings.chain.chain_id)
    with _listening(settings.web) as listening, open_store(settings.store_url) as store:
        async with await Chain.connect(settings.chain) as chain:
            indexer = Indexer.of(Tribune(chain, deployment), store)
            webhooks = Webhooks(settings.web, store, chain, indexer) if settings.web.webhooks else None
            app = create_app(
                store=store,
                chain=chain,
                deployment=deployment,
                evidence=settings.evidence_stores,
                public_url=settings.web.public_url,
                limits=settings.relay,
                web=settings.web,
            )
            config = uvicorn.Config(
                app,
                access_log=False,  # addresses hold the tokens of links
                log_config=None,
                lifespan="off",
                timeout_graceful_shutdown=3,
            )
            server = uvicorn.Server(config)
            # Signals are for whoever runs this process, which tells us by `stop`.
            server.capture_signals = nullcontext  # type: ignore[assignment,method-assign]
            get_logger(__name__).info("pages are served", host=settings.web.host, port=settings.web.port)
            serving = asyncio.create_task(server.serve(sockets=[listening]))
            stopping = asyncio.create_task((stop or asyncio.Event()).wait())
            warming = asyncio.create_task(_warm(app.state.site))
            working = {asyncio.create_task(indexer.run())}
            if webhooks is not None:
                working.add(asyncio.create_task(webhooks.run()))
            signs: dict[str, Reader] = {"chain": ChainVitals(chain), "store": partial(read_store, store)}
            try:
                async with watched(Telemetry(), settings.telemetry, signs):
                    await asyncio.wait({serving, stopping, *working}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (stopping, warming, *working):
                    task.cancel()
                server.should_exit = True
                with suppress(asyncio.CancelledError):
                    await serving
                ended = await asyncio.gather(*working, return_exceptions=True)
            for fault in ended:
                if isinstance(
                    fault, Exception
                ):  # a mistake of ours: whoever runs this process starts it anew
                    raise fault


async def _warm(site: Site) -> None:
    """Read what there is before anybody asks: who came first would wait, with many models, a second for it.

    Whoever asks meanwhile waits for this look instead of beginning another.
    """
    try:
        await site.directory.look()
    except Exception as fault:  # each request looks for itself, and says what is wrong
        get_logger(__name__).warning("what there is could not be read ahead", error=str(fault))


def _listening(web: WebSettings) -> socket.socket:
    """Return a socket that listens where the settings say.

    Opened here, since uvicorn ends the process where it cannot.
    """
    try:
        return listening_on(web.host, web.port)
    except OSError as fault:
        raise ConfigurationError(
            f"The pages cannot listen on {web.host}, port {web.port} ({fault.strerror or fault}).",
            mend="Stop what uses the port, or choose others in TRIBUNE_WEB__HOST and TRIBUNE_WEB__PORT.",
        ) from None
