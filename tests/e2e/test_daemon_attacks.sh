#!/bin/sh
# The daemon under attack: clients that come, stop, vanish and lie; full disks; clocks
# that are set; configurations that change under it.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/daemon.sh disable=SC1091
. "$(dirname "$0")/daemon.sh"
begin daemon_attacks
[ -n "${KEEP:-}" ] || trap daemon_kill EXIT
toy_tree
printf '[daemon]\nretry = 2s\n' >>"$T/config.ini"

# toy_series NAME ORDER: one patch that says ORDER to the guest.
toy_series() {
	series "$1"
	say mm/rmap.c "$2"
	patch "mm/rmap: $1"
	git -C "$T/toy" checkout -q base
}

toy_series quick "test-sleep-ms 1"
toy_series slow "test-sleep-ms 700"
toy_series slower "test-sleep-ms 750"

# client NAME SERIES...: sluice test in the background; what it says is in $T/NAME.
client() {
	client_name=$1
	shift
	"$SLUICE" test --config-file "$T/config.ini" --repo "$T/toy" "$@" \
		>"$T/$client_name" 2>&1 &
	CLIENT=$!
}

# ended PID STATUS
ended() {
	ended_rc=0
	wait "$1" || ended_rc=$?
	[ "$ended_rc" = "$2" ]
}

refused() {
	status .daemon.refused | grep -q "$1"
}

check "the daemon starts" daemon_start
test_range quick
is "a test by it: exit 0" "$RC" 0

# Ctrl-C, wherever the client is.
sl pause all
client two base..slow base..slower
check "a client of two series waits" until_ok grep -q 'queued as job 2' "$T/two"
kill -INT $CLIENT
check "Ctrl-C: exit 3" ended $CLIENT 3
is "its job is cancelled" "$(job 2 .state)" cancelled
is "and the second series is not begun" "$(status '"\(.counts.queued) \(.counts.running)"')" "0 0"
kill -STOP "$DAEMON"
client early base..slow
check "a client asks a daemon that hangs" until_ok sh -c \
	"grep -q '^SigBlk:.*[4-7c-f]...\$' /proc/$CLIENT/status"
kill -INT $CLIENT
kill -CONT "$DAEMON"
check "Ctrl-C before the answer: exit 3" ended $CLIENT 3
is "the job is cancelled all the same" "$(job 3 .state)" cancelled
client gone base..slow
check "a client waits" until_ok grep -q 'queued as job 4' "$T/gone"
kill -HUP $CLIENT
wait $CLIENT 2>/dev/null
is "a client whose terminal closes leaves its job" "$(job 4 .state)" queued
sl cancel 4
sl rerun 4
is "rerun: exit 0" "$RC" 0
sl rerun 4
is "rerun of the same while it is queued: exit 2" "$RC" 2
check "and says so" grep -q 'job 5 asks for the same and is queued already' "$OUT"
sl cancel 5

# A configuration that is refused is told where people look.
cp "$T/config.ini" "$T/good.ini"
sed -i 's/^timeout = .*/timeout = soon/' "$T/config.ini"
kill -HUP "$DAEMON"
cat "$T/good.ini" >"$T/asked.ini"
until_ok sh -c "'$SLUICE' status --config-file '$T/asked.ini' | grep -q 'not as it is now: .*is not a time'"
"$SLUICE" status --config-file "$T/good.ini" >"$OUT"
check "status says that the configuration was refused, and why" \
	grep -q 'not as it is now: .*timeout: "soon" is not a time' "$OUT"
cat "$T/good.ini" >"$T/config.ini"
kill -HUP "$DAEMON"
check "a good one: it is forgotten" until_ok refused '^null$'
sed -i "s|^state_dir = .*|state_dir = $T/elsewhere|" "$T/config.ini"
kill -HUP "$DAEMON"
until_ok grep -q "state_dir is $T/elsewhere now" "$T/daemon.log"
check "another state_dir is refused" grep -q "state_dir is $T/elsewhere now" "$T/daemon.log"
cat "$T/good.ini" >"$T/config.ini"
if [ "$(id -u)" = 0 ]; then
	printf '[sandbox]\nbuild_user = nobody-at-all\n' >>"$T/config.ini"
	kill -HUP "$DAEMON"
	check "and a build user that does not exist" until_ok refused 'nobody-at-all'
	cat "$T/good.ini" >"$T/config.ini"
fi

# What is named must be there, or each series would fail for it.
printf '[source box]\nkind = maildir\npath = %s/md\ntopology = smp4,nowhere\nsuite = none\n' \
	"$T" >>"$T/config.ini"
kill -HUP "$DAEMON"
check "so is a source with a topology that is not there" \
	until_ok refused '2 keys name what is not there: .*\[source box\]: .*"nowhere"'
check "with all that is wrong" grep -q '\[source box\]: no suite "none"' "$T/daemon.log"
"$SLUICE" daemon --config-file "$T/config.ini" --state-dir "$T/second" >"$OUT" 2>&1
is "no daemon begins with it: exit 2" "$?" 2
check "and says why" grep -q '\[source box\]: .*"nowhere"' "$OUT"
cat "$T/good.ini" >"$T/config.ini"
kill -HUP "$DAEMON"
check "and all is well again" until_ok refused '^null$'

# The pages come, move and go by SIGHUP.
web() {
	status .daemon.web
}
web_is_up() {
	curl -fsS --noproxy '*' "$(web)"
}
web_moved() {
	case $(web) in http://127.0.0.2:*) ;; *) false ;; esac
}
web_is_gone() {
	[ "$(web)" = null ]
}
sed -i 's/^retry = .*/&\nweb = yes/' "$T/config.ini"
printf '[web]\nlisten = 127.0.0.1:0\n' >>"$T/config.ini"
kill -HUP "$DAEMON"
check "SIGHUP with web = yes: the pages are there" until_ok web_is_up
sed -i 's/^listen = .*/listen = 127.0.0.2:0/' "$T/config.ini"
kill -HUP "$DAEMON"
check "with another listen: they are there" until_ok web_moved
sed -i 's/^web = .*/web = no/' "$T/config.ini"
kill -HUP "$DAEMON"
check "with web = no: they are gone" until_ok web_is_gone
sl resume

# Somebody waits: a job that nobody waits for gives way between two steps, and no
# build or boot of it is done twice.
series long
for n in 1 2 3; do
	say mm/swap.c "test-sleep-ms 40$n"
	patch "mm/swap: $n"
done
git -C "$T/toy" checkout -q base
boots=$(calls boot)
builds=$(calls build)
submit base..long
long=$JOB
check "a long job runs" until_ok grep -q "job $long begins" "$T/daemon.log"
until_ok sh -c "[ \$(grep -c '^boot\$' '$T/calls') -gt $boots ]"
test_range quick
is "a test that somebody waits for: exit 0" "$RC" 0
is "it was not at the end of the long one" "$(job "$long" '"\(.finished) \(.interrupted)"')" "null 1"
check "which gave way" grep -q "job $long is queued again: gave way" "$T/daemon.log"
check "and goes on to its end" until_ok job_is "$long" "done"
is "with nothing lost" "$(job "$long" '"\(.exit) \(.interrupted)"')" "0 1"
is "each step was built once" "$(($(calls build) - builds))" 3
is "and booted once on each topology" "$(($(calls boot) - boots))" 6
submit base..slow
check "another long job runs" until_ok job_is "$JOB" running
sl pause all
client quick base..quick
until_ok grep -q 'queued as job' "$T/quick"
is "what somebody waits for is next" "$(status '.queued[0].starts_in | floor')" 0
check "paused, nothing gives way for what will not begin" until_ok job_is "$JOB" "done"
is "it was not interrupted" "$(job "$JOB" .interrupted)" 0
sl resume
check "then the other is done" ended $CLIENT 0

# A worker that was stopped while its job was taken from it writes nothing any more.
toy_series stale "test-sleep-ms 700"
submit base..stale
check "a job runs" until_ok grep -q "job $JOB begins" "$T/daemon.log"
written() {
	sqlite3 "$STATE/sluice.db" "SELECT (SELECT count(*) FROM build), (SELECT count(*)
		FROM boot), (SELECT count(*) FROM result), (SELECT count(*) FROM verdict)"
}
until_ok sh -c "sqlite3 '$STATE/sluice.db' 'SELECT job.state FROM job JOIN step_build b
	ON b.series_id = job.series_id WHERE job.id = $JOB' | grep running"
sl pause all
pid=$(worker_pid)
kill -STOP "$pid"
before=$(written)
sqlite3 "$STATE/sluice.db" "UPDATE job SET epoch = epoch + 1 WHERE id = $JOB"
kill -CONT "$pid"
check "a stale worker ends" until_ok grep -q "job $JOB was taken from its worker" "$T/daemon.log"
check "and says why" grep -q "job $JOB: .*the job was taken from this worker" "$T/daemon.log"
is "it wrote nothing" "$(written)" "$before"
sl resume
check "the job is begun anew, and done" until_ok job_is "$JOB" "done"

# SIGTERM in whatever phase: gone in time, and no step twice.
series often
for n in 1 2; do
	say mm/swap.c "test-sleep-ms 30$n"
	patch "mm/swap: often $n"
done
git -C "$T/toy" checkout -q base
submit base..often
slowest=0
for moment in 0 0.1 0.3 0.6 1 1.5 2; do
	sleep $moment
	daemon_stop
	[ "$RC" = 0 ] || slowest=99
	[ "$TOOK" -le "$slowest" ] || slowest=$TOOK
	daemon_start
done
check "SIGTERM at seven moments: exit 0 within 10 s (at most $slowest s)" test "$slowest" -lt 10
check "the job comes to its end" until_ok job_is "$JOB" "done"
is "without a crash or a retry" "$(job "$JOB" '"\(.crashes) \(.retries) \(.exit)"')" "0 0 0"
echo "# interrupted $(job "$JOB" .interrupted) times"
is "no boot of it is in the database twice" "$(sqlite3 "$STATE/sluice.db" "SELECT count(*)
	FROM (SELECT 1 FROM boot WHERE NOT infra GROUP BY key HAVING count(*) > 1)")" 0

# Somebody sets the clock back by an hour: what waits for its time waits no hour.
daemon_stop
cat >"$T/clock.c" <<'END'
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

time_t time(time_t *ret)
{
	FILE *f = fopen(getenv("CLOCK_SHIFT"), "r");
	struct timespec t;
	long shift = 0;

	clock_gettime(CLOCK_REALTIME, &t);
	if (f && fscanf(f, "%ld", &shift) != 1)
		shift = 0;
	if (f)
		fclose(f);
	if (ret)
		*ret = t.tv_sec + shift;
	return t.tv_sec + shift;
}
END
if cc -shared -fPIC -o "$T/clock.so" "$T/clock.c" && [ -z "${ASAN_OPTIONS:-}" ]; then
	CLOCK_SHIFT=$T/shift
	export CLOCK_SHIFT
	echo 0 >"$T/shift"
	LD_PRELOAD=$T/clock.so daemon_start
	mv "$T/bin/bwrap" "$T/bin/bwrap.away"
	for n in 1 2 3; do
		toy_series "lost$n" "test-sleep-ms 5$n"
		submit "base..lost$n"
	done
	three_wait() {
		status .daemon.held | grep -q '^3 jobs in a row' &&
			[ "$(job "$JOB" '"\(.state) \(.retries)"')" = "queued 1" ]
	}
	check "three jobs wait after trouble of our own" until_ok three_wait
	echo -3600 >"$T/shift"
	mv "$T/bin/bwrap.away" "$T/bin/bwrap"
	check "the clock goes back: the last one is done soon" \
		until_ok grep -q "job $JOB is done" "$T/daemon.log"
else
	skip "a clock that is set back" "no cc, or a sanitizer"
fi

finish
