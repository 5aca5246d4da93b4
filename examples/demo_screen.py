# SPDX-License-Identifier: Apache-2.0
"""Shows the demo on 100 columns: two answers side by side, problem documents, the officer's table.

Nothing here decides or checks anything. Colours only where a terminal reads them.
"""
import decimal
import json
import os
import sys
import textwrap

WIDTH = 100
LEFT = 48
RIGHT = WIDTH - LEFT - 3
SAME, CHANGED, GONE = "│", "≈", "✕"
MISSING = object()
STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}
COLOURED = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def paint(text, *styles):
    if not COLOURED or not text.strip():
        return text
    return f"\x1b[{';'.join(STYLES[style] for style in styles)}m{text}\x1b[0m"


def say(text="", *styles):
    print(paint(text, *styles) if styles else text, flush=True)


def heading(text):
    say()
    say(f"── {text} ".ljust(WIDTH, "─"), "bold")


def paragraph(text, indent="   "):
    say(textwrap.fill(" ".join(text.split()), WIDTH, initial_indent=indent, subsequent_indent=indent))


def read_json(text):
    """JSON with numbers that keep their spelling."""
    return json.loads(text, parse_float=decimal.Decimal)


def scalar(value):
    return str(value) if isinstance(value, decimal.Decimal) else json.dumps(value, ensure_ascii=False)


def compact(value):
    """The gateway's spelling: no white space."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{scalar(name)}:{compact(member)}" for name, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(compact(element) for element in value) + "]"
    return scalar(value)


def cut(text, width):
    return text if len(text) <= width else text[:width - 1] + "…"


# --- two answers, line by line ---

def align(left, right, keeps=None, shown=None):
    """Rows (left line, mark, right line) of the service's answer and the partner's.

    KEEPS tells for each element of a list of records whether the partner has it. After SHOWN records that the partner
    has, the others are only counted.
    """
    return list(_rows(left, right, "", "", "", "", keeps, shown))


def how_many(number, noun):
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _rows(left, right, indent, name, left_end, right_end, keeps, shown):
    if isinstance(left, dict) or isinstance(left, list):
        brackets = "{}" if isinstance(left, dict) else "[]"
        gone = right is MISSING
        yield _row(f"{indent}{name}{brackets[0]}", None if gone else f"{indent}{name}{brackets[0]}")
        inside = _members if isinstance(left, dict) else _elements
        yield from inside(left, right, indent + "  ", keeps, shown)
        yield _row(f"{indent}{brackets[1]}{left_end}", None if gone else f"{indent}{brackets[1]}{right_end}")
    else:
        yield _row(f"{indent}{name}{scalar(left)}{left_end}",
                   None if right is MISSING else f"{indent}{name}{scalar(right)}{right_end}",
                   right is not MISSING and scalar(left) != scalar(right))


def _row(left, right, changed=False):
    if right is None:
        return left, GONE, ""
    return left, CHANGED if changed else SAME, right


def _members(left, right, indent, keeps, shown):
    there = list(right) if isinstance(right, dict) else []
    for index, name in enumerate(left):
        other = right[name] if name in there else MISSING
        yield from _rows(left[name], other, indent, f"{scalar(name)}: ", "," if index + 1 < len(left) else "",
                         "," if there and name != there[-1] else "", keeps, shown)


def _elements(left, right, indent, keeps, shown):
    keeps = keeps if keeps is not None else [True] * len(left)
    others = iter(right if isinstance(right, list) else [])
    done = 0
    for index, (element, kept) in enumerate(zip(left, keeps)):
        end = "," if index + 1 < len(left) else ""
        if right is MISSING or not kept:
            yield f"{indent}{summary(element)}{end}", GONE, ""
            continue
        other = next(others)
        yield from _rows(element, other, indent, "", end, "," if any(keeps[index + 1:]) else "", None, None)
        done += 1
        if shown is not None and done == shown and index + 1 < len(left):
            rest = keeps[index + 1:]
            yield (f"{indent}… and {how_many(len(rest), 'other')}", SAME,
                   f"{indent}… and {how_many(sum(rest), 'other')}")
            return


def summary(record):
    """A whole record that is gone, in one line: its short words."""
    words = [f"{scalar(name)}: {scalar(record[name])}" for name in ("city", "status") if name in record]
    return f"{{ {', '.join(words)}, … }}" if words else "{ … }"


# --- columns ---

def columns(left_title, right_title):
    say()
    say(f" {left_title}".ljust(LEFT) + "   " + right_title, "bold")
    say("─" * LEFT + "─┬─" + "─" * RIGHT, "dim")


def show_rows(rows):
    styles = {SAME: (), CHANGED: ("yellow",), GONE: ("dim",)}
    for left, mark, right in rows:
        style = styles[mark]
        left_text = cut(left, LEFT).ljust(LEFT)
        separator = paint(mark, *(("red",) if mark == GONE else style or ("dim",)))
        say(f"{paint(left_text, *style) if mark == GONE else left_text} {separator} "
            f"{paint(cut(right, RIGHT), *style) if style else cut(right, RIGHT)}".rstrip())


def show_beside(left_lines, right_lines, left_style="dim"):
    """Two columns that do not correspond line by line."""
    height = max(len(left_lines), len(right_lines))
    for index in range(height):
        left = cut(left_lines[index], LEFT) if index < len(left_lines) else ""
        right = cut(right_lines[index], RIGHT) if index < len(right_lines) else ""
        say(f"{paint(left.ljust(LEFT), left_style)} {paint(SAME, 'dim')} {right}".rstrip())


def pretty(value, width, most=None):
    """Indented JSON as lines; long strings are folded at blanks."""
    lines = []
    for line in json.dumps(value, indent=2, default=str, ensure_ascii=False).splitlines():
        margin = len(line) - len(line.lstrip()) + 4
        lines += textwrap.wrap(line, width, subsequent_indent=" " * margin, drop_whitespace=True,
                               break_on_hyphens=False) if len(line) > width else [line]
    if most is not None and len(lines) > most:
        lines = lines[:most - 1] + [f"… and {how_many(len(lines) - most + 1, 'other line')}"]
    return lines


# --- the officer's table ---
