# SPDX-License-Identifier: Apache-2.0
"""Who may ask, why, and by what: tokens, certificates, needs, cases and parameters, good and bad.

A refusal must have the right status and problem, disclose nothing, and never reach the service.
"""
import json
import time

import harness
import pytest
from harness import NEED

PEOPLE_BODY = {"people": [{"name": "Canary Name", "cnic": "35202-0000001-1", "city": "Lahore"}]}
CNIC_PATH = "/people/people/35202-0000001-1"


@pytest.fixture(autouse=True)
def answer(upstream):
    """The service has data for whoever gets through to it."""
    upstream.start_over(lambda request: harness.json_answer(
        [] if request.target.startswith("/cases") else PEOPLE_BODY))


def assert_refused(response, status, problems, upstream):
    assert response is not None and response.complete
    assert (response.status, response.problem) in {(status, name) for name in problems.split()}, response
    assert b"Canary" not in response.body
    assert json.loads(response.body)["status"] == status
    assert not upstream.requests, "the service was asked although the access was refused"


def test_a_good_access_is_answered_and_recorded(gateway, upstream):
    response = gateway.client().get("/people/people", need=NEED)
    assert response.status == 200
    assert response.body == b'{"people":[{"name":"Canary Name","cnic":"[CNIC]","city":"Lahore"}]}'
    assert response.header("cache-control") == "no-store"
    assert response.header("content-length") == str(len(response.body))
    [entry] = gateway.trail.accesses(response.access)
    assert entry["partner"] == "acme"
    assert entry["decision"] == "permit"
    assert entry["disclosed"] == {"person.name": {"reveal": 1}, "person.cnic": {"mask": 1}, "place.city": {"reveal": 1}}
    assert "authorization" not in dict(upstream.requests[0].headers)
    trace = dict(upstream.requests[0].headers)["traceparent"].split("-")  # W3C Trace Context, for the service's log
    assert [len(part) for part in trace] == [2, 32, 16, 2]
    assert entry["trace"] == trace[1]


@pytest.mark.parametrize("how", ["httpx", "curl"])
def test_other_clients_get_the_same(gateway, pki, how):
    url = f"https://127.0.0.1:{gateway.port}/people/people"
    if how == "httpx":
        with gateway.httpx(need=NEED) as client:
            body = client.get("/people/people").content
    else:
        done = harness.curl(url, pki.authority.certificate, pki.client("acme"), "-H",
                            f"Authorization: Bearer {gateway.token('acme')}", "-H", f"Need: {NEED}")
        body = done.stdout.split(b"\r\n\r\n", 1)[1]
    assert body == b'{"people":[{"name":"Canary Name","cnic":"[CNIC]","city":"Lahore"}]}'


# --- tokens ---

def spelt(issuer, **changes):
    """Good claims as JSON, with changes."""
    return json.dumps(issuer.claims("acme", "agent-1", **changes))


def bad_tokens(issuer):
    """{what is wrong: token}. `other_key` signs with a key that nobody published."""
    other_key = harness.TokenIssuer(issuer.url)
    now = int(time.time())
    good = issuer.token("acme", "agent-1")
    header, payload, signature = good.split(".")
    twice = spelt(issuer)[:-1] + ', "sub": "agent-2"}'
    es256 = '{"alg":"ES256","kid":"%s"}' % issuer.identifier
    return {
        "no algorithm": harness.unsigned(spelt(issuer)),
        "no algorithm, in capitals": harness.unsigned(spelt(issuer), "NONE"),
        "right algorithm, no signature": harness.unsigned(spelt(issuer), "ES256"),
        "HMAC with the public key": harness.hs256_with_public_key(issuer, spelt(issuer)),
        "another key": other_key.token("acme", "agent-1"),
        "unknown key id": issuer.sign(issuer.claims("acme", "agent-1"), kid="nobody"),
        "another algorithm than the key's": harness.sign_texts(
            issuer, '{"alg":"RS256","kid":"%s"}' % issuer.identifier, spelt(issuer)),
        "another audience": issuer.token("acme", "agent-1", aud="somebody-else"),
        "audiences without ours": issuer.token("acme", "agent-1", aud=["a", "b"]),
        "no audience": issuer.token("acme", "agent-1", aud=None),
        "another issuer": issuer.token("acme", "agent-1", iss="https://evil.example"),
        "no issuer": issuer.token("acme", "agent-1", iss=None),
        "expired": issuer.token("acme", "agent-1", exp=now - 120),
        "no end": issuer.token("acme", "agent-1", exp=None),
        "an end that is text": issuer.token("acme", "agent-1", exp=str(now + 600)),
        "not yet valid": issuer.token("acme", "agent-1", nbf=now + 600),
        "no agent": issuer.token("acme", None, sub=None),
        "an agent that is a number": issuer.token("acme", "x", sub=7),
        "no partner": issuer.token("acme", "agent-1", client_id=None),
        "another partner than the certificate's": issuer.token("other", "agent-1"),
        "an unknown partner": issuer.token("nobody", "agent-1"),
        "four parts": good + ".x",
        "five parts, as encrypted tokens have": good + ".x.y",
        "two parts": f"{header}.{payload}",
        "an empty payload": f"{header}..{signature}",
        "padding": f"{header}.{payload}=.{signature}",
        "signature with a bit more": good[:-1] + ("B" if good[-1] == "A" else "A"),
        "a claim twice": harness.sign_texts(issuer, es256, twice),
        "a header member twice": harness.sign_texts(
            issuer, es256[:-1] + ',"alg":"ES256"}', spelt(issuer)),
        "critical header members": harness.sign_texts(
            issuer, es256[:-1] + ',"crit":["b64"],"b64":true}', spelt(issuer)),
        "payload is a list": harness.sign_texts(issuer, es256, "[]"),
        "payload is no JSON": harness.sign_texts(issuer, es256, spelt(issuer) + "x"),
        "a confirmation of another certificate": issuer.token("acme", "agent-1", cnf={"x5t#S256": "A" * 43}),
        "nothing": "",
        "words": "not-a-token",
        "very long": "a." * 3000,
    }


@pytest.mark.parametrize("wrong", sorted(bad_tokens(harness.TokenIssuer())))
def test_a_bad_token_is_refused(gateway, upstream, issuer, wrong):
    response = gateway.client().get("/people/people", need=NEED, token=bad_tokens(issuer)[wrong])
    assert_refused(response, 401, "unauthenticated", upstream)
    assert response.header("www-authenticate").startswith("Bearer")


def test_all_bad_tokens_are_refused_alike(gateway, issuer):
    """What is wrong with a token is the log's affair: a stranger learns nothing from the answer."""
    client = gateway.client()
    answers = {repr((response.status, response.body.replace((response.access or "-").encode(), b"ID")))
               for response in (client.get("/people/people", need=NEED, token=token)
                                for wrong, token in bad_tokens(issuer).items() if token)}
    assert len(answers) == 1


@pytest.mark.parametrize("claims", [
    {}, {"aud": ["x", "amanat"]}, {"exp": 86400}, {"nbf": 15}, {"exp": 600, "extra": {"deep": [1]}},
])
def test_a_good_token_is_taken(gateway, claims):
    now = int(time.time())  # times are counted from here: when tests are collected is long ago for the last of them
    claims = {name: now + value if name in ("exp", "nbf") else value for name, value in claims.items()}
    assert gateway.client(**claims).get("/people/people", need=NEED).status == 200


def test_an_issuer_speaks_only_for_its_partners(start_gateway, upstream, issuer):
    foreign = harness.TokenIssuer("https://idp.other.example", identifier="other-1")
    gateway = start_gateway(upstreams={"people": upstream.url}, issuers=[(issuer, ["acme"]), (foreign, ["other"])])
    response = gateway.client().get("/people/people", need=NEED, token=foreign.token("acme", "agent-1"))
    assert_refused(response, 401, "unauthenticated", upstream)
    assert gateway.client().get("/people/people", need=NEED).status == 200


def test_rs256_works_too(start_gateway, upstream):
    issuer = harness.TokenIssuer(algorithm="RS256", identifier="rsa-1")
    gateway = start_gateway(upstreams={"people": upstream.url}, issuers=[(issuer, ["acme"])])
    assert gateway.client().get("/people/people", need=NEED).status == 200


def test_a_missing_or_repeated_authorization_is_refused(gateway, upstream):
    client = gateway.client()
    good = f"Authorization: Bearer {client.token}"
    missing = client.get("/people/people", need=NEED, token=None)
    assert_refused(missing, 401, "unauthenticated", upstream)
    assert missing.header("www-authenticate") == 'Bearer realm="amanat"'  # RFC 6750, section 3.1: no error code
    bad = client.get("/people/people", need=NEED, token="a.b.c")
    assert bad.header("www-authenticate") == 'Bearer realm="amanat", error="invalid_token"'
    for headers in ([good, good], [good, "Authorization: Basic eDp5"], ["Authorization: Basic eDp5"]):
        response = client.get("/people/people", need=NEED, token=None, headers=headers)
        assert response.status in (400, 401) and not upstream.requests
    response = client.get(f"/people/people?access_token={client.token}", need=NEED, token=None)
    assert response.status == 401 and not upstream.requests


# --- certificates ---

BAD_CERTIFICATES = ["of a foreign authority", "expired", "without a URI", "with two URIs of the prefix",
                    "with another prefix", "of an unknown partner", "with a name that no partner may have"]


@pytest.fixture(scope="module")
def bad_clients(pki):
    return pki.bad_clients("acme")


@pytest.mark.parametrize("wrong", BAD_CERTIFICATES)
def test_a_bad_certificate_is_refused(gateway, upstream, bad_clients, wrong):
    response = gateway.client(pair=bad_clients[wrong]).get("/people/people", need=NEED)
    if response is None:
        assert wrong in ("of a foreign authority", "expired"), "TLS refuses only what TLS can see"
        assert not upstream.requests
    else:
        assert_refused(response, 401, "unauthenticated", upstream)


def test_no_certificate_is_refused(gateway, upstream, pki):
    client = harness.Client(gateway.port, pki.authority.certificate, token=gateway.token("acme"))
    response = client.get("/people/people", need=NEED)
    if response is not None:
        assert_refused(response, 401, "unauthenticated", upstream)
    assert not upstream.requests


# --- the need ---

@pytest.mark.parametrize("need", [
    "", "purpose", "purpose=", "purpose=check;", "purpose=check,", "purpose=check, purpose", "purpose=(check)",
    "purpose=1", "purpose=?1", "purpose=:Y2hlY2s=:", "Purpose=check", "purpose=check, colour=red",
    "purpose=unknown-purpose", 'purpose=check, basis="law-2"', "purpose=check, basis=law-2", 'purpose="check',
    "basis=law-1", "case=X", 'purpose=check, reason="bell \x07"', "purpose=check, reason=1.5", "purpose==check",
])
def test_a_bad_need_is_refused(gateway, upstream, need):
    assert_refused(gateway.client().get("/people/people", need=need), 400, "need malformed", upstream)


@pytest.mark.parametrize("need", [
    "purpose=check", 'purpose="check"', "purpose=check, basis=law-1", 'purpose=check,basis="law-1"',
    'purpose=check, reason="a b"', 'purpose=check, reason=%"f%c3%bc"', "purpose=check,  case=NONE-1",
])
def test_a_good_need_is_taken(gateway, need):
    assert gateway.client().get("/people/people", need=need).status == 200


def detail(**members):
    return [{"type": "need_to_know", **members}]


def test_a_need_in_the_token_counts_as_signed(gateway):
    response = gateway.client(authorization_details=detail(purpose="check")).get("/people/people")
    assert response.status == 200
    [entry] = gateway.trail.accesses(response.access)
    assert entry["need"]["signed"] is True and entry["need"]["purpose"] == "check"


@pytest.mark.parametrize("claim,need", [
    (detail(purpose="case-work"), "purpose=check"),
    (detail(purpose="check", basis="law-1"), "purpose=check, basis=law-2"),
    (detail(purpose="check", case="OPEN-1"), "purpose=check, case=CLOSED-1"),
    (detail(purpose="check", colour="red"), ""),
    (detail(purpose=7), ""),
    (detail(), ""),
    (detail(purpose="check") + detail(purpose="case-work"), ""),
])
def test_a_need_that_contradicts_the_token_or_is_wrong_there_is_refused(gateway, upstream, claim, need):
    response = gateway.client(authorization_details=claim).get("/people/people", need=need)
    assert response.status in (400, 401) and response.problem in ("need", "malformed", "unauthenticated")
    assert not upstream.requests


# --- cases ---

def test_closed_foreign_unknown_and_missing_cases_get_identical_answers(gateway, upstream):
    client = gateway.client()
    needs = ['purpose=case-work, case="CLOSED-1"', 'purpose=case-work, case="FOREIGN-1"',
             'purpose=case-work, case="UNKNOWN-1"', "purpose=case-work"]
    answers = [client.get("/people/cases", need=need) for need in needs]
    for response in answers:
        assert_refused(response, 403, "not-permitted", upstream)
        assert "name an open case of yours" in response.json["detail"]
        assert response.anonymous == answers[0].anonymous
    assert client.get("/people/cases", need='purpose=case-work, case="OPEN-1"').status == 200


def test_the_entry_tells_an_unknown_case_from_a_known_one(gateway):
    client = gateway.client()
    for need, says in (("UNKNOWN-1", "unknown"), ("CLOSED-1", "given")):
        response = client.get("/people/cases", need=f'purpose=case-work, case="{need}"')
        [entry] = gateway.trail.accesses(response.access)
        assert entry["need"]["case"] == says
        assert entry["decision"] == "refuse"


# --- operations and parameters ---

@pytest.mark.parametrize("target,status,problems", [
    ("/people/people?colour=red", 400, "undeclared"),
    ("/people/people?sort=name", 400, "undeclared"),
    ("/people/people?city=Lahore&city=Karachi", 400, "malformed undeclared"),
    ("/people/people?City=Lahore", 400, "undeclared"),
    ("/people/people?age=old", 400, "malformed undeclared"),
    ("/people/people?age=1.5", 400, "malformed undeclared"),
    ("/people/people?age=99999999999999999999", 400, "malformed undeclared"),
    ("/people/people?city=%ff", 400, "malformed undeclared"),
    ("/people/people?city=%zz", 400, "malformed undeclared"),
    ("/people/people?name=Canary", 403, "parameter-not-permitted"),
    ("/people/nothing", 404, "not-found"),
    ("/nothing/people", 404, "not-found"),
    ("/people", 404, "not-found"),
    ("/people/people/a/b", 404, "not-found"),
    ("/people/people/../people", 400, "malformed"),
    ("/people/people/%2e%2e/people", 400, "malformed"),
    ("/people/people%2fx", 400, "malformed"),
])
def test_a_bad_target_is_refused(gateway, upstream, target, status, problems):
    assert_refused(gateway.client().get(target, need=NEED), status, problems, upstream)


def test_a_problem_names_the_parameter_that_is_meant_only_if_it_is_declared(gateway):
    client = gateway.client()
    assert client.get("/people/people?name=x", need=NEED).json["parameter"] == "name"
    assert b"canary-colour" not in client.get("/people/people?canary-colour=x", need=NEED).body


def test_parameters_reach_the_service_written_anew(gateway, upstream):
    client = gateway.client()
    assert client.get("/people/people?city=La%68ore&cities=a&cities=b%20c&age=007", need=NEED).status in (200, 400)
    upstream.requests.clear()
    assert client.get("/people/people?city=La%68ore%26x=y", need=NEED).status == 200
    assert upstream.requests[-1].target == "/people?city=Lahore%26x%3Dy"
    upstream.answer = harness.json_answer({"name": "Canary Name", "city": "Lahore"})
    assert client.get(CNIC_PATH, need=NEED).status == 200
    assert upstream.requests[-1].target == "/people/35202-0000001-1"


@pytest.mark.parametrize("method,status,problem", [
    ("DELETE", 405, "method"), ("PUT", 405, "method"), ("TRACE", 405, "method"),
])
def test_another_method_is_refused(gateway, upstream, method, status, problem):
    response = gateway.client().call(method, "/people/people", need=NEED)
    assert_refused(response, status, problem, upstream)
    assert {"GET", "POST"} <= {word.strip() for word in response.header("allow").split(",")}


@pytest.mark.parametrize("body,media,status,problems", [
    (b'{"city":"Lahore","hint":"x"}', "application/json", 400, "undeclared"),
    (b'{"city":"Lahore","colour":"x"}', "application/json", 400, "undeclared"),
    (b'{"name":"x"}', "application/json", 403, "parameter-not-permitted"),
    (b'{"city":1}', "application/json", 400, "malformed undeclared"),
    (b'{"city":"a","city":"b"}', "application/json", 400, "malformed"),
    (b'{"city":"a","c\\u0069ty":"b"}', "application/json", 400, "malformed"),
    (b'{"city":"a"', "application/json", 400, "malformed"),
    (b'{"city":"a"} x', "application/json", 400, "malformed"),
    (b'\xef\xbb\xbf{"city":"a"}', "application/json", 400, "malformed"),
    (b'["city"]', "application/json", 400, "malformed undeclared"),
    (b"city=a", "application/x-www-form-urlencoded", 415, "media-type"),
    (b'{"city":"a"}', None, 415, "media-type"),
    (b"", "application/json", 400, "malformed"),
])
def test_a_bad_request_body_is_refused(gateway, upstream, body, media, status, problems):
    headers = [] if media is None else [f"Content-Type: {media}"]
    headers += [] if body else ["Content-Length: 0"]
    response = gateway.client().call("POST", "/people/people", need=NEED, headers=headers, body=body)
    assert_refused(response, status, problems, upstream)


def test_a_good_request_body_reaches_the_service_after_an_intent_entry(gateway, upstream):
    upstream.answer = harness.json_answer([])
    response = gateway.client().call("POST", "/people/people", need=NEED, headers=["Content-Type: application/json"],
                                     body=b'{ "city" : "Lahore" }')
    assert response.status == 200 and response.body == b"[]"
    assert json.loads(upstream.requests[-1].body) == {"city": "Lahore"}
    kinds = [entry["kind"] for entry in gateway.trail.entries() if entry.get("access") == response.access]
    assert kinds == ["intent", "access"]
