"""Values that fit a JSON Schema of an OpenAPI document, lie at its bounds, or break it; drawn from one seeded source."""
import json

TEXTS = ("", "a", "Ada Lovelace", "ü€😀", "x" * 300, "<b>x</b>", "a/b", "..", "%2e", "' OR '1'='1", "null", "true", "0", "-1",
         "a\u0000b", "a\r\nX-Injected: 1", "\u202e", "${config.x}", "2018-04-04T20:44:36Z", "2018-04-04", "__proto__", "key = 'x'",
         "name LIKE '%a%' AND id IN (1, 2)", "eyJwYWdlU2l6ZSI6MSwicGFnZSI6Mn0=", "bad=")
NUMBERS = (0, 1, -1, 2, 7, 200, 201, 2**31 - 1, 2**31, 2**53, 2**63 - 1, -(2**63))
ODD_NUMBERS = (2**63, 2**64, 10**40, 1.5, -0.0, 1e308)
NO_JSON = (b"", b"{", b"[", b'{"name":', b"\xff\xfe", b'{"a":"\xc3"}', b'{"a":"\\ud800"}', b'{"a":"\x00"}', b"nul", b"{}{}",
           b"{'name':1}", b'{"a":01}', b'{"a":NaN}', b"[" * 5000, b'{"a":' * 5000, b"1e999999", b"-", b'"', b'{"a":1,}', b"\x00")


# Members that must mean something before an operation does more than refuse.
SENSIBLE = {"symbolCharacterSet": "!@#$%", "type": "value", "uri": "/sums", "method": "GET", "hub": "crm", "path": "/hubs/crm/things",
            "vendorPath": "/things", "vendorMethod": "GET", "source": "request", "vendorType": "query", "status": "cancelled",
            "mimeType": "application/javascript", "engine": "v3"}


class Shapes:
    """`examples` maps a schema's name to documents that the server itself has answered, `seeds` to some that it takes."""

    def __init__(self, document, random):
        self.schemas = document["components"]["schemas"]
        self.random = random
        self.examples = {}
        self.seeds = {}

    def learn(self, schema, value):
        """Keeps an answer as an example of its schema, and each entry of a list."""
        if schema.get("type") == "array" and isinstance(value, list):
            for entry in value[:3]:
                self.learn(schema["items"], entry)
        elif "$ref" in schema and isinstance(value, dict):
            kept = self.examples.setdefault(schema["$ref"].rsplit("/", 1)[1], [])
            if len(kept) >= 20:
                kept.pop(self.random.randrange(len(kept)))
            kept.append(value)

    def anything(self, depth=2):
        kind = self.random.randrange(8 if depth else 6)
        if kind < 2:
            return self.random.choice(TEXTS)
        if kind == 2:
            return self.random.choice(NUMBERS + ODD_NUMBERS)
        if kind < 6:
            return self.random.choice((None, True, False, [], {}, [[]]))
        if kind == 6:
            return [self.anything(depth - 1) for _ in range(self.random.randrange(4))]
        return {self.random.choice(TEXTS): self.anything(depth - 1) for _ in range(self.random.randrange(4))}

    def fitting(self, schema, depth=4):
        """A value that the schema allows."""
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            if self.examples.get(name) and self.random.random() < 0.6:
                return json.loads(json.dumps(self.random.choice(self.examples[name])))
            return self.fitting(self.schemas[name], depth)
        kind = schema.get("type")
        if kind == "array":
            return [self.fitting(schema.get("items", {}), depth - 1) for _ in range(self.random.randrange(3) if depth else 0)]
        if kind == "object":
            required = schema.get("required", ())
            return {name: self.fitting(member, depth - 1) for name, member in schema.get("properties", {}).items()
                    if name in required or (depth and self.random.random() < 0.6)}
        if kind == "string":
            return self.random.choice(TEXTS)
        if kind in ("integer", "number"):
            return self.random.choice(NUMBERS)
        if kind == "boolean":
            return self.random.random() < 0.5
        return self.anything()

    def broken(self, value):
        """The value with one place of it changed, taken out or added."""
        if isinstance(value, dict) and value and self.random.random() < 0.8:
            name = self.random.choice(sorted(value))
            how = self.random.randrange(4)
            if how == 0:
                return {key: one for key, one in value.items() if key != name}
            if how == 1:
                return {**value, self.random.choice(TEXTS): self.anything()}
            return {**value, name: self.broken(value[name])}
        if isinstance(value, list) and value and self.random.random() < 0.8:
            at = self.random.randrange(len(value))
            return value[:at] + [self.broken(value[at])] + value[at + 1:]
        return self.anything()

    def sensible(self, schema):
        """What a client would send: an example, or only what is required, under a name of its own."""
        name = schema.get("$ref", "").rsplit("/", 1)[-1]
        if schema.get("type") == "array":
            return [self.sensible(schema["items"])]
        value = {}
        known = self.seeds.get(name) if self.seeds.get(name) and self.random.random() < 0.6 else self.examples.get(name)
        if known and self.random.random() < 0.8:
            value = json.loads(json.dumps(self.random.choice(known)))
        for member, shape in self.schemas.get(name, schema).get("properties", {}).items():
            if member in value and member not in ("id", "name", "key", "email", "externalId"):
                continue
            own = f"{self.random.randrange(10**6)}"
            if member == "email":
                value[member] = f"user{own}@example.com"
            elif member in ("name", "key", "externalId"):
                value[member] = "own" + own
            elif member in SENSIBLE and shape.get("type") == "string":
                value[member] = SENSIBLE[member]
            elif member == "body":
                value[member] = "done();"
        value.pop("id", None)
        return value

    def body(self, schema):
        """Bytes of a body: mostly JSON that fits or nearly does, sometimes no JSON."""
        luck = self.random.random()
        if luck < 0.06:
            return self.random.choice(NO_JSON)
        value = self.fitting(schema) if schema else self.anything()
        if luck > 0.5:
            value = self.broken(value)
        return json.dumps(value, ensure_ascii=self.random.random() < 0.5).encode()
