"""A REST API served locally: a list of records that pages in every style, stumbles on request and changes under way."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Api:
    """What the API holds and does. `records` are JSON texts in the order of the list, so that numbers stay as written.

    `stumbles`: (status, headers) answered before the next good answers; `between`: called when a good answer is made up
    and not yet sent, with the number of answers so far, and may change the records; `cap`: the most records of a page.
    """

    url: str = ""
    records: list[str] = field(default_factory=list)
    stumbles: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    between: Callable[[int], None] | None = None
    cap: int = 1000
    token: str | None = None
    answered: int = 0
    requests: list[dict[str, str]] = field(default_factory=list)
    total_shown: Callable[[], int] | None = None

    def answer(self, query: dict[str, str]) -> str:
        """One page as JSON text, in the style that the parameters ask for."""
        size = min(int(query.get("size", self.cap)), self.cap)
        found = [text for text in self.records if "since" not in query or json.loads(text)["changed"] >= query["since"]]
        if "page" in query:
            start = (int(query["page"]) - 1) * size
        elif "offset" in query:
            start = int(query["offset"])
        elif "after" in query:
            after = int(query["after"])
            start = next((place for place, text in enumerate(found) if json.loads(text)["id"] > after), len(found))
        else:
            start = 0
        page = found[start : start + size]
        more = start + size < len(found)
        last = str(json.loads(page[-1])["id"]) if page else ""
        total = self.total_shown() if self.total_shown else len(found)
        meta = {
            "total": total,
            "next": last if more else None,
            "link": f"/api/items?after={last}&size={size}" if more else None,
        }
        return f'{{"data": {{"items": [{", ".join(page)}]}}, "meta": {json.dumps(meta)}}}'


@contextmanager
def serve() -> Iterator[Api]:
    """An API on a free port of this machine."""
    api = Api()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            api.requests.append({"path": parts.path, **query})
            if api.token is not None and self.headers.get("Authorization") != api.token:
                self._send(401, {}, "{}")
            elif api.stumbles:
                status, headers = api.stumbles.pop(0)
                self._send(status, headers, "busy")
            elif parts.path == "/api/items":
                page = api.answer(query)
                api.answered += 1
                # before it is sent: afterwards the next request could be there first
                if api.between is not None:
                    api.between(api.answered)
                self._send(200, {}, page)
            elif parts.path == "/api/page":
                self._send(200, {}, "<html>")
            elif parts.path == "/api/away":
                self._send(302, {"Location": "http://other.example/"}, "")
            else:
                self._send(404, {}, "{}")

        def _send(self, status: int, headers: dict[str, str], body: str) -> None:
            content = body.encode()
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    api.url = f"http://127.0.0.1:{server.server_port}/api"
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
