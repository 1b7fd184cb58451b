"""Starts Prism, which needs a port given: a free one is tried, and another if somebody was faster."""

import pathlib
import socket
import subprocess

ATTEMPTS = 5


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Prism:
    """`arguments`: ("mock", document) or ("proxy", "--errors", document, upstream)."""

    def __init__(self, folder, *arguments):
        program = pathlib.Path(folder, "node_modules", "@stoplight", "prism-cli", "dist", "index.js")
        for _ in range(ATTEMPTS):
            self.port = free_port()
            command = ["node", program, arguments[0], "--verboseLevel", "info", "--host", "127.0.0.1",
                       "--port", str(self.port), *arguments[1:]]
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            output = self.wait_until_ready()
            if output is None:
                return
            self.process.wait()
            if "EADDRINUSE" not in output:
                break
        raise RuntimeError(f"Prism did not start: {output[-2000:]}")

    def wait_until_ready(self):
        """None once it listens; else what it said before it ended."""
        lines = []
        for line in self.process.stdout:
            if "Prism is listening on" in line:
                return None
            lines.append(line)
        return "".join(lines)

    def stop(self):
        self.process.terminate()
        self.process.communicate()
