"""Sealed frames: how they are made, labelled, kept in sequence, and erased from."""
