"""The Discord bot: tells token holders what happened, and leads them to their vote.

It has no power of its own: whatever it does, anyone can do with a contract call. It holds no voter's key; its
relayer key pays gas and nothing else. discord.py is used in this package and nowhere else.
"""
