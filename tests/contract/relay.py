"""An HTTP relay that writes down what passes: what the plugin really sent, and what the validator said to it."""

import dataclasses
import http.client
import http.server
import json
import threading
import urllib.parse

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


def words(violations):
    return "; ".join(f"{'.'.join(map(str, one.get('location', [])))}: {one.get('message')}" for one in violations)


@dataclasses.dataclass
class Exchange:
    method: str
    target: str
    request_headers: dict
    status: int
    violations: list
    answer: bytes

    @property
    def path(self):
        return urllib.parse.urlsplit(self.target).path

    @property
    def complaint(self):
        """What Prism found wrong with the request or, as a proxy, with the answer, in words; empty if nothing.

        The mock also judges the answers that it makes up itself, which are not always good ones (its "url" is a plain
        "string"): those say nothing about us.
        """
        if b"stoplight.io/prism/errors" in self.answer:
            problem = json.loads(self.answer)
            return f"{problem.get('title')}: {problem.get('detail', '')} {words(problem.get('validation', []))}".strip()
        return words([one for one in self.violations if one["location"][0] == "request"])


class Relay:
    """Listens on a free port of 127.0.0.1 and passes everything on to one port there."""

    def __init__(self, upstream_port):
        self.exchanges = []
        relay = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def pass_on(self):
                relay.pass_on(self, upstream_port)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = pass_on

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def pass_on(self, handler, upstream_port):
        length = int(handler.headers.get("Content-Length") or 0)
        if "chunked" in handler.headers.get("Transfer-Encoding", ""):
            handler.send_error(501, "the relay reads no chunked bodies")
            return
        body = handler.rfile.read(length) if length else None
        sent = {name: value for name, value in handler.headers.items() if name.lower() not in HOP_BY_HOP}
        upstream = http.client.HTTPConnection("127.0.0.1", upstream_port, timeout=120)
        upstream.request(handler.command, handler.path, body, sent)
        answer = upstream.getresponse()
        content = answer.read()
        upstream.close()
        self.exchanges.append(Exchange(handler.command, handler.path, dict(handler.headers.items()), answer.status,
                                       json.loads(answer.headers.get("sl-violations") or "[]"), content))
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in HOP_BY_HOP:
                handler.send_header(name, value)
        if answer.status != 204:
            handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def take(self):
        """What passed since the last time."""
        taken, self.exchanges = self.exchanges, []
        return taken

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
