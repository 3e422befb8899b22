"""Says hello to $TARGET."""

import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Hello(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # A client that falls silent gives its thread back.
    timeout = 30

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path == "/":
            self.answer(200, f"Hello {os.environ.get('TARGET', 'World')}!\n")
        elif path == "/healthz":
            self.answer(200, "ok\n")
        else:
            self.answer(404, "not found\n")

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    # Connections that wait to be accepted; Python's default of 5 is too few for a load test.
    request_queue_size = 128


def main():
    server = Server(("", int(os.environ.get("PORT", "8080"))), Hello)
    # Process 1 of a container gets no default handler: without this, every stop would take until the kill.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()


if __name__ == "__main__":
    main()
