"""A vendor that keeps every byte that it is sent, and answers everything with an empty page."""
import socketserver
import threading


class RawVendor:
    def __init__(self, answer=b'{"content": [], "totalFound": 0, "identifier": "Acme", "name": "Acme"}'):
        self.heads = []
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                try:
                    self.answer_all()
                except OSError:
                    pass  # the host was killed meanwhile

            def answer_all(self):
                while True:
                    head = b""
                    while not head.endswith(b"\r\n\r\n"):
                        line = self.rfile.readline(65537)
                        if not line:
                            return
                        head += line
                    length = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
                    body = self.rfile.read(length[0]) if length else b""
                    outer.heads.append((head, body))
                    self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def targets(self):
        return [head.split(b" ", 2)[1].decode("latin-1") for head, _ in self.heads]

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
