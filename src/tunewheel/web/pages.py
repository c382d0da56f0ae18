"""The two pages for people, self-contained and escaped: try it, and how to call it; in English and Chinese."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from fastapi import Request
from starlette.responses import HTMLResponse

from .service import Service

_SLOT = re.compile(r"\{\{(\w+)\}\}")


def try_it(request: Request, service: Service, needs_token: bool, corrected: bool = False) -> HTMLResponse:
    """The page where one types a text or drops a picture, sees the answer and, where it can be `corrected`, says what
    it should be."""
    language = language_of(request)
    facts = {
        "reads": service.reads,
        "token": needs_token,
        "corrected": corrected,
        "words": _words(language),
        "sample": [row["text"] for row in service.sample if "text" in row],
    }
    slots = {"version": service.version, "task": service.task, "facts": _for_script(facts)}
    return _page("try_it.html", language, slots)


def docs(
    request: Request, schema: Mapping[str, Any], examples: Mapping[str, Mapping[str, Any]], needs_token: bool
) -> HTMLResponse:
    """The page that lists the addresses with lines for curl."""
    language = language_of(request)
    address = str(request.base_url).rstrip("/")
    calls = [curl(address, example["value"], needs_token) for example in examples.values()]
    slots = {
        "calls": "".join(f"<pre><code>{escape(call)}</code></pre>" for call in calls),
        "routes": "".join(_route(path, methods, _words(language)) for path, methods in schema["paths"].items()),
        "token_note": escape(_words(language)["docs_token"]) if needs_token else "",
    }
    return _page("docs.html", language, slots)


def curl(address: str, body: Mapping[str, Any], needs_token: bool) -> str:
    """A shell line that asks; single quotes in the body are written so that every shell reads them."""
    token = ' -H "Authorization: Bearer $TOKEN"' if needs_token else ""
    text = json.dumps(body, ensure_ascii=False).replace("'", "\\u0027")
    shown = text if len(text) <= 600 else f"{text[:600]}…"
    return f"curl {address}/predict{token} -H 'Content-Type: application/json' -d '{shown}'"


def language_of(request: Request) -> str:
    """`?lang=` if given, else what the browser prefers: "zh" or "en"."""
    asked = request.query_params.get("lang")
    return asked if asked in ("en", "zh") else preferred(request.headers.get("accept-language", ""))


def preferred(accept_language: str) -> str:
    """Of English and Chinese the one with the higher weight in an Accept-Language header; English when equal."""
    weights = {"en": 0.0, "zh": 0.0}
    for part in accept_language.lower().split(","):
        tag, _, weight = part.partition(";q=")
        language = tag.strip()[:2]
        if language in weights:
            weights[language] = max(weights[language], _number(weight))
    return "zh" if weights["zh"] > weights["en"] else "en"


def _number(weight: str) -> float:
    try:
        return float(weight or 1.0)
    except ValueError:
        return 0.0


def _route(path: str, methods: Iterable[str], words: Mapping[str, str]) -> str:
    return "".join(
        f"<tr><td><code>{escape(method.upper())} {escape(path)}</code></td><td>{escape(words[path])}</td></tr>"
        for method in methods
    )


def _page(name: str, language: str, slots: Mapping[str, str]) -> HTMLResponse:
    """A template with its slots filled: words and plain values escaped; ready-made HTML and JSON as they are."""
    nonce = secrets.token_urlsafe(16)
    ready_made = ("facts", "calls", "routes", "style")
    values = {**_words(language), **slots, "nonce": nonce, "language": language, "style": _template("page.css")}
    values["other_language"] = "en" if language == "zh" else "zh"
    plain = {key: value if key in ready_made else escape(value) for key, value in values.items()}
    html = _SLOT.sub(lambda slot: plain[slot.group(1)], _template(name))
    return HTMLResponse(html, headers={"Content-Security-Policy": _policy(nonce)})


def _policy(nonce: str) -> str:
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; "
        "img-src blob: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _for_script(facts: Mapping[str, Any]) -> str:
    """JSON that can stand inside <script>: nothing in it can close the element."""
    return json.dumps(facts, ensure_ascii=False).replace("<", "\\u003c").replace("\u2028", "\\u2028")


@cache
def _template(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


@cache
def _words(language: str) -> dict[str, str]:
    words: dict[str, dict[str, str]] = json.loads(_template("page_text.json"))
    return words[language]
