"""Checks of the contracts by tools that need an environment of their own."""
