"""The page: plain HTML and forms, so that it works without a script."""

from html import escape

HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Notes</title>
<style>
  :root { color-scheme: light dark; font: 18px/1.5 system-ui, sans-serif; }
  body { max-width: 40rem; margin: 2rem auto; padding: 0 1rem; }
  form { display: flex; gap: .5rem; } input { flex: 1; } input, button { font: inherit; padding: .3em .6em; }
  li { margin: .5rem 0; overflow-wrap: anywhere; } small { opacity: .6; }
</style>
<h1>Notes</h1>
<form method="post"><input name="text" required maxlength="2000" autofocus aria-label="New note"><button>Add</button></form>
"""


def page(notes, pod):
    items = "".join(f"<li>{escape(note['text'])} <small>{note['created']}</small></li>" for note in notes)
    return f"{HEAD}<ul>{items}</ul>\n<small>pod {escape(pod)}</small>\n"
