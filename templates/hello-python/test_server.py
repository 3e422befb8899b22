"""Run with: python -m unittest"""

import os
import threading
import unittest
from unittest.mock import patch
from urllib.error import HTTPError
from urllib.request import urlopen

from server import Hello, Server


class HelloTest(unittest.TestCase):
    def setUp(self):
        silent = type("Silent", (Hello,), {"log_message": lambda *_: None})
        self.server = Server(("127.0.0.1", 0), silent)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()

    def get(self, path):
        try:
            with urlopen(f"http://127.0.0.1:{self.server.server_port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()

    def test_hello(self):
        self.assertEqual(self.get("/"), (200, "Hello World!\n"))

    def test_target(self):
        with patch.dict(os.environ, {"TARGET": "Knative"}):
            self.assertEqual(self.get("/?x=1"), (200, "Hello Knative!\n"))

    def test_health_and_unknown_path(self):
        self.assertEqual(self.get("/healthz")[0], 200)
        self.assertEqual(self.get("/nothing")[0], 404)


if __name__ == "__main__":
    unittest.main()
