"""The time in any time zone: HTML for browsers, text for curl, JSON on request."""

import difflib
import os
from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones

from flask import Flask, jsonify, render_template, request

ZONES = available_timezones()
FORMATS = {"text": "text/plain", "html": "text/html", "json": "application/json"}


def wanted_format():
    """`?format=` decides; else the Accept header, where curl's */* means text."""
    named = request.args.get("format")
    if named in FORMATS:
        return named
    best = request.accept_mimetypes.best_match(list(FORMATS.values()), default="text/plain")
    return next(name for name, mime in FORMATS.items() if mime == best)


def time_in(zone):
    now = datetime.now(ZoneInfo(zone))
    offset = now.strftime("%z")
    return {
        "timezone": zone,
        "time": now.strftime("%H:%M:%S"),
        "date": now.strftime("%A %d %B %Y"),
        "iso": now.isoformat(timespec="seconds"),
        "offset": f"UTC{offset[:3]}:{offset[3:]}",
    }


def unknown_zone(zone):
    # The name goes back to the caller: as text, JSON or escaped HTML, and never at any length.
    shown = zone[:64]
    similar = difflib.get_close_matches(shown, ZONES, n=3)
    return {"error": f"unknown time zone: {shown}", "did_you_mean": similar}


def create_app():
    app = Flask(__name__)
    app.json.sort_keys = False
    default_zone = os.environ.get("DEFAULT_TIMEZONE", "UTC")

    @app.get("/")
    def show_time():
        zone = request.args.get("timezone", default_zone)
        status, body = (200, time_in(zone)) if zone in ZONES else (400, unknown_zone(zone))
        match wanted_format():
            case "json":
                return jsonify(body), status
            case "html":
                return render_template("index.html", zones=sorted(ZONES), **body), status
        if status == 200:
            text = f"{body['time']} in {zone} ({body['offset']}), {body['date']}\n"
        else:
            hint = f" (did you mean {', '.join(body['did_you_mean'])}?)" if body["did_you_mean"] else ""
            text = f"{body['error']}{hint}\n"
        return text, status, {"Content-Type": "text/plain; charset=utf-8"}

    @app.get("/healthz")
    def healthz():
        return "ok\n", 200, {"Content-Type": "text/plain"}

    return app
