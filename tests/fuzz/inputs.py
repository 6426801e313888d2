"""Make inputs that nobody meant: nearly right, of another kind, too long, too deep, cut off.

Everything is drawn from one `random.Random`, so that a run can be repeated by its seed.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import Any
from uuid import UUID

STRANGE = (
    "", " ", "\x00", "a\x00b", "\ud800", "\u202eevil", "é" * 300, "x" * 5_000, "'; DROP TABLE users;--",
    "<script>alert(1)</script>", "{{7*7}}", "${jndi:ldap://x}", "../../etc/passwd", "%00", "%s%n", "NaN",
    "null", "-1", "99999999999999999999", "1e400", "ann@example.org", "ANN@EXAMPLE.ORG", "a@b", "@", "😀" * 9,
    "I need help with my tax return", "2026-13-45T99:99:99Z", "00000000-0000-0000-0000-000000000000",
    "\r\nSet-Cookie: a=b", "a" * 200 + "@example.org", "٣", "İ", "ß", "\ufeff", "\u2028",
)  # fmt: skip
NUMBERS = (0, 1, -1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**400, 0.5, -0.0, 1e308, float("nan"))
Chance = random.Random


def text(chance: Chance) -> str:
    """Draw a text: a strange one, a plain one, or one of any characters."""
    kind = chance.random()
    if kind < 0.6:
        return chance.choice(STRANGE)
    if kind < 0.8:
        return " ".join(chance.choice(("garden", "tax", "piano", "no", "done")) for _ in range(4))
    return "".join(chr(chance.randrange(0x11_0000)) for _ in range(chance.randrange(40)))


def anything(chance: Chance, depth: int = 3) -> Any:
    """Draw any JSON value."""
    kinds = (
        lambda: text(chance),
        lambda: chance.choice(NUMBERS),
        lambda: chance.choice((None, True, False)),
        lambda: [anything(chance, depth - 1) for _ in range(chance.randrange(4))],
        lambda: {text(chance): anything(chance, depth - 1) for _ in range(chance.randrange(4))},
    )
    return chance.choice(kinds if depth else kinds[:3])()


@dataclass(frozen=True)
class Schemas:
    """Make values by the OpenAPI description, right ones and ones with something wrong in them."""

    described: dict[str, Any]
    known_ids: tuple[UUID, ...]

    def value(self, schema: dict[str, Any], chance: Chance, wrong: float = 0.15) -> Any:
        """Draw a value for a schema; each part of it is something else with probability `wrong`."""
        if chance.random() < wrong:
            return anything(chance)
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return self.value(self.described["components"]["schemas"][name], chance, wrong)
        for several in ("anyOf", "oneOf", "allOf"):
            if several in schema:
                return self.value(chance.choice(schema[several]), chance, wrong)
        if "const" in schema or "enum" in schema:
            return chance.choice(schema.get("enum") or [schema["const"]])
        return self._of_type(schema, chance, wrong)

    def _of_type(  # noqa: PLR0911 - one for each type
        self, schema: dict[str, Any], chance: Chance, wrong: float
    ) -> Any:
        kind = schema.get("type")
        if kind == "object":
            wanted = schema.get("properties", {})
            made = {
                name: self.value(inner, chance, wrong)
                for name, inner in wanted.items()
                if name in schema.get("required", ()) or chance.random() < 0.5
            }
            return made | ({text(chance): 1} if chance.random() < wrong / 3 else {})
        if kind == "array":
            count = chance.choice((0, 1, 2, 3, 300 if chance.random() < wrong else 1))
            return [self.value(schema.get("items", {}), chance, wrong) for _ in range(count)]
        if kind in {"integer", "number"}:
            return chance.choice((0, 1, 2, 5, 50))
        if kind == "boolean":
            return chance.random() < 0.5
        if kind == "string":
            if schema.get("format") == "uuid":
                return str(self.id(chance))
            return (
                (schema.get("examples") or [text(chance)])[0]
                if chance.random() < 0.5
                else text(chance)
            )
        return anything(chance)

    def id(self, chance: Chance) -> UUID:
        """Draw an id: often one that exists."""
        return (
            chance.choice(self.known_ids)
            if chance.random() < 0.8
            else UUID(int=chance.getrandbits(128))
        )

    def body(self, schema: dict[str, Any], chance: Chance) -> bytes:
        """Draw a JSON body as bytes: now and then cut off, nested without end, or no JSON at all."""
        kind = chance.random()
        if kind < 0.03:
            return b"[" * 20_000
        if kind < 0.06:
            return chance.randbytes(chance.randrange(200))
        made = json.dumps(self.value(schema, chance)).encode()
        return made[: chance.randrange(len(made) + 1)] if kind < 0.1 else made


def damaged(chance: Chance, content: bytes) -> bytes:
    """Damage a file: bits turned, a piece cut out, doubled or replaced, or the end cut off."""
    made = bytearray(content)
    for _ in range(chance.randrange(1, 8)):
        place = chance.randrange(len(made) + 1)
        length = chance.randrange(1, 64)
        kind = chance.randrange(5)
        if kind == 0 and made:
            made[place % len(made)] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del made[place : place + length]
        elif kind == 2:
            made[place:place] = made[place : place + length]
        elif kind == 3:
            made[place : place + length] = chance.randbytes(length)
        else:
            del made[max(place, len(made) // 2) :]
    return bytes(made)
