#!/usr/bin/env python3
"""Records three runs in a row of random schedules by PyPI's cronsim 2.8, which follows Debian's cron.

    pip install --target /tmp/py cronsim==2.8 && PYTHONPATH=/tmp/py ./next_runs.py > next_runs.csv

Left out, because cronsim is wrong there, and debian_runs.csv holds what the real cron does:
- starts in an hour that the clock shows a second time, for jobs without `*` in minute and hour: cronsim
  gives runs of the first time, which are over;
- jobs with `*` in minute or hour across Lord Howe's change by half an hour: cronsim steps by whole hours
  and misses runs or adds half an hour (14 of 3,000 rows were wrong; `DISPUTED` in debian_runs.py);
- ranges that run backwards (cron: no value), of one value with a step (`5-5/8`: cronsim goes on to 59),
  single values with a step, and text behind a field.
"""
import random
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo
from cronsim import CronSim

random.seed(20261121)
ZONES = ["UTC", "America/New_York", "Europe/London", "Asia/Seoul", "Australia/Lord_Howe"]
DAYS = "sun mon tue wed thu fri sat".split()
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()

def item(low, high, names=()):
    kind = random.random()
    if names and kind < 0.25:
        return random.choice(names)
    if kind < 0.7:
        return str(random.randint(low, high))
    first, last = sorted((random.randint(low, high), random.randint(low, high)))
    return f"{first}-{last}" + (f"/{random.randint(1, 9)}" if kind > 0.85 and first < last else "")

def field(low, high, star, names=()):
    kind = random.random()
    if kind < star:
        return "*"
    if kind < star + 0.2:
        return f"*/{random.choice([2, 3, 4, 5, 6, 7, 10, 15, 20, 30, 45, 90])}"
    if kind < star + 0.25:
        return "*," + item(low, high, names)
    return ",".join(item(low, high, names) for _ in range(random.choice([1, 1, 1, 2, 3])))

def schedule():
    hour = random.choice(["1", "2", "0-3", "1,2", "2-4/2", "0", "23", "3"]) if random.random() < 0.4 else field(0, 23, 0.25)
    return " ".join([field(0, 59, 0.1), hour, field(1, 31, 0.5), field(1, 12, 0.6, MONTHS), field(0, 7, 0.5, DAYS)])

def changes(zone):
    """The moments at which a zone's clock changes, 2024 to 2034."""
    at, found = datetime(2024, 1, 1, tzinfo=timezone.utc), []
    offset = at.astimezone(zone).utcoffset()
    while at.year < 2034:
        at += timedelta(minutes=30)
        if at.astimezone(zone).utcoffset() != offset:
            offset = at.astimezone(zone).utcoffset()
            found.append(at)
    return found

CHANGES = {name: changes(ZoneInfo(name)) for name in ZONES}

def start(name):
    if CHANGES[name] and random.random() < 0.6:
        near = random.choice(CHANGES[name])
        return near + timedelta(minutes=random.randint(-2000, 300))
    return datetime(2024, 1, 1, tzinfo=timezone.utc) + timedelta(minutes=random.randrange(10 * 365 * 1440))

def stamp(at):
    return at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%MZ")

print("zone,after,schedule,runs")
rows = 0
while rows < 3000:
    name = ZONES[rows % len(ZONES)]
    zone, line, after = ZoneInfo(name), schedule(), start(name)
    local = after.astimezone(zone)
    fixed = not any(part.startswith("*") for part in line.split()[:2])
    if fixed and local.fold:
        continue
    try:
        sim = CronSim(line, local)
        runs = [next(sim) for _ in range(3)]
    except StopIteration:
        runs = []
    except Exception:  # an impossible date, which cronsim rejects and cron accepts
        continue
    across = lambda at: after - timedelta(hours=2) <= at <= runs[-1]
    if name == "Australia/Lord_Howe" and not fixed and runs and any(map(across, CHANGES[name])):
        continue
    # chrono-tz knows the rules up to 2099, and cronsim gives up after 50 years
    if not runs or runs[-1].year > 2090:
        continue
    print(f'{name},{stamp(after)},"{line}",{" ".join(map(stamp, runs))}')
    rows += 1
