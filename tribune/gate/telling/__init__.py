"""Tells an operator's own systems of a halt and of its end."""
