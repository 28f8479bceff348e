"""Between store and chain: what must get out (outbox, sender) and what comes in (indexer)."""
