"""Tells operators' own systems of incidents, by signed webhooks: each once its block is final, in order."""
