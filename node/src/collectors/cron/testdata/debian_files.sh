#!/bin/bash
# Files that cron may ignore, made where a real Debian cron reads them; debian_files.log is what it said.
# Run as root in a mount namespace of its own, with virtual_clock.so built as debian_runs.py says:
#   unshare -mpf --mount-proc bash -c '
#     mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /var/spool/cron; mkdir -m 1730 /var/spool/cron/crontabs
#     mount -t tmpfs tmpfs /etc/cron.d; : > /run/empty; mount --bind /run/empty /etc/crontab; bash debian_files.sh
#     TZ=UTC FAKE_START=1790000000 FAKE_END=1790000060 FAKE_LOG=/tmp/files.log \
#       LD_PRELOAD=/tmp/virtual_clock.so cron -f; sleep 2'
#   cut -d" " -f2- /tmp/files.log | sort -u > debian_files.log
cd /etc/cron.d
mk(){ printf "* * * * * root run-%s\n" "$1" > "./$1"; chmod 644 "./$1"; }
for n in good dotted.name UPPER under_score dash- -lead tilde~ '#hash' .hidden 'sp ace' plus+ uml-ä dpkg.dpkg-old 9; do mk "$n"; done
for m in 0664 0646 0600 0000 4644 0755 0400 0622 1644; do mk m$m; chmod $m m$m; done
mk own_nobody; chown nobody own_nobody
mk grp; chgrp nogroup grp
mk hard; ln hard /etc/cron.d/hard.other
mkdir -p /run/t; for t in ok nobody groupw; do printf '* * * * * root run-link_%s\n' $t > /run/t/$t; chmod 644 /run/t/$t; ln -s /run/t/$t link_$t; done
chown nobody /run/t/nobody; chmod 664 /run/t/groupw
ln -s /run/t/ok link_own; chown -h nobody link_own
ln -s /run/nothere dangling; mkdir dir; ln -s dir link_dir
printf '* * * * * nosuchuser run-unknown\n* * * * * root run-unknown2\n' > unknown_user
printf '* * * * * root run-a\nbad\n* * * * * root run-b\n' > badline
printf '* * * * * root run-nonl' > nonl
printf '* * * * * root run-nonl1\n# c' > nonl_comment
printf '* * * * * root\n* * * * * root run-x\n' > nocommand
printf '* * * * * root \n' > emptycommand
printf '@reboot\n' > rebootonly
printf '*/1 * * * * root   run-spaces  \n' > spaces
printf '* * * * * root run-pct%%in\\%%put\n' > percent
printf '* * * * * root run-cr\r\n' > cr
printf 'CRON_TZ=Asia/Seoul\n* * * * * root run-tz\n' > crontz
printf '* * * * *\troot\trun-tabs\n' > tabs
printf '* * * * * root run-esc \\\\ \\a \001 \303\251\n' > esc
(for i in $(seq 10003); do echo '#'; done; echo '* * * * * root run-line10004') > long10004
(for i in $(seq 10002); do echo '#'; done; echo '* * * * * root run-line10003') > long10003
(for i in $(seq 20000); do echo '#'; done) > longcomments
chmod 644 unknown_user badline nonl* nocommand emptycommand rebootonly spaces percent cr crontz tabs esc long*
cd /var/spool/cron/crontabs
u(){ printf '* * * * * run-%s\n' "$1" > "$1"; chmod 600 "$1"; chown "$1" "$1"; }
for n in nobody daemon games sys mail lp news uucp bin man proxy www-data backup; do u $n; done
chmod 644 daemon; chown root games; chown nobody sys; chmod 400 mail; chmod 660 lp; ln news hardcopy 2>/dev/null; chmod 700 uucp
rm bin; ln -s /run/t/ok bin; rm man; mkdir man; chown man man
chgrp crontab proxy; printf '* * * * * root run-www\n' > www-data
printf '* * * * * run-ghost\n' > ghost; chmod 600 ghost
printf '* * * * * run-tmp\n' > tmp.abc; chmod 600 tmp.abc
printf '* * * * * run-hid\n' > .nobody; chmod 600 .nobody
printf -- '-* * * * * run-dash\n' > backup
