"""Ballots: what is asked, who may answer, and how a signed answer reaches the chain.

Shared by the web pages and the bot. It holds no voter's key and decides nothing: the contract counts, and
whatever is checked here is checked first, so that a voter hears the reason before a block does.
"""
