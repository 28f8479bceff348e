"""Buttons and other parts of messages."""
