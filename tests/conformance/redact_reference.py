# SPDX-License-Identifier: Apache-2.0
"""A slow redactor, written from design.md and policy/redact/MODES.md alone, to compare the real one with.

It reads the whole body into a tree that keeps every token's spelling, asks about records with recursion, and builds the
output as text. Nothing is shared with the C code but the format of descriptions (tests/unit/policy/redact/redact_case.h).
"""
import base64
import calendar
import datetime
import decimal
import hashlib
import hmac
import ipaddress
import math
import re
import unicodedata
from fractions import Fraction

MODES = ["withheld", "tokenize", "mask", "coarsen", "reveal"]  # weakest first
KEY = b"0123456789abcdef0123456789abcdef"
WINDOW = 262144
DEPTH, LIMIT = 512, 1 << 20


class Refused(Exception):
    """The body is refused; the argument is the fault's name."""


# ---- JSON that keeps its spelling ----

class Value:
    """kind: null boolean number string array object; raw: the token; text: decoded; items or members (raw name, name, value)."""

    def __init__(self, kind, raw="", text=None):
        self.kind, self.raw, self.text = kind, raw, text
        self.items, self.members = [], []


STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"')
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "/": "/"}


def decode(token):
    units = re.sub(r"\\(u[0-9a-fA-F]{4}|.)", lambda m: chr(int(m[1][1:], 16)) if m[1][0] == "u" else ESCAPES[m[1]], token[1:-1])
    try:
        return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError:
        raise Refused("encoding") from None


class Parser:
    def __init__(self, text, depth_limit):
        self.text, self.at, self.limit = text, 0, depth_limit

    def space(self):
        while self.at < len(self.text) and self.text[self.at] in " \t\r\n":
            self.at += 1

    def token(self, pattern):
        found = pattern.match(self.text, self.at)
        if not found:
            raise Refused("syntax")
        self.at = found.end()
        return found[0]

    def peek(self):
        return self.text[self.at:self.at + 1]

    def value(self, depth=0):
        self.space()
        first = self.peek()
        if first in ("{", "["):
            if depth >= self.limit:
                raise Refused("depth")
            return self.container(first, depth + 1)
        if first == '"':
            raw = self.token(STRING)
            return Value("string", raw, decode(raw))
        for word, kind in (("true", "boolean"), ("false", "boolean"), ("null", "null")):
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return Value(kind, word)
        return Value("number", self.token(NUMBER))

    def container(self, opening, depth):
        value = Value("object" if opening == "{" else "array", opening)
        self.at += 1
        self.space()
        closing = "}" if opening == "{" else "]"
        if self.peek() == closing:
            self.at += 1
            return value
        while True:
            self.space()
            if opening == "{":
                raw = self.token(STRING)
                self.space()
                if self.peek() != ":":
                    raise Refused("syntax")
                self.at += 1
                value.members.append((raw, decode(raw), self.value(depth)))
            else:
                value.items.append(self.value(depth))
            self.space()
            mark = self.peek()
            self.at += 1
            if mark == closing:
                return value
            if mark != ",":
                raise Refused("syntax")


def parse(text, depth_limit):
    parser = Parser(text, depth_limit)
    value = parser.value()
    parser.space()
    if parser.at != len(text):
        raise Refused("syntax")
    return value


# ---- modes ----

def json_string(text):
    out = '"'
    for character in text:
        short = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}.get(character)
        out += short or (f"\\u{ord(character):04x}" if character < " " else character)
    return out + '"'


def read_instant(text):
    """The groups of an RFC 3339 date-time, local date-time or date; None for anything else."""
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d):(\d\d)(?:\.\d+)?(Z|z|[+-]\d\d:\d\d)?)?", text, re.ASCII)
    if not found:
        return None
    year, month, day = (int(found[i]) for i in (1, 2, 3))
    # year 0 is leap; calendar.monthrange cannot count it but year 4 is alike
    if not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(year if year else 4, month)[1]:
        return None
    if found[4]:
        hour, minute, second = (int(found[i]) for i in (4, 5, 6))
        if hour > 23 or minute > 59 or second > 60:
            return None
        if found[7] and found[7] not in "Zz" and (int(found[7][1:3]) > 23 or int(found[7][4:6]) > 59):
            return None
    return found


def coarsen_time(unit, text):
    found = read_instant(text)
    if not found:
        return None
    year, month, day = (int(found[i]) for i in (1, 2, 3))
    hour = None
    if found[4]:
        hour, minute, second = (int(found[i]) for i in (4, 5, 6))
        offset = found[7]
        if offset and offset not in "Zz":
            # 400 years later the calendar is the same, and Python's begins with year 1
            shift = 400 if year < 5000 else -400
            moment = datetime.datetime(year + shift, month, day, hour, minute)
            delta = datetime.timedelta(hours=int(offset[1:3]), minutes=int(offset[4:6]))
            moment = moment - delta if offset[0] == "+" else moment + delta
            year, month, day, hour, minute = moment.year - shift, moment.month, moment.day, moment.hour, moment.minute
            if not 0 <= year <= 9999:
                return None
        if second == 60 and (hour, minute) != (23, 59):
            return None
    month = 1 if unit == "year" else month
    day = 1 if unit in ("year", "month") else day
    out = f"{year:04d}-{month:02d}-{day:02d}"
    if hour is not None:
        out += f"T{hour if unit == 'hour' else 0:02d}:00:00" + ("Z" if found[7] else "")
    return out


def read_decimal(text):
    if not NUMBER.fullmatch(text):
        return None
    mantissa, _, exponent = text.lower().partition("e")
    if sum(c.isdigit() for c in mantissa) > 64 or (exponent and abs(int(exponent)) > 64):
        return None
    return Fraction(mantissa) * Fraction(10) ** int(exponent or 0)


def write_decimal(value, decimals):
    digits = str(abs(value * 10 ** decimals).numerator).rjust(decimals + 1, "0")
    sign = "-" if value < 0 else ""
    return sign + (digits[:-decimals] + "." + digits[-decimals:] if decimals else digits)


def decimals_of(spelt):
    return len(str(spelt).partition(".")[2])


def coarsen_step(step, text):
    value = read_decimal(text)
    return None if value is None else write_decimal(value // Fraction(step) * Fraction(step), decimals_of(step))


def grid_step(grid):
    degree = min(110574, 111320 * math.cos(math.radians(grid.get("latitude", 0))))
    return f"{math.ceil(grid['metres'] * 10**6 / degree) / 10**6:.6f}"


def coarsen_bucket(buckets, text, is_number):
    value = read_decimal(text)
    named = isinstance(buckets, dict)
    if value is None or (named and is_number):
        return None
    found = [bound for bound in (buckets.items() if named else buckets) if Fraction(str(bound[1] if named else bound)) <= value]
    if not found:
        return None
    return found[-1][0] if named else write_decimal(Fraction(str(found[-1])), decimals_of(found[-1]))


def age_of(today, text, is_number):
    value = read_decimal(text)
    if value is not None:
        return math.floor(value) if 0 <= value < 151 else None
    birth = None if is_number else read_instant(text)
    if not birth:
        return None
    year, month, day = (int(birth[i]) for i in (1, 2, 3))
    now = datetime.date.fromisoformat(today)
    age = now.year - year - ((now.month, now.day) < (month, day))
    return age if 0 <= age <= 150 else None


def coarsen_age(band, today, text, is_number):
    age = age_of(today, text, is_number)
    if age is None:
        return None
    if age >= 90:
        return "90" if is_number else "90+"
    first = age - age % band
    return str(first) if is_number else f"{first}-{min(first + band, 90) - 1}"


def coarsen_address(bits, text):
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    kept = bits.get(f"v{address.version}")
    if kept is None or "%" in text:
        return None
    return str(ipaddress.ip_network((address, kept), strict=False).network_address)


def coarsen(definition, today, text, is_number):
    """What a number or a text becomes, or None."""
    if "step" in definition or "grid" in definition:
        return coarsen_step(str(definition["step"]) if "step" in definition else grid_step(definition["grid"]), text)
    if "bucket" in definition:
        return coarsen_bucket(definition["bucket"], text, is_number)
    if "age_band" in definition:
        return coarsen_age(definition["age_band"], today, text, is_number)
    if is_number:
        return None
    if "time" in definition:
        return coarsen_time(definition["time"], text)
    if "map" in definition:
        return definition["map"].get(text, definition.get("other"))
    if "ip_prefix" in definition:
        return coarsen_address(definition["ip_prefix"], text)
    return text[:definition["prefix"]]


def mask(definition, text):
    if "text" in definition:
        return definition["text"]
    if "pattern" in definition:
        found = re.fullmatch(definition["pattern"], text, re.ASCII)
        if not found:
            return "***"
        return re.sub(r"\$(\$|[1-9])", lambda m: "$" if m[1] == "$" else found[int(m[1])] or "", definition["replace"])
    kept = definition.get("keep_first", definition.get("keep_last"))
    if len(text) < 2 * kept + 1:
        return "***"
    return text[:kept] + "***" if "keep_first" in definition else "***" + text[len(text) - kept:]


def tokenize(labels, key, partner, label, text):
    while "link" in labels[label]["tokenize"]:
        label = labels[label]["tokenize"]["link"]
    length = labels[label]["tokenize"]["length"]
    info = b"amanat tokenize 1\0" + partner.encode() + b"\0" + label.encode()
    extracted = hmac.new(bytes(32), key, hashlib.sha256).digest()
    derived = hmac.new(extracted, info + b"\1", hashlib.sha256).digest()
    return base64.b32encode(hmac.new(derived, text.encode(), hashlib.sha256).digest()).decode().lower()[:length]


# ---- scrubbing ----

EXCEPTIONS = {0x640: "", 0x115F: "", 0x1160: "", 0x3164: "", 0xFFA0: "", 0x2065: "", 0x2D7: "-", 0x2043: "-", 0x2053: "-", 0x2212: "-", 0x2500: "-",
              0x2501: "-", 0x2796: "-", 0x2044: "/", 0x2215: "/", 0x2800: " ", 0xB7: ".", 0x6D4: ".", 0x2022: ".", 0x2219: ".", 0x22C5: ".", 0x3002: ".",
              0x30FB: ".", 0x2795: "+", 0x24FF: "0", 0x1F100: "0", 0x1F10B: "0", 0x1F10C: "0"}
EXCEPTIONS.update({scalar: "" for span in (range(0xFFF0, 0xFFF9), range(0xE0000, 0xE1000)) for scalar in span})
EXCEPTIONS.update({one + i: str(i + 1) for one in (0x2474, 0x2488, 0x24F5, 0x2776, 0x2780, 0x278A) for i in range(9)})
EXCEPTIONS.update({0x1F101 + i: str(i) for i in range(10)})


def fold(character):
    out = ""
    for part in character if ord(character) in EXCEPTIONS else unicodedata.normalize("NFKD", character):
        category = unicodedata.category(part)
        if ord(part) in EXCEPTIONS:
            out += EXCEPTIONS[ord(part)]
        elif category == "Nd":
            out += str(unicodedata.decimal(part))
        elif category == "Pd":
            out += "-"
        elif category in ("Zs", "Zl", "Zp") or part in "\t\n\v\f\r\x85":
            out += " "
        elif category not in ("Cc", "Cf", "Mn", "Mc", "Me"):
            out += part
    return out


def spelt_characters(token):
    """(character, where it begins and ends) of a string token."""
    for found in re.finditer(r"\\u[dD][89abAB]..\\u....|\\u....|\\.|.", token[1:-1], re.DOTALL):
        yield decode('"' + found[0] + '"'), found.start() + 1, found.end() + 1


def is_iban(text):
    digits = re.sub("[^A-Z0-9]", "", text.upper())
    return 15 <= len(digits) <= 34 and int("".join(str(int(c, 36)) for c in digits[4:] + digits[:4])) % 97 == 1


def is_card(text):
    digits = [int(c) for c in text if c in "0123456789"][::-1]
    return 13 <= len(digits) <= 19 and sum(d if i % 2 == 0 else sum(divmod(2 * d, 10)) for i, d in enumerate(digits)) % 10 == 0


BETWEEN, APART = r"[ ._/-]{0,3}", r"[ ._/()-]{0,4}"
NAME, HOST = "[A-Za-z0-9.!#$%&'*+/=?^_`{|}~\x80-\U0010ffff-]", "[A-Za-z0-9\x80-\U0010ffff-]"
KNOWN = {  # pattern, and for numbers with check digits: what may not follow their end, and the check
    "cnic": (rf"(?<!\d)[1-9](?:\d{{4}}{BETWEEN}\d{{7}}{BETWEEN}\d|([ ._/-])\d(?:\1\d){{3}}{BETWEEN}\d(?:\1\d){{6}}{BETWEEN}\d)(?!\d)", None, None),
    "iban": (rf"(?i:[A-Z]{{2}}\d\d(?:{BETWEEN}[A-Z0-9]){{11,30}})", "[A-Za-z0-9]", is_iban),
    "phone": (rf"(?:\+|(?<!\d)00){APART}[1-9](?:{APART}\d){{6,13}}(?!\d)|(?<!\d)\(?0[1-9]\d(?:{APART}\d){{7,8}}(?!\d)"
              rf"|(?<!\d)(?:92(?:{APART}0)?{APART}|\(?0[ ()-]{{0,3}})3(?:{APART}\d){{9}}(?!\d)", None, None),
    "email": (rf'(?:{NAME}{{1,64}}|"[^"]{{1,64}}") ?@ ?(?:{HOST}{{1,63}}\.){{1,8}}(?:xn--[A-Za-z0-9-]{{1,59}}|[A-Za-z\x80-\U0010ffff]{{2,24}})',
              None, None),
    "plate": (r"(?<![A-Za-z0-9])(?!(?i:FIR|PPC|CRPC|NO|RS|PKR|REF|SRO)\b)(?:[A-Z]{2,4}[ -]{0,3}|[A-Za-z]{2,4}-?)(?:\d\d[A-Z]?[ -]{1,3})?\d{3,4}"
              r"(?![A-Za-z0-9])", None, None),
    "card": (rf"(?<!\d)[2-6]\d{{3}}(?:{BETWEEN}\d){{9,15}}(?!\d)", "[0-9]", is_card),
}


def matches(pattern, text):
    """(begin, end) of all that one pattern of `scrub` finds in folded text."""
    expression, follows, check = KNOWN[pattern] if isinstance(pattern, str) else (pattern["pattern"], None, None)
    compiled, at = re.compile(expression, re.ASCII), 0
    while found := compiled.search(text, at):
        ends = [found.end()] if check is None else [
            end for end in range(found.end(), found.start(), -1)
            if check(text[found.start():end]) and text[end - 1].isalnum() and not re.match(follows, text[end:])]
        # ours are sought from each character, also inside what was found
        at = ends[0] if ends and not isinstance(pattern, str) else found.start() + 1
        if ends:
            yield found.start(), ends[0]


def name_of(pattern):
    return pattern if isinstance(pattern, str) else pattern["name"]


def read_folded(token, apart):
    """(folded text, where each of its characters came from); with `apart`, decorated digits stand apart from others."""
    pieces = []  # (character, decorated, begin, end)
    for character, begin, end in spelt_characters(token):
        category = unicodedata.category(character)
        if category == "Me" and pieces and pieces[-1][0] in "0123456789":
            pieces[-1] = (pieces[-1][0], True) + pieces[-1][2:]
        pieces += [(part, category != "Nd", begin, end) for part in fold(character)]
    folded, origins = "", []
    for i, (part, decorated, begin, end) in enumerate(pieces):
        if apart and i and {part, pieces[i - 1][0]} <= set("0123456789") and decorated != pieces[i - 1][1]:
            folded += " "
            origins.append((begin, begin))
        folded += part
        origins.append((begin, end))
    return folded, origins


def scrub_once(patterns, token):
    """The token with what is found replaced, the same if nothing is; None if it is too long."""
    spans = []
    for folded, origins in (read_folded(token, False), read_folded(token, True)):
        if len(folded.encode()) > 262144:
            return None
        spans += [(origins[begin][0], number, origins[end - 1][1])
                  for number, pattern in enumerate(patterns) for begin, end in matches(pattern, folded)]
    spans = sorted(span for span in spans if span[0] < span[2])
    out, at = "", 0
    while spans:
        begin, number, end = spans.pop(0)
        while spans and spans[0][0] < end:
            end = max(end, spans.pop(0)[2])
        out += token[at:begin] + "[" + name_of(patterns[number]) + "]"
        at = end
    return out + token[at:]


def scrub(patterns, token):
    for _ in range(8):
        scrubbed = scrub_once(patterns, token)
        if scrubbed is None or scrubbed == token:
            return scrubbed
        token = scrubbed
    return None


def is_clean(patterns, token):
    if token[0] == '"':
        return scrub_once(patterns, token) == token
    spellings = [token]
    if "e" in token.lower():
        value = read_decimal(token)
        if value is None:
            return not patterns
        spellings.append(format(decimal.Decimal(token), "f"))
    return not any(True for pattern in patterns for spelling in spellings for _ in matches(pattern, spelling))


# ---- the redactor ----

class Account:
    def __init__(self):
        self.disclosed, self.withheld = {}, {}
        self.unlabelled = self.wrong_type = self.records = self.left_out = self.over_limit = 0
        self.subjects = set()


class Record:
    """A record while it is read: its attributes, and the fields whose nearest record it is."""

    def __init__(self, kind, attributes, modes):
        self.kind, self.attributes, self.modes = kind, attributes, modes
        self.own = 0
        self.leaves = []  # [label, mode] of every labelled scalar
        self.subjects = []
        self.inner = []   # records directly inside
        self.stands = False
        self.budgets = {}  # what one verdict decides: (its labels, undeclared), or "shape" -> cost


class Container:
    """An open container in a record: what it costs, and which budgets have paid for it."""

    def __init__(self, name):
        self.cost, self.paid = len(name.encode()) + 4, set()


def undeclared(name):
    """The node `name` where it stands under a name that no schema declares."""
    return name if name.endswith(" undeclared") else name + " undeclared"


def tell_undeclared(case):
    """The case with each node twice: such names are data under the labels of their value, so only reveal shows them."""
    nodes = {}
    for name, node in case["nodes"].items():
        plain, other = dict(node), {**node, "undeclared": True}
        if "additional" in node:
            plain["additional"] = other["additional"] = undeclared(node["additional"])
        if "items" in node:
            other["items"] = undeclared(node["items"])
        nodes[name], nodes[undeclared(name)] = plain, other
    return {**case, "nodes": nodes}


def may(node, mode):
    return mode == "reveal" if node.get("undeclared") else mode != "withheld"


def can_disclose(case, name, record, seen=None):
    """Whether a value at this node, or something in it, may be disclosed; `record` is the nearest record around it."""
    seen = set() if seen is None else seen
    if (name, record) in seen:
        return False
    seen.add((name, record))
    node = case["nodes"][name]
    labels = node.get("labels", [])
    if labels and all(may(node, strongest(case, record, label)) for label in labels):
        return True
    return can_disclose_inside(case, name, record, seen)


def can_disclose_inside(case, name, record, seen=None):
    seen = set() if seen is None else seen
    node = case["nodes"][name]
    if node.get("anything"):
        labels = node.get("labels", [])
        if labels and all(may(node, strongest(case, record, label)) for label in labels):
            return True
    inner = node.get("record", record)
    below = [(child, inner) for child in node.get("members", {}).values()]
    below += [(node["additional"], inner)] if "additional" in node else []
    below += [(node["items"], record)] if "items" in node else []
    return any(can_disclose(case, child, nearest, seen) for child, nearest in below)


def strongest(case, record, label):
    modes = case.get("service", {}) if record is None else case.get("plan", {}).get(record, {})
    mode = modes.get(label, "withheld")
    return mode[0] if isinstance(mode, list) else mode


def asks(case, record):
    return any(isinstance(mode, list) for mode in case.get("plan", {}).get(record, {}).values())


def reaches_asking(case):
    """Whether the body's graph holds a record type that is asked about: then attributes are read."""
    todo, seen = [case["root"]], set()
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        node = case["nodes"][name]
        if "record" in node and asks(case, node["record"]):
            return True
        todo += list(node.get("members", {}).values()) + [node[k] for k in ("additional", "items") if k in node]
    return False


def allowed(node, value):
    if node.get("anything"):
        return True
    kinds = node.get("kinds", [])
    if value.kind == "number":
        return "number" in kinds or ("integer" in kinds and not set(value.raw) & set(".eE"))
    if value.kind == "null" and node.get("labels") and {"boolean", "integer", "number", "string"} & set(kinds):
        return True  # null of a field is null, whether or not the schema says so
    return value.kind in kinds


class Redactor:
    def __init__(self, case):
        self.case = case = tell_undeclared(case)
        self.reads = reaches_asking(case)
        self.limit = case.get("limit") or LIMIT
        self.name = ""  # as it is spelt, before the value that comes next
        self.path = []  # open containers of the outermost record
        self.account = Account()
        self.can = {}
        self.attributes = {}
        for record, listed in case.get("records", {}).items():
            self.attributes[record] = {a["name"]: a for a in listed if not a.get("unread")}

    def can_disclose(self, name, record):
        key = (name, record)
        if key not in self.can:
            self.can[key] = can_disclose(self.case, name, record)
        return self.can[key]

    def inside(self, name):
        """Whether anything in the record that this node is may be disclosed."""
        if ("inside", name) not in self.can:
            self.can["inside", name] = can_disclose_inside(self.case, name, None)
        return self.can["inside", name]

    # -- attributes --

    def attribute_text(self, attribute, name, value):
        """The attribute as compact JSON, or None for null."""
        node = self.case["nodes"][name]
        if value.kind == "null":
            return None
        if value.kind not in ("array", "object"):
            return value.raw
        if value.kind == "array":
            if attribute["type"] != "set" or not allowed(node, value):
                return "[]"
            parts = []
            for item in value.items:
                if "items" in node:
                    parts.append("null" if item.kind == "null" else self.attribute_text(attribute["element"], node["items"], item))
            return "[" + ",".join(parts) + "]"
        if attribute["type"] != "record" or not allowed(node, value):
            return "{}"
        parts, seen = [], set()
        fields = {field["name"]: field for field in attribute.get("fields", [])}
        for _, key, member in value.members:
            if key in fields and key in node.get("members", {}) and "record" not in self.case["nodes"][node["members"][key]]:
                if key in seen:
                    raise Refused("duplicate")
                seen.add(key)
                text = self.attribute_text(fields[key], node["members"][key], member)
                if text is not None:
                    parts.append(json_string(key) + ":" + text)
        return "{" + ",".join(parts) + "}"

    def read_attributes(self, node, kind, value):
        found = {}
        for _, key, member in value.members:
            child = node.get("members", {}).get(key)
            attribute = self.attributes.get(kind, {}).get(key)
            if child is not None and attribute is not None and "record" not in self.case["nodes"][child]:
                text = self.attribute_text(attribute, child, member)
                if text is not None:
                    found[key] = text
        return found

    def is_valid(self, kind, attributes):
        for name, attribute in self.attributes[kind].items():
            if name not in attributes:
                if not attribute.get("optional"):
                    return False
            elif not self.has_type(attribute, parse(attributes[name], 600)):
                return False
        return True

    def has_type(self, attribute, value):
        kind = attribute["type"]
        if kind == "long":
            return value.kind == "number" and re.fullmatch(r"-?[0-9]+", value.raw) is not None and -2**63 <= int(value.raw) < 2**63
        if kind == "bool":
            return value.kind == "boolean"
        if kind == "decimal":
            return value.kind == "number"
        if kind == "set":
            return value.kind == "array" and all(self.has_type(attribute["element"], item) for item in value.items)
        if kind == "record":
            given = {key: member for _, key, member in value.members}
            return value.kind == "object" and all(
                self.has_type(field, given[field["name"]]) if field["name"] in given else field.get("optional", False)
                for field in attribute.get("fields", []))
        return value.kind == "string"

    # -- limits: what one verdict decides about one record --

    def charge(self, record, group, cost):
        record.budgets.setdefault(group, 0)
        for container in self.path:
            if (id(record), group) not in container.paid:
                container.paid.add((id(record), group))
                cost += container.cost
        record.budgets[group] += cost

    def group(self, node):
        return (tuple(node["labels"]), node.get("undeclared", False))

    def is_over(self, record):
        for group, cost in record.budgets.items():
            if cost > self.limit and (group == "shape" or may(
                    {"undeclared": group[1]}, MODES[self.weakest(group[0], record.modes or {})[0]])):
                return True
        return False

    def reads_too_much(self, attributes):
        return sum(len(text.encode()) for text in attributes.values()) > self.limit

    def is_held(self, record):
        return bool(record.budgets) or any(map(self.is_held, record.inner))

    def is_too_long(self, node, raw):
        longest = max([len(key.encode()) for key in node.get("members", {})], default=0)
        return len(raw.encode()) > max(self.limit, 6 * longest + 2)

    # -- verdicts --

    def holds(self, when, attributes):
        return when is None or attributes.get(when[0]) == when[1]

    def judge(self, kind, attributes, around):
        """The modes of a record's labels, or None when it is invalid."""
        plan = self.case.get("plan", {}).get(kind, {})
        fixed = {label: mode for label, mode in plan.items() if not isinstance(mode, list)}
        if not asks(self.case, kind):
            return fixed
        records = around + [(kind, attributes)]
        if any(self.reads_too_much(a) for _, a in records):
            return None
        if not all(self.is_valid(k, a) for k, a in records):
            return None
        modes = {}
        for answer in self.case.get("answers", {}).get(kind, []):
            if self.holds(answer.get("when"), attributes):
                modes = dict(answer["modes"])
                break
        for forbid in self.case.get("forbids", []):
            if any(k == forbid["record"] and self.holds(forbid.get("when"), a) for k, a in records):
                for label in forbid["labels"]:
                    modes[label] = "withheld"
        return {**{label: modes.get(label, "withheld") for label, mode in plan.items() if isinstance(mode, list)}, **fixed}

    # -- fields --

    def weakest(self, labels, modes):
        return min(((MODES.index(modes.get(label, "withheld")), i) for i, label in enumerate(labels)))

    def transform(self, label, mode, value):
        definition = self.case["labels"][label]
        if mode == "reveal":
            if "scrub" in definition and value.kind == "string":
                return scrub(definition["scrub"], value.raw)
            if "scrub" in definition and value.kind == "number" and not is_clean(definition["scrub"], value.raw):
                return None
            return value.raw
        if mode == "withheld" or mode not in definition:
            return None
        if mode == "coarsen" and value.kind == "number":
            return coarsen(definition["coarsen"], self.case.get("now"), value.raw, True)
        if value.kind != "string":
            return None
        if mode == "mask":
            return json_string(mask(definition["mask"], value.text))
        if mode == "tokenize":
            keys = [KEY] + ([self.case["previous"].encode()] if self.case.get("previous") else [])
            return json_string(".".join(tokenize(self.case["labels"], key, self.case.get("partner", ""), label, value.text) for key in keys))
        text = coarsen(definition["coarsen"], self.case.get("now"), value.text, False)
        return None if text is None else json_string(text)

    def name_shows(self, raw, child, record_kind):
        """Whether an undeclared name may stand before a value at `child`: it holds nothing that the label scrubs."""
        labels = self.case["nodes"][child].get("labels", [])
        if not labels or not self.can_disclose(child, record_kind):
            return True
        label = labels[self.statically_weakest(labels, record_kind)[1]]
        return is_clean(self.case["labels"][label].get("scrub", []), raw)

    def count_scalars(self, value):
        if value.kind in ("array", "object"):
            return sum(map(self.count_scalars, value.items)) + sum(self.count_scalars(m) for _, _, m in value.members)
        return 1

    def normalise(self, kind, text):
        rule = self.case["subjects"][kind]
        given = text
        if rule in ("digits", "upper-alnum"):  # the digits of Arabic and Urdu are the same numbers
            text = text.translate({base + i: str(i) for base in (0x660, 0x6F0) for i in range(10)})
        if rule == "digits":
            return "".join(c for c in text if c in "0123456789") or given
        if rule == "upper-alnum":
            return "".join(c for c in text.upper() if c.isalnum()) or text
        if rule == "lower":
            return "".join(c.lower() if c.isascii() else c for c in text if c != "\0") or text  # as policy/catalogue has it
        return text

    def statically_weakest(self, labels, record_kind):
        modes = {label: strongest(self.case, record_kind, label) for label in labels}
        return self.weakest(labels, modes)

    def is_withheld(self, node, record_kind):
        """Whether no mode that the plan allows could show a field of this node."""
        labels = node.get("labels", [])
        return not labels or not may(node, MODES[self.statically_weakest(labels, record_kind)[0]])

    def is_small_group(self, node, value):
        """A label with a `min_group` lets nothing pass but whole numbers that reach it."""
        bounds = [self.case["labels"][label].get("min_group", 0) for label in node.get("labels", [])]
        is_count = value.kind == "number" and re.fullmatch("[0-9]+", value.raw, re.ASCII)
        return bool(bounds) and max(bounds) > 0 and not (is_count and int(value.raw) >= max(bounds))

    def withhold(self, node, record_kind, record):
        labels = node.get("labels", [])
        if not labels:
            self.account.unlabelled += 1
            return
        _, index = self.statically_weakest(labels, record_kind)
        self.account.withheld[labels[index]] = self.account.withheld.get(labels[index], 0) + 1

    def scalar(self, node, value, record_kind, record):
        """The text of a field, or None."""
        if "subject" in node and value.kind in ("string", "number") and record is not None:
            record.subjects.append((node["subject"], value.text if value.kind == "string" else value.raw))
        if not allowed(node, value):
            self.account.wrong_type += 1
            self.withhold(node, record_kind, record)
            return None
        labels = node.get("labels", [])
        if self.is_withheld(node, record_kind) or self.is_small_group(node, value):
            self.withhold(node, record_kind, record)
            return None
        modes = {label: strongest(self.case, None, label) for label in labels} if record is None else (record.modes or {})
        rank, index = self.weakest(labels, modes)
        label, mode = labels[index], MODES[rank]
        mode = mode if may(node, mode) else "withheld"
        length = len(value.raw.encode())
        if record is not None:
            self.charge(record, self.group(node), len(self.name.encode()) + length + 2)
        elif length > self.limit and (value.kind != "string" or mode != "reveal" or "subject" in node or self.case["labels"][label].get("scrub")):
            self.withhold(node, record_kind, record)
            return None
        text = self.transform(label, mode, value)
        if record is not None:
            record.leaves.append((label, mode if text is not None else "withheld"))
            record.own += text is not None
        elif text is None:
            self.account.withheld[label] = self.account.withheld.get(label, 0) + 1
        else:
            self.count_disclosed(label, mode)
            if "subject" in node and value.kind in ("string", "number"):
                self.subject(node["subject"], value.text if value.kind == "string" else value.raw)
        return text

    def count_disclosed(self, label, mode):
        key = f"{label}={mode}"
        self.account.disclosed[key] = self.account.disclosed.get(key, 0) + 1

    def subject(self, kind, text):
        if text:
            self.account.subjects.add((kind, self.normalise(kind, text)))

    # -- the walk --

    def check_names(self, name, node, record_kind, value, attribute):
        seen = set()
        for raw, key, _ in value.members:
            child = node.get("members", {}).get(key)
            if child is None:
                child = undeclared(name) if node.get("anything") else node.get("additional")
                too_long = self.is_too_long(node, raw)
                child = child if child is not None and (too_long or self.name_shows(raw, child, record_kind)) else None
            matters = child is not None and self.can_disclose(child, record_kind)
            if matters and key not in node.get("members", {}) and self.is_too_long(node, raw):
                continue
            if matters and key in seen:
                raise Refused("duplicate")
            seen.add(key)
        # and what a policy reads
        if node.get("record") and self.reads and self.inside(name):
            self.check_read(value, node, self.attributes.get(node["record"], {}))

    def check_read(self, value, node, attributes):
        keys = [key for _, key, _ in value.members
                if key in attributes and key in node.get("members", {}) and "record" not in self.case["nodes"][node["members"][key]]]
        if len(keys) != len(set(keys)):
            raise Refused("duplicate")

    def element(self, name, value, record_kind, record, around):
        """The text of what stands at a declared place, or None when it is absent."""
        node = self.case["nodes"][name]
        if value.kind not in ("array", "object"):
            return self.scalar(node, value, record_kind, record)
        if not allowed(node, value):
            self.account.wrong_type += 1
            self.withhold(node, record_kind, record)
            return None
        if record is None and ("record" not in node or value.kind == "array"):
            return self.container(name, node, value, record_kind, record, around)
        self.path.append(Container(self.name))
        if self.may_stand_empty(name, node, value.kind == "array", record_kind):
            self.charge(record, self.group(node) if node.get("labels") else "shape", 0)
        text = self.container(name, node, value, record_kind, record, around)
        self.path.pop()
        return text

    def container(self, name, node, value, record_kind, record, around):
        if value.kind == "array":
            return self.array(name, node, value, record_kind, record, around)
        if "record" in node:
            return self.record(name, node, value, record, around)
        return self.object(name, node, value, record_kind, record, around)

    def may_stand_empty(self, name, node, is_array, record_kind):
        if "record" in node and not is_array:
            return False
        if node.get("labels"):
            return not self.is_withheld(node, record_kind) and self.statically_weakest(node["labels"], record_kind)[0] == 4
        return is_array and self.can_disclose(name, record_kind)

    def stands_empty(self, name, node, is_array, record_kind, record):
        labels = node.get("labels", [])
        if labels:
            modes = {label: strongest(self.case, None, label) for label in labels} if record is None else (record.modes or {})
            return MODES[self.weakest(labels, modes)[0]] == "reveal" and self.statically_weakest(labels, record_kind)[0] == 4
        return is_array and self.can_disclose(name, record_kind)

    def array(self, name, node, value, record_kind, record, around):
        child = name if node.get("anything") else None
        child = node.get("items", child)
        parts = []
        for item in value.items:
            if child is None:
                self.account.unlabelled += self.count_scalars(item)
                continue
            self.name = ""
            text = self.element(child, item, record_kind, record, around)
            if text is not None:
                parts.append(text)
        if not parts and not self.stands_empty(name, node, True, record_kind, record):
            return None
        return "[" + ",".join(parts) + "]"

    def object(self, name, node, value, record_kind, record, around):
        self.check_names(name, node, record_kind, value, None)
        parts = self.members(name, node, value, record_kind, record, around)
        if not parts and not self.stands_empty(name, node, False, record_kind, record):
            return None
        return "{" + ",".join(parts) + "}"

    def members(self, name, node, value, record_kind, record, around):
        parts = []
        for raw, key, member in value.members:
            child = node.get("members", {}).get(key)
            if child is None:
                child = node.get("additional", undeclared(name) if node.get("anything") else None)
                too_long = self.is_too_long(node, raw)  # and is dropped before anybody looks into it
                child = child if child is not None and (too_long or self.name_shows(raw, child, record_kind)) else None
            if (record is None and child is not None and key not in node.get("members", {}) and
                    self.can_disclose(child, record_kind) and self.is_too_long(node, raw)):
                child = None
            if child is None:
                self.account.unlabelled += self.count_scalars(member)
                continue
            self.name = raw
            text = self.element(child, member, record_kind, record, around)
            if text is not None:
                parts.append(raw + ":" + text)
        return parts

    def record(self, name, node, value, outer, around):
        kind = node["record"]
        self.check_names(name, node, kind, value, None)
        read = self.reads and self.inside(name)
        attributes = self.read_attributes(node, kind, value) if read else {}
        modes = self.judge(kind, attributes, around) if read or not asks(self.case, kind) else None
        record = Record(kind, attributes, modes)
        if outer is not None:
            outer.inner.append(record)
        parts = self.members(name, node, value, kind, record, around + [(kind, attributes)])
        record.stands = record.own > 0
        unjudged = asks(self.case, kind) and any(self.reads_too_much(a) for _, a in around + [(kind, attributes)])
        if self.is_over(record) or (unjudged and self.is_held(record)):
            record.stands = False
            self.account.over_limit += 1
        if outer is None:
            self.settle(record, True)
        return "{" + ",".join(parts) + "}" if record.stands else None

    def settle(self, record, around_stands):
        stands = record.stands and around_stands
        if stands:
            self.account.records += 1
        else:
            self.account.left_out += 1
        for label, mode in record.leaves:
            if stands and mode != "withheld":
                self.count_disclosed(label, mode)
            else:
                self.account.withheld[label] = self.account.withheld.get(label, 0) + 1
        if stands:
            for kind, text in record.subjects:
                self.subject(kind, text)
        for inner in record.inner:
            self.settle(inner, stands)

    # -- documents --

    def documents(self, body):
        depth = self.case.get("depth") or DEPTH
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            raise Refused("encoding") from None
        if not self.case.get("ndjson"):
            return [parse(text, depth)]
        return [parse(line, depth) for line in text.split("\n") if line.strip(" \t\r")]

    def run(self, body):
        """(body or None when nothing was disclosed)"""
        out = []
        for document in self.documents(body):
            self.name = ""
            text = self.element(self.case["root"], document, None, None, [])
            if text is not None:
                out.append(text)
        if self.case.get("ndjson"):
            return "".join(text + "\n" for text in out)
        return out[0] if out else None


def redact(case, body):
    """{"fault": name} or the body and the account, as redact_file writes them."""
    redactor = Redactor(case)
    try:
        text = redactor.run(body)
    except Refused as refused:
        return {"fault": str(refused)}
    account = redactor.account
    return {"fault": "none", "nothing": text is None, "body": text or "", "account": {
        "disclosed": account.disclosed, "withheld": account.withheld, "unlabelled": account.unlabelled,
        "wrong_type": account.wrong_type, "records": account.records, "left_out": account.left_out,
        **({"over_limit": account.over_limit} if account.over_limit else {}),
        "subjects": sorted(account.subjects)}}
