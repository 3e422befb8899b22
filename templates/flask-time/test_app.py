"""Run with: python -m unittest"""

import os
import unittest
from unittest.mock import patch

from app import create_app


class TimeTest(unittest.TestCase):
    def setUp(self):
        self.client = create_app().test_client()

    def test_text_for_curl(self):
        answer = self.client.get("/?timezone=Europe/Berlin", headers={"Accept": "*/*"})
        self.assertEqual(answer.status_code, 200)
        self.assertRegex(answer.text, r"^\d\d:\d\d:\d\d in Europe/Berlin \(UTC\+0[12]:00\), \w+ \d\d \w+ \d{4}\n$")

    def test_html_for_browsers(self):
        answer = self.client.get("/?timezone=Asia/Kolkata", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
        self.assertEqual(answer.mimetype, "text/html")
        self.assertIn("UTC+05:30", answer.text)

    def test_json_by_accept_and_by_query(self):
        for options in ({"headers": {"Accept": "application/json"}}, {"query_string": {"format": "json"}}):
            answer = self.client.get("/", **options)
            self.assertEqual((answer.status_code, answer.json["timezone"], answer.json["offset"]), (200, "UTC", "UTC+00:00"))

    def test_default_zone_from_the_environment(self):
        with patch.dict(os.environ, {"DEFAULT_TIMEZONE": "Asia/Tokyo"}):
            answer = create_app().test_client().get("/?format=json")
        self.assertEqual(answer.json["timezone"], "Asia/Tokyo")

    def test_unknown_zone_is_400_with_a_proposal(self):
        answer = self.client.get("/?timezone=Europe/Berln&format=json")
        self.assertEqual(answer.status_code, 400)
        self.assertEqual(answer.json["did_you_mean"][0], "Europe/Berlin")

    def test_hostile_zones_are_400_and_never_markup(self):
        for zone in ("", "../../etc/passwd", "/etc/localtime", "America", "<script>alert(1)</script>", "x" * 5000, "\0"):
            for kind in ("text", "html", "json"):
                with self.subTest(zone=zone[:20], kind=kind):
                    answer = self.client.get("/", query_string={"timezone": zone, "format": kind})
                    self.assertEqual(answer.status_code, 400)
                    self.assertNotIn("x" * 65, answer.text)
                    if kind == "html":
                        self.assertNotIn("<script>", answer.text)

    def test_health(self):
        self.assertEqual(self.client.get("/healthz").status_code, 200)


if __name__ == "__main__":
    unittest.main()
