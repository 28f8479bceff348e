"""The chain as a source of statuses, by the settings: connects by itself, and goes on trying while it cannot.

Until then, and whenever the connection cannot be made, its views say why they know nothing.
"""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING

from tribune.exceptions import TribuneError, WrongChainError
from tribune.gate.status import StatusView

if TYPE_CHECKING:
    from tribune.gate.watching.watcher import ChainWatcher
    from tribune.settings import Settings

RETRY_S = 2.0
"""Pause before a chain that could not be reached at all is tried again."""


class ChainSource:
    """A status source that reads the chain, for one view or many.

    Args:
        settings: chain and deployments.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._views: list[StatusView] = []
        self._watcher: ChainWatcher | None = None

    def add(self, *views: StatusView) -> None:
        """Keep further views current, also while running."""
        self._views += [view for view in views if view not in self._views]
        if self._watcher is not None:
            self._watcher.add(*views)

    async def run(self, *views: StatusView) -> None:
        """Keep the views current until cancelled."""
        # web3 takes a second to import, in which the server would answer nobody
        await asyncio.to_thread(import_module, "tribune.chain.gate_client")
        from tribune.chain import Tribune
        from tribune.chain.gate_client import GateClient
        from tribune.gate.watching.watcher import ChainWatcher

        self.add(*views)
        while True:
            try:
                async with await Tribune.connect(self._settings) as tribune:
                    self._watcher = ChainWatcher(GateClient(tribune), poll_s=self._settings.chain.poll_s)
                    await self._watcher.run(*self._views)
            except WrongChainError as fault:
                for view in self._views:
                    view.forget(str(fault))
            except (TribuneError, OSError) as fault:
                for view in self._views:
                    view.lose(str(fault))
            finally:
                self._watcher = None
            await asyncio.sleep(RETRY_S)
