"""What the dashboard's pages read of the index, each page in one transaction. Reads only."""
