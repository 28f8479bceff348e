"""Cases as voters see them: the question, the calls behind it, who asked, what came of it."""
