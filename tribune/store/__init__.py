"""The local database: an index of the chain that can be rebuilt, and work that must not be lost.

SQLModel and SQLAlchemy are used here and nowhere else. Sessions are synchronous: call them from async
code through `Store.run`, which does one transaction in a worker thread (short local transactions gain
nothing from an async driver, and one code path serves SQLite and PostgreSQL).
"""
