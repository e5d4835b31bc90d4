#!/usr/bin/env python3
"""Records what Debian's own crontab(1) says of 3,000 files: debian_verdicts.csv.

`crontab -n` only checks the syntax, and installs nothing. The file stands in the table as a Python bytes literal
between the quotes; crontab counts lines from 0 and stops at the first error. Needs root and the package cron.

    ./debian_verdicts.py > debian_verdicts.csv
"""
import os, random, subprocess, tempfile

random.seed(20261121)
FIXED = [
    b"", b"\n\n", b"# c", b"   ", b"\t", b"\r\n", b"\0\n", b"* * * * * c", b"A=b", b"A=b\r\n", b"* * * * * c\r\n",
    b"@daily\r\n", b"@daily\n", b"@daily \n", b"@Daily x\n", b"* * * * *\n", b"* * * * * \n", b"* * * * * *\n", b"* * * * * *foo\n",
    b"@hourly *foo\n", b"@every_minute x\n", b"@midnight x\n", b"@annually x\n", b"@reboot\n", b"@\n", b"-* * * * * c\n",
    b"* * * * * c\0d\n", b"* * * * * c\x005 * * * * d\n", b"@reboot\0foo\n", b"* * * * * \xffc\n", b"5\xff * * * * c\n",
    b"5\xe9 * * * * c\n", b"* * * * * \xc3\xa9\n", b"\xef\xbb\xbf* * * * * c\n", b"\x0b* * * * * c\n", b"*\x0b* * * * c\n",
    b"FOO=\n", b'FOO=""\n', b'FOO="a"b\n', b"=x\n", b'"A B"=x\n', b"A B=x\n", b"* =x * * * c\n", b"A='x\n", b"A=x'y\n",
    b'A= "x" \n', b"A='\"x\"'\n", b"* * * * * c\n# end", b"* * * * * c\n  ", b"A=" + b"x" * 2000 + b"\n",
    b"* * * * * " + b"x" * 998 + b"\n", b"* * * * * " + b"x" * 999 + b"\n", b"* * * * * " + b"x" * 5000 + b"\n",
    b"0" * 998 + b"5 * * * * c\n", b"0" * 999 + b"5 * * * * c\n", b"x" * 996 + b"=1\n", b"x" * 998 + b"=1\n",
]
NUMBERS = ["0", "1", "5", "7", "8", "12", "13", "23", "24", "31", "32", "59", "60", "007", "4294967301", "2147483647",
           "2147483648", "99999999999999999999"]
WORDS = ["sun", "MON", "fri", "Jan", "dec", "sunday", "sun5", "L", "?", "x", "", "*", "**", "~"]
JOINTS = ["-", "/", ",", "--", "//", ";", "#", "-/", "W", "\x0b", "=", "."]

def field():
    if random.random() < 0.4:
        return random.choice(["*", "*", "*/5", "1-5", "0"])
    parts = [random.choice(NUMBERS[:8] + NUMBERS + WORDS)]
    for _ in range(random.choice([0, 0, 1, 1, 2, 3])):
        parts += [random.choice(JOINTS[:3] * 3 + JOINTS), random.choice(NUMBERS[:8] + NUMBERS + WORDS)]
    return "".join(parts)

def line():
    kind = random.random()
    if kind < 0.7:
        blank = lambda: random.choice([" ", " ", "\t", "  ", " \t "])
        fields = "".join(field() + blank() for _ in range(random.choice([5] * 12 + [4, 6])))
        return random.choice(["", "", " ", "\t"]) + fields + random.choice(["c", "c x=y %in", "", "*c", "'q", "c\r"])
    if kind < 0.8:
        return "@" + random.choice(["daily", "reboot", "hourly", "weekly", "monthly", "yearly", "Daily", "daily2", ""]) + \
            random.choice([" c", "\tc", "", " ", " *c", "c", "=x"])
    quote = lambda: random.choice(["", "", "", '"', "'"])
    word = lambda: "".join(random.choice("aB *=\t\r\x0c#5'\"") for _ in range(random.randint(0, 4)))
    return quote() + word() + quote() + random.choice(["", " "]) + random.choice(["=", "=", ""]) + random.choice(["", " "]) + \
        quote() + word() + quote() + random.choice(["", " ", "\r"])

def file():
    if random.random() < 0.75:
        return line().encode("latin1") + b"\n"
    lines = [random.choice([line, lambda: "* * * * * c", lambda: "A=b", lambda: "# c", lambda: ""])() for _ in range(3)]
    return "\n".join(lines).encode("latin1") + random.choice([b"\n", b"\n", b""])

def lone_quote(text):
    """cron reads beyond the end of such a line, into what it had read before: no verdict is certain."""
    return any(part.strip(b" \t") in (b'"', b"'") or part.rstrip(b" \t").endswith((b"=\"", b"='")) or part.rstrip(b" \t\r\x0b\x0c")[-2:].strip() in (b'"', b"'")
               for part in text.split(b"\n"))

print("file,verdict")
for text in FIXED + [text for text in (file() for _ in range(3500)) if not lone_quote(text)][:3000]:
    with tempfile.NamedTemporaryFile(dir="/tmp") as f:
        f.write(text)
        f.flush()
        os.chmod(f.name, 0o644)
        said = subprocess.run(["crontab", "-u", "nobody", "-n", f.name], capture_output=True).stderr.decode()
    first = said.splitlines()[0]
    if first.startswith('"'):
        first = first.rsplit(": ", 1)[1]
    elif "missing newline" in first:
        first = "missing newline before EOF"
    elif "successfully" in first:
        first = "ok"
    print(repr(text)[1:] + "," + first)
