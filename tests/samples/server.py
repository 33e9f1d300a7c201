"""A real web server on the loopback interface that behaves as badly as a test asks it to."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Behaviour = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Publisher:
    """The server: its address, what it does next, and what it was asked."""

    origin: str
    behaviours: list[Behaviour] = field(default_factory=list)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def does(self, *behaviours: Behaviour) -> None:
        """Set what the next calls get; the last behaviour is repeated."""
        self.behaviours = list(behaviours)
        self.asked.clear()


@contextmanager
def running() -> Iterator[Publisher]:
    """Run a server on a free port of 127.0.0.1."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            publisher.asked.append((self.path, dict(self.headers)))
            behaviours = publisher.behaviours
            behave = behaviours.pop(0) if len(behaviours) > 1 else behaviours[0]
            self.close_connection = True
            with suppress(BrokenPipeError, ConnectionResetError):
                behave(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    publisher = Publisher(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield publisher
    finally:
        server.shutdown()
        server.server_close()


def sends(body: bytes, content_type: str = "text/csv", status: int = 200, **headers: str) -> Behaviour:
    """Send a whole reply; underscores in header names become dashes."""

    def behave(call: BaseHTTPRequestHandler) -> None:
        call.send_response(status)
        call.send_header("Content-Type", content_type)
        for name, value in headers.items():
            call.send_header(name.replace("_", "-"), value)
        call.send_header("Content-Length", str(len(body)))
        call.end_headers()
        call.wfile.write(body)

    return behave


def breaks_off(body: bytes, content_type: str = "text/csv") -> Behaviour:
    """State the whole length and send half."""

    def behave(call: BaseHTTPRequestHandler) -> None:
        call.send_response(200)
        call.send_header("Content-Type", content_type)
        call.send_header("Content-Length", str(len(body)))
        call.end_headers()
        call.wfile.write(body[: len(body) // 2])

    return behave


def drips(every: float, stop: threading.Event, headers: bool = False) -> Behaviour:
    """Send one byte now and then, for ever: of the body, or of a header that does not end."""

    def behave(call: BaseHTTPRequestHandler) -> None:
        call.send_response(200)
        call.send_header("Content-Type", "text/csv")
        if headers:
            call.flush_headers()
        else:
            call.end_headers()
        while not stop.wait(every):
            call.wfile.write(b"1")
            call.wfile.flush()

    return behave


def hangs(stop: threading.Event) -> Behaviour:
    """Take the call and say nothing."""
    return lambda call: stop.wait(20) and None
