"""The demo's world: a real employment classifier, its data, its policy, its server and its traffic."""
