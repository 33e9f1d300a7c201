"""The one way to the network: polite, bounded, and suspicious of what comes back.

Every call states who asks, waits its turn at each host, honours ``Retry-After``, is repeated a few times with
growing, jittered waits, and gives up at the deadline of its publisher. Redirects stay on their host. Bodies
are capped, and whole or refused: the end of a compressed stream, the declared length or the last chunk must
be there.
"""

import gzip
import hashlib
import http.client
import io
import re
import threading
import time
import zlib
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from urllib.parse import urlencode, urljoin

import requests
import tenacity
import urllib3
from urllib3.util import parse_url

from summits.publishers import keys
from summits.publishers.client import Publisher, Refused, Request, origin

CONTENT_TYPES = {
    "json": ("json", "javascript"),
    "csv": ("csv", "text/plain", "octet-stream", "excel"),
    "xml": ("xml",),
    "zip": ("zip", "octet-stream"),
    "xlsx": ("spreadsheet", "octet-stream", "excel"),
    "stata": ("stata", "octet-stream", "application/x-dta"),
    "page": ("html",),
}


class _Later(Refused):
    """A failure that may pass: worth another attempt, after some seconds if the host says how many."""

    def __init__(self, reason: str, message: str, after: float = 0.0):
        super().__init__(reason, message)
        self.after = after


class _Session(requests.Session):
    """Leaves redirects alone: even one that it must not follow, the library reads, and fails on odd ones."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """See no redirect."""


@dataclass
class Transport:
    """A session with the publishers.

    Parameters
    ----------
    mirror : str
        A place to call instead of every publisher's, such as ``http://127.0.0.1:8000``. The variable
        ``SUMMITS_ORIGIN_CENSUS`` does the same for one publisher.
    interval : float
        Seconds between two calls of one host.
    deadline : float
        Seconds for all calls of one publisher together.
    timeout : float
        Seconds without a byte after which a call is given up.
    attempts : int
        Calls of one address at most.
    pause : float
        Seconds before the first repeat; they double, with jitter.
    largest : int
        Bytes of one decoded body at most.
    """

    mirror: str = ""
    interval: float = 1.0
    deadline: float = 900.0
    timeout: float = 30.0
    attempts: int = 4
    pause: float = 2.0
    largest: int = 60_000_000

    def __post_init__(self) -> None:
        self.start()
        self.next_turn: dict[str, float] = {}
        self.session = _Session()
        about = "; ".join(filter(None, ["data refresh", keys.read("SUMMITS_CONTACT")]))
        self.session.headers["User-Agent"] = f"chips-and-summits/{version('chips-and-summits')} ({about})"
        self.session.headers["Accept-Encoding"] = "gzip"

    def start(self) -> None:
        """Begin with a publisher: the deadline counts from here."""
        self.ends = time.monotonic() + self.deadline

    def fetch(self, publisher: Publisher, request: Request) -> tuple[bytes, dict]:
        """Make one call.

        Parameters
        ----------
        publisher : Publisher
        request : Request

        Returns
        -------
        body : bytes
        receipt : dict
            Publisher, address without key, time, status, etag, last_modified, content_type, bytes, sha256,
            licence and series.

        Raises
        ------
        Refused
            If there is no reply in time, or it is not what was asked for.
        """
        repeat = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Later),
            wait=tenacity.wait_random_exponential(multiplier=self.pause, max=60)
            + tenacity.wait_exception(lambda fault: getattr(fault, "after", 0.0)),
            stop=tenacity.stop_after_attempt(self.attempts)
            | tenacity.stop_before_delay(max(0.0, self.ends - time.monotonic())),
            reraise=True,
        )
        reply, body = repeat(self._by_the_deadline, request, self._mirror(publisher))
        receipt = {
            "publisher": publisher.name,
            "address": self.address(request),
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "status": reply.status_code,
            "etag": keys.clean(reply.headers.get("ETag", "")),
            "last_modified": keys.clean(reply.headers.get("Last-Modified", "")),
            "content_type": keys.clean(reply.headers.get("Content-Type", "")),
            "bytes": len(body),
            "sha256": hashlib.sha256(body).hexdigest(),
            "licence": publisher.licence,
            "series": sorted(each.series.series_id for each in request.wanted.values()),
        }
        return body, receipt

    @staticmethod
    def address(request: Request) -> str:
        """Return the full address of a request, without a key."""
        return request.address + (f"?{urlencode(request.params)}" if request.params else "")

    def _mirror(self, publisher: Publisher) -> str:
        """Return the address that is called in place of a publisher's hosts, or a blank."""
        variable = f"SUMMITS_ORIGIN_{publisher.name.upper()}"
        place = keys.read(variable).rstrip("/") or self.mirror
        if place and not re.fullmatch(r"https?://[\w.:\[\]-]+", place):
            raise Refused("address", f"{variable} is no address such as http://127.0.0.1:8000.")
        return place

    def _by_the_deadline(self, request: Request, mirror: str) -> tuple[requests.Response, bytes]:
        """Make one call in a thread that is left behind at the deadline: headers can drip in for ever."""
        result: Future = Future()

        def call() -> None:
            try:
                result.set_result(self._call(request, mirror))
            except BaseException as error:
                result.set_exception(error)

        threading.Thread(target=call, daemon=True).start()
        with suppress(TimeoutError):
            return result.result(timeout=max(0.0, self.ends - time.monotonic()))
        raise Refused("deadline", f"{_host(request)} is too slow: its time for this refresh is used up.")

    def _call(self, request: Request, mirror: str) -> tuple[requests.Response, bytes]:
        headers: dict[str, str] = {}
        params, host = dict(request.params), _host(request)
        if request.key:
            place = params if request.key.place == "query" else headers
            place[request.key.name] = keys.read(request.key.variable)
        address = (mirror or origin(request.address)) + parse_url(request.address).request_uri
        try:
            return self._follow(address + (f"?{urlencode(params)}" if params else ""), headers, request)
        except (requests.Timeout, urllib3.exceptions.ReadTimeoutError):
            fault = _Later("timeout", f"{host} did not answer within {self.timeout:g} s.")
        except (requests.exceptions.ChunkedEncodingError, urllib3.exceptions.HTTPError):
            fault = _Later("truncated", f"{host} broke off in the middle of its reply.")
        except requests.RequestException as error:
            fault = _Later("unreachable", f"{host} cannot be reached ({type(error).__name__}).")
        # Raised out here, so that the library's error, which holds the address with the key, is not chained.
        raise fault

    def _follow(self, address: str, headers: dict, request: Request) -> tuple[requests.Response, bytes]:
        """Make the call, and those it is redirected to on the same host."""
        for _ in range(4):
            self._take_turn(origin(address))
            with self.session.get(address, headers=headers, stream=True, timeout=self.timeout) as reply:
                if reply.status_code not in requests.models.REDIRECT_STATI:
                    self._check_status(reply, request)
                    return reply, self._body(reply, request)
                onward = ""
                with suppress(ValueError):
                    onward = urljoin(address, reply.headers.get("Location", ""))
            if not onward or origin(onward) != origin(address):
                # Where to is not said: an address made by the publisher may carry the key in any form.
                raise Refused("redirect", f"{_host(request)} redirects to another host, scheme or port.")
            address = onward
        raise Refused("redirect", f"{_host(request)} redirects in circles.")

    def _take_turn(self, host: str) -> None:
        now = time.monotonic()
        turn = max(now, self.next_turn.get(host, 0.0))
        if turn > self.ends:
            raise Refused("deadline", "The time for this refresh is used up. Run it again later.")
        self.next_turn[host] = turn + self.interval
        time.sleep(turn - now)

    def _check_status(self, reply: requests.Response, request: Request) -> None:
        host, status = _host(request), reply.status_code
        message = f"{host} answers {status} {http.client.responses.get(status, '')}".strip() + "."
        if status == 429 or status >= 500:
            after = 0.0
            # A header that is neither a number of seconds nor a date is no wait.
            with suppress(urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
                after = float(urllib3.Retry().parse_retry_after(reply.headers.get("Retry-After", "")))
            raise _Later("status", message, after)
        if status in (401, 403) and request.key:
            raise Refused("key", f"{host} answers {status}: check {request.key.variable}.")
        if status != 200:
            raise Refused("status", message)

    def _body(self, reply: requests.Response, request: Request) -> bytes:
        """Read the body under the cap and the deadline, and check that it is of the form asked for."""
        host, raw = _host(request), bytearray()
        while chunk := reply.raw.read1(8192, decode_content=False):
            raw += chunk
            self._check_size(len(raw), host)
            if time.monotonic() > self.ends:
                # Nobody waits for this thread any more: see `_by_the_deadline`.
                raise Refused("deadline", f"{host} is too slow.")
        body = self._unpack(bytes(raw), reply, host)
        media = reply.headers.get("Content-Type", "").lower()
        start = body[:500].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
        if request.form != "page" and start.startswith((b"<!doctype html", b"<html")):
            hint = f" Is {request.key.variable} set and valid?" if request.key else ""
            raise Refused("html", f"{host} sends a web page in place of {request.form}.{hint}")
        if media and not any(each in media for each in CONTENT_TYPES[request.form]):
            raise Refused("content_type", f"{host} sends {media.split(';')[0]} in place of {request.form}.")
        return body

    def _unpack(self, raw: bytes, reply: requests.Response, host: str) -> bytes:
        """Undo the compression, and refuse a stream that does not reach its end."""
        encoding = reply.headers.get("Content-Encoding", "identity").strip().lower()
        if encoding in ("", "identity"):
            return raw
        if encoding not in ("gzip", "x-gzip"):
            raise Refused("encoding", f"{host} compresses its reply as {encoding}, which was not asked for.")
        try:
            body = gzip.GzipFile(fileobj=io.BytesIO(raw)).read(self.largest + 1)
        except (OSError, EOFError, zlib.error):
            raise _Later("truncated", f"{host} broke off in the middle of its compressed reply.") from None
        self._check_size(len(body), host)
        return body

    def _check_size(self, size: int, host: str) -> None:
        if size > self.largest:
            raise Refused("oversized", f"{host} sends more than {self.largest:,} bytes.")


def _host(request: Request) -> str:
    return origin(request.address).partition("://")[2]
