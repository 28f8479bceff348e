"""Mutation testing of the contracts: does a test fail when a contract is made wrong on purpose?

`make mutate` changes one place of one contract at a time, by the compiler's syntax tree, and runs forge's
unit tests against it. A mutant that no test kills is a line that nobody proves: a test is missing, or the
mutant behaves as the original does and is listed in `equivalent.toml` with the reason. Nothing here changes a
file of the project.
"""
