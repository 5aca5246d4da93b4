#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The demo: partners ask three services through the gateway; each answer is shown beside the service's own.

Every statement with a tick was checked against what was to be expected, worked out here from the service's answer and
not from the gateway's. Ends with 0 only if all of them hold.

usage: demo.py [--keep] [--programs FOLDER] [--folder FOLDER]
"""
import argparse
import decimal
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import sys
import time

import demo_screen as screen
from demo_processes import Failure, wait_until
from demo_world import EXAMPLES, FACTS, PARTNERS, POLICIES, World

ROOT = EXAMPLES.parent
STOLEN_NEED = 'purpose=vehicle-crime, case="FIR-512/2026", basis=crpc-94'
FRAUD_NEED = "purpose=fraud-prevention, basis=amla-2010"
RESEARCH_NEED = "purpose=research, basis=research-agreement"
STOLEN_PATH = "/anpr/sightings?plate=LEB-4471"
ACCOUNT_PATH = "/fraud/accounts/PK00INDS0000000000000417/alerts"
RESEARCH_PATH = "/incidents/incidents?category=vehicle-theft"
TOKEN = re.compile(r"[a-z2-7]{16}")


def check(what, holds, otherwise="", quiet=False):
    """Says WHAT and goes on only if it holds."""
    if not holds:
        raise Failure(f"{what}: it does not hold. {otherwise}".strip())
    if not quiet:
        screen.say(f"   {screen.paint('✓', 'green')} {what}")


# --- what each partner may get, told field by field ---

def same(value):
    return value


def to_grid(value):
    step = decimal.Decimal("0.01")
    return (value / step).to_integral_value(decimal.ROUND_FLOOR) * step


def to_month(value):
    return value[:7] + "-01T00:00:00Z"


def to_ten_thousands(value):
    return value // 10_000 * 10_000


def to_cnic_text(_):
    return "[CNIC]"


def last_four(value):
    return "***" + value[-4:]


class Token(str):
    """A value in whose place a token is to stand."""


PLACE = {"position.latitude": ("place.latitude", "coarsen", to_grid),
         "position.longitude": ("place.longitude", "coarsen", to_grid)}

CAMERA_VIEW = {"plate": ("vehicle.plate", "reveal", same), "seenAt": ("time", "reveal", same),
               "city": ("place.city", "reveal", same), **PLACE,
               "vehicle.make": ("vehicle.description", "reveal", same),
               "vehicle.model": ("vehicle.description", "reveal", same),
               "vehicle.colour": ("vehicle.description", "reveal", same),
               "owner.cnic": ("person.cnic", "mask", to_cnic_text)}

BANK_VIEW = {"kind": ("alert.kind", "reveal", same), "status": ("alert.kind", "reveal", same),
             "raisedAt": ("time", "reveal", same), "amount": ("alert.amount", "reveal", same)}
INSURER_VIEW = {"kind": ("alert.kind", "reveal", same), "status": ("alert.kind", "reveal", same),
                "raisedAt": ("time", "coarsen", to_month), "amount": ("alert.amount", "coarsen", to_ten_thousands)}
for party in ("holder", "counterparty"):
    BANK_VIEW |= {f"{party}.account": ("account.number", "reveal", same),
                  f"{party}.bank": ("account.bank", "reveal", same),
                  f"{party}.cnic": ("person.cnic", "tokenize", Token)}
    INSURER_VIEW |= {f"{party}.account": ("account.number", "mask", last_four),
                     f"{party}.cnic": ("person.cnic", "tokenize", Token)}

RESEARCH_VIEW = {"category": ("incident.category", "reveal", same), "outcome": ("incident.category", "reveal", same),
                 "occurredAt": ("time", "coarsen", to_month), "city": ("place.city", "reveal", same), **PLACE}


def project(record, view, path=""):
    """The record as the partner must get it: what VIEW names, in the record's own order."""
    projected = {}
    for name, value in record.items():
        if isinstance(value, dict):
            inside = project(value, view, f"{path}{name}.")
            if inside:
                projected[name] = inside
        elif path + name in view:
            projected[name] = view[path + name][2](value)
    return projected


def count_disclosed(view, number):
    """What the entry must say of NUMBER records: {label: {mode: n}}."""
    counted = {}
    for label, mode, _ in view.values():
        counted.setdefault(label, {}).setdefault(mode, 0)
        counted[label][mode] += number
    return counted


def put_tokens(expected, got, tokens):
    """EXPECTED with the tokens of GOT in place of the CNICs; learns which token stands for whom in TOKENS."""
    if isinstance(expected, dict) and isinstance(got, dict):
        return {name: put_tokens(value, got.get(name), tokens) for name, value in expected.items()}
    if isinstance(expected, list) and isinstance(got, list):
        return [put_tokens(value, other, tokens) for value, other in zip(expected, got)] + expected[len(got):]
    if isinstance(expected, Token) and isinstance(got, str) and TOKEN.fullmatch(got):
        return tokens.setdefault(str(expected), got)
    return expected


# --- the calls ---

class Story:
    """The calls in their order, and what later parts need to know of them."""

    def __init__(self, world):
        self.world = world
        self.calls = []  # (partner, answer, view or None, records disclosed, records there)

    def announce(self, number, title, words, partner, path, need):
        screen.heading(f"{number}  {title}")
        screen.paragraph(words)
        screen.say()
        screen.say(f"   GET {path}", "cyan")
        screen.say(f"   Need: {need}", "cyan")
        screen.columns("the service's own answer", f"what {partner} got")

    def permitted(self, partner, path, need, view, keeps, shown=2, show=True, announce=None):
        """One call that is answered; shows both answers and returns {CNIC: token}."""
        own = self.world.ask_service(path)
        answer = self.world.ask_gateway(partner, path, need)
        if announce:
            self.announce(*announce, partner, path, need)
        if answer.status != 200:
            screen.show_beside([], screen.pretty(json.loads(answer.body), screen.RIGHT))
            raise Failure(f"{partner} was to be answered, but got {answer.status}")
        service, got = screen.read_json(own), screen.read_json(answer.body)
        name = next(name for name, value in service.items() if isinstance(value, list))
        kept = [keeps(record) for record in service[name]]
        tokens = {}
        expected = put_tokens({name: [project(record, view) for record, keep in zip(service[name], kept) if keep]},
                              got, tokens)
        if show:
            screen.show_rows(screen.align(service, got, kept, shown))
            screen.say()
        check(f"all {len(answer.body)} bytes are what this partner may know of {len(service[name])} records, no more",
              answer.body.decode() == screen.compact(expected),
              f"\nexpected {screen.compact(expected)[:2000]}\ngot      {answer.body.decode()[:2000]}", quiet=not show)
        self.calls.append((partner, answer, view, sum(kept), len(kept)))
        return answer, tokens

    def refused(self, partner, path, need, announce):
        """One call that is refused before the service is asked."""
        own = self.world.ask_service(path)
        service = path.split("/")[1]
        before = self.world.count_requests(service)
        answer = self.world.ask_gateway(partner, path, need)
        self.announce(*announce, partner, path, need)
        screen.show_beside(screen.pretty(json.loads(own), screen.LEFT, most=14),
                           [f"HTTP {answer.status}", ""] +
                           screen.pretty(json.loads(answer.body), screen.RIGHT))
        screen.say()
        check("403, as application/problem+json, and the service was not even asked",
              answer.status == 403 and answer.headers.get("content-type") == "application/problem+json"
              and self.world.count_requests(service) == before, answer)
        self.calls.append((partner, answer, None, 0, 0))
        return answer

    def tell(self):
        screen.say(f"   In the middle:  {screen.SAME} as it was   {screen.CHANGED} made coarser, masked or tokenized   "
                   f"{screen.GONE} withheld", "dim")
        self.tell_cameras()
        self.tell_fraud()
        self.tell_research()

    def tell_cameras(self):
        partner = "ravi-cameras"
        answer, _ = self.permitted(
            partner, STOLEN_PATH, STOLEN_NEED, CAMERA_VIEW, lambda record: record["city"] == "Lahore",
            announce=("1", "A camera operator looks for a stolen vehicle",
                      "Its police case FIR-512/2026 is open and lists the plate. The operator works in Lahore."))
        records = screen.read_json(answer.body)["sightings"]
        check("plate in the clear, position on a grid of about 1 km, CNIC masked, telephone withheld",
              all(record["plate"] == "LEB-4471" and record["owner"] == {"cnic": "[CNIC]"} for record in records)
              and b"0300-" not in answer.body)
        check("the sighting in Karachi is gone, and nothing counts it",
              b"Karachi" not in answer.body and b"count" not in answer.body)
        self.save(answer.body, "stolen-vehicle.partner.json")
        self.save(self.world.ask_service(STOLEN_PATH), "stolen-vehicle.json")

        other = self.refused(
            partner, "/anpr/sightings?plate=LEC-7718", STOLEN_NEED,
            ("2", "The same operator, the same case, another plate", "The case does not list this one."))
        detail = json.loads(other.body)["detail"]
        check("the problem says what to do",
              "name an open case of yours that lists this plate" in detail, detail)
        without = self.refused(
            partner, STOLEN_PATH, "purpose=vehicle-crime, basis=crpc-94",
            ("3", "The same operator without a case", "The plate is the stolen one again."))
        check("byte for byte the same 403 as before, but for its ids", mask_ids(other) == mask_ids(without),
              f"\n{mask_ids(other)}\n{mask_ids(without)}")

    def tell_fraud(self):
        bank, bank_tokens = self.permitted(
            "indus-bank", ACCOUNT_PATH, FRAUD_NEED, BANK_VIEW, lambda record: True,
            announce=("4", "A bank's fraud desk asks about an account, twice; an insurer asks too",
                      "The bank follows people across accounts without learning who they are: tokens for CNICs."))
        again, again_tokens = self.permitted("indus-bank", ACCOUNT_PATH, FRAUD_NEED, BANK_VIEW, lambda record: True,
                                             show=False)
        check(f"asked again, the bank gets the same bytes: the same {len(bank_tokens)} tokens for the same "
              f"{len(bank_tokens)} people",
              again.body == bank.body and again_tokens == bank_tokens
              and len(set(bank_tokens.values())) == len(bank_tokens))
        check("who received both confirmed transfers has one token in both",
              len({alert["counterparty"]["cnic"] for alert in screen.read_json(bank.body)["alerts"][:2]}) == 1)
        screen.say()
        screen.say(f"   GET {ACCOUNT_PATH}", "cyan")
        screen.say(f"   Need: {FRAUD_NEED}", "cyan")
        screen.columns("the service's own answer", "what chenab-insurance got")
        _, insurer_tokens = self.permitted(
            "chenab-insurance", ACCOUNT_PATH, FRAUD_NEED, INSURER_VIEW,
            lambda record: record["status"] == "confirmed", shown=1)
        check("the insurer's tokens for the same people are others: the two cannot join their files",
              not set(insurer_tokens.values()) & set(bank_tokens.values())
              and set(insurer_tokens) <= set(bank_tokens) and insurer_tokens)

    def tell_research(self):
        answer, _ = self.permitted(
            "bolan-university", RESEARCH_PATH, RESEARCH_NEED, RESEARCH_VIEW, lambda record: True, shown=1,
            announce=("5", "A researcher studies car thefts",
                      "Months instead of times, a grid of 0.01° (about 1 km), nobody in it."))
        own = screen.read_json(self.world.ask_service(RESEARCH_PATH))["incidents"]
        people = [incident["complainant"][name] for incident in own for name in ("name", "cnic", "phone")]
        check(f"none of the {len(people)} names and numbers of people is in the answer, no incident number either",
              not any(text.encode() in answer.body for text in people + [incident["number"] for incident in own]))

    def save(self, body, name):
        (self.world.folder / "answers" / name).write_bytes(body)


def mask_ids(answer):
    """The body without what is the access's own."""
    own = answer.headers.get("access-id", "")
    return answer.body.decode().replace(own, "…") if own else answer.body.decode()


# --- the trail ---

def tell_trail(world, story):
    screen.heading("What these calls wrote: the trail, as a privacy officer reads it")
    wanted = [answer.headers.get("access-id", "none") for _, answer, *_ in story.calls]
    entries = {}
    for _, line in world.trail_lines():
        entry = json.loads(line)
        if entry["kind"] == "access":
            entries.setdefault(entry["access"], []).append(entry)
    found = [entries.get(identifier, [{}])[0] for identifier in wanted]
    listed = world.amanat("search", world.folder / "trail")
    show_command(world, "search", world.folder / "trail")
    screen.say()
    for line in listed.stdout.splitlines():
        screen.say(line)
    screen.say()
    check("amanat search lists these entries, newest first",
          listed.returncode == 0 and [line.split()[0] for line in listed.stdout.splitlines() if line[:1].isdigit()]
          == [str(entry["_seq"]) for entry in reversed(found)], listed.stdout + listed.stderr)
    check(f"{len(wanted)} calls, {len(wanted)} entries: each Access-Id that a partner got has its own",
          all(len(entries.get(identifier, [])) == 1 for identifier in wanted) and len(set(wanted)) == len(wanted))
    for (partner, answer, view, kept, there), entry in zip(story.calls, found):
        counts = entry.get("records", {})
        right = (entry["partner"] == partner and entry["status"] == answer.status
                 and entry["decision"] == ("permit" if view else "refuse")
                 and entry.get("disclosed", {}) == (count_disclosed(view, kept) if view else {})
                 and (counts.get("disclosed", 0), counts.get("left_out", 0)) == (kept, there - kept))
        if not right:
            raise Failure(f"the entry does not say what happened: {entry}")
    check("who, why, what and how often: every count is what the partners' answers hold", True)
    text = b"\n".join(line for _, line in world.trail_lines())
    private = personal_values(world)
    check(f"none of the {len(private)} names, CNICs, telephone and account numbers in it, and no plate",
          not any(value in text for value in private))
    return found[0]


def personal_values(world):
    """Every value of the records that names a person, an account or a plate."""
    names = {"name", "cnic", "phone", "account", "plate"}
    values = set()

    def collect(value):
        for name, member in value.items():
            if isinstance(member, dict):
                collect(member)
            elif name in names:
                values.add(member.encode())

    for file in (world.folder / "records").glob("*.jsonl"):
        for line in file.read_text(encoding="utf-8").splitlines():
            collect(json.loads(line))
    return values | {f"{partner}/{agent}".encode() for partner, (agent, _) in PARTNERS.items()}


def tell_verification(world, entry):
    screen.heading("Is it true? amanat verify")
    trail = world.folder / "trail"
    ledger = world.folder / "ledger"
    arguments = ["verify", trail, "--vkey", ledger / "gateway.vkey", "--witness", ledger / "ledger.vkey",
                 "--require", "witnessed"]

    def verified():
        done = world.amanat(*arguments)
        return done if done.returncode == 0 else None

    # The checkpoint is signed each second, and then the ledger is asked.
    try:
        done = wait_until("trail, checkpoint and ledger verify", verified)
    except Failure:
        done = world.amanat(*arguments)
        raise Failure(f"amanat verify gave {done.returncode}:\n{done.stdout}{done.stderr}") from None
    show_command(world, *arguments)
    show_output(done.stdout)
    check("trail, checkpoint and ledger verify", done.returncode == 0)

    copy = world.folder / "altered"
    shutil.copytree(trail, copy)
    number = entry["_seq"]
    for segment, line in world.trail_lines():
        if json.loads(line)["_seq"] == number:
            altered = copy / segment.relative_to(trail)
            altered.chmod(0o600)
            content = altered.read_bytes()
            place = content.index(line) + line.index(b"ravi-cameras") + len("ravi-camera")
            altered.write_bytes(content[:place] + b"x" + content[place + 1:])
    screen.say()
    screen.say(f"   One byte of entry {number} is changed in a copy: ravi-cameras becomes ravi-camerax.")
    done = world.amanat("verify", copy)
    show_command(world, "verify", copy)
    show_output(done.stdout + done.stderr)
    check(f"verification refuses the copy and names entry {number}",
          done.returncode == 3 and re.search(rf"\b{number}\b", done.stdout + done.stderr),
          f"exit {done.returncode}")


def show_command(world, *arguments):
    screen.say(f"   $ {shown_path(world.programs_folder / 'amanat')} "
               + " ".join(shown_path(argument) for argument in arguments), "cyan")


def show_output(text):
    for line in text.splitlines():
        screen.paragraph(line, "     ")


def shown_path(path):
    """A path as one types it from the checkout."""
    try:
        return str(pathlib.Path(path).relative_to(ROOT))
    except ValueError:
        return str(path)


# --- to try next ---

def preview_arguments(world, policies):
    return ["preview", policies, "--agent", "ravi-cameras/desk-2", "--operation", "findSightings",
            "--need", STOLEN_NEED, "--parameter", "plate=LEB-4471", "--facts", FACTS,
            world.folder / "answers" / "stolen-vehicle.json"]


def tell_next(world):
    """The lines at the end are tried here, on a copy of the policy folder."""
    screen.heading("Try next")
    policy = POLICIES / "vehicle-crime.cedar"
    copy = world.folder / "try"
    shutil.copytree(POLICIES, copy)
    changed = copy / policy.name
    text = policy.read_text(encoding="utf-8")
    number = next(index for index, line in enumerate(text.splitlines(), 1) if "mask:person.cnic" in line)
    changed.write_text(text.replace("mask:person.cnic", "reveal:person.cnic"), encoding="utf-8")
    masked, revealed = (world.amanat(*preview_arguments(world, folder)) for folder in (POLICIES, copy))
    partner = (world.folder / "answers" / "stolen-vehicle.partner.json").read_text(encoding="utf-8")
    cnic = json.loads((world.folder / "answers" / "stolen-vehicle.json").read_text())["sightings"][0]["owner"]["cnic"]
    check("amanat preview gives offline what the operator got above, byte for byte",
          masked.returncode == 0 and masked.stdout.rstrip("\n") == partner, masked.stderr + masked.stdout)
    check("with one word changed, the CNIC is in the clear and all else is as before",
          revealed.returncode == 0 and revealed.stdout.rstrip("\n") == partner.replace("[CNIC]", cnic),
          revealed.stderr + revealed.stdout)
    shutil.copy(FACTS, world.folder)  # where the tests of the copy look for them
    tested, noticed = world.amanat("test", POLICIES, "--strict"), world.amanat("test", copy)
    check("amanat test passes, and with that word changed it shows what was expected and what came",
          tested.returncode == 0 and noticed.returncode == 3 and '-         "cnic": "[CNIC]"' in noticed.stdout,
          tested.stdout + noticed.stdout + noticed.stderr)
    screen.say()
    screen.say(f"   1. Change mask to reveal in line {number} of {shown_path(policy)}, and run", "bold")
    command = [shown_path(world.programs_folder / "amanat")] + [shown_path(argument) for argument in
                                                                preview_arguments(world, POLICIES)]
    show_wrapped("   2. ", [shlex.quote(word) for word in command])
    show_wrapped("   3. ", [command[0], "test", shown_path(POLICIES)])


def show_wrapped(start, words):
    """A shell command over as many lines as it needs; an option stays with its value."""
    groups = []
    for word in words:
        if groups and groups[-1].startswith("-") and " " not in groups[-1]:
            groups[-1] += " " + word
        else:
            groups.append(word)
    line = start
    for group in groups:
        if len(line) + len(group) + 3 > screen.WIDTH:
            screen.say(line + "\\", "bold")
            line = " " * (len(start) + 4)
        line += group + " "
    screen.say(line.rstrip(), "bold")


def tell_kept(world):
    screen.heading("It runs on")
    for partner, path, need in (("ravi-cameras", STOLEN_PATH, STOLEN_NEED), ("indus-bank", ACCOUNT_PATH, FRAUD_NEED),
                                ("bolan-university", RESEARCH_PATH, RESEARCH_NEED)):
        show_wrapped("   ", ["curl", "-K", shown_path(world.folder / "partners" / f"{partner}.curl"), "-H",
                             shlex.quote(f"Need: {need}"), shlex.quote(world.url + path)])
        screen.say()
    screen.say(f"   The trail grows in {shown_path(world.folder / 'trail')}; the tokens hold for an hour.")
    screen.say(f"   To stop it: kill {' '.join(world.keep())}", "bold")


# --- all of it ---

def prepare(world):
    """Starts everything, with a line for each step."""
    steps = [("keys and certificates of the demo", lambda: (world.clear(), world.make_keys())),
             ("synthetic records", world.make_records),
             ("policy folder examples/lahore compiles", lambda: compile_policies(world)),
             ("three data services", world.start_services),
             ("local ledger", world.start_ledger),
             ("gateway", world.start_gateway)]
    for words, step in steps:
        began = time.monotonic()
        step()
        screen.say(f"   {words:<70} {time.monotonic() - began:6.1f} s")
    screen.say(f"   {world.url}, all on loopback; everything made lies in {shown_path(world.folder)}", "dim")


def compile_policies(world):
    done = world.amanat("check", POLICIES)
    if done.returncode != 0:
        raise Failure(f"amanat check {shown_path(POLICIES)}:\n{done.stdout}{done.stderr}")


def run(world, keep):
    prepare(world)
    story = Story(world)
    story.tell()
    entry = tell_trail(world, story)
    tell_verification(world, entry)
    tell_next(world)
    if keep:
        tell_kept(world)
    else:
        world.stop()
    screen.say()
    screen.say("   Everything above was checked." + ("" if keep else " What was started is stopped."), "green")


def main():
    reader = argparse.ArgumentParser(description="the demo of Amanat")
    reader.add_argument("--keep", action="store_true", help="leave everything running and print curl commands")
    reader.add_argument("--programs", default=os.environ.get("AMANAT_BIN_DIR", ROOT / "build" / "release" / "bin"),
                        help="folder of amanat and demo_service")
    reader.add_argument("--folder", default=ROOT / "build" / "demo", help="where keys, records and the trail go")
    options = reader.parse_args()
    world = World(pathlib.Path(options.programs).resolve(), pathlib.Path(options.folder).resolve())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        run(world, options.keep)
        return 0
    except Failure as failure:
        screen.say()
        screen.say(f"   ✕ {failure}", "red")
        for program in world.running:
            if program.log.strip():
                screen.say(f"   {program.name} said: {program.log.strip()[-2000:]}", "dim")
        return end(world)
    except KeyboardInterrupt:
        screen.say("\n   interrupted")
        return end(world)
    except BaseException:
        end(world)
        raise


def end(world):
    """Stops what runs after something went wrong; gives the exit code."""
    try:
        world.stop()
    except Failure as failure:
        screen.say(f"   ✕ {failure}", "red")
    return 1


if __name__ == "__main__":
    sys.exit(main())
