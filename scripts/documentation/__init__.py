"""Builds and checks the documentation: not part of the product."""
