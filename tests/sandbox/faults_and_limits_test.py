"""What a test may stage: failures, slow answers, limits, and a record of what arrived."""

import http.client
import threading
import time
import unittest

from sandbox_program import KEY, SandboxCase, job_id


class Faults(SandboxCase):
    def stage(self, **fault):
        self.control("POST", "/_sandbox/faults", fault)

    def test_a_staged_answer_is_given_as_often_as_asked(self):
        self.stage(match={"method": "GET", "path": "/configuration/company"}, times=2,
                   answer={"status": 403, "headers": {"X-Why": "plan"}, "body": {"message": "No access to feature: Customer API"}})
        for _ in range(2):
            answer = self.expect(403, "GET", "/configuration/company")
            self.assertEqual(answer.json, {"message": "No access to feature: Customer API"})
            self.assertEqual(answer.headers["X-Why"], "plan")
        self.expect(200, "GET", "/configuration/company")

    def test_a_fault_fits_method_path_and_query(self):
        self.stage(match={"method": "POST", "path": "/jobs"}, answer={"status": 503})
        self.stage(match={"path": "/candidates*", "query": "status=NEW"}, answer={"status": 502, "body": "<html>bad gateway</html>"})
        self.expect(200, "GET", "/jobs")
        self.expect(200, "GET", "/candidates?status=HIRED")
        self.assertEqual(self.expect(502, "GET", "/candidates?limit=1&status=NEW").body, b"<html>bad gateway</html>")

    def test_a_truncated_answer_announces_more_than_it_sends(self):
        self.stage(match={"path": f"/jobs/{job_id(1)}"}, truncate=True)
        with self.assertRaises(http.client.IncompleteRead):
            self.call("GET", f"/jobs/{job_id(1)}")
        self.expect(200, "GET", f"/jobs/{job_id(1)}")

    def test_a_closed_connection_gives_no_answer(self):
        self.stage(match={"path": "/jobs"}, close=True)
        with self.assertRaises((http.client.RemoteDisconnected, ConnectionResetError)):
            self.call("GET", "/jobs")
        self.expect(200, "GET", "/jobs")

    def test_a_delayed_answer_comes_late_and_true(self):
        self.stage(match={"path": "/jobs"}, delayMs=150)
        began = time.monotonic()
        self.expect(200, "GET", "/jobs")
        self.assertGreaterEqual(time.monotonic() - began, 0.15)

    def test_faults_that_make_no_sense_are_refused(self):
        for fault in ({}, {"match": {}}, {"match": {"path": "/jobs"}, "delayMs": -1}, {"match": {"path": "/jobs"}, "delayMs": 60001},
                      {"match": {"path": "/jobs"}, "answer": {"status": 600}}, {"match": {"path": "/jobs"}, "truncate": 1},
                      {"match": {"path": "/jobs"}, "times": 10001}, {"match": {"path": "/jobs"}, "answer": {"headers": {"A": 1}}}):
            with self.subTest(fault=fault):
                self.assertEqual(self.call("POST", "/_sandbox/faults", fault, key=None).status, 400)

    def test_settings_that_make_no_sense_are_refused(self):
        for path, body in (("paging", {"trap": "endless"}), ("paging", {}), ("limits", {"perWindow": 0}), ("limits", {"enabled": "no"}),
                           ("limits", {"windowMs": 1.5})):
            with self.subTest(path=path, body=body):
                self.assertEqual(self.call("POST", f"/_sandbox/{path}", body, key=None).status, 400)

    def test_requests_are_recorded_without_the_key(self):
        self.call("POST", "/elements/api-v2/instances", {"configuration": {"api.key": KEY}})
        self.call("GET", f"/jobs?q={KEY}")
        recorded = self.control("GET", "/_sandbox/requests")
        self.assertNotIn(KEY.encode(), recorded.body)
        first, second = recorded.json["requests"]
        self.assertEqual((first["method"], first["path"]), ("POST", "/elements/api-v2/instances"))
        self.assertIn("********", first["body"])
        self.assertIn("X-SmartToken", second["headers"])
        self.control("DELETE", "/_sandbox/requests")
        self.assertEqual(self.control("GET", "/_sandbox/requests").json["requests"], [])

    def test_a_reset_forgets_everything(self):
        self.stage(match={"path": "/jobs"}, answer={"status": 500})
        self.expect(201, "PUT", f"/jobs/{job_id(1)}/status", {"status": "FILLED"})
        self.control("POST", "/_sandbox/reset")
        self.assertEqual(self.expect(200, "GET", "/jobs?status=FILLED").json["totalFound"], 0)


class Limits(SandboxCase):
    """A window of an hour, so that a slow machine cannot slip into the next one."""

    ARGUMENTS = ()

    def limit(self, **limits):
        self.control("POST", "/_sandbox/limits", {"windowMs": 1_000_000, **limits})

    def test_the_default_limits_are_the_documented_ones(self):
        headers = self.expect(200, "GET", "/configuration/company").headers
        self.assertEqual((headers["X-RateLimit-Limit"], headers["X-RateLimit-Concurrent-Limit"]), ("10", "8"))

    def test_requests_over_the_rate_are_refused(self):
        self.limit(perWindow=3)
        left = [self.expect(200, "GET", "/jobs").headers["X-RateLimit-Remaining"] for _ in range(3)]
        self.assertEqual(left, ["2", "1", "0"])
        answer = self.refused(429, "TOO_MANY_REQUESTS", "GET", "/jobs")
        self.assertEqual(answer.headers["X-RateLimit-Remaining"], "0")
        self.assertIsNone(answer.headers["Retry-After"])

    def test_publication_has_a_limit_of_its_own(self):
        self.limit(publicationsPerWindow=2, perWindow=100)
        for _ in range(2):
            self.expect(204, "POST", f"/jobs/{job_id(1)}/publication", {})
        self.expect(429, "DELETE", f"/jobs/{job_id(1)}/publication")
        self.expect(200, "GET", f"/jobs/{job_id(1)}/publication")

    def held_request(self, path):
        """Starts a request that the sandbox holds back; returns once it has arrived there."""
        self.control("POST", "/_sandbox/faults", {"match": {"path": path}, "delayMs": 3000})
        thread = threading.Thread(target=self.call, args=("GET", path))
        thread.start()
        self.addCleanup(thread.join)
        while not any(one["path"] == path for one in self.control("GET", "/_sandbox/requests").json["requests"]):
            self.assertTrue(thread.is_alive())

    def test_candidates_are_listed_one_at_a_time(self):
        self.limit(perWindow=100)
        self.held_request("/candidates")
        self.expect(429, "GET", "/candidates?limit=1")
        self.expect(200, "GET", "/jobs")

    def test_requests_at_once_are_bounded(self):
        self.limit(perWindow=100, concurrent=1)
        self.held_request("/jobs")
        self.expect(429, "GET", "/configuration/company")

    def test_limits_can_be_off(self):
        self.control("POST", "/_sandbox/limits", {"enabled": False, "perWindow": 1})
        for _ in range(5):
            self.expect(200, "GET", "/jobs")


if __name__ == "__main__":
    unittest.main()
