#!/usr/bin/env python3
"""Records when a real cronie 1.7.2 (of Debian 13) ran jobs round changes of the clock, with and without CRON_TZ.

It runs as debian_runs.py says. A row has the machine's zone, CRON_TZ or `-`, start and end, the schedule, and its runs as
minutes since the start.

    ./cronie_runs.py crond -n > cronie_runs.tsv
"""
import os, random, subprocess, sys
from datetime import datetime, timedelta, timezone

random.seed(20261121)
WINDOWS = [
    ("UTC", "America/New_York", "2026-03-08"), ("UTC", "America/New_York", "2026-11-01"), ("Europe/London", "-", "2026-03-29"),
    ("Europe/London", "-", "2026-10-25"), ("Europe/London", "Asia/Seoul", "2026-03-29"), ("Europe/London", "America/New_York", "2026-10-25"),
    ("America/New_York", "Australia/Lord_Howe", "2026-04-04"), ("Australia/Lord_Howe", "-", "2026-10-03"), ("America/New_York", "-", "2026-11-01"),
]
SCHEDULES = ["30 2 * * *", "0 3 * * *", "*/30 2 * * *", "@hourly", "0,30 1-3 * * *", "@daily", "15 */2 * * *", "0 0 * * sun", "0 0 */2 * 1",
             "1 1 * * *", "* 1 * * *"]
INSIDE = """
mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /var/spool/cron; mkdir -m 1730 /var/spool/cron/crontabs
mount -t tmpfs tmpfs /etc/cron.d; : > /run/empty; mount --bind /run/empty /etc/crontab
cd /var/spool/cron/crontabs
while IFS= read -r line; do
  rm -f /run/crond.pid /run/log; printf "${SETTING}%s j\\n" "$line" > root; chmod 600 root
  FAKE_LOG=/run/log timeout 100 env LD_PRELOAD=/tmp/virtual_clock.so "$@"
  while cat /proc/[0-9]*/comm 2>/dev/null | grep -qixE 'crond|ld-linux-.*'; do sleep 0.01; done
  echo "$line|$(grep ' CMD ' /run/log | cut -d' ' -f1 | sort -n | tr '\\n' ' ')"
done
"""

def some(low, high, most):
    return ",".join(map(str, sorted(random.sample(range(low, high + 1), random.randint(1, most)))))

for machine, zone, day in WINDOWS:
    start = datetime.fromisoformat(day).replace(tzinfo=timezone.utc) - timedelta(hours=30)
    end = start + timedelta(hours=96)
    first, last = int(start.timestamp()), int(end.timestamp())
    lines = SCHEDULES + [f"{some(0, 59, 3)} {some(0, 23, 6)} * * *" for _ in range(4)]
    env = dict(os.environ, TZ=machine, FAKE_START=str(first), FAKE_END=str(last), SETTING="" if zone == "-" else f"CRON_TZ={zone}\\n")
    done = subprocess.run(["unshare", "-mpf", "--mount-proc", "bash", "-c", INSIDE, "bash", *sys.argv[1:]], env=env, text=True,
                          input="".join(line + "\n" for line in lines), capture_output=True)
    for row in done.stdout.splitlines():
        schedule, seconds = row.split("|")
        runs = sorted({(int(second) - first) // 60 for second in seconds.split() if int(second) < last})
        print(machine, zone, f"{start:%Y-%m-%dT%H:%MZ}", f"{end:%Y-%m-%dT%H:%MZ}", schedule, " ".join(map(str, runs)), sep="\t", flush=True)
