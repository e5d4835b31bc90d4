#!/usr/bin/env python3
"""Records when Debian's own cron ran jobs around changes of the clock: debian_runs.csv.

The real /usr/sbin/cron runs in a mount namespace of its own, one schedule at a time, with a clock that
virtual_clock.c moves on whenever cron sleeps, so that four days pass in a moment. Nothing of the
machine's own crontabs is touched or run. Needs root, gcc, unshare(1) and the package cron.

    gcc -O1 -shared -fPIC -o /tmp/virtual_clock.so virtual_clock.c && ./debian_runs.py > debian_runs.csv
"""
import os, random, subprocess, sys, tempfile
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

random.seed(20261121)
# zone, and the day (UTC) round which its clock changes
WINDOWS = [
    ("UTC", "2026-03-29"), ("America/New_York", "2026-03-08"), ("America/New_York", "2026-11-01"),
    ("Europe/London", "2026-03-29"), ("Europe/London", "2026-10-25"), ("Asia/Seoul", "2026-05-10"),
    ("Australia/Lord_Howe", "2026-04-04"), ("Australia/Lord_Howe", "2026-10-03"),
    ("America/St_Johns", "2010-03-14"), ("America/St_Johns", "2010-11-07"),   # at 00:01
    ("Africa/Cairo", "2026-04-23"), ("Africa/Cairo", "2026-10-29"),           # at midnight
    ("Antarctica/Troll", "2026-03-29"), ("Antarctica/Troll", "2026-10-25"),   # by two hours
    ("Pacific/Apia", "2011-12-30"),                                           # a day is left out
    ("Pacific/Bougainville", "2014-12-27"), ("Asia/Pyongyang", "2018-05-04"), # by half an hour
    ("America/Caracas", "2007-12-09"), ("Europe/Volgograd", "2020-12-26"),
    ("Antarctica/Casey", "2018-03-10"), ("Antarctica/Casey", "2009-10-17"),   # by three hours
    ("Antarctica/Casey", "2020-10-03"),
]
FIXED = ["30 2 * * *", "0 3 * * *", "59 1 * * *", "0 0 * * *", "15,45 1 * * *", "0,30 1-3 * * *", "5 2,3 * * *",
         "1 0 * * *", "30 23 * * *", "0 1-5 * * *", "0 12 * * *"]
ODD = ["*/90 * * * *", "22-2 * * * *", "0 22-2 * * *", "5;x 3 * * *", "*,5 3 * * *", "*x 3 * * *", "4294967301 3 * * *",
       "*-5 4 * * *", "0-10/7,22-2 1 * * *", "*/30 2 * * fri-sun", "0 0 */2 * 1", "0 0 1,15 * 1", "0 0 28 * *", "0 0 * mar *",
       "0 12 * * 7", "0 12 * * sun-tue", "30 4 * * mon-5", "0 5 30 2 *", "0 5 30 2 sun", "0 0 28-31 jan-mar *", "007 07 * * *",
       "0 0 */31 * 0", "@monthly", "@yearly", "@midnight", "@annually", "0 0 1-31/29 * *", "10 4 * */3 *", "10 4 * */2 *"]
# (zone, start in UTC, schedule) where cronsim says something else
DISPUTED = [(zone, start, schedule) for start, schedule in [
    ("2030-10-05T13:05", "* 5-16/3 * * *"), ("2026-10-03T04:38", "*/7 3 * * 7"), ("2026-10-02T22:28", "* 3 *,1 *,sep *"),
    ("2025-04-05T02:37", "*/90 10,22 * *,3-11/4 0-6/4,0,3"), ("2026-04-03T14:46", "*/90 16 * * *"),
    ("2029-03-30T15:32", "47 * */7 * *"), ("2024-04-06T06:01", "10 */90 * * *"), ("2026-04-04T13:42", "53 * *,2-26 * *"),
    ("2025-04-05T13:20", "*/90 3 * * *"), ("2029-03-31T05:34", "*/45 2-4/2 * * *"), ("2033-04-02T15:25", "*,53 23 21,15 * 6,sun,0-2"),
    ("2028-09-30T08:00", "*,24-55 21,21,9-10/7 * 2-12/8,10-10 *"), ("2025-10-04T15:34", "* 10 * * *"),
    ("2028-09-30T08:00", "*,46 23 */45 oct */7"),
] for zone in ["Australia/Lord_Howe"]]
WILD = ["*/30 2 * * *", "*/20 1 * * *", "10 * * * *", "*/15 0-3 * * *", "30 */2 * * *", "0 */3 * * *", "@hourly"]

def some(low, high, most):
    return ",".join(map(str, sorted(random.sample(range(low, high + 1), random.randint(1, most)))))

def schedules(around_hour):
    hours = [h % 24 for h in range(around_hour - 2, around_hour + 3)]
    made = FIXED + WILD + ["@daily", "@weekly"]
    for _ in range(8):
        made.append(f"{some(0, 59, 3)} {','.join(map(str, random.sample(hours, 2)))} * * *")
    for _ in range(3):
        made.append(f"{some(0, 59, 2)} {random.choice(hours)} {some(1, 31, 8)} * {some(0, 7, 2)}")
        made.append(f"*/{random.randint(7, 45)} {random.choice(hours)} * * *")
        made.append(f"{some(0, 59, 2)} */{random.randint(2, 5)} * * *")
    return made

INSIDE = """
mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /var/spool/cron; mkdir -m 1730 /var/spool/cron/crontabs
mount -t tmpfs tmpfs /etc/cron.d; : > /run/empty; mount --bind /run/empty /etc/crontab
cd /var/spool/cron/crontabs
while IFS= read -r line; do
  [ -n "$line" ] || continue
  rm -f /run/crond.pid /run/log; printf '%s j\\n' "$line" > root; chmod 600 root
  FAKE_LOG=/run/log LD_PRELOAD=/tmp/virtual_clock.so timeout 100 cron -f
  while cat /proc/[0-9]*/comm 2>/dev/null | grep -qix cron; do sleep 0.01; done
  echo "$line|$(grep ' CMD ' /run/log 2>/dev/null | cut -d' ' -f1 | sort -n | tr '\\n' ' ')"
done
"""

def change_hour(zone, start, end):
    at, last = start, start.astimezone(zone).utcoffset()
    while at < end:
        if at.astimezone(zone).utcoffset() != last:
            return at.astimezone(zone).hour
        at += timedelta(minutes=1)
    return 2

def record(name, start, lines):
    """Runs cron for four days with each line alone, and prints its runs as minutes since the start."""
    end = start + timedelta(hours=96)
    first, last = int(start.timestamp()), int(end.timestamp())
    env = dict(os.environ, TZ=name, FAKE_START=str(first), FAKE_END=str(last))
    done = subprocess.run(["unshare", "-mpf", "--mount-proc", "bash", "-c", INSIDE], input="\n".join(lines) + "\n",
                          env=env, text=True, capture_output=True)
    for line in done.stdout.splitlines():
        schedule, seconds = line.split("|")
        minutes = sorted({(int(s) - first) // 60 for s in seconds.split()})
        print(f'{name},{start:%Y-%m-%dT%H:%MZ},{end:%Y-%m-%dT%H:%MZ},"{schedule}",{" ".join(map(str, minutes))}', flush=True)

print("zone,start,end,schedule,runs")
for name, day in WINDOWS:
    start = datetime.fromisoformat(day).replace(tzinfo=timezone.utc) - timedelta(hours=30)
    hour = change_hour(ZoneInfo(name), start, start + timedelta(hours=96))
    record(name, start, list(dict.fromkeys(schedules(hour) + (ODD if name == "UTC" else []))))
for name, start, schedule in DISPUTED:
    record(name, datetime.fromisoformat(start).replace(tzinfo=timezone.utc), [schedule])
