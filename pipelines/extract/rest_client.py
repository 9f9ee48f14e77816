"""Requests to a REST API: paced by what the server says, repeated where it stumbles, numbers kept as written."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import tenacity

ATTEMPTS = 6
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 120
CONNECT_SECONDS = 15
READ_SECONDS = 120
_WHOLE = re.compile(r"-?[0-9]+\.0+")


class _Again(Exception):
    """An answer that another try may better. `after`: seconds that the server asks to wait, None: it does not say."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.after = after


@dataclass(frozen=True)
class Answer:
    """A JSON document, the URL that the server says comes next, and the server's own time."""

    document: Any
    next_link: str | None
    served_at: datetime | None


class RestClient:
    """One API. Redirects are not followed: a header of the settings must not travel to another host."""

    def __init__(self, base_url: str, headers: Mapping[str, str]) -> None:
        self.base_url = base_url.rstrip("/") + "/"
        timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
        self._client = httpx.Client(headers={"Accept": "application/json", **headers}, timeout=timeout)

    def close(self) -> None:
        self._client.close()

    def get(self, path: str, parameters: Mapping[str, str]) -> Answer:
        """Ask for a path below the base URL.

        429 is waited for as long as Retry-After says, 5xx and broken connections are tried again, each a few times.

        Raises:
            OSError: the server could not be reached or did not recover, or asks for a longer wait than is bearable.
            ValueError: it refuses the request, or what it says is no JSON.
        """
        return self._get(httpx.URL(self.base_url).join(path.lstrip("/")), parameters)

    def follow(self, link: str) -> Answer:
        """Ask for a URL that an answer named, whole or from the host's root on; raises as `get` does."""
        url = httpx.URL(self.base_url).join(link)
        if url.host != httpx.URL(self.base_url).host:
            raise ValueError(f"the next page lies on another host ({url.host}): nothing is sent there")
        return self._get(url, {})

    def _get(self, url: httpx.URL, parameters: Mapping[str, str]) -> Answer:
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(ATTEMPTS),
            wait=_wait,
            retry=tenacity.retry_if_exception_type((_Again, httpx.TransportError)),
            reraise=True,
        )
        try:
            return retrying(self._once, url, parameters)
        except (_Again, httpx.TransportError) as error:
            what = str(error) or type(error).__name__
            raise OSError(f"{url.path} fails after {ATTEMPTS} tries: {what}") from error

    def _once(self, url: httpx.URL, parameters: Mapping[str, str]) -> Answer:
        answer = self._client.get(url, params=dict(parameters) or None)
        status = answer.status_code
        if status == httpx.codes.TOO_MANY_REQUESTS or status >= httpx.codes.INTERNAL_SERVER_ERROR:
            after = _seconds(answer.headers.get("Retry-After"))
            if after is not None and after > LONGEST_WAIT_SECONDS:
                raise OSError(f"{url.path} answers {status} and asks to wait {after:.0f} seconds: try later")
            raise _Again(f"it answers {status} {answer.reason_phrase}", after)
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise ValueError(f"{url.path} answers {status}: set this source's header in the settings (source_headers)")
        if status != httpx.codes.OK:
            raise ValueError(
                f"{url.path} answers {status} {answer.reason_phrase}: mend path or parameters in the mapping"
            )
        try:
            document = read_json(answer.text)
        except ValueError as error:
            raise ValueError(f"{url.path} answers no JSON: mend the base URL or the path") from error
        return Answer(document, answer.links.get("next", {}).get("url"), _served_at(answer.headers.get("Date")))


def read_json(text: str) -> Any:
    """JSON whose numbers are the texts that stand there, so that none passes through a float; 17850.0 is 17850."""

    def number(written: str) -> str:
        return written.partition(".")[0] if _WHOLE.fullmatch(written) else written

    return json.loads(text, parse_float=number, parse_int=str, parse_constant=str)


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _Again) and error.after is not None:
        return error.after
    return float(min(FIRST_WAIT_SECONDS * 2 ** (state.attempt_number - 1), LONGEST_WAIT_SECONDS))


def _seconds(retry_after: str | None) -> float | None:
    """Retry-After: a number of seconds, or a date."""
    if retry_after is None:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        moment = _served_at(retry_after)
        return None if moment is None else max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _served_at(header: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
