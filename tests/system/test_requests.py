# SPDX-License-Identifier: Apache-2.0
"""What may be asked by: bodies against their schema, parameters whose values name fields, parameters that the gateway
sets, pages and totals, small groups. A request that is refused never reaches the service."""
import gzip
import json
import pathlib

import harness
import pytest
from harness import NEED, json_answer

SERVICE = """\
openapi: 3.1.0
x-amanat-service: people
info: {title: people, version: "1"}
paths:
  /people:
    get:
      operationId: listPeople
      parameters:
        - name: sort
          in: query
          schema: {enum: [city, -city, name, newest]}
          x-amanat-value-labels: {city: place.city, -city: place.city, name: person.name, newest: null}
        - name: fields
          in: query
          explode: false
          schema: {type: array, items: {enum: [city, age, cnic, id]}}
          x-amanat-value-labels: {city: place.city, age: person.age, cnic: [person.cnic, person.note], id: []}
        - {name: names, in: query, explode: false, schema: {type: array, items: {type: string}}, x-amanat-label: place.city}
        - {name: X-Note, in: header, schema: {type: string}, x-amanat-label: place.city}
        - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 50}, x-amanat-label: page}
        - {name: city, in: query, schema: {type: string}, required: true, x-amanat-bind: partner.city}
        - {name: X-Zones, in: header, schema: {type: array, items: {type: string}}, x-amanat-bind: partner.zones}
      responses:
        "200":
          description: people
          headers:
            Link: {schema: {type: string}}
            X-Total: {schema: {type: integer}, x-amanat-label: total}
            X-Rate: {schema: {type: integer}, x-amanat-label: page}
          content:
            application/json:
              schema:
                type: object
                properties:
                  total: {type: integer, x-amanat-label: total}
                  next: {type: string}
                  cursor: {type: string, x-amanat-label: page}
                  people: {type: array, items: {$ref: "#/components/schemas/Person"}}
                  groups: {type: array, items: {$ref: "#/components/schemas/Group"}}
    post:
      operationId: searchPeople
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: "#/components/schemas/Search"}}}
      responses:
        "200":
          description: people
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Person"}}}}
  /people/{id}:
    get:
      operationId: getPerson
      parameters:
        - {name: id, in: path, required: true, schema: {type: string}, x-amanat-label: place.city}
      responses: {"200": {description: d, content: {application/json: {schema: {x-amanat-label: data}}}}}
  /role:
    get:
      operationId: listByRole
      parameters:
        - {name: role, in: query, schema: {enum: [officer, clerk]}, x-amanat-bind: agent.role}
      responses: {"200": {description: d, content: {application/json: {schema: {x-amanat-label: data}}}}}
components:
  schemas:
    Person:
      type: object
      x-amanat-record: Person
      required: [city]
      properties:
        name: {type: string, x-amanat-label: person.name}
        city: {type: string, x-amanat-label: place.city}
    Group:
      type: object
      x-amanat-record: Group
      x-amanat-group-count: count
      properties:
        city: {type: string, x-amanat-label: place.city}
        count: {type: integer, x-amanat-label: group}
    Search:
      type: object
      required: [kind]
      properties:
        kind: {type: string, enum: [near, far], x-amanat-label: place.city}
        city: {type: string, maxLength: 8, x-amanat-label: place.city}
        cities: {type: array, items: {type: string, x-amanat-label: place.city}}
        name: {type: string, x-amanat-label: person.name}
        age: {type: integer, minimum: 18, x-amanat-label: place.city}
        since: {type: string, format: date-time, x-amanat-label: place.city}
        hint: {type: string}
        sort:
          enum: [city, name, newest]
          x-amanat-label: place.city
          x-amanat-value-labels: {city: place.city, name: person.name, newest: null}
        any: {type: array, items: {$ref: "#/components/schemas/Search"}}
        door: {x-amanat-label: person.note}
        named:
          type: object
          additionalProperties: {type: object, properties: {city: {type: string, x-amanat-label: place.city}}}
"""

POLICY = """\
@id("calls")
permit (principal in Partner::"acme", action in [Action::"listPeople", Action::"searchPeople", Action::"listByRole", Action::"getPerson"],
        resource == Service::"people");
@id("calls-of-others")
permit (principal in Partner::"other", action == Action::"listPeople", resource == Service::"people");
@id("queries")
permit (principal in Partner::"acme", action in [Action::"query:place.city", Action::"query:page"], resource is Service);
@id("age") permit (principal in Partner::"acme", action == Action::"query:person.age", resource is Service)
when { principal has role && principal.role == "officer" };
@id("fields")
permit (principal in Partner::"acme", action in [Action::"reveal:person.name", Action::"reveal:place.city"],
        resource is Person) when { resource.city == principal.partner.city };
@id("groups")
permit (principal, action in [Action::"reveal:place.city", Action::"reveal:group"], resource is Group);
@id("data") permit (principal, action == Action::"reveal:data", resource is Service);
@id("totals")
permit (principal in Partner::"acme", action == Action::"reveal:total", resource is Service)
when { principal has role && principal.role == "officer" };
"""

PARTNERS = """\
[{"uid": {"type": "Partner", "id": "acme"}, "attrs": {"city": "Lahore & co", "zones": ["b", "a"]}, "parents": []},
 {"uid": {"type": "Partner", "id": "other"}, "attrs": {"city": "Karachi"}, "parents": []}]
"""

FOLDER = {**harness.PEOPLE,
          "vocabulary.yaml": harness.policy.VOCABULARY.replace(
              "  data: {}\n", "  data: {}\n  page: {}\n  total: {}\n  group: {min_group: 5}\n"),
          "model/model.cedarschema": harness.policy.MODEL.replace("city: String", "city: String, zones?: Set<String>"),
          "partners.cedarentities.json": PARTNERS,
          "services/people.yaml": SERVICE, "people.cedar": POLICY}


@pytest.fixture(scope="module")
def gateway(start_gateway, upstream):
    return start_gateway(FOLDER, upstreams={"people": upstream.url})


@pytest.fixture(autouse=True)
def answer(upstream):
    upstream.start_over(lambda request: json_answer([] if request.method == "POST" else {"people": []}))


def post(gateway, text, **options):
    return gateway.client(**options).call("POST", "/people/people", need=NEED, body=text.encode(),
                                          headers=["Content-Type: application/json"])


# --- request bodies ---

@pytest.mark.parametrize("body", [
    '{"kind":"near","city":"Lahore","cities":["a","b"],"age":18,"since":"2026-11-22T10:00:00.123456Z"}',
    '{"kind":"far","any":[{"kind":"near","any":[]},{"kind":"far"}]}',
    '{"kind":"far","sort":"city","any":[{"kind":"near","sort":"newest"}]}',
])
def test_a_good_body_goes_up_as_it_was_read(gateway, upstream, body):
    response = post(gateway, " " + body.replace(",", " ,\n").replace("Lahore", "\\u004cahore") + "\t")
    assert response.status == 200, response
    assert upstream.requests[0].body == body.encode()


FAULTS = [  # body, status, problem, JSON Pointer, words of the detail
    ('{"kind":"near"', 400, "malformed", None, "not JSON"),
    ('\ufeff{"kind":"near"}', 400, "malformed", None, "not JSON"),
    ('{"kind":"near"}{}', 400, "malformed", None, "not JSON"),
    ('{"kind":"near","kind":"far"}', 400, "malformed", None, "a name twice"),
    ('{"kind":"near","k\\u0069nd":"far"}', 400, "malformed", None, "a name twice"),
    ('{"kind":"near","city":"\\ud800"}', 400, "malformed", None, "not JSON"),
    ('[]', 400, "malformed", None, "declared type"),
    ('{}', 400, "malformed", "/kind", "is required"),
    ('{"kind":"CANARY"}', 400, "malformed", "/kind", "none of those"),
    ('{"kind":null}', 400, "malformed", "/kind", "declared type"),
    ('{"kind":"near","city":"CANARYCANARY"}', 400, "malformed", "/city", "beyond"),
    ('{"kind":"near","age":17}', 400, "malformed", "/age", "beyond"),
    ('{"kind":"near","age":18.0}', 400, "malformed", "/age", "declared type"),
    ('{"kind":"near","age":"18"}', 400, "malformed", "/age", "declared type"),
    ('{"kind":"near","since":"yesterday"}', 400, "malformed", "/since", "declared format"),
    ('{"kind":"near","cities":["a",["CANARY"]]}', 400, "malformed", "/cities/1", "declared type"),
    ('{"kind":"near","cities":"CANARY"}', 400, "malformed", "/cities", "declared type"),
    ('{"kind":"near","CANARY":1}', 400, "undeclared", None, "does not declare"),
    ('{"kind":"near","any":[{"kind":"far","any":[{"kind":"far","CANARY":1}]}]}', 400, "undeclared", "/any/0/any/0",
     "does not declare"),
    ('{"kind":"near","hint":"CANARY"}', 400, "undeclared", "/hint", "no label"),
    ('{"kind":"near","any":[{"kind":"far"},{"kind":"far","hint":"CANARY"}]}', 400, "undeclared", "/any/1/hint",
     "no label"),
    ('{"kind":"near","any":[{"kind":"far"},{"kind":"far","name":"CANARY"}]}', 403, "parameter-not-permitted",
     "/any/1/name", ""),
    ('{"kind":"near","any":[{"kind":"far","sort":"newest"},{"kind":"far","sort":"name"}]}', 403,
     "parameter-not-permitted", "/any/1/sort", ""),
    # names that nobody declared, and what is empty, are asked by too
    ('{"kind":"near","door":{"CANARY":{}}}', 403, "parameter-not-permitted", "/door", ""),
    ('{"kind":"near","door":[]}', 403, "parameter-not-permitted", "/door", ""),
    ('{"kind":"near","named":{"CANARY":{}}}', 400, "undeclared", "/named", "no labelled value"),
    ('{"kind":"near","named":{"CANARY":{"city":1}}}', 400, "malformed", "/named", "declared type"),
    pytest.param("[" * 100000, 400, "malformed", None, "nested too deeply", id="deep"),
]


@pytest.mark.parametrize("body,status,problem,pointer,words", FAULTS)
def test_a_bad_body_is_refused_with_its_pointer_and_never_repeated(gateway, upstream, body, status, problem, pointer,
                                                                   words):
    response = post(gateway, body)
    assert (response.status, response.problem) == (status, problem), response
    assert response.json.get("parameter") == pointer
    assert words in response.json["detail"]
    assert b"CANARY" not in response.body and b"CANARY" not in gateway.log
    assert not upstream.requests


@pytest.mark.parametrize("body,headers", [
    (gzip.compress(b'{"kind":"near"}'), ["Content-Type: application/json", "Content-Encoding: gzip"]),
    (b'{"kind":"near"}', ["Content-Type: application/json", "Content-Encoding: gzip"]),
    (b'{"kind":"near"}', ["Content-Type: application/json", "Content-Encoding: identity", "Content-Encoding: br"]),
    (b'{"kind":"near"}', ["Content-Type: application/json", "Content-Type: text/plain"]),
    (b'{"kind":"near"}', ["Content-Type: application/json; charset=utf-16"]),
    (b'kind=near', ["Content-Type: application/x-www-form-urlencoded"]),
    (b'{"kind":"near"}', []),
])
def test_a_body_that_is_not_plain_json_of_one_type_is_refused(gateway, upstream, body, headers):
    response = gateway.client().call("POST", "/people/people", need=NEED, body=body, headers=headers)
    assert (response.status, response.problem) == (415, "media-type"), response
    assert not upstream.requests


def test_trailers_and_chunk_extensions_do_not_go_up(gateway, upstream):
    client = gateway.client()
    head = client.request("/people/people", "POST", need=NEED,
                          headers=["Content-Type: application/json", "Transfer-Encoding: chunked"])
    response = client.send(head + b'1;x=CANARY\r\n{\r\ne\r\n"kind":"near"}\r\n0\r\nX-Zones: CANARY\r\n\r\n', "POST")
    assert response.status == 200, response
    assert upstream.requests[0].body == b'{"kind":"near"}'
    assert "CANARY" not in repr(upstream.requests)


# --- one value stays one value ---

@pytest.mark.parametrize("target,headers,parameter,words", [
    ("people?names=Ali%2CCANARY", [], "names", "more than one"),  # who decodes first reads two
    ("people?names=Ali&names=CANARY", [], "names", "only once"),
    ("people?limit=5&limit=6", [], "limit", "only once"),
    ("people?limit=5.0", [], "limit", "declared type"),
    ("people?limit=51", [], "limit", "beyond"),
    ("people?sort=CANARY", [], "sort", "none of those"),
    ("people", ["X-Note: a", "x-note: CANARY"], "X-Note", "only once"),
    ("people/..%5CCANARY", [], "id", "another path"),  # some services read a backslash as a slash
])
def test_what_could_be_read_in_two_ways_is_refused_in_words_that_help(gateway, upstream, target, headers, parameter,
                                                                      words):
    response = gateway.client().get("/people/" + target, need=NEED, headers=headers)
    assert (response.status, response.problem) == (400, "malformed"), response
    assert response.json["parameter"] == parameter and words in response.json["detail"]
    assert b"CANARY" not in response.body
    assert not upstream.requests


def test_a_header_is_not_sent_by_the_operator_and_the_caller_both(start_gateway, upstream):
    gateway = start_gateway(FOLDER, upstreams={"people": {"url": upstream.url, "headers_file": "people.headers"}},
                            begin=False)
    headers = pathlib.Path(gateway.folder / "people.headers")
    headers.write_text("x-zones: all\n", encoding="utf-8")
    headers.chmod(0o600)
    with pytest.raises(Exception, match="declares the header `x-zones` as a parameter"):
        gateway.start()
    headers.write_text("X-Key: secret\n", encoding="utf-8")
    gateway.start()


# --- parameters whose values name fields ---

@pytest.mark.parametrize("query,claims,asked", [
    ("", {}, {}),
    ("?sort=city", {}, {"place.city": 1}),
    ("?sort=-city&limit=5", {}, {"place.city": 1, "page": 1}),
    ("?sort=newest&fields=id", {}, {}),
    ("?fields=city,id,city", {}, {"place.city": 1}),
    ("?sort=city&fields=city,age", {"role": "officer"}, {"place.city": 2, "person.age": 1}),
])
def test_who_may_ask_by_the_field_may_sort_and_select_by_it(gateway, upstream, query, claims, asked):
    response = gateway.client(**claims).get("/people/people" + query, need=NEED)
    assert response.status == 200, response
    assert upstream.requests[0].target == "/people" + (query + "&" if query else "?") + "city=Lahore%20%26%20co"
    [entry] = gateway.trail.accesses(response.access)
    assert entry.get("asked", {}) == asked


@pytest.mark.parametrize("query,status,problem,parameter", [
    ("sort=name", 403, "parameter-not-permitted", "sort"),
    ("fields=city,age", 403, "parameter-not-permitted", "fields"),
    ("fields=cnic", 403, "parameter-not-permitted", "fields"),
    ("sort=City", 400, "malformed", "sort"),
    ("sort=city,name", 400, "malformed", "sort"),
    ("sort=city&sort=name", 400, "malformed", "sort"),
    ("sort=%2Dcity%0A", 400, "malformed", "sort"),
    ("fields=city,CANARY", 400, "malformed", "fields"),
    ("fields=", 400, "malformed", "fields"),
    ("city=Lahore", 400, "undeclared", None),  # the gateway sets it
    ("c%69ty=Lahore", 400, "undeclared", None),
    ("nothing=Lahore", 400, "undeclared", None),
])
def test_other_values_and_bound_parameters_are_refused(gateway, upstream, query, status, problem, parameter):
    response = gateway.client().get("/people/people?" + query, need=NEED)
    assert (response.status, response.problem) == (status, problem), response
    assert response.json.get("parameter") == parameter
    assert b"CANARY" not in response.body
    assert not upstream.requests


# --- parameters that the gateway sets ---

def test_the_gateway_sets_what_is_bound_and_takes_it_from_nobody(gateway, upstream):
    response = gateway.client().get("/people/people", need=NEED, headers=["X-Zones: everywhere"])
    assert response.status == 200
    assert upstream.requests[0].target == "/people?city=Lahore%20%26%20co"
    assert upstream.requests[0].header("x-zones") == ["a,b"]


@pytest.mark.parametrize("role,status", [("officer", 200), ("clerk", 200), ("guest", 403), ("", 403), (None, 403)])
def test_without_its_value_the_call_is_refused_and_only_the_log_tells(gateway, upstream, role, status):
    response = gateway.client(**({} if role is None else {"role": role})).get("/people/role", need=NEED)
    assert response.status == status, response
    if status == 200:
        assert upstream.requests[0].target == "/role?role=" + role
        return
    assert response.problem == "not-permitted" and "parameter" not in response.json
    assert b"role" not in response.body
    assert not upstream.requests
    lines = [line for line in gateway.log.splitlines() if b"parameter-unbound" in line and response.access.encode() in line]
    assert len(lines) == 1 and b"role" in lines[0]
    [entry] = gateway.trail.accesses(response.access)
    assert entry["decision"] == "refuse"


def test_a_partner_without_the_attribute_gets_what_every_refusal_gets(gateway, upstream):
    unbound = gateway.client("other").get("/people/people", need=NEED)
    refused = gateway.client("other").get("/people/role", need=NEED)
    assert unbound.anonymous == refused.anonymous
    assert not upstream.requests


# --- pages, totals, small groups ---

def page(people, groups=(), **envelope):
    return {"people": people, "groups": list(groups), **envelope}


def test_cursors_links_and_totals_are_withheld_unless_labelled_and_permitted(gateway, upstream):
    people = [{"name": "Ali", "city": "Lahore & co"}]
    links = ["Link: </people?cursor=CANARY>; rel=\"next\"", "X-Total: 7777", "X-Rate: 9", "X-Undeclared: CANARY"]
    upstream.answer = json_answer(page(people, total=7777, next="CANARY", cursor="CANARY", prev="CANARY"), headers=links)
    response = gateway.client().get("/people/people?limit=1", need=NEED)
    assert response.json == {"people": people, "groups": []}
    assert not {"link", "x-total", "x-rate", "x-undeclared"} & {name for name, _ in response.headers}
    assert b"CANARY" not in response.body and b"7777" not in response.body
    officer = gateway.client(role="officer").get("/people/people?limit=1", need=NEED)
    assert officer.json == {"people": people, "groups": [], "total": 7777}
    assert officer.header("x-total") == "7777" and officer.header("link") is None and officer.header("x-rate") is None


def test_whether_there_is_another_page_does_not_show(gateway, upstream):
    people = [{"name": "Ali", "city": "Lahore & co"}]
    seen = set()
    for more in ({}, {"next": "/people?cursor=7"}, {"cursor": "x" * 500, "total": 3}, {"next": None, "cursor": ""}):
        for headers in ([], ["Link: </people?page=2>; rel=\"next\"", "X-Total: 12"]):
            upstream.answer = json_answer(page(people, **more), headers=headers)
            seen.add(repr(gateway.client().get("/people/people", need=NEED).anonymous))
    assert len(seen) == 1, seen


def test_a_count_of_few_looks_like_none(gateway, upstream):
    seen = set()
    for count in ({"count": 4}, {"count": 0}, {"count": -1}, {"count": 5.0}, {"count": "12"}, {"count": None}, {}):
        upstream.answer = json_answer(page([], [{"city": "Lahore", **count}, {"city": "Quetta", "count": 5}, count]))
        seen.add(repr(gateway.client().get("/people/people", need=NEED).anonymous))
    assert len(seen) == 1, seen
    assert json.dumps({"people": [], "groups": [{"city": "Lahore"}, {"city": "Quetta", "count": 5}]},
                      separators=(",", ":")) in next(iter(seen))


def test_check_warns_of_pages_through_records_that_are_left_out(programs, gateway, tmp_path):
    folder = harness.policy.write_files(tmp_path / "policies", FOLDER)
    assert gateway.amanat("schema", folder, "--write").returncode == 0
    checked = gateway.amanat("check", folder)
    assert checked.returncode == 0 and "paging-shows-left-out-records" not in checked.stderr
    service = SERVICE.replace("x-amanat-bind: partner.city", "x-amanat-label: place.city").replace(
        "required: true, x-amanat-label", "x-amanat-label")
    harness.policy.write_files(tmp_path / "policies", {**FOLDER, "services/people.yaml": service})
    assert gateway.amanat("schema", folder, "--write").returncode == 0
    checked = gateway.amanat("check", folder)
    assert checked.returncode == 0
    assert "`limit` pages through records of which policies may leave some out by their `city`" in checked.stderr


def test_preview_says_that_nobody_sends_what_the_gateway_sets(gateway, tmp_path):
    folder = harness.policy.write_files(tmp_path / "policies", FOLDER)
    (tmp_path / "body.json").write_text('{"people":[]}', encoding="utf-8")
    words = {}
    for parameter in ("city=Lahore", "x-zones=a", "x-note=a"):
        words[parameter] = gateway.amanat("preview", folder, "--agent", "acme/agent-1", "--operation", "listPeople",
                                          "--need", NEED, "--parameter", parameter, tmp_path / "body.json")
    assert words["city=Lahore"].returncode == 3 and "the gateway sets `city`" in words["city=Lahore"].stderr
    assert words["x-zones=a"].returncode == 3 and "the gateway sets `X-Zones`" in words["x-zones=a"].stderr
    assert words["x-note=a"].returncode == 0 and "--parameter" not in words["x-note=a"].stderr


def test_explain_says_which_parameter_could_not_be_set(gateway, tmp_path):
    folder = harness.policy.write_files(tmp_path / "policies", FOLDER)
    who = ["--agent", "acme/agent-1", "--operation", "listByRole", "--need", NEED]
    said = gateway.amanat("explain", folder, *who)
    assert said.returncode == 3
    assert "refused: 403 not-permitted; the gateway sets the parameter role" in said.stdout
    assert json.loads(gateway.amanat("explain", folder, *who, "--output", "json").stdout)["unbound"] == "role"
    assert "the gateway sets" not in gateway.amanat("explain", folder, *who, "--claim", "role=clerk").stdout
