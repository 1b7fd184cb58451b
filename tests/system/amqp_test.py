"""amqpRequest steps against a real RabbitMQ, which this test starts on free ports in a folder of its own."""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest

from host_fixture import START_SECONDS, HostTest

EPMD = next(pathlib.Path("/usr/lib/erlang").glob("erts-*/bin/epmd"))
SERVER = pathlib.Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # the one on PATH changes to a user of its own


def free_ports(count):
    """Ports of 127.0.0.1 that nobody has at this moment."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Broker:
    """RabbitMQ and the name service that it wants, both as children of this process."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="formulary-amqp-"))
        self.folder.chmod(0o700)
        names, nodes, self.port = free_ports(3)
        config = self.folder / "rabbitmq.conf"
        config.write_text(f"listeners.tcp.1 = 127.0.0.1:{self.port}\nlog.console = true\nlog.file = false\n"
                          "max_message_size = 65536\nvm_memory_high_watermark.relative = 0.9\n"
                          "disk_free_limit.absolute = 1MB\n")
        cookie = self.folder / ".erlang.cookie"
        cookie.write_text("formulary-test")
        cookie.chmod(0o400)
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8", "ERL_EPMD_PORT": str(names),
                       "ERL_EPMD_ADDRESS": "127.0.0.1", "RABBITMQ_NODENAME": f"formulary{self.port}@localhost",
                       "RABBITMQ_DIST_PORT": str(nodes), "RABBITMQ_CONFIG_FILE": str(config), "RABBITMQ_CONF_ENV_FILE": "/dev/null",
                       "RABBITMQ_MNESIA_BASE": str(self.folder / "db"), "RABBITMQ_LOG_BASE": str(self.folder / "log"),
                       "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
                       "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 -kernel inet_dist_use_interface {127,0,0,1}"}
        self.children = [subprocess.Popen([EPMD, "-port", str(names), "-address", "127.0.0.1"], env=environment,
                                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)]
        self.children.append(subprocess.Popen([SERVER], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                              text=True, start_new_session=True, cwd=self.folder))
        said = []
        for line in self.children[1].stdout:  # it says when it is there: no waiting by the clock
            said.append(line)
            if "Server startup complete" in line:
                break
        else:
            self.stop()
            raise RuntimeError("RabbitMQ did not start:\n" + "".join(said))
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}"

    def stop(self):
        for child in reversed(self.children):
            try:
                os.killpg(child.pid, signal.SIGKILL)  # its own group: the shell, Erlang and what it started
            except ProcessLookupError:
                pass
            child.wait()
        self.children[1].stdout.close()
        shutil.rmtree(self.folder)

    def declare(self, queue):
        subprocess.run(["amqp-declare-queue", "-u", self.url, "-q", queue], check=True, stdout=subprocess.DEVNULL,
                       timeout=START_SECONDS)

    def take(self, queue):
        """The next message of that queue; None if it has none."""
        done = subprocess.run(["amqp-get", "-u", self.url, "-q", queue], capture_output=True, text=True, timeout=START_SECONDS)
        return done.stdout if done.returncode == 0 else None


class Messages(HostTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.broker = Broker()

    @classmethod
    def tearDownClass(cls):
        cls.broker.stop()
        super().tearDownClass()

    def send(self, args=None, code=0, url=None, **properties):
        """Runs a formula whose only step sends a message; returns the command's words."""
        step = {"name": "tell", "type": "amqpRequest",
                "properties": {"url": url or self.broker.url, "body": "${trigger.args}", **properties}}
        formula = self.folder / "tell.json"
        formula.write_text(json.dumps({"name": "tell", "engine": "v3", "triggers": [{"type": "manual", "onSuccess": ["tell"]}],
                                       "steps": [step]}))
        given = self.folder / "args.json"
        given.write_text(json.dumps({"hired": "Ada"} if args is None else args))
        return self.run_host("formulas", "run", formula, "--args", given, code=code)

    def test_a_message_arrives_and_is_on_record_without_the_password(self):
        self.broker.declare("hires")
        self.send(queue="hires")
        self.assertEqual(json.loads(self.broker.take("hires")), {"hired": "Ada"})
        self.assertIsNone(self.broker.take("hires"), "it is sent once")
        [listed] = self.json_of("executions", "list")
        shown = self.run_host("executions", "show", str(listed["id"]), "--step", "tell").stdout
        self.assertIn(f"amqp://********@127.0.0.1:{self.broker.port}", shown)
        self.assertNotIn("guest", shown)

    def test_an_exchange_leads_it_to_its_queue(self):
        self.broker.declare("left")
        self.send(exchange="", queue="left")
        self.assertIsNotNone(self.broker.take("left"))
        lost = self.send(exchange="amq.direct", queue="left", code=1).stderr
        self.assertIn("no queue takes the message", lost)

    def test_each_refusal_says_what_is_wrong(self):
        self.broker.declare("small")
        at = f"127.0.0.1:{self.broker.port}"
        for words, sentence in (({"queue": "nobody-has-it"}, "no queue takes the message"),
                                ({"exchange": "nowhere", "queue": "q"}, "404"),
                                ({"queue": "q", "url": f"amqp://guest:wr0ng-word@{at}"}, "refuses user or password"),
                                ({"queue": "q", "url": self.broker.url + "/elsewhere"}, "elsewhere"),
                                ({"queue": "small", "args": {"long": "x" * 70_000}}, "406"),
                                ({"queue": "q", "url": f"amqps://guest:guest@{at}"}, "no connection")):
            with self.subTest(words):
                said = self.send(code=1, **words).stderr
                self.assertIn(sentence, said)
                self.assertNotIn("guest", said)
                self.assertNotIn("wr0ng-word", said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
