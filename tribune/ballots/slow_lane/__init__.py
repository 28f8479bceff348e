"""Proposals of the slow lane: from the draft to the words for what they decide."""
