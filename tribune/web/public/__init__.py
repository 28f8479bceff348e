"""What is public, for programs: a read-only JSON API below `/api/v1`, answered from the index alone."""
