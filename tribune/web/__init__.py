"""Web pages: ballots, wallet links, evidence. What a vote is, and what counts, is `tribune.ballots`' part."""
