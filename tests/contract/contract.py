"""The two contract tests against SmartRecruiters' own OpenAPI document, which is no part of the repository.

contract.py mock   every request that the plugin makes for the element's resources is accepted by `prism mock`
contract.py proxy  every answer of the sandbox, to the plugin and to direct calls, passes `prism proxy --errors`

One line per call, then the totals. Ends with 77 (skipped) where the document is absent, but fails there in CI.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "sandbox"))
from described import DescribedQueries  # noqa: E402
from hub_calls import HUB_CALLS, filter_calls  # noqa: E402
from prism import Prism  # noqa: E402
from relay import Relay  # noqa: E402
from sandbox_program import KEY, SandboxProgram, multipart, request  # noqa: E402
from vendor_calls import VENDOR_CALLS, Upload  # noqa: E402

SKIPPED = 77
# The platform's element maps /industries to a path that no document of the vendor describes.
UNDESCRIBED = "/v1/industries"


class Report:
    def __init__(self):
        self.calls = 0
        self.failures = 0

    def line(self, name, status, faults):
        self.calls += 1
        self.failures += bool(faults)
        print(f"{'FAIL' if faults else 'ok  '} {status:>3} {name}" + "".join(f"\n       {fault}" for fault in faults), flush=True)

    def fault(self, sentence):
        self.failures += 1
        print(f"FAIL     {sentence}", flush=True)

    def end(self, what):
        print(f"{what}: {self.calls} calls, {self.failures} failures")
        return 1 if self.failures else 0


class Plugin:
    """The real plugin in a process of its own, driven call by call."""

    def __init__(self, driver, library, port):
        self.process = subprocess.Popen([driver, library, f"http://127.0.0.1:{port}", KEY], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.provisioning = self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the plugin's process ended; its words are above")
        return json.loads(line)

    def perform(self, line):
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        return self.read()

    def stop(self):
        self.process.stdin.close()
        return self.process.wait(timeout=60)


def described_resources(shared):
    """Every resource of the platform's document as "GET /jobs/{id}"."""
    document = json.loads(pathlib.Path(shared, "contract/platform/smartrecruiters.element.json").read_text())
    prefix = "/hubs/humancapital"
    return {f"{one['method']} {one['path'][len(prefix):]}" for one in document["resources"] if one["path"].startswith(prefix)}


def faults_of(exchanges, undescribed, queries=None):
    faults = []
    for one in exchanges:
        if undescribed and one.path == UNDESCRIBED:
            continue
        if queries:
            faults += queries.faults_of(one.method, one.target)
        if one.complaint:
            faults.append(f"{one.method} {one.target} -> {one.status}: {one.complaint}")
    return faults


def drive_plugin(report, arguments, port, relay, accept_undescribed_failure):
    """Every hub call through the plugin, of lists also the second page, and every filter that the plugin declares. The
    relay tells what the plugin sent, so that a request which it hides is judged as well."""
    queries = DescribedQueries(arguments.shared)
    plugin = Plugin(arguments.driver, arguments.plugin, port)
    exchanges = relay.take()
    faults = faults_of(exchanges, False)
    if plugin.provisioning["status"] != 200:
        faults.append(f"provisioning: {plugin.provisioning}")
    report.line("provisioning", plugin.provisioning["status"], faults)
    manifest = json.loads(pathlib.Path(arguments.plugin).with_name("element.json").read_text())
    for call in [*filter_calls(manifest), *HUB_CALLS]:
        result = plugin.perform(call.line)
        if "nextPage" in result:
            result = plugin.perform({**call.line, "query": {**call.query, "nextPage": result["nextPage"]}})
        exchanges = relay.take()
        faults = faults_of(exchanges, call.undescribed, queries)
        if not exchanges:
            faults.append(f"sent nothing: {result}")
        failed = result["status"] == 0 or result["status"] >= 400
        if failed and not (call.undescribed and accept_undescribed_failure):
            faults.append(f"the plugin answered {json.dumps(result)[:600]}")
        sent = ", ".join(f"{one.method} {one.target}" for one in exchanges)
        report.line(f"{call.hub}  =>  {sent}", result["status"], faults)
    if (status := plugin.stop()) != 0:
        report.fault(f"the plugin's process ended with status {status}; its words are above")
    for missing in sorted(described_resources(arguments.shared) - {call.hub for call in HUB_CALLS}):
        report.fault(f"{missing} is a resource of the element, and no call here drives it")


def check_planted_fault(report, relay, queries):
    """A validator that accepts everything would pass all of the above: it must refuse a request that is wrong."""
    request(relay.port, "GET", "/jobs?limit=1000")
    request(relay.port, "PUT", "/jobs/1/status", {"status": "NONSENSE"})
    request(relay.port, "GET", "/configuration/company", key=None)
    for exchange in relay.take():
        report.line(f"planted: {exchange.method} {exchange.target} is refused", exchange.status,
                    [] if exchange.complaint else ["it was accepted"])
    faults = queries.faults_of("GET", "/offers?limit=1&createdAfter=2026-01-01T00:00:00.000Z")
    report.line("planted: a filter that the vendor does not know is found", 0, [] if len(faults) == 1 else ["it was not"])


def mock(arguments):
    report = Report()
    prism = Prism(arguments.prism, "mock", document_of(arguments))
    relay = Relay(prism.port)
    try:
        drive_plugin(report, arguments, relay.port, relay, accept_undescribed_failure=True)
        check_planted_fault(report, relay, DescribedQueries(arguments.shared))
    finally:
        relay.stop()
        prism.stop()
    return report.end("prism mock")


def route_of(routes, exchange):
    """The sandbox's route that serves an exchange; literal members win, as there."""
    best = None
    for method, pattern in routes:
        expression = re.sub(r"\\{[^/]*\\}", "[^/]+", re.escape(pattern))
        if method == exchange.method and re.fullmatch(expression, exchange.path):
            if best is None or pattern.count("{") < best[1].count("{"):
                best = (method, pattern)
    return best


def send(port, method, path, body):
    if not isinstance(body, Upload):
        headers = {"Content-Type": "application/json-patch+json"} if method == "PATCH" and isinstance(body, list) else None
        return request(port, method, path, body, headers=headers)
    bytes_, content_type = multipart(body.fields, body.name, body.content)
    return request(port, method, path, bytes_, headers={"Content-Type": content_type})


def call_vendor(report, relay):
    seen = []
    for expected, method, path, body in VENDOR_CALLS:
        answer = send(relay.port, method, path, body)
        exchanges = relay.take()
        faults = faults_of(exchanges, False)
        if answer.status != expected:
            faults.append(f"expected {expected}: {answer.body[:400]!r}")
        report.line(f"{method} {path}", answer.status, faults)
        seen += exchanges
    return seen


def check_planted_answers(report, relay, sandbox):
    """The validator must also refuse an answer that breaks the document."""
    for body, what in (({"content": 7}, "a wrong type"), ({}, "a missing member")):
        fault = {"match": {"path": "/jobs/x/note"}, "answer": {"status": 200, "body": body}}
        request(sandbox.port, "POST", "/_sandbox/faults", fault)
        answer = request(relay.port, "GET", "/jobs/x/note")
        exchange = relay.take()[0]
        report.line(f"planted: an answer with {what} is refused", answer.status, [] if exchange.complaint else ["it was accepted"])


def proxy(arguments):
    report = Report()
    sandbox = SandboxProgram("--rate-limits", "off", binary=arguments.sandbox)
    prism = Prism(arguments.prism, "proxy", "--errors", document_of(arguments), sandbox.url)
    relay = Relay(prism.port)
    try:
        drive_plugin(report, arguments, relay.port, relay, accept_undescribed_failure=True)
        request(sandbox.port, "POST", "/_sandbox/reset")
        seen = call_vendor(report, relay)
        answer = request(sandbox.port, "GET", "/_sandbox/routes").json
        routes = [(one["method"], one["path"]) for one in answer["routes"] if one["path"] != UNDESCRIBED]
        served = {route_of(routes, one) for one in seen if one.status < 400}
        for method, pattern in routes:
            if (method, pattern) not in served:
                report.fault(f"{method} {pattern} is served by the sandbox, and no call here reaches it well")
        check_planted_answers(report, relay, sandbox)
    finally:
        relay.stop()
        prism.stop()
        status, errors = sandbox.stop()
    if status != 0:
        report.fault(f"the sandbox ended with status {status}:\n{errors}")
    return report.end("prism proxy")


def document_of(arguments):
    return str(pathlib.Path(arguments.shared, "contract/smartrecruiters/openapi.yaml"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("test", choices=["mock", "proxy"])
    for name in ("shared", "prism", "driver", "plugin", "sandbox"):
        parser.add_argument(f"--{name}", required=True)
    arguments = parser.parse_args()
    if not pathlib.Path(document_of(arguments)).exists():
        print(f"skipped: {document_of(arguments)} is absent")
        return 1 if os.environ.get("CI") else SKIPPED
    return {"mock": mock, "proxy": proxy}[arguments.test](arguments)


if __name__ == "__main__":
    sys.exit(main())
