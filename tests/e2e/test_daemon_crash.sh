#!/bin/sh
# kill -9 of the daemon, of its worker, and of the worker's children at 200 seeded
# moments, over a queue that goes on being filled: whatever was acknowledged is run to
# its end, once, with the outcome of an undisturbed run; nothing lives on, and the
# database stays whole. CRASH_KILLS, CRASH_SEED, CRASH_LONGEST.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/daemon.sh disable=SC1091
. "$(dirname "$0")/daemon.sh"
# shellcheck source=tests/e2e/crash.sh disable=SC1091
. "$(dirname "$0")/crash.sh"
begin daemon_crash
[ -n "${KEEP:-}" ] || trap daemon_kill EXIT
toy_tree
kills=${CRASH_KILLS:-200}
seed=${CRASH_SEED:-1}
jobs=32
# One topology: then a job takes a second, and some are done between two kills.
sed -i 's/^topology = .*/topology = smp4/' "$T/config.ini"
printf '[daemon]\nretry = 1s\n' >>"$T/config.ini"

# Every other series breaks a test; none is like another.
n=0
while [ "$n" -le "$jobs" ]; do
	series "job$n"
	say mm/swap.c "test-sleep-ms $((20 + n))"
	[ $((n % 2)) = 0 ] || say mm/rmap.c "test toy/beta fail"
	patch "mm/swap: series $n"
	n=$((n + 1))
done
git -C "$T/toy" checkout -q base

# One job more, if the daemon takes it; what it acknowledged must not get lost.
submitted=0
acknowledged=""
feed() {
	[ "$submitted" -lt "$jobs" ] || return 0
	[ "$(sql "SELECT count(*) FROM job WHERE finished IS NULL")" -lt 3 ] || return 0
	submit "base..job$((submitted + 1))"
	[ -n "$JOB" ] || return 0
	submitted=$((submitted + 1))
	acknowledged="$acknowledged $JOB:$((submitted % 2))"
}

after_kill() {
	:
}

# The base is built in peace.
daemon_start
test_range job0
is "without accident: exit 0" "$RC" 0

crash_loop

# Now in peace, to the end.
while [ "$submitted" -lt "$jobs" ]; do
	feed
	sleep 0.2
done
check "the queue comes to its end" until_ok all_over
wrong=""
for job in $acknowledged; do
	got=$(sql "SELECT state || ' ' || exit FROM job WHERE id = ${job%:*}")
	[ "$got" = "done ${job#*:}" ] || wrong="$wrong $job:$got ($(sql "SELECT retries ||
		' tries again, ' || crashes || ' crashes: ' || reason FROM job WHERE id = ${job%:*}"))"
done
# shellcheck disable=SC2086
echo "# $(echo $acknowledged | wc -w) jobs were acknowledged, $(sql "SELECT count(*)
	FROM job") were queued, $(sql "SELECT sum(interrupted) FROM job") times interrupted"
is "whatever was acknowledged is done, with its outcome" "$wrong" ""
none_twice
crash_end

finish
