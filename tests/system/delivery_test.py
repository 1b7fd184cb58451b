"""Notifications reach their webhooks: a receiver that fails first, a host that is killed between, an address that may
not be called."""
import base64
import hashlib
import hmac
import http.server
import json
import signal
import threading
import time
import unittest

from host_fixture import START_SECONDS, HostTest
from serve_test import Server

KEY = "a signature key"
ALLOWED = {"FORMULARY_DELIVERY_ALLOWED_NETWORKS": "127.0.0.0/8", "FORMULARY_DELIVERY_RETRY_BASE_MS": "50",
           "FORMULARY_DELIVERY_TIME_LIMIT_MS": "1000"}


class Receiver:
    """A webhook on a free port that answers with the statuses it was given, then with the last of them."""

    def __init__(self, test, *statuses):
        self.statuses = list(statuses)
        self.requests = []
        self.arrived = threading.Condition()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with outer.arrived:
                    status = outer.statuses.pop(0) if len(outer.statuses) > 1 else outer.statuses[0]
                    outer.requests.append((self.path, dict(self.headers), body))
                    outer.arrived.notify_all()
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        test.addCleanup(self.server.server_close)
        test.addCleanup(self.server.shutdown)

    def wait_for(self, count):
        with self.arrived:
            if not self.arrived.wait_for(lambda: len(self.requests) >= count, START_SECONDS):
                raise AssertionError(f"{len(self.requests)} of {count} requests arrived")
            return self.requests[count - 1]


def mac(key, data):
    return base64.b64encode(hmac.new(key.encode(), data, hashlib.sha256).digest()).decode()


class DeliveryTest(HostTest):
    def subscribe(self, server, url, **config):
        status, _, body = server.send("POST", "/notifications/subscriptions",
                                      {"channel": "webhook", "topics": ["orders"], "config": {"url": url, **config}})
        self.assertEqual(status, 200, body)
        return body["id"]

    def notify(self, server):
        status, _, body = server.send("POST", "/notifications", {
            "severity": "high", "topic": "orders", "message": {"eventId": 7}, "from": "test"})
        self.assertEqual(status, 200, body)
        return body["id"]

    def wait_for_status(self, server, wanted):
        """The deliveries, once all of them are like that."""
        until = time.monotonic() + START_SECONDS
        while True:
            status, _, body = server.send("GET", "/notifications/subscriptions/deliveries")
            self.assertEqual(status, 200, body)
            if body and all(one["status"] == wanted for one in body):
                return body
            if time.monotonic() > until:
                self.fail(f"not {wanted}: {body}")

    def check_signed(self, headers, body):
        self.assertEqual(headers["elements-webhook-signature"], "sha256=" + mac(KEY, body))
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        self.assertEqual(headers["webhook-signature"], "v1," + mac(KEY, signed))
        self.assertEqual(headers["elements-webhook-id"], headers["webhook-id"])
        self.assertLess(abs(time.time() - int(headers["webhook-timestamp"])), 300)

    def test_a_receiver_that_fails_is_told_again(self):
        receiver = Receiver(self, 502, 200)
        server = Server(self, environment=ALLOWED)
        self.subscribe(server, receiver.url, **{"signature.key": KEY, "basic.username": "ann", "basic.password": "s3cret"})
        notification = self.notify(server)
        path, first, _ = receiver.wait_for(1)
        _, headers, body = receiver.wait_for(2)
        self.assertEqual(path, "/hook")
        self.assertEqual(first["webhook-id"], headers["webhook-id"])
        self.check_signed(headers, body)
        self.assertEqual(headers["Authorization"], "Basic " + base64.b64encode(b"ann:s3cret").decode())
        sent = json.loads(body)
        self.assertEqual((sent["id"], sent["severity"], sent["topic"], sent["message"], sent["from"]),
                         (notification, "high", "orders", {"eventId": 7}, "test"))
        delivery, = self.wait_for_status(server, "delivered")
        self.assertEqual(delivery["attempts"], 2)
        _, _, shown = server.send("GET", "/notifications/subscriptions")
        self.assertNotIn(KEY, json.dumps(shown))
        self.assertNotIn("s3cret", json.dumps(shown))
        metrics = server.send("GET", "/metrics", base="")[2]
        self.assertIn("formulary_deliveries_delivered_total 1", metrics)
        self.assertIn("formulary_deliveries_retried_total 1", metrics)

    def test_what_was_not_delivered_survives_the_death_of_the_host(self):
        receiver = Receiver(self, 502)
        server = Server(self, environment={**ALLOWED, "FORMULARY_DELIVERY_RETRY_BASE_MS": "1000"})
        self.subscribe(server, receiver.url, **{"signature.key": KEY})
        self.notify(server)
        _, before, _ = receiver.wait_for(1)
        secrets = server.started
        server.process.send_signal(signal.SIGKILL)
        server.process.wait(START_SECONDS)
        with receiver.arrived:
            receiver.statuses = [200]
            seen = len(receiver.requests)
        again = Server(self, environment=ALLOWED)
        again.started = {**secrets, **again.started}
        _, headers, body = receiver.wait_for(seen + 1)
        self.assertEqual(headers["webhook-id"], before["webhook-id"])
        self.check_signed(headers, body)
        self.wait_for_status(again, "delivered")

    def test_a_private_address_is_refused_when_it_is_registered_and_when_it_is_called(self):
        receiver = Receiver(self, 200)
        server = Server(self)
        for url in (receiver.url, receiver.url.replace("127.0.0.1", "localhost"),
                    receiver.url.replace("127.0.0.1", "2130706433"), "http://169.254.169.254/latest/meta-data/",
                    "http://[::ffff:127.0.0.1]/"):
            status, _, body = server.send("POST", "/notifications/subscriptions",
                                          {"channel": "webhook", "topics": ["orders"], "config": {"url": url}})
            self.assertEqual((status, body["code"]), (403, "permission_denied"), url)
            self.assertIn("delivery.allowed_networks", body["message"])
        self.assertEqual(server.stop(), 0)
        # Registered while it was allowed, and called when it no longer is.
        open_server = Server(self, environment={**ALLOWED, "FORMULARY_DELIVERY_RETRY_BASE_MS": "600000"})
        open_server.started = {**server.started, **open_server.started}
        self.subscribe(open_server, receiver.url)
        open_server.stop()
        closed = Server(self)
        closed.started = {**server.started, **closed.started}
        self.notify(closed)
        delivery, = self.wait_for_status(closed, "failed")
        self.assertIn("loopback", delivery["lastError"])
        self.assertEqual(receiver.requests, [])

    def test_a_redirect_is_not_followed(self):
        receiver = Receiver(self, 302, 200)
        server = Server(self, environment=ALLOWED)
        self.subscribe(server, receiver.url)
        self.notify(server)
        self.wait_for_status(server, "delivered")
        self.assertEqual([path for path, _, _ in receiver.requests], ["/hook", "/hook"])

    def test_failures_are_queued_where_the_account_says_so_and_released_by_hand(self):
        receiver = Receiver(self, 502, 200)
        server = Server(self, environment=ALLOWED)
        status, _, body = server.send("PATCH", "/accounts/settings", {"notification.webhook.failure.policy": "queue"})
        self.assertEqual(status, 200, body)
        self.subscribe(server, receiver.url)
        self.notify(server)
        self.wait_for_status(server, "queued")
        where = "?where=channel%3D%27webhook%27%20and%20status%3D%27queued%27%20and%20config.url%3D%27"
        _, _, none = server.send("PUT", "/notifications/subscriptions/deliveries" + where + "http://other.example/%27")
        self.assertEqual(none, [])
        status, _, released = server.send("PUT", "/notifications/subscriptions/deliveries" + where + receiver.url + "%27")
        self.assertEqual((status, len(released)), (200, 1))
        self.wait_for_status(server, "delivered")
        self.assertEqual(len(receiver.requests), 2)

    def test_notifications_are_listed_by_topic_and_acknowledged(self):
        server = Server(self)
        status, _, body = server.send("GET", "/notifications")
        self.assertEqual((status, body["code"]), (400, "bad_input"))
        notification = self.notify(server)
        _, _, listed = server.send("GET", "/notifications?topics%5B%5D=orders")
        self.assertEqual([one["id"] for one in listed], [notification])
        _, _, done = server.send("PUT", f"/notifications/{notification}/acknowledge")
        self.assertTrue(done["acknowledged"])
        status, _, answer = server.send("POST", "/notifications/emails", {})
        self.assertEqual((status, answer["code"]), (400, "unsupported"))
        self.assertEqual(server.send("DELETE", f"/notifications/{notification}")[0], 200)
        self.assertEqual(server.send("GET", f"/notifications/{notification}")[0], 404)


if __name__ == "__main__":
    unittest.main()
