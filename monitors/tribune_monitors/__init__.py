"""Monitor workers: read sealed logs, count, measure, sign, report. Never talk to the bot or the gate."""
