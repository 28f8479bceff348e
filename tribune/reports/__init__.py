"""Evidence, canonical bytes, signatures and witnesses of reports, and their recomputation."""
