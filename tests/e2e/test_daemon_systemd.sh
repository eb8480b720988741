#!/bin/sh
# The daemon as a service: what it tells systemd, and its unit file.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/daemon.sh disable=SC1091
. "$(dirname "$0")/daemon.sh"
begin daemon_systemd
[ -n "${KEEP:-}" ] || trap daemon_kill EXIT
toy_tree
series quick
patch "mm: quick"
git -C "$T/toy" checkout -q base

"$SLUICE_ROOT/build/tests/stub_notify" "$T/notify" "$SLUICE" daemon \
	--config-file "$T/config.ini" >"$T/told" 2>"$T/daemon.log" &
stub=$!
told() {
	until_ok grep -q "$1" "$T/told"
}
check "READY=1" told '^READY=1$'
DAEMON=$(sed -n 's/^MAINPID=//p' "$T/told")
check "STATUS with the queue" told '^STATUS=0 queued$'
# The stub looks at the time between two.
pings() {
	[ "$(grep -c '^WATCHDOG=1$' "$T/told")" -ge "$1" ]
}
check "WATCHDOG=1, again and again" until_ok pings 4
is "WATCHDOG=1, in time" "$(grep -c '^# no WATCHDOG=1' "$T/told")" 0
test_range quick
is "a test meanwhile: exit 0" "$RC" 0
check "STATUS names the job" told '^STATUS=0 queued, job 1 runs$'
series slow
say mm/rmap.c "test-sleep-ms 300"
patch "mm: slow"
git -C "$T/toy" checkout -q base
submit base..slow
check "the next one, too" told '^STATUS=0 queued, job 2 runs$'
submit base..quick
check "and what is queued meanwhile" told '^STATUS=1 queued, job 2 runs$'
check "it is done" until_ok job_is "$JOB" "done"
sl pause all
submit base..quick
check "STATUS says that it is paused" told '^STATUS=1 queued, paused: all$'
before=$(grep -c '^READY=1' "$T/told")
kill -HUP "$DAEMON"
check "SIGHUP: RELOADING=1" told '^RELOADING=1$'
check "with the time" told '^MONOTONIC_USEC=[0-9]*$'
more_ready() {
	[ "$(grep -c '^READY=1' "$T/told")" -gt "$before" ]
}
check "and READY=1 after it" until_ok more_ready
kill -TERM "$DAEMON"
wait $stub
is "SIGTERM: exit 0" "$?" 0
check "STOPPING=1" told '^STOPPING=1$'
DAEMON=

# The journal's stream: lines with their priority. Here stderr is a file.
"$SLUICE" daemon --config-file "$T/none.ini" 2>"$T/journal"
check "by itself a line names the program" grep -q '^sluice: .*none.ini' "$T/journal"
: >"$T/journal"
JOURNAL_STREAM=$(stat -c %d:%i "$T/journal") \
	"$SLUICE" daemon --config-file "$T/none.ini" 2>>"$T/journal"
check "in the journal it has a priority" grep -q '^<3>.*none.ini' "$T/journal"

# The unit, as make install puts it.
make -s -C "$SLUICE_ROOT" install DESTDIR="$T/root" PREFIX=/usr >"$OUT" 2>&1
unit=$(find "$T/root" -name sluiced.service)
is "make install: the unit starts what was installed" \
	"$(sed -n 's/^ExecStart=//p' "$unit")" "/usr/bin/sluice daemon"
if command -v systemd-analyze >/dev/null; then
	sed "s|/usr/bin/sluice|$SLUICE|; /^Documentation/d" "$unit" >"$T/sluiced.service"
	systemd-analyze verify "$T/sluiced.service" >"$OUT" 2>&1
	is "systemd-analyze finds nothing wrong with it" "$(grep sluiced "$OUT")" ""
else
	skip "the unit is verified" "no systemd-analyze"
fi

# The same with what the unit lets it have: these capabilities, no new privileges.
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	caps=$(sed -n 's/^CapabilityBoundingSet=//p' "$unit" | tr 'A-Z ' 'a-z,' |
		sed 's/cap_/+/g')
	setpriv --no-new-privs --bounding-set="-all,$caps" --inh-caps=-all \
		"$SLUICE" daemon --config-file "$T/config.ini" >>"$T/daemon.log" 2>&1 &
	DAEMON=$!
	check "it starts with the unit's capabilities alone" until_ok daemon_answers
	sl resume
	sl test --repo "$T/toy" --topology numa2,smp4 base..quick
	is "and tests" "$RC" 0
	daemon_stop
	is "and ends: exit 0" "$RC" 0
else
	skip "the unit's capabilities are enough" "not root, or no setpriv"
fi

finish
