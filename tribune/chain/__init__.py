"""The chain: one client, one typed wrapper per contract. web3.py is used here and nowhere else."""
