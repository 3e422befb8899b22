"""Run with: python -m unittest"""

import json
import os
import tempfile
import threading
import unittest
from http.client import HTTPConnection

from server import LONGEST_BODY, Notes, Server
from store import NoteStore


class NotesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "notes.db")
        self.start()
        self.addCleanup(self.stop)

    def start(self):
        silent = type("Silent", (Notes,), {"log_message": lambda *_: None})
        self.server = Server(("127.0.0.1", 0), NoteStore(self.path), silent)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def call(self, method, path, body=None, headers=None):
        connection = HTTPConnection("127.0.0.1", self.server.server_port, timeout=5)
        self.addCleanup(connection.close)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        text = answer.read().decode()
        return answer.status, json.loads(text) if answer.headers.get("Content-Type") == "application/json" else text

    def test_adds_lists_and_removes(self):
        status, note = self.call("POST", "/notes", '{"text": " buy milk "}')
        self.assertEqual((status, note["text"]), (201, "buy milk"))
        self.assertEqual([n["text"] for n in self.call("GET", "/notes")[1]["notes"]], ["buy milk"])
        self.assertEqual(self.call("DELETE", f"/notes/{note['id']}")[0], 204)
        self.assertEqual(self.call("DELETE", f"/notes/{note['id']}")[0], 404)

    def test_survives_a_restart(self):
        self.call("POST", "/notes", '{"text": "still here"}')
        self.stop()
        self.start()
        self.assertEqual(self.call("GET", "/notes")[1]["notes"][0]["text"], "still here")

    def test_page_shows_notes_as_text(self):
        status, _ = self.call("POST", "/", "text=%3Cscript%3E", {"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual(status, 303)
        self.assertIn("&lt;script&gt;", self.call("GET", "/")[1])

    def test_refuses_bad_bodies(self):
        for body in ("", "nothing", "[]", '{"text": ""}', '{"text": 1}', '{"text": "%s"}' % ("x" * 2001), "[" * 10_000):
            with self.subTest(body=body[:20]):
                self.assertEqual(self.call("POST", "/notes", body)[0], 400)
        self.assertEqual(self.call("POST", "/notes", "x" * (LONGEST_BODY + 1))[0], 400)
        self.assertEqual(self.call("POST", "/notes", '{"text": "\\ud800"}')[0], 201)

    def test_unknown_paths_are_404(self):
        for method, path in (("GET", "/x"), ("DELETE", "/notes/x"), ("DELETE", "/notes/99999999999999999999")):
            self.assertEqual(self.call(method, path)[0], 404)


if __name__ == "__main__":
    unittest.main()
