# SPDX-License-Identifier: Apache-2.0
"""The same bodies written differently, by lot from a fixed seed: white space, escapes, exponents, members that no
document declares, values of a wrong type, and bytes cut into chunks anywhere."""
import random

from spelling import Array, Object, Scalar

SPACES = ["", "", "", " ", "\n", "\t", "\r\n  ", "    "]
CHUNKS = [1, 2, 3, 17, 255, 4096, 16384, 65537]


def pretty(node, seed, spaces=tuple(SPACES)):
    """White space wherever RFC 8259 §2 allows it."""
    lot = random.Random(seed)
    parts = []

    def space():
        parts.append(lot.choice(spaces))

    def write(node):
        space()
        if isinstance(node, Scalar):
            parts.append(node.text)
        elif isinstance(node, Array):
            parts.append("[")
            for index, item in enumerate(node.items):
                parts.append("," if index else "")
                write(item)
                space()
            parts.append("]")
        else:
            parts.append("{")
            for index, (name, _, value) in enumerate(node.members):
                parts.append("," if index else "")
                space()
                parts.append(name)
                space()
                parts.append(":")
                write(value)
                space()
            parts.append("}")

    write(node)
    space()
    return "".join(parts).encode()


def lines(nodes, seed):
    """NDJSON with blanks inside the lines."""
    return b"".join(pretty(node, f"{seed}-{index}", ("", "", "", " ", "\t")) + b"\n" for index, node in enumerate(nodes))


def respell(node, seed, wrong=()):
    """Another spelling of every record of an array. Members named in WRONG get a value of a wrong type now and then."""
    lot = random.Random(seed)
    return Array([_object(item, lot, wrong) for item in node.items])


def _object(node, lot, wrong):
    members = []
    for name, key, value in node.members:
        if lot.random() < 0.02:
            members.append((f'"x-{lot.randrange(10**6)}"', "", _noise(lot)))
        if key in wrong and lot.random() < 0.02:
            value = lot.choice([Object([]), Array([value]), Scalar("b", "true")])
        members.append((_text(name, lot), key, _value(value, lot)))
    if lot.random() < 0.3:
        lot.shuffle(members)
    return Object(members)


def _value(node, lot):
    if isinstance(node, Object):
        return _object(node, lot, ())
    if isinstance(node, Scalar) and node.kind == "s":
        return Scalar("s", _text(node.text, lot))
    if isinstance(node, Scalar) and node.kind == "n" and lot.random() < 0.2:
        return Scalar("n", _number(node.text, lot))
    return node


def _text(text, lot):
    """Some characters of a string as escapes (RFC 8259 §7)."""
    if lot.random() < 0.9:
        return text
    inner = [lot.choice([f"\\u{ord(c):04x}", f"\\u{ord(c):04X}"]) if lot.random() < 0.2 else c for c in text[1:-1]]
    return '"' + "".join(inner).replace("/", "\\/") + '"'


def _number(text, lot):
    """The same number with an exponent."""
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, fraction = digits.split(".")
    move = lot.randrange(len(fraction) + 1)
    whole, fraction = (whole + fraction[:move]).lstrip("0") or "0", fraction[move:]
    return f"{sign}{whole}{'.' if fraction else ''}{fraction}{lot.choice('eE')}-{move}"


def _noise(lot):
    """A value that nobody declared, with braces and quotation marks where a careless reader stumbles."""
    return lot.choice([
        Scalar("s", '"}],{\\"ID\\":1,\\"Arrest\\":true"'), Scalar("n", "-0.0e+00"), Scalar("0", "null"),
        Array([Object([('"ID"', "ID", Scalar("i", "1"))]), Array([])]),
        Object([('"Arrest"', "Arrest", Scalar("b", "true")), ('"outcome"', "outcome", Scalar("s", '"Arrest"'))])])


def chunks(body, seed):
    """The body cut anywhere, as chunks (RFC 9112 §7.1); many of them are one byte long."""
    lot = random.Random(seed)
    parts, at = [], 0
    while at < len(body):
        size = min(lot.choice(CHUNKS), len(body) - at)
        parts.append(b"%x\r\n" % size + body[at:at + size] + b"\r\n")
        at += size
    return [*parts, b"0\r\n\r\n"]
