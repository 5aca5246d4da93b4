# SPDX-License-Identifier: Apache-2.0
"""Records for tests/performance/redact: claims about vehicles, invented, the same for the same size. Nobody is meant."""
import json
import random

FIRST = ["Hina", "Bilal", "Sana", "Ali", "Zainab", "Usman", "Mahnoor", "Hamza", "Ayesha", "Farid", "Noor", "Tariq"]
LAST = ["Qureshi", "Baloch", "Malik", "Sheikh", "Raza", "Khan", "Mirza", "Butt", "Chaudhry", "Siddiqui"]
CARS = [("Suzuki", "Mehran"), ("Suzuki", "Cultus"), ("Toyota", "Corolla"), ("Honda", "City"), ("Kia", "Sportage")]
COLOURS = ["white", "silver", "black", "red", "blue", "grey"]
AREAS = ["Gulberg", "Model Town", "Johar Town", "Saddar", "Clifton", "گلبرگ", "Cantt", "شاہدرہ"]
TAGS = ["theft", "collision", "flood", "fire", "glass", "third-party", "recovered", "disputed"]
PHRASES = ["The owner called about the \"second\" claim.", "Bumper and left door are dented,", "seen near the ring road\n",
           "no witness came forward;", "مالک سے رابطہ ہوا", "photographs are in folder C:\\claims\\2025", "to be read again"]


def read(chance):
    """One sighting of the vehicle by a camera."""
    return {"camera": f"cam-{chance.randrange(4000):04}",
            "at": f"2025-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}T{chance.randrange(24):02}:"
                  f"{chance.randrange(60):02}:{chance.randrange(60):02}Z",
            "lat": round(chance.uniform(31.3, 31.7), 6), "lon": round(chance.uniform(74.1, 74.5), 6),
            "lane": chance.randint(1, 4), "speed": chance.randint(150, 1400) / 10 + 0.05}


def record(chance, number):
    """One claim: 27 kinds of fields, about a kilobyte. Half of them are of Lahore."""
    name = f"{chance.choice(FIRST)} {chance.choice(LAST)}"
    make, model = chance.choice(CARS)
    return {
        "id": f"CL-2025-{number:07}", "status": chance.choice(["open", "closed", "referred"]),
        "filed": f"2025-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
        "amount": chance.randint(100000, 90000000) / 100 + 0.005, "verified": chance.random() < 0.5,
        "tags": chance.sample(TAGS, chance.randint(1, 3)),
        "vehicle": {"plate": f"LE{chance.choice('ABCDEF')}-{chance.randrange(1000, 9999)}", "make": make,
                    "model": model, "colour": chance.choice(COLOURS), "year": chance.randint(1995, 2025)},
        "owner": {"name": name, "cnic": f"{chance.randrange(10000, 99999)}-{chance.randrange(10 ** 6, 10 ** 7)}-1",
                  "phone": f"+92 300 {chance.randrange(10 ** 6, 10 ** 7)}",
                  "email": f"{name.lower().replace(' ', '.')}@example.org",
                  "address": {"house": chance.randint(1, 400), "street": f"Street {chance.randint(1, 90)}",
                              "area": chance.choice(AREAS), "postcode": str(chance.randrange(54000, 54999))}},
        "city": "Lahore" if chance.random() < 0.5 else chance.choice(["Karachi", "Multan", "Quetta"]),
        "reads": [read(chance) for _ in range(chance.randint(2, 5))],
        "notes": " ".join(chance.choices(PHRASES, k=chance.randint(2, 6)))}


def write(path, size):
    """An array of as many whole records as make so many bytes, one at least; compact, as services send it."""
    chance = random.Random(20260101)
    written = 0
    with path.open("w", encoding="utf-8") as stream:
        for number in range(size):
            text = json.dumps(record(chance, number), ensure_ascii=False, separators=(",", ":"))
            written += len(text.encode()) + 1
            if number and written >= size:
                break
            stream.write(("," if number else "[") + text)
        stream.write("]")
