"""Events as vendors and pollers bring them: the real server, the real plugin, the sandbox as the vendor."""
import base64
import hashlib
import hmac
import json
import signal
import time
import unittest

from host_fixture import SANDBOX_KEY, START_SECONDS, HostTest
from serve_test import Server

POLLER = {"candidates": {
    "url": "/hubs/humancapital/candidates?where=updatedAfter='${gmtDate:yyyy-MM-dd'T'HH:mm:ss.SSS'Z'}'", "idField": "id",
    "datesConfiguration": {"updatedDateField": "updatedOn", "updatedDateFormat": "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'",
                           "updatedDateTimezone": "GMT", "createdDateField": "createdOn",
                           "createdDateFormat": "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", "createdDateTimezone": "GMT"}}}
FORMULA = {"name": "on event", "engine": "v3",
           "configuration": [{"key": "sr", "name": "SR", "type": "elementInstance", "required": True}],
           "triggers": [{"type": "event", "onSuccess": ["say"], "properties": {"elementInstanceId": "${config.sr}"}}],
           "steps": [{"name": "say", "type": "script", "properties": {
               "body": "done({type: trigger.event.eventType, of: trigger.body.message.raw.objectType});"}}]}


class Events(HostTest):
    def instance(self, server, name, **configuration):
        status, _, made = server.send("POST", "/instances", {
            "element": {"key": "smartrecruiters"}, "name": name,
            "configuration": {"api.key": SANDBOX_KEY, "base.url": self.sandbox.url, "event.notification.enabled": "true",
                              **configuration}})
        self.assertEqual(status, 200, made)
        return made

    def formula_instance(self, server, instance):
        status, _, formula = server.send("POST", "/formulas", FORMULA)
        self.assertEqual(status, 200, formula)
        status, _, made = server.send("POST", f"/formulas/{formula['id']}/instances",
                                      {"name": "i", "configuration": {"sr": instance["id"]}})
        self.assertEqual(status, 200, made)
        return made

    def until(self, ask, is_there, what):
        """Asks until it is there; what happens in the background shows by nothing else."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            answer = ask()
            if is_there(answer):
                return answer
            time.sleep(0.05)
        self.fail(f"{what}: still {answer}")

    def ended(self, server, formula_instance, query=""):
        return self.until(lambda: server.send("GET", f"/formulas/instances/{formula_instance['id']}/executions{query}")[2],
                          lambda found: found and all(one["status"] == "success" for one in found), "executions")

    def test_a_webhook_starts_an_execution_for_each_event_and_is_notified(self):
        server = Server(self)
        instance = self.instance(server, "Hooked", **{"event.vendor.type": "webhook"})
        formula_instance = self.formula_instance(server, instance)
        body = {"events": [{"event_object_id": name, "event_type": "CREATED", "event_object_type": "jobs"} for name in "ab"]}
        headers = {"Element-Instances": str(instance["id"]), "Event-Id": "sr-1"}
        status, _, posted = server.send("POST", "/events/smartrecruiters", body, authorization="", headers=headers)
        self.assertEqual(status, 200, posted)
        event = posted[0]["eventId"]
        self.assertEqual(server.send("POST", "/events/smartrecruiters", body, authorization="", headers=headers)[2], posted)

        self.assertEqual(len(self.ended(server, formula_instance, f"?eventId={event}")), 2)
        found = self.ended(server, formula_instance, "?objectId=b")
        self.assertEqual(len(found), 1)
        steps = server.send("GET", f"/formulas/instances/executions/{found[0]['id']}/steps?includeValues=true")[2]
        values = {one["key"]: one["value"] for one in steps[0]["stepExecutionValues"]}
        self.assertEqual((values["trigger.type"], values["trigger.eventId"]), ("event", str(event)))
        self.assertEqual(json.loads(values["trigger.event"])["objectId"], "b")

        record = self.until(lambda: server.send("GET", f"/instances/{instance['id']}/events/{event}")[2],
                            lambda one: one["status"] == "NOTIFIED", "record")
        self.assertEqual(record["id"], str(event))
        said = server.send("GET", "/instances/events/dispositions")[2][0]["notificationData"]
        self.assertTrue(any("Triggered executions" in one["message"] for one in said), said)
        self.assertTrue(any("Completed execution" in one["message"] for one in said), said)
        self.assertEqual(server.send("GET", "/instances/events/analytics?interval=hour")[2][-1]["total"], 2)

        self.assertEqual(server.send("PATCH", f"/instances/{instance['id']}",
                                     {"configuration": {"event.notification.enabled": "false"}})[0], 200)
        self.assertEqual(server.send("POST", "/events/smartrecruiters", body, authorization="", headers=headers)[0], 401)
        self.assertEqual(server.stop(), 0)

    def test_who_signs_needs_no_user_and_the_payload_is_not_in_the_files(self):
        server = Server(self)
        instance = self.instance(server, "Signed", **{"event.notification.signature.key": "a-signature-key"})
        path = "/events/smartrecruiters/" + base64.b64encode(str(instance["id"]).encode()).decode().replace("=", "%3D")
        body = json.dumps({"name": "a-name-in-a-payload"})
        sign = "sha256=" + base64.b64encode(hmac.new(b"a-signature-key", body.encode(), hashlib.sha256).digest()).decode()
        for signature, expected in ((sign, 200), (sign[:-2] + "A=", 401), ("", 401)):
            headers = {"Elements-Webhook-Signature": signature} if signature else {}
            self.assertEqual(server.send("POST", path, body, authorization="", headers=headers)[0], expected)
        self.assertEqual(len(server.send("GET", f"/instances/{instance['id']}/events")[2]), 1)
        server.stop()
        for file in self.data.rglob("*"):
            if file.is_file():
                self.assertNotIn(b"a-name-in-a-payload", file.read_bytes(), file)

    def test_an_event_that_was_acknowledged_survives_a_crash(self):
        first = Server(self)
        instance = self.instance(first, "Hooked", **{"event.vendor.type": "webhook"})
        formula_instance = self.formula_instance(first, instance)
        for count in range(20):
            status, _, body = first.send("POST", "/events/smartrecruiters", {"id": f"o-{count}"}, authorization="",
                                         headers={"Element-Instances": str(instance["id"])})
            self.assertEqual(status, 200, body)
        first.stop(signal.SIGKILL)
        second = Server(self)
        second.started = {**first.started, **second.started}
        found = self.until(lambda: second.send("GET", f"/formulas/instances/{formula_instance['id']}/executions")[2],
                           lambda all_: len(all_) == 20, "executions")
        self.assertEqual(len(found), 20)

    def test_a_changed_candidate_is_polled_and_starts_an_execution(self):
        server = Server(self, environment={"FORMULARY_EVENTS_POLL_SECONDS_MIN": "1"})
        instance = self.instance(server, "Polled", **{
            "event.vendor.type": "polling", "event.poller.refresh_interval": "0.01",
            "event.poller.configuration": json.dumps(POLLER)})
        formula_instance = self.formula_instance(server, instance)
        polls = f"/instances/{instance['id']}/events/polls"
        self.until(lambda: server.send("GET", polls)[2], lambda found: found and "message" not in found[0], "polls")
        token = server.authorization(instance["token"])
        candidate = server.send("GET", "/hubs/humancapital/candidates?pageSize=1", authorization=token)[2][0]["id"]
        self.assertEqual(server.send("PATCH", f"/hubs/humancapital/candidates/{candidate}", {"firstName": "Grace"},
                                     authorization=token)[0], 200)
        found = self.ended(server, formula_instance, f"?objectId={candidate}")
        self.assertEqual(len(found), 1)
        steps = server.send("GET", f"/formulas/instances/executions/{found[0]['id']}/steps?includeValues=true")[2]
        values = {one["key"]: one["value"] for step in steps for one in step["stepExecutionValues"]}
        self.assertEqual((values["say.type"], values["say.of"]), ("UPDATED", "candidates"))
        last = server.send("GET", polls)[2][0]["lastPoll"]
        self.until(lambda: server.send("GET", polls)[2][0]["lastPoll"], lambda date: date > last, "the next poll")
        self.assertEqual(len(server.send("GET", f"/instances/{instance['id']}/events")[2]), 1, "told once")

        self.assertEqual(server.send("PATCH", f"/instances/{instance['id']}",
                                     {"configuration": {"event.notification.enabled": "false"}})[0], 200)
        self.until(lambda: server.send("GET", polls)[2], lambda left: left == [], "polls of what was turned off")
        self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
