"""All contracts of one deployment, typed, on one client: `Tribune.connect(settings)`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tribune.chain.client import Chain
from tribune.chain.contract import Contract
from tribune.chain.decision_log import DecisionLog
from tribune.chain.deployments import Deployment, load_deployment
from tribune.chain.kill_switch import KillSwitch
from tribune.chain.model_registry import ModelRegistry
from tribune.chain.monitor_registry import MonitorRegistry
from tribune.chain.oversight_governor import OversightGovernor
from tribune.chain.pause_governor import PauseGovernor
from tribune.chain.policy_book import PolicyBook
from tribune.chain.report_hub import ReportHub
from tribune.chain.timelock import Timelock
from tribune.chain.token import Token
from tribune.exceptions import ConfigurationError

if TYPE_CHECKING:
    from tribune.settings import Settings


class Tribune:
    """The contracts of a deployment.

    Args:
        chain: where to read; `close()` closes it.
        deployment: where the contracts are.

    Raises:
        ConfigurationError: the deployment lacks a contract, or is of another chain.
    """

    def __init__(self, chain: Chain, deployment: Deployment) -> None:
        if chain.chain_id != deployment.chain_id:
            raise ConfigurationError(
                f"The deployment is of chain {deployment.chain_id}, the client of chain {chain.chain_id}."
            )
        self.chain = chain
        self.deployment = deployment
        self.token = Token(chain, deployment.address(Token.NAME))
        self.pause_governor = PauseGovernor(chain, deployment.address(PauseGovernor.NAME))
        self.model_registry = ModelRegistry(chain, deployment.address(ModelRegistry.NAME))
        self.policy_book = PolicyBook(chain, deployment.address(PolicyBook.NAME))
        self.monitor_registry = MonitorRegistry(chain, deployment.address(MonitorRegistry.NAME))
        self.report_hub = ReportHub(chain, deployment.address(ReportHub.NAME))
        self.kill_switch = KillSwitch(chain, deployment.address(KillSwitch.NAME))
        self.decision_log = DecisionLog(chain, deployment.address(DecisionLog.NAME))

    @classmethod
    async def connect(cls, settings: Settings, deployment: Deployment | None = None) -> Tribune:
        """Return the contracts that the settings name, with the node's chain id checked.

        Args:
            settings: chain and deployments folder.
            deployment: what is deployed; None reads `deployments/<chainId>.json`.

        Raises:
            ConfigurationError: nothing is deployed there, as far as the files say.
            ChainUnreachableError: the node does not answer.
            WrongChainError: it is another chain's.
        """
        found = deployment or load_deployment(settings.deployments, settings.chain.chain_id)
        chain = await Chain.connect(settings.chain)
        try:
            tribune = cls(chain, found)
            if not await chain.code(tribune.kill_switch.address):
                raise ConfigurationError(
                    f"There is no contract at the KillSwitch's address {tribune.kill_switch.address}.",
                    mend="The chain was started anew, or the deployment file is old: deploy again.",
                )
        except BaseException:
            await chain.close()
            raise
        return tribune

    @property
    def has_slow_lane(self) -> bool:
        """Whether OversightGovernor and timelock are of this deployment, not an executive in their place."""
        return OversightGovernor.NAME in self.deployment.addresses

    @property
    def timelock(self) -> Timelock:
        """The slow lane's timelock.

        Raises:
            ConfigurationError: an executive of the DAO's own stands in its place.
        """
        return Timelock(self.chain, self.deployment.address(Timelock.NAME))

    @property
    def oversight_governor(self) -> OversightGovernor:
        """The slow lane's governor.

        Raises:
            ConfigurationError: an executive of the DAO's own stands in its place.
        """
        return OversightGovernor(self.chain, self.deployment.address(OversightGovernor.NAME))

    @property
    def contracts(self) -> tuple[Contract, ...]:
        """All contracts, for the indexer."""
        return (
            self.token,
            *((self.timelock, self.oversight_governor) if self.has_slow_lane else ()),
            self.pause_governor,
            self.model_registry,
            self.policy_book,
            self.monitor_registry,
            self.report_hub,
            self.kill_switch,
            self.decision_log,
        )

    async def close(self) -> None:
        """Close the client."""
        await self.chain.close()

    async def __aenter__(self) -> Tribune:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
