#!/usr/bin/env python3
"""Records what real crons make of files in /etc/cron.d, with their user column: debian_system.tsv, cronie_system.tsv.

The cron runs as debian_runs.py says, with one file at a time and for one minute. The file stands in the table as a
Python bytes literal between the quotes. Behind it, after tabs, are the faults that cron told in syslog (`ok` for none,
a comma between two), and each run as it was logged, sorted.

    gcc -O1 -shared -fPIC -o /tmp/virtual_clock.so virtual_clock.c
    ./system_files.py cron -f > debian_system.tsv
    ./system_files.py crond -n > cronie_system.tsv      # cronie 1.7.2 of Debian 13
"""
import base64, os, random, re, subprocess, sys

random.seed(20261121)
TIMES = ["* * * * *"] * 30 + ["*/1 * * * *", "*\t* *  * *", "@reboot", "@reboot", "@yearly", "60 * * * *", "* * * *", "@never", "-* * * * *",
         "5 5 30 2 *", "*,5 * * * *", "* * * * 0-7"]
BLANKS = [" "] * 20 + ["\t", "  ", " \t ", "", "\r", "\x0b"]
USERS = ["root"] * 30 + ["nobody", "daemon"] * 8 + ["ROOT", "nosuch", "", "*", "*root", "-", "0", "root:x", "'root'", '"root"', "root\r", "u" * 998,
         "u" * 1001, "roo\xff", "\xe9", "root=x", "root\0x", "#root", "root,nobody"]
COMMANDS = ["c", "c d", "c %in%put", "c\\%d", "c\\\\%d", " c "] * 4 + [ "c\r", "c # d", "*c", "c *", "", " ", "c\\", "%", "c\x01\x7f\xe9", "'c", "c\0d", "=c",
            "c" * 997, "c" * 998, "c" * 999, "c" * 1005, "A=b", "\x0bc", "\\\\\\c", "c=d"]
SETTINGS = ["A=b", "MAILTO=\"\"", "SHELL=/bin/sh", "PATH = /a:/b", "LOGNAME=nobody", "USER=nobody", "HOME=", "A", "A='b' c", "CRON_TZ=Asia/Seoul", "root=x",
            "A=" + "b" * 1200, "* = * * * * root c", "TZ=Asia/Seoul"]

def line():
    kind = random.random()
    if kind < 0.1:
        return random.choice(SETTINGS)
    if kind < 0.15:
        return random.choice(["", " ", "# c", " # c", "\t", "\r"])
    blank = lambda: random.choice(BLANKS)
    return random.choice(["", "", "", " ", "\t"]) + random.choice(TIMES) + blank() + random.choice(USERS) + blank() + random.choice(COMMANDS)

def file():
    lines = [line() for _ in range(random.choice([1, 1, 1, 2, 3]))]
    return (random.choice(["\n"] * 15 + ["\r\n"]).join(lines) + random.choice(["\n"] * 20 + ["", "\r\n"])).encode("latin1")

INSIDE = """
mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /var/spool/cron; mkdir -m 1730 /var/spool/cron/crontabs
mount -t tmpfs tmpfs /etc/cron.d; : > /run/empty; mount --bind /run/empty /etc/crontab
while IFS= read -r text; do
  rm -f /run/cron* /run/log; echo "$text" | base64 -d > /etc/cron.d/f; chmod 644 /etc/cron.d/f
  FAKE_LOG=/run/log timeout 100 env LD_PRELOAD=/tmp/virtual_clock.so "$@"
  while cat /proc/[0-9]*/comm 2>/dev/null | grep -qixE 'crond?|ld-linux-.*'; do sleep 0.01; done
  cut -d' ' -f2- /run/log | LC_ALL=C sort | base64 -w0; echo
done
"""

FAULT = re.compile(r"^(?:Error: (.*?);.*|\(CRON\) ((?:bad|missing) .*) \(/etc/cron.d/f\)|.*(Missing newline) before EOF.*)$", re.MULTILINE)

def told(log):
    log = log.decode("latin1")
    faults = [next(filter(None, found.groups())).lower().removesuffix(" before eof") for found in FAULT.finditer(log)]
    return ",".join(faults) or "ok", [line for line in log.split("\n") if ") CMD (" in line]

files = [file() for _ in range(1500)]
start = 1790000040 // 60 * 60 - 30
env = dict(os.environ, TZ="UTC", FAKE_START=str(start), FAKE_END=str(start + 60))
done = subprocess.run(["unshare", "-mpf", "--mount-proc", "bash", "-c", INSIDE, "bash", *sys.argv[1:]], env=env, text=True, capture_output=True,
                      input="".join(base64.b64encode(text).decode() + "\n" for text in files))
print("file\tverdict\truns")
for text, log in zip(files, done.stdout.splitlines(), strict=True):
    verdict, runs = told(base64.b64decode(log))
    print("\t".join([repr(text)[1:], verdict, *runs]))
