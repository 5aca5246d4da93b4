# SPDX-License-Identifier: Apache-2.0
"""Small policy folders, inline: {path: text}. A test takes PEOPLE and changes a file of it, or writes its own."""
import pathlib
import shutil

NEED = "purpose=check"

VOCABULARY = """\
labels:
  person.name: {mask: {keep_first: 1}}
  person.cnic: {mask: {text: "[CNIC]"}, tokenize: {length: 16}}
  person.note: {}
  person.age: {}
  place.city: {}
  time: {coarsen: {time: month}}
  data: {}
purposes:
  check: {basis: [law-1]}
  case-work: {}
subjects:
  cnic: {normalise: digits}
"""

MODEL = """\
entity Partner = { city: String };
entity Agent in [Partner] = { partner: Partner, role?: String };
entity Purpose in [Purpose];
entity Case = { open: Bool, partners: Set<Partner> };
"""

PARTNERS = """\
[{"uid": {"type": "Partner", "id": "acme"}, "attrs": {"city": "Lahore"}, "parents": []},
 {"uid": {"type": "Partner", "id": "other"}, "attrs": {"city": "Karachi"}, "parents": []}]
"""

FACTS = """\
[{"uid": {"type": "Case", "id": "OPEN-1"}, "parents": [],
  "attrs": {"open": true, "partners": [{"__entity": {"type": "Partner", "id": "acme"}}]}},
 {"uid": {"type": "Case", "id": "CLOSED-1"}, "parents": [],
  "attrs": {"open": false, "partners": [{"__entity": {"type": "Partner", "id": "acme"}}]}},
 {"uid": {"type": "Case", "id": "FOREIGN-1"}, "parents": [],
  "attrs": {"open": true, "partners": [{"__entity": {"type": "Partner", "id": "other"}}]}}]
"""

SERVICE = """\
openapi: 3.1.0
x-amanat-service: people
info: {title: people, version: "1"}
paths:
  /people:
    get:
      operationId: listPeople
      parameters:
        - {name: city, in: query, schema: {type: string}, x-amanat-label: place.city}
        - {name: name, in: query, schema: {type: string}, x-amanat-label: person.name}
        - {name: age, in: query, schema: {type: integer}, x-amanat-label: place.city}
        - {name: cities, in: query, schema: {type: array, items: {type: string}}, x-amanat-label: place.city}
        - {name: sort, in: query, schema: {type: string}}
      responses:
        "200":
          description: people
          content:
            application/json:
              schema:
                type: object
                properties:
                  total: {type: integer}
                  people: {type: array, items: {$ref: "#/components/schemas/Person"}}
    post:
      operationId: searchPeople
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              properties:
                city: {type: string, x-amanat-label: place.city}
                name: {type: string, x-amanat-label: person.name}
                hint: {type: string}
      responses:
        "200":
          description: people
          content:
            application/json:
              schema: {type: array, items: {$ref: "#/components/schemas/Person"}}
  /people/{cnic}:
    get:
      operationId: getPerson
      parameters:
        - {name: cnic, in: path, required: true, schema: {type: string}, x-amanat-label: person.cnic,
           x-amanat-subject: cnic}
      responses:
        "200":
          description: one
          content: {application/json: {schema: {$ref: "#/components/schemas/Person"}}}
  /cases:
    get:
      operationId: listCasePeople
      responses:
        "200":
          description: people
          content:
            application/json:
              schema: {type: array, items: {$ref: "#/components/schemas/Person"}}
  /anything:
    get:
      operationId: getAnything
      responses:
        "200":
          description: whatever it is, under one label
          content: {application/json: {schema: {x-amanat-label: data}}}
components:
  schemas:
    Person:
      type: object
      x-amanat-record: Person
      required: [city]
      properties:
        name: {type: string, x-amanat-label: person.name}
        cnic: {type: string, x-amanat-label: person.cnic, x-amanat-subject: cnic}
        age: {type: integer, x-amanat-label: person.age}
        city: {type: string, x-amanat-label: place.city}
        seenAt: {type: string, format: date-time, x-amanat-label: time}
        note: {type: string, x-amanat-label: person.note}
        unlabelled: {type: string}
"""



def service(name, operation, schema, schemas, parameters="", method="get", body=""):
    """A document of one operation at /NAME, which answers SCHEMA."""
    return f"""\
openapi: 3.1.0
x-amanat-service: {name}
info: {{title: {name}, version: "1"}}
paths:
  /{name}:
    {method}:
      operationId: {operation}
      parameters: [{parameters}]
      {body}
      responses: {{"200": {{description: d, content: {{application/json: {{schema: {schema}}}}}}}}}
components:
  schemas:
{schemas}"""


def list_of(record):
    return f'{{type: array, items: {{$ref: "#/components/schemas/{record}"}}}}'


POLICY = """\
@id("check-calls") @advice("declare the purpose check")
permit (principal in Partner::"acme", action in [Action::"listPeople", Action::"searchPeople", Action::"getPerson",
        Action::"getAnything"], resource == Service::"people")
when { context.need.purpose in Purpose::"check" };

@id("case-calls") @advice("name an open case of yours")
permit (principal in Partner::"acme", action == Action::"listCasePeople", resource == Service::"people")
when { context.need.purpose in Purpose::"case-work" && context.need has case && context.need.case.open
       && context.need.case.partners.contains(principal.partner) };

@id("queries")
permit (principal in Partner::"acme", action in [Action::"query:place.city", Action::"query:person.cnic"],
        resource == Service::"people");

@id("people-fields")
permit (principal in Partner::"acme", action in [Action::"reveal:person.name", Action::"mask:person.cnic",
        Action::"reveal:person.age", Action::"coarsen:time", Action::"reveal:place.city"],
        resource is Person in Service::"people")
when { resource.city == principal.partner.city };

@id("anything")
permit (principal in Partner::"acme", action == Action::"reveal:data", resource is Service);
"""

PEOPLE = {"vocabulary.yaml": VOCABULARY, "model/model.cedarschema": MODEL, "partners.cedarentities.json": PARTNERS,
          "services/people.yaml": SERVICE, "people.cedar": POLICY}


def write_files(folder, files):
    """Makes the folder hold exactly these files."""
    folder = pathlib.Path(folder)
    shutil.rmtree(folder, ignore_errors=True)
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder
