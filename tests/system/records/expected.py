# SPDX-License-Identifier: Apache-2.0
"""What each agent must get from the real records, written by hand from what the policies are meant to say.

Independent of the gateway: no Cedar, no labels' inheritance, no OpenAPI, no shared code. A data set is one function per
agent; it takes a record and returns how each member is shown (what is not named is withheld), or None for a record that
this agent must not know of. `Answer` then writes the bytes, cuts the windows and counts what the trail must tell.
"""
import base64
import hashlib
import hmac
import json
import re
import sys
from collections import Counter
from datetime import datetime, timezone
from decimal import ROUND_FLOOR, Decimal, localcontext
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import spelling  # noqa: E402  (beside this file, and this file is also loaded from elsewhere)

WINDOW = 262144
NUMBER = re.compile(r"(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?)(?:[eE]([-+]?[0-9]+))?")


# ---- how a field is shown ------------------------------------------------------------------------------------------


class Field:
    """One leaf: `kinds` are the JSON kinds that may stand there; `text(value, secrets)` gives the output or None."""

    def __init__(self, label, mode, kinds, text):
        self.label, self.mode, self.kinds, self.text = label, mode, kinds, text


def quoted(text):
    return json.dumps(text, ensure_ascii=False)


def reveal(label, kinds="s"):
    return Field(label, "reveal", kinds, lambda node, _: node.text)


def mask_text(label, text):
    return Field(label, "mask", "s", lambda node, _: quoted(text))


def mask_first(label, keep):
    def text(node, _):
        value = node.value
        return quoted(value[:keep] + "***" if len(value) >= 2 * keep + 1 else "***")
    return Field(label, "mask", "s", text)


def mask_last(label, keep):
    def text(node, _):
        value = node.value
        return quoted("***" + value[-keep:] if len(value) >= 2 * keep + 1 else "***")
    return Field(label, "mask", "s", text)


def token(label, length):
    return Field(label, "tokenize", "s", lambda node, secrets: quoted(secrets.token(label, node.value, length)))


def prefix(label, length):
    return Field(label, "coarsen", "s", lambda node, _: quoted(node.value[:length]))


def step(label, size, kinds="n"):
    def text(node, _):
        value = node.value
        written = NUMBER.fullmatch(value)
        if not written or sum(map(str.isdigit, written[1])) > 64 or abs(int(written[2] or 0)) > 64:
            return None
        with localcontext() as context:
            context.prec = 200
            number = Decimal(value)
            low = (number / Decimal(size)).to_integral_value(ROUND_FLOOR) * Decimal(size)
            low = format(abs(low.quantize(Decimal(size))) if not low else low.quantize(Decimal(size)), "f")
        return quoted(low) if node.kind == "s" else low
    return Field(label, "coarsen", kinds, text)


def _start_of(label, cut):
    def text(node, _):
        value = node.value
        try:  # RFC 3339 only
            assert value[4] == value[7] == "-" and value[10] == "T"
            instant = datetime.fromisoformat(value.replace("Z", "+00:00")).astimezone(timezone.utc)
        except (ValueError, AssertionError, IndexError):
            return None
        return quoted(cut(instant).strftime("%Y-%m-%dT%H:%M:%SZ"))
    return Field(label, "coarsen", "s", text)


def month(label):
    return _start_of(label, lambda t: t.replace(day=1, hour=0, minute=0, second=0, microsecond=0))


def hour(label):
    return _start_of(label, lambda t: t.replace(minute=0, second=0, microsecond=0))


class Whole:
    """Anything at all, as it is, of one label."""

    def __init__(self, label):
        self.label = label


class OrNull:
    """An object with a label of its own that may be null: null is a value of that label."""

    def __init__(self, members, null=None):
        self.members, self.null = members, null


class Each:
    """An array; `item` says how each element is shown. It stands even when it is empty."""

    def __init__(self, item):
        self.item = item


class Record:
    """An object about which the policies are asked by itself; `show(object)` answers."""

    def __init__(self, show):
        self.show = show


# ---- secrets of the run --------------------------------------------------------------------------------------------


class Secrets:
    """The gateway's keys for tokens and pseudonyms, and the partner for whom tokens are made."""

    def __init__(self, tokenize, pseudonym, partner):
        self.tokenize, self.pseudonym, self.partner = tokenize, pseudonym, partner

    def token(self, label, value, length):
        """HMAC-SHA256 of the value under a key for partner and label: HKDF-SHA256 (RFC 5869), no salt."""
        extracted = hmac.new(bytes(32), self.tokenize, hashlib.sha256).digest()
        info = f"amanat tokenize 1\0{self.partner}\0{label}".encode()
        key = hmac.new(extracted, info + b"\1", hashlib.sha256).digest()
        digest = hmac.new(key, value.encode(), hashlib.sha256).digest()
        return base64.b32encode(digest).decode().rstrip("=").lower()[:length]

    def pseudonym_of(self, kind, identifier):
        digest = hmac.new(self.pseudonym, kind.encode() + b"\0" + identifier.encode(), hashlib.sha256).digest()
        return "p:" + base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")


# ---- an answer -----------------------------------------------------------------------------------------------------


class Answer:
    """The bytes of one answer, its windows, and what is counted of it."""

    def __init__(self, secrets):
        self.secrets = secrets
        self.disclosed = Counter()       # (label, mode) -> fields
        self.records = self.left_out = self.outermost_left_out = 0
        self.outermost = []              # text of each outermost record that is disclosed
        self.subjects = []               # of each of those: {(kind, normalised identifier)}
        self.body, self.windows = None, None

    def record(self, node, show):
        """The text of a record, or None. It is left out when no field of its own is disclosed, with all that is in it."""
        members = show(node)
        before = (self.disclosed.copy(), self.records, self.left_out)
        text, own = self.members(node, members) if members else (None, 0)
        if not own:
            self.disclosed, self.records, self.left_out = before
            self.left_out += 1
            return None
        self.records += 1
        return text

    def members(self, node, members):
        """The text of an object (None when nothing in it is disclosed) and how many fields of the record that it is in."""
        written, own = [], 0
        for spelt, name, value in node.members:
            if name in members:
                text, fields = self.value(value, members[name])
                own += fields
                if text is not None:
                    written.append(f"{spelt}:{text}")
        return ("{" + ",".join(written) + "}" if written else None), own

    def value(self, node, how):
        if isinstance(how, OrNull):
            if node.kind == "0":
                return self.value(node, how.null) if how.null else (None, 0)
            how = how.members
        if isinstance(how, dict):
            return self.members(node, how) if node.kind == "o" else (None, 0)
        if isinstance(how, Record):
            return self.record(node, how.show) if node.kind == "o" else None, 0
        if isinstance(how, Each):
            shown = [self.value(item, how.item) for item in node.items]
            texts = [text for text, _ in shown if text is not None]
            return "[" + ",".join(texts) + "]", sum(own for _, own in shown)
        if isinstance(how, Whole):
            self.disclosed[how.label, "reveal"] += node.leaves()
            return node.compact(), node.leaves()
        text = how.text(node, self.secrets) if node.kind in how.kinds else None
        if text is None:
            return None, 0
        self.disclosed[how.label, how.mode] += 1
        return text, 1

    def add(self, node, show, subjects):
        text = self.record(node, show)
        if text is None:
            self.outermost_left_out += 1
        else:
            self.outermost.append(text)
            self.subjects.append(subjects(node))

    def finish(self, opening, between, after, closing):
        """Puts the records together: a window is cut where the next record (with what joins it) would pass its size."""
        windows = [opening]
        for index, text in enumerate(self.outermost):
            piece = (between if index else "") + text + after
            if len(windows[-1].encode()) + len(piece.encode()) > WINDOW:
                windows.append("")
            windows[-1] += piece
        if len(windows[-1].encode()) + len(closing) > WINDOW:
            windows.append("")
        windows[-1] += closing
        self.windows = [window.encode() for window in windows]
        self.body = b"".join(self.windows)
        return self


def answer_array(body, show, secrets, subjects=lambda node: set()):
    answer = Answer(secrets)
    for node in body.items:
        answer.add(node, show, subjects)
    return answer.finish("[", ",", "", "]")


def answer_lines(lines, show, secrets, subjects=lambda node: set()):
    answer = Answer(secrets)
    for node in lines:
        answer.add(node, show, subjects)
    return answer.finish("", "", "\n", "")


def answer_one(node, show, secrets, subjects=lambda node: set()):
    """One record as the root; its body is None when it is left out (the partner gets the 404 of what is not there)."""
    answer = Answer(secrets)
    answer.add(node, show, subjects)
    answer.finish("", "", "", "")
    if not answer.outermost:
        answer.body = None
    return answer


# ---- crimes of Chicago ---------------------------------------------------------------------------------------------


WHOLE_CRIME = {
    "ID": reveal("crime.id", "i"),
    "Case Number": reveal("crime.number"),
    "Date": reveal("crime.time.occurred"),
    "Block": reveal("crime.place.block"),
    "IUCR": reveal("crime.offence.code"),
    "Primary Type": reveal("crime.offence.type"),
    "Description": reveal("crime.offence.text"),
    "Location Description": reveal("crime.place.kind"),
    "Arrest": reveal("crime.outcome", "b"),
    "Domestic": reveal("crime.domestic", "b"),
    "Beat": reveal("crime.area.beat"),
    "District": reveal("crime.area.district"),
    "Ward": reveal("crime.area.ward"),
    # FBI Code has no label, Community Area is not in the document
    "X Coordinate": reveal("crime.place.grid", "i0"),
    "Y Coordinate": reveal("crime.place.grid", "i0"),
    "Year": reveal("crime.time.year", "i"),
    "Updated On": reveal("crime.time.updated"),
    "Latitude": reveal("crime.place.point", "ni0"),
    "Longitude": reveal("crime.place.point", "ni0"),
    "Location": reveal("crime.place.text"),
}


def police_investigates(crime):
    return WHOLE_CRIME


def police_counts(crime):
    if crime.get("Domestic"):
        return None
    return {
        "Case Number": mask_first("crime.number", 2),
        "Primary Type": reveal("crime.offence.type"),
        "Arrest": reveal("crime.outcome", "b"),
        "Beat": reveal("crime.area.beat"),
        "District": reveal("crime.area.district"),
        "Ward": reveal("crime.area.ward"),
        "X Coordinate": step("crime.place.grid", "1000", "i"),
        "Y Coordinate": step("crime.place.grid", "1000", "i"),
        "Year": reveal("crime.time.year", "i"),
        "Date": month("crime.time.occurred"),
        "Updated On": prefix("crime.time.updated", 10),
        "Latitude": step("crime.place.point", "0.01", "ni"),
        "Longitude": step("crime.place.point", "0.01", "ni"),
        "Location": prefix("crime.place.text", 6),
    }


def district_eleven_investigates(crime):
    if crime.get("District") == "011":
        return WHOLE_CRIME
    if crime.get("Primary Type") == "HOMICIDE":
        return None
    return {
        "Case Number": mask_first("crime.number", 2),
        "Block": mask_first("crime.place.block", 5),
        "Primary Type": reveal("crime.offence.type"),
        "Description": mask_text("crime.offence.text", "[description]"),
        "Location Description": mask_last("crime.place.kind", 4),
        "Beat": prefix("crime.area.beat", 2),
        "Ward": step("crime.area.ward", "10", "s"),
        "X Coordinate": step("crime.place.grid", "1000", "i"),
        "Y Coordinate": step("crime.place.grid", "1000", "i"),
        "Latitude": step("crime.place.point", "0.01", "ni"),
        "Longitude": step("crime.place.point", "0.01", "ni"),
        "Location": prefix("crime.place.text", 6),
    }


def university_studies_crimes(crime):
    if crime.get("Domestic"):
        return None
    return {
        "Case Number": token("crime.number", 20),
        "IUCR": prefix("crime.offence.code", 2),
        "Primary Type": reveal("crime.offence.type"),
        "Arrest": reveal("crime.outcome", "b"),
        "Beat": prefix("crime.area.beat", 2),
        "Ward": step("crime.area.ward", "10", "s"),
        "X Coordinate": step("crime.place.grid", "1000", "i"),
        "Y Coordinate": step("crime.place.grid", "1000", "i"),
        "Year": reveal("crime.time.year", "i"),
        "Date": month("crime.time.occurred"),
        "Updated On": prefix("crime.time.updated", 10),
        "Latitude": step("crime.place.point", "0.01", "ni"),
        "Longitude": step("crime.place.point", "0.01", "ni"),
        "Location": prefix("crime.place.text", 6),  # coarsen is stronger than tokenize
    }


def press_reports_crimes(crime):
    if crime.get("Domestic") or not crime.get("Arrest"):
        return None
    return {
        "Primary Type": reveal("crime.offence.type"),
        "Description": mask_text("crime.offence.text", "[description]"),
        "Arrest": reveal("crime.outcome", "b"),
        "Date": month("crime.time.occurred"),
        "Updated On": prefix("crime.time.updated", 10),
    }


def insurer_settles_claims(crime):
    coordinate = crime.get("X Coordinate")
    by_the_lake = coordinate is not None and int(coordinate) > 1180000
    grid = reveal("crime.place.grid", "i0") if by_the_lake else step("crime.place.grid", "1000", "i")
    if crime.get("Primary Type") not in ("THEFT", "MOTOR VEHICLE THEFT", "BURGLARY"):
        return {"X Coordinate": grid, "Y Coordinate": grid} if by_the_lake else None
    return {
        "Primary Type": reveal("crime.offence.type"),
        "Location Description": reveal("crime.place.kind"),
        "Block": mask_first("crime.place.block", 5),
        "X Coordinate": grid,
        "Y Coordinate": grid,
    }


def crime_subjects(crime):
    return {("case", "".join(c for c in crime.get("Case Number").upper() if c.isalnum()))}


# ---- stop and search in London -------------------------------------------------------------------------------------


MINORS = ("10-17",)
UNDECLARED_AGE = "under 10"  # not in the document's list: where a policy reads the age such a record is left out


def oversight_reviews(search):
    return {
        "type": reveal("search.type"),
        "datetime": reveal("search.time"),
        "involved_person": reveal("search.flags", "b"),
        "operation": reveal("search.flags", "b0"),
        "operation_name": reveal("search.operation", "s0"),
        "location": OrNull({"latitude": reveal("search.place"), "longitude": reveal("search.place")},
                           null=reveal("search.place", "0")),
        "gender": reveal("search.person.gender", "s0"),
        "age_range": reveal("search.person.age", "s0"),
        "self_defined_ethnicity": reveal("search.person.ethnicity", "s0"),
        "officer_defined_ethnicity": reveal("search.person.ethnicity", "s0"),
        "legislation": reveal("search.ground.law", "s0"),
        "object_of_search": reveal("search.ground.object", "s0"),
        "outcome": reveal("search.outcome"),
        "outcome_linked_to_object_of_search": reveal("search.flags", "b0"),
        "removal_of_more_than_outer_clothing": reveal("search.flags", "b0"),
    }


COARSE_PLACE = OrNull({"latitude": step("search.place", "0.01", "s"), "longitude": step("search.place", "0.01", "s")})


def university_studies_searches(search):
    if search.get("age_range") == UNDECLARED_AGE:
        return None
    shown = {
        "type": reveal("search.type"),
        "datetime": month("search.time"),
        "operation_name": mask_text("search.operation", "[operation]"),
        "location": COARSE_PLACE,
        "legislation": prefix("search.ground.law", 20),
        "outcome": reveal("search.outcome"),
    }
    if search.get("age_range") not in MINORS:
        shown.update({
            "gender": reveal("search.person.gender", "s0"),
            "age_range": reveal("search.person.age", "s0"),
            "self_defined_ethnicity": reveal("search.person.ethnicity", "s0"),
            "officer_defined_ethnicity": reveal("search.person.ethnicity", "s0"),
        })
    return shown


def press_reports_searches(search):
    if search.get("age_range") == UNDECLARED_AGE or search.get("outcome") != "Arrest":
        return None
    return {
        "type": reveal("search.type"),
        "datetime": month("search.time"),
        "object_of_search": mask_last("search.ground.object", 3),
    }


def charity_cares(search):
    if search.get("age_range") not in MINORS:
        return None
    return {
        "datetime": month("search.time"),
        "involved_person": reveal("search.flags", "b"),
        "operation": reveal("search.flags", "b0"),
        "gender": mask_first("search.person.gender", 1),
        "age_range": reveal("search.person.age"),
        "self_defined_ethnicity": token("search.person.ethnicity", 16),
        "officer_defined_ethnicity": token("search.person.ethnicity", 16),
        "outcome_linked_to_object_of_search": reveal("search.flags", "b0"),
        "removal_of_more_than_outer_clothing": reveal("search.flags", "b0"),
    }


def borough_oversees(search):
    age = search.get("age_range")
    if age == UNDECLARED_AGE:
        return None
    shown = {"type": reveal("search.type"), "location": COARSE_PLACE}
    if not (search.get("location", "latitude") or "").startswith("51.4"):
        return shown
    shown.update({
        "location": OrNull({"latitude": reveal("search.place"), "longitude": reveal("search.place")}),
        "legislation": reveal("search.ground.law", "s0"),
        "object_of_search": reveal("search.ground.object", "s0"),
        "outcome": reveal("search.outcome"),
    })
    if age not in MINORS:
        shown.update({
            "gender": mask_first("search.person.gender", 1),
            "self_defined_ethnicity": mask_first("search.person.ethnicity", 5),
            "officer_defined_ethnicity": mask_first("search.person.ethnicity", 5),
        })
    instant = datetime.fromisoformat(search.get("datetime").replace("Z", "+00:00"))
    if instant < datetime(2019, 2, 15, tzinfo=timezone.utc):
        shown["datetime"] = reveal("search.time")
    return shown


# ---- messages of vehicles ------------------------------------------------------------------------------------------


def message(metadata, core=None, extension=None):
    """How a message is shown, from how its parts are."""
    data = {}
    if core:
        data["coreData"] = Record(core)
    if extension:
        data["partII"] = Each(Record(extension))
    return {"metadata": metadata, "payload": {"data": data}}


def extension(members, crumb):
    return {**members, "value": {**members.get("value", {}), "pathHistory": {"crumbData": Each(Record(crumb))}}}


def authority_operates(_):
    number = "ni"
    metadata = {
        "bsmSource": reveal("telemetry.source"),
        "logFileName": reveal("telemetry.stream"),
        "recordType": reveal("telemetry.source"),
        "receivedMessageDetails": {"locationData": {
            "latitude": reveal("telemetry.position.point"),
            "longitude": reveal("telemetry.position.point"),
            "elevation": reveal("telemetry.position.elevation"),
            "speed": reveal("telemetry.motion.speed"),
            "heading": reveal("telemetry.motion.heading"),
        }},
        "serialId": {
            "streamId": reveal("telemetry.stream"),
            "bundleSize": reveal("telemetry.serial", "i"),
            "bundleId": reveal("telemetry.serial", "i"),
            "recordId": reveal("telemetry.serial", "i"),
        },
        "odeReceivedAt": reveal("telemetry.time"),
        "recordGeneratedAt": reveal("telemetry.time"),
        "sanitized": reveal("telemetry.source", "b"),
    }
    crumb = {
        "elevationOffset": reveal("telemetry.position.elevation", number),
        "latOffset": reveal("telemetry.path.offset", number),
        "lonOffset": reveal("telemetry.path.offset", number),
        "timeOffset": reveal("telemetry.path.time", number),
    }
    part = extension({"id": reveal("telemetry.path.kind"),
                      "value": {"pathPrediction": {
                          "confidence": reveal("telemetry.path.prediction", number),
                          "radiusOfCurve": reveal("telemetry.path.prediction", number)}}},
                     lambda _: crumb)
    return message(metadata, lambda _: WHOLE_CORE, lambda _: part)


WHOLE_CORE = {
    "msgCnt": reveal("telemetry.serial", "i"),
    "id": reveal("telemetry.device"),
    "position": {
        "latitude": reveal("telemetry.position.point", "ni"),
        "longitude": reveal("telemetry.position.point", "ni"),
        "elevation": reveal("telemetry.position.elevation", "ni"),
    },
    "accelSet": {name: reveal("telemetry.motion.acceleration", "ni")
                 for name in ("accelLat", "accelLong", "accelVert", "accelYaw")},
    "transmission": reveal("telemetry.vehicle"),
    "speed": reveal("telemetry.motion.speed", "ni"),
    "heading": reveal("telemetry.motion.heading", "ni"),  # of two labels: the weaker mode, here of equals the first
    "brakes": Whole("telemetry.vehicle"),
    "size": {"width": reveal("telemetry.vehicle", "i"), "length": reveal("telemetry.vehicle", "i")},
}


def university_studies_traffic(_):
    metadata = {
        "bsmSource": reveal("telemetry.source"),
        "logFileName": token("telemetry.stream", 13),
        "recordType": reveal("telemetry.source"),
        "receivedMessageDetails": {"locationData": {
            "latitude": step("telemetry.position.point", "0.001", "s"),
            "longitude": step("telemetry.position.point", "0.001", "s"),
            "elevation": step("telemetry.position.elevation", "25", "s"),
            "speed": step("telemetry.motion.speed", "0.05", "s"),
            "heading": step("telemetry.motion.heading", "45", "s"),
        }},
        "serialId": {"streamId": token("telemetry.stream", 13)},
        "odeReceivedAt": hour("telemetry.time"),
        "recordGeneratedAt": hour("telemetry.time"),
        "sanitized": reveal("telemetry.source", "b"),
    }
    core = {
        "id": token("telemetry.device", 24),
        "position": {
            "latitude": step("telemetry.position.point", "0.001", "ni"),
            "longitude": step("telemetry.position.point", "0.001", "ni"),
            "elevation": step("telemetry.position.elevation", "25", "ni"),
        },
        "accelSet": WHOLE_CORE["accelSet"],
        "transmission": reveal("telemetry.vehicle"),
        "speed": step("telemetry.motion.speed", "0.05", "ni"),
        "heading": step("telemetry.motion.heading", "45", "ni"),
        "brakes": Whole("telemetry.vehicle"),
        "size": WHOLE_CORE["size"],
    }
    crumb = {
        "elevationOffset": step("telemetry.position.elevation", "25", "ni"),
        "latOffset": step("telemetry.path.offset", "0.00001", "ni"),
        "lonOffset": step("telemetry.path.offset", "0.00001", "ni"),
        "timeOffset": step("telemetry.path.time", "0.5", "ni"),
    }
    part = extension({"id": reveal("telemetry.path.kind")}, lambda _: crumb)
    return message(metadata, lambda _: core, lambda _: part)


def fleet_maintains(_):
    metadata = {
        "logFileName": mask_first("telemetry.stream", 8),
        "serialId": {
            "streamId": mask_first("telemetry.stream", 8),
            "bundleSize": reveal("telemetry.serial", "i"),
            "bundleId": reveal("telemetry.serial", "i"),
            "recordId": reveal("telemetry.serial", "i"),
        },
    }

    def core(node):
        own = node.get("id") == "31325431"
        return WHOLE_CORE if own else {"id": mask_last("telemetry.device", 2)}
    return message(metadata, core)


def maker_draws_maps(node):
    if node.get("metadata", "bsmSource") == "RV":
        return None
    metadata = {
        "bsmSource": reveal("telemetry.source"),
        "recordType": reveal("telemetry.source"),
        "sanitized": reveal("telemetry.source", "b"),
    }

    def core(node):
        # A policy reads the height exactly, with at most four decimals
        height = node.get("position", "elevation")
        if height is None or Decimal(height) <= 1480:
            return None
        return {"position": {
            "latitude": step("telemetry.position.point", "0.001", "ni"),
            "longitude": step("telemetry.position.point", "0.001", "ni"),
            "elevation": step("telemetry.position.elevation", "25", "ni"),
        }}

    def crumb(node):
        if Decimal(node.get("timeOffset")) >= 30:
            return None
        return {
            "latOffset": reveal("telemetry.path.offset", "ni"),
            "lonOffset": reveal("telemetry.path.offset", "ni"),
            "timeOffset": reveal("telemetry.path.time", "ni"),
        }
    part = extension({"id": reveal("telemetry.path.kind"),
                      "value": {"pathPrediction": {
                          "confidence": reveal("telemetry.path.prediction", "ni"),
                          "radiusOfCurve": reveal("telemetry.path.prediction", "ni")}}}, crumb)
    return message(metadata, core, lambda _: part)


def message_subjects(node):
    return {("device", "".join(c for c in node.get("payload", "data", "coreData", "id") if c.isdigit()))}


# ---- who asks ------------------------------------------------------------------------------------------------------


class Case:
    """One agent with one purpose, and what must be shown to it."""

    def __init__(self, service, partner, agent, purpose, show, basis=None):
        self.service, self.partner, self.agent, self.purpose = service, partner, agent, purpose
        self.show, self.basis = show, basis

    @property
    def name(self):
        return f"{self.service}-{self.partner}-{self.purpose}"


CASES = [
    Case("chicago", "city-police", "detective-3", "investigation", police_investigates, "warrant"),
    Case("chicago", "city-police", "detective-3", "statistics", police_counts),
    Case("chicago", "district-eleven", "sergeant-1", "investigation", district_eleven_investigates, "routine"),
    Case("chicago", "city-university", "lab-2", "research", university_studies_crimes, "ethics-board"),
    Case("chicago", "metro-news", "desk", "journalism", press_reports_crimes),
    Case("chicago", "harbor-insurance", "adjuster-9", "claims", insurer_settles_claims),
    Case("stopsearch", "met-oversight", "reviewer-1", "oversight", oversight_reviews),
    Case("stopsearch", "city-university", "lab-2", "research", university_studies_searches, "ethics-board"),
    Case("stopsearch", "metro-news", "desk", "journalism", press_reports_searches),
    Case("stopsearch", "youth-charity", "case-worker-4", "advocacy", charity_cares),
    Case("stopsearch", "borough-south", "clerk-8", "oversight", borough_oversees),
    Case("telemetry", "road-authority", "control-room", "operations", authority_operates),
    Case("telemetry", "city-university", "lab-2", "research", university_studies_traffic, "ethics-board"),
    Case("telemetry", "fleet-owner", "workshop", "maintenance", fleet_maintains),
    Case("telemetry", "map-maker", "survey", "mapping", maker_draws_maps),
]


class Body:
    """What a service answers, read once."""

    FILES = {"chicago": "chicago-crimes-2015.json", "stopsearch": "uk-met-stop-and-search-2019-02.json",
             "telemetry": "vehicle-telemetry.ndjson"}

    def __init__(self, service, content):
        self.service, self.content = service, content
        text = content.decode()
        if service == "telemetry":
            self.tree = [spelling.read(line) for line in text.split("\n") if line]
        else:
            self.tree = spelling.read(text)

    def expect(self, case, secrets):
        """The answer that this agent must get of this body."""
        if self.service == "telemetry":
            return answer_lines(self.tree, case.show, secrets, message_subjects)
        subjects = crime_subjects if self.service == "chicago" else lambda node: set()
        return answer_array(self.tree, case.show, secrets, subjects)
