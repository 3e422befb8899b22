"""Keeps notes: a page at /, JSON at /notes."""

import json
import os
import signal
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from page import page
from store import NoteStore

LONGEST_NOTE = 2_000
LONGEST_BODY = 16_384


class BadRequest(Exception):
    pass


class Notes(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # A client that falls silent gives its thread back.
    timeout = 30

    @property
    def store(self):
        return self.server.store

    def do_GET(self):
        match self.path.partition("?")[0]:
            case "/":
                self.answer(200, page(self.store.all(), socket.gethostname()), "text/html; charset=utf-8")
            case "/notes":
                self.answer_json(200, {"notes": self.store.all()})
            case "/healthz":
                self.answer_json(200, {"ok": True})
            case _:
                self.answer_json(404, {"error": "not found"})

    def do_POST(self):
        path = self.path.partition("?")[0]
        try:
            body = self.read_body()
            if path == "/notes":
                self.answer_json(201, self.store.add(self.text_of(self.parse_json(body))))
            elif path == "/":
                form = parse_qs(body.decode(errors="replace"))
                self.store.add(self.text_of({"text": form.get("text", [""])[0]}))
                self.answer(303, "", location="/")
            else:
                self.answer_json(404, {"error": "not found"})
        except BadRequest as error:
            self.answer_json(400, {"error": str(error)})

    def do_DELETE(self):
        prefix, _, note_id = self.path.rpartition("/")
        # Nine digits: SQLite's integers end at 19, and nobody has that many notes.
        known = prefix == "/notes" and note_id.isascii() and note_id.isdigit() and len(note_id) <= 9
        if known and self.store.remove(int(note_id)):
            self.answer(204, "")
        else:
            self.answer_json(404, {"error": "no such note"})

    def read_body(self):
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or int(length) > LONGEST_BODY:
            # What was not read would be taken for the next request.
            self.close_connection = True
            raise BadRequest(f"a body of at most {LONGEST_BODY} bytes, with its Content-Length, is needed")
        return self.rfile.read(int(length))

    @staticmethod
    def parse_json(body):
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise BadRequest("the body is not JSON") from None

    @staticmethod
    def text_of(value):
        text = value.get("text") if isinstance(value, dict) else None
        if not isinstance(text, str) or not 0 < len(text.strip()) <= LONGEST_NOTE:
            raise BadRequest(f'needs {{"text": "…"}} with 1 to {LONGEST_NOTE} characters')
        # Half of a surrogate pair is valid JSON and not valid text.
        return text.strip().encode(errors="replace").decode()

    def answer_json(self, status, value):
        self.answer(status, json.dumps(value) + "\n", "application/json")

    def answer(self, status, text, content_type="text/plain; charset=utf-8", location=None):
        body = text.encode()
        self.send_response(status)
        if location is not None:
            self.send_header("Location", location)
        if status != 204:
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    # Connections that wait to be accepted; Python's default of 5 is too few for a load test.
    request_queue_size = 128

    def __init__(self, address, store, handler=Notes):
        super().__init__(address, handler)
        self.store = store


def main():
    store = NoteStore(os.path.join(os.environ.get("DATA_DIR", "."), "notes.db"))
    server = Server(("", int(os.environ.get("PORT", "8080"))), store)
    # Process 1 of a container gets no default handler: without this, every stop would take until the kill.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()


if __name__ == "__main__":
    main()
