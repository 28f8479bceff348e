"""The chain: one client, one typed wrapper per contract. web3.py is used here and nowhere else.

Importing this loads no web3: the client does, when it is made.
"""

from tribune.chain.client import Chain
from tribune.chain.deployments import Deployment, load_deployment
from tribune.chain.facade import Tribune

__all__ = ["Chain", "Deployment", "Tribune", "load_deployment"]
