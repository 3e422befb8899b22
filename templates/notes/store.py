"""Notes in one SQLite file. Every call opens its own connection: requests run in threads."""

import sqlite3
from contextlib import closing


class NoteStore:
    def __init__(self, path):
        self.path = path
        with closing(self._connect()) as db:
            db.execute(
                "CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL,"
                " created TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ')))"
            )

    def _connect(self):
        db = sqlite3.connect(self.path, timeout=5, isolation_level=None)
        db.row_factory = sqlite3.Row
        # A note that was confirmed is on the disk, also after the power went.
        db.execute("PRAGMA synchronous = FULL")
        return db

    def all(self):
        with closing(self._connect()) as db:
            return [dict(row) for row in db.execute("SELECT id, text, created FROM notes ORDER BY id DESC LIMIT 500")]

    def add(self, text):
        with closing(self._connect()) as db:
            row = db.execute("INSERT INTO notes (text) VALUES (?) RETURNING id, text, created", (text,)).fetchone()
            return dict(row)

    def remove(self, note_id):
        with closing(self._connect()) as db:
            return db.execute("DELETE FROM notes WHERE id = ?", (note_id,)).rowcount == 1
