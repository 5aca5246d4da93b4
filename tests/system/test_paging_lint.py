# SPDX-License-Identifier: Apache-2.0
"""`amanat check` warns of pages through records that policies may leave out: not where each record shows something, nor
where the service is told of the condition."""
import re

import harness
import pytest

VOCABULARY = harness.policy.VOCABULARY.replace("  data: {}\n", "  data: {}\n  page: {}\n")
MODEL = harness.policy.MODEL.replace("city: String", "city: String, region: String").replace(
    "role?: String", "role?: String, city?: String")
PARTNERS = harness.policy.PARTNERS.replace('"Lahore"', '"Lahore", "region": "r"').replace('"Karachi"',
                                                                                          '"Karachi", "region": "r"')
SCHEMAS = """\
    Person:
      type: object
      x-amanat-record: Person
      required: [city]
      properties:
        name: {type: string, x-amanat-label: person.name}
        cnic: {type: string, x-amanat-label: person.cnic}
        city: {type: string, x-amanat-label: place.city}
        minor: {type: boolean, x-amanat-label: person.age}
"""
BODY = "requestBody: {content: {application/json: {schema: {type: object, properties: {MEMBERS}}}}}"


def parameter(name, schema="{type: integer}", more="x-amanat-label: page", where="query"):
    return f"{{name: '{name}', in: {where}, schema: {schema}, {more}}}"


def bound(name, attribute, where="query"):
    return parameter(name, "{type: string}", f"x-amanat-bind: {attribute}", where)


def policies(*texts):
    calls = ('permit (principal, action in [Action::"listpeople", Action::"query:page"], resource is Service);', *texts)
    return "".join(f'@id("p{number}") {text}\n' for number, text in enumerate(calls))


def fields(condition="", actions='Action::"reveal:person", Action::"reveal:place.city"', effect="permit",
           who="principal", where=""):
    return f"{effect} ({who}, action in [{actions}], resource is Person{where}) {condition};"


CITY = "when { resource.city == principal.partner.city }"
MINOR = "when { resource has minor && resource.minor }"
CHECKED = 'when { context.need.purpose in Purpose::"check" }'
NAME = 'Action::"reveal:person.name"'
LIMIT = parameter("limit")


def check(amanat, folder, service, policy, more=None):
    harness.policy.write_files(folder, {
        **harness.PEOPLE, "vocabulary.yaml": VOCABULARY, "model/model.cedarschema": MODEL,
        "partners.cedarentities.json": PARTNERS, "services/people.yaml": service, "people.cedar": policy, **(more or {})})
    amanat("schema", folder, "--write")
    return re.findall(r"`(\S+)` pages through records of which policies may leave some out by their `(\w+)` \((.*?)\).*?"
                      r"`x-amanat-bind(.*?)`.*paging-shows-left-out-records", amanat("check", folder).stderr)


def service_of(parameters, body="", name="people"):
    return harness.policy.service(name, f"list{name}", harness.policy.list_of("Person"), SCHEMAS, ", ".join(parameters),
                                  "post" if body else "get", body)


CASES = {  # parameters beside `limit`, policies, attribute of the warning (None: no warning), what to bind
    "a condition": ([], [fields(CITY)], "city", ": partner.city"),
    "a condition of unless": ([], [fields('unless { resource.city != "Lahore" }')], "city", ""),
    "no condition": ([], [fields()], None, ""),
    "bound": ([bound("city", "partner.city")], [fields(CITY)], None, ""),
    "bound under another name": ([bound("town", "partner.city")], [fields(CITY)], None, ""),
    "bound in a header": ([bound("X-Town", "partner.city", "header")], [fields(CITY)], None, ""),
    "bound, compared with another name": (
        [bound("q", "partner.region")], [fields("when { resource.city == principal.partner.region }")], None, ""),
    "bound by its name to a constant": (
        [bound("city", "partner.city")], [fields('when { resource.city == "Lahore" }')], None, ""),
    "bound to another attribute of the partner": (
        [bound("city", "partner.region")], [fields(CITY)], "city", ": partner.city"),
    "bound to the agent's attribute of that name": (
        [bound("city", "agent.city")], [fields(CITY)], "city", ": partner.city"),
    "bound to the partner's, compared with the agent's": (
        [bound("city", "partner.city")], [fields("when { principal has city && resource.city == principal.city }")],
        "city", ": agent.city"),
    "bound, and a forbid with another condition": (
        [bound("city", "partner.city")], [fields(CITY), fields(MINOR, 'Action::"disclose"', "forbid")], "minor", ""),
    "bound, and another condition in the same test": (
        [bound("city", "partner.city")],
        [fields(), fields("when { resource.city != principal.partner.city || (resource has minor && resource.minor) }",
                          'Action::"disclose"', "forbid")], "minor", ""),
    "a forbid of everything": ([], [fields(), fields(MINOR, 'Action::"disclose"', "forbid")], "minor", ""),
    "a forbid of all but": (
        [], [fields(), fields("unless { resource has minor && resource.minor }", 'Action::"disclose"', "forbid")], "minor",
        ""),
    "a forbid of one field": ([], [fields(), fields(MINOR, 'Action::"disclose:person.cnic"', "forbid")], None, ""),
    "a forbid of the only field": (
        [], [fields("", NAME), fields(MINOR, 'Action::"disclose:person"', "forbid")], "minor", ""),
    "another field is always shown": ([], [fields(CITY, 'Action::"reveal:place.city"'), fields("", NAME)], None, ""),
    "another field is always shown to somebody else": (
        [], [fields(CITY, 'Action::"reveal:place.city"'), fields("", NAME, who='principal in Partner::"other"')], "city",
        ": partner.city"),
    "another field is shown for some purpose": ([], [fields(CITY), fields(CHECKED, NAME)], "city", ": partner.city"),
    "another field is shown for the same purpose": (
        [], [fields(CITY.replace("{", '{ context.need.purpose in Purpose::"check" &&')), fields(CHECKED, NAME)], None, ""),
    "another service's records": ([], [fields(), fields(CITY, where=' in Service::"elsewhere"')], None, ""),
    "only another service's are always shown": (
        [], [fields(CITY), fields("", where=' in Service::"elsewhere"')], "city", ": partner.city"),
}


@pytest.mark.parametrize("case", CASES)
def test_check_warns_where_records_may_be_left_out(amanat, tmp_path, case):
    parameters, texts, attribute, source = CASES[case]
    more = {"services/elsewhere.yaml": service_of([], name="elsewhere")}
    told = check(amanat, tmp_path / "policies", service_of([LIMIT, *parameters]), policies(*texts), more)
    assert [(name, by, bind) for name, by, _, bind in told] == ([] if attribute is None else [("limit", attribute, source)])


def test_the_warning_names_the_policy(amanat, tmp_path):
    [told] = check(amanat, tmp_path / "policies", service_of([LIMIT]), policies(fields(CITY)))
    assert told[2] == "`p1`, people.cedar:2"


@pytest.mark.parametrize("member,pages", [
    ("page[limit]: integer", True), ("page[offset]: string", True), ("$top: integer", True), ("X-Page: integer", True),
    ("nextPageToken: string", True), ("scroll_id: string", True), ("Limit: number", True), ("from: integer", True),
    ("from: string", False), ("fromCity: string", False), ("after: string, format: date", False), ("limit: boolean", False),
    ("limit: integer, x-amanat-paging: false", False), ("nr: integer, x-amanat-paging: true", True),
])
def test_parameters_and_members_of_bodies_page_by_their_names(amanat, tmp_path, member, pages):
    name, _, schema = member.partition(": ")
    bodies = BODY.replace("MEMBERS", f"'{name}': {{type: {schema}, x-amanat-label: page}}")
    for service in (service_of([], bodies), service_of([parameter(name, f"{{type: {schema}}}")])):
        told = check(amanat, tmp_path / "policies", service, policies(fields(CITY)))
        assert [row[0] for row in told] == [name] * pages
