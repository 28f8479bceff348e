"""What an operator does beside running one part: all parts together, looking whether all is well, backups."""
