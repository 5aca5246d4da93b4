#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the records of the demo: number-plate sightings, alerts on bank accounts, crime incidents.

Nobody in them exists. Names are put together by lot. The personal part of every CNIC lies below 0001000 and of every
telephone number below 0001000 too: that range is what marks a record of this generator. Account numbers have the
check digits 00, which no IBAN has. The same seed gives the same records, byte for byte.

usage: records.py FOLDER    writes anpr.jsonl, fraud.jsonl and incidents.jsonl there, one record a line
"""
import datetime
import json
import pathlib
import random
import sys

SEED = 20260314
GIVEN = "Adeel Aisha Asad Bilal Fatima Hamza Hina Imran Kamran Mariam Nadia Omar Rabia Saad Sana Tariq Zara".split()
FAMILY = "Abbasi Akhtar Baig Chaudhry Dar Gill Iqbal Javed Khokhar Lodhi Malik Niazi Qureshi Rana Saleem Tiwana".split()
VEHICLES = [("Suzuki", "Mehran"), ("Suzuki", "Alto"), ("Toyota", "Corolla"), ("Honda", "City"), ("Honda", "CD 70"),
            ("Kia", "Sportage"), ("Hyundai", "Tucson"), ("Daihatsu", "Cuore")]
COLOURS = "white silver black grey red blue".split()
CITIES = {"Lahore": ("35202", 31.5204, 74.3587), "Karachi": ("42101", 24.8607, 67.0011)}
BANKS = {"INDS": "Indus Bank", "JHLM": "Jhelum Bank", "CHNB": "Chenab Commercial"}


class Generator:
    """Draws from one seeded source, so that records depend on nothing else."""

    def __init__(self, seed=SEED):
        self.lot = random.Random(seed)
        self.serial = 0

    def person(self, city):
        """Somebody who does not exist."""
        self.serial += 1
        code = CITIES[city][0]
        return {"name": f"{self.lot.choice(GIVEN)} {self.lot.choice(FAMILY)}",
                "cnic": f"{code}-{self.serial:07d}-{self.lot.randint(1, 9)}",
                "phone": f"0300-{self.serial:07d}",
                "address": f"House {self.lot.randint(1, 400)}, Street {self.lot.randint(1, 60)}, {city}"}

    def position(self, city):
        _, latitude, longitude = CITIES[city]
        return {"latitude": round(latitude + self.lot.uniform(-0.08, 0.08), 6),
                "longitude": round(longitude + self.lot.uniform(-0.08, 0.08), 6)}

    def moment(self):
        start = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
        return start + datetime.timedelta(seconds=self.lot.randrange(300 * 86400))

    def account(self, bank):
        self.serial += 1
        return f"PK00{bank}{self.serial:016d}"


def written(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def sightings(make):
    """A few dozen vehicles, each seen a few times; LEB-4471, the stolen one of the demo, twice in Lahore."""
    found = []
    plates = ["LEB-4471", "LEA-2093", "LEC-7718"] + [
        f"{make.lot.choice(['LEB', 'LEC', 'LED', 'BKR', 'AVX'])}-{make.lot.randint(1000, 9999)}" for _ in range(37)]
    for plate in plates:
        home = make.lot.choice(list(CITIES))
        owner = make.person("Lahore" if plate == "LEB-4471" else home)
        vehicle = dict(zip(("make", "model"), make.lot.choice(VEHICLES)), colour=make.lot.choice(COLOURS))
        cities = ["Lahore", "Karachi", "Lahore"] if plate == "LEB-4471" else [
            make.lot.choice([home, home, *CITIES]) for _ in range(make.lot.randint(1, 8))]
        moments = sorted(make.moment() for _ in cities)
        for city, moment in zip(cities, moments):
            found.append({"plate": plate, "seenAt": written(moment), "city": city, "position": make.position(city),
                          "vehicle": vehicle, "owner": owner,
                          "readQuality": round(make.lot.uniform(0.8, 1), 2)})
    return numbered("S", found)


def alerts(make):
    """Transfers that banks found suspicious. The first account of the demo pays the same person twice."""
    def party(city):
        code = make.lot.choice(list(BANKS))
        person = make.person(city)
        return {"account": make.account(code), "bank": BANKS[code], "cnic": person["cnic"], "name": person["name"]}

    holders = [party(make.lot.choice(list(CITIES))) for _ in range(24)]
    holders[0] |= {"account": "PK00INDS0000000000000417", "bank": BANKS["INDS"]}
    mule = party("Lahore")
    found = []
    for index, holder in enumerate(holders):
        kinds = [("mule-account", "confirmed"), ("structuring", "confirmed"), ("account-takeover", "dismissed")]
        others = [mule, mule, party("Karachi")]
        if index > 0:
            others = [party(make.lot.choice(list(CITIES))) for _ in range(make.lot.randint(1, 6))]
            kinds = [(make.lot.choice(["mule-account", "structuring", "account-takeover"]),
                      make.lot.choice(["open", "confirmed", "dismissed"])) for _ in others]
        for moment, (kind, status), other in zip(sorted(make.moment() for _ in others), kinds, others):
            found.append({"kind": kind, "status": status, "raisedAt": written(moment),
                          "amount": make.lot.randrange(20_000, 2_000_000), "holder": holder, "counterparty": other,
                          "riskScore": round(make.lot.uniform(0.5, 1), 3)})
    return numbered("A", found)


def incidents(make):
    """Reported incidents of both cities."""
    stories = {"burglary": "Broke a window at night and took jewellery.",
               "robbery": "Two men on a motorcycle stopped the complainant.",
               "snatching": "Telephone snatched at a traffic light.",
               "vehicle-theft": "Car gone from where it was parked."}
    found = []
    for _ in range(240):
        city = make.lot.choice(list(CITIES))
        category = make.lot.choice(list(stories))
        person = make.person(city)
        found.append({"category": category, "outcome": make.lot.choice(["open", "charged", "closed"]),
                      "occurredAt": written(make.moment()), "city": city, "position": make.position(city),
                      "complainant": {name: person[name] for name in ("name", "cnic", "phone")},
                      "narrative": f"{person['name']}: {stories[category]}"})
    found.sort(key=lambda incident: incident["occurredAt"])
    return numbered("I", found)


def numbered(letter, found):
    return [{"number": f"{letter}-{index:06d}", **record} for index, record in enumerate(found, 1)]


def write_all(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    make = Generator()
    for name, records in (("anpr", sightings(make)), ("fraud", alerts(make)), ("incidents", incidents(make))):
        lines = "".join(json.dumps(record) + "\n" for record in records)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: records.py FOLDER")
    write_all(sys.argv[1])
