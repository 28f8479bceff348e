"""The gate before a model: answers for it while it may not run. Imports no web3, SQLModel or pandas."""
