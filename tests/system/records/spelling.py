# SPDX-License-Identifier: Apache-2.0
"""JSON read so that nothing loses its spelling: 0.00 stays 0.00, \\u0041 stays \\u0041, members keep their order.

Python's json module tells neither how a string was written nor where; so this is a tokenizer of our own, for valid
input only. Whether invalid input is refused is tested elsewhere.
"""
import json
import re

_TOKEN = re.compile(
    r'[ \t\n\r]*(?:'
    r'(?P<string>"(?:[^"\\]|\\.)*")'
    r'|(?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)'
    r'|(?P<word>true|false|null)'
    r'|(?P<mark>[\[\]{},:]))')


class Scalar:
    """A string, number, boolean or null as it was written. `kind` is one letter: s i n b 0."""
    __slots__ = ("kind", "text")

    def __init__(self, kind, text):
        self.kind, self.text = kind, text

    @property
    def value(self):
        """The string's characters, the number's text, True, False or None."""
        if self.kind == "s":
            return json.loads(self.text)
        return {"true": True, "false": False, "null": None}.get(self.text, self.text)

    def compact(self):
        return self.text

    def leaves(self):
        return 1


class Object:
    """Members in their order, each with the spelling of its name."""
    __slots__ = ("members",)
    kind = "o"

    def __init__(self, members):
        self.members = members  # [(name as written, name, value)]

    def get(self, *path):
        """The value of a (nested) member: a Python value for a scalar, a node for others, None where there is none."""
        node = self
        for name in path:
            if not isinstance(node, Object):
                return None
            node = next((value for _, key, value in node.members if key == name), None)
        return node.value if isinstance(node, Scalar) else node

    def compact(self):
        return "{" + ",".join(f"{text}:{value.compact()}" for text, _, value in self.members) + "}"

    def leaves(self):
        return sum(value.leaves() for _, _, value in self.members)


class Array:
    __slots__ = ("items",)
    kind = "a"

    def __init__(self, items):
        self.items = items

    def compact(self):
        return "[" + ",".join(item.compact() for item in self.items) + "]"

    def leaves(self):
        return sum(item.leaves() for item in self.items)


def read(text):
    """The tree of one JSON text."""
    node, end = _value(text, _TOKEN.match(text, 0))
    assert not text[end:].strip(" \t\r\n"), "something follows the value"
    return node


def _value(text, token):
    kind, written = token.lastgroup, token[token.lastgroup]
    if kind == "string":
        return Scalar("s", written), token.end()
    if kind == "number":
        return Scalar("n" if set(written) & set(".eE") else "i", written), token.end()
    if kind == "word":
        return Scalar("0" if written == "null" else "b", written), token.end()
    if written == "{":
        return _object(text, token.end())
    assert written == "[", written
    return _array(text, token.end())


def _object(text, at):
    members = []
    token = _TOKEN.match(text, at)
    while token["mark"] != "}":
        if token["mark"] == ",":
            token = _TOKEN.match(text, token.end())
        name = token["string"]
        colon = _TOKEN.match(text, token.end())
        value, at = _value(text, _TOKEN.match(text, colon.end()))
        members.append((name, name[1:-1] if "\\" not in name else json.loads(name), value))
        token = _TOKEN.match(text, at)
    return Object(members), token.end()


def _array(text, at):
    items = []
    token = _TOKEN.match(text, at)
    while token["mark"] != "]":
        if token["mark"] == ",":
            token = _TOKEN.match(text, token.end())
        value, at = _value(text, token)
        items.append(value)
        token = _TOKEN.match(text, at)
    return Array(items), token.end()
