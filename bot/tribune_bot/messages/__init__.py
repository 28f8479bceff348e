"""What the bot's messages say: of a case, a call, a proposal; their news, reminders and figures."""
