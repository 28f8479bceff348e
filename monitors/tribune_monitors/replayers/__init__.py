"""Replayers that come with it: commands that run logged decisions again. See `audit.replaying`."""
