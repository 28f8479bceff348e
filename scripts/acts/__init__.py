"""Daily acts on a deployment: what each will do is said, simulated, asked for, and only then sent.

One module a subject; the `ape run` scripts beside this folder only take the options.
"""
