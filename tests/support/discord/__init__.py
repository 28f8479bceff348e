"""A Discord of our own on loopback, for tests and the demo: `python -m support.discord --folder DIR`.

It serves an unmodified discord.py client (REST v10 and a real gateway websocket over TLS) and a control
interface over plain HTTP, with which scripts and a web page press buttons and run commands. It imports
nothing of the project, knows one guild only, keeps everything in memory and never leaves 127.0.0.1.
"""
