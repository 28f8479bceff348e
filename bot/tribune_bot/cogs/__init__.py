"""One subject a cog."""
