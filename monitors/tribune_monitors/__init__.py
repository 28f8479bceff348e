"""The monitors: sources, engines, jobs and the scheduler that runs them."""
