"""The dashboard: what is overseen, whether it is well and who decided what, read from the index alone."""
