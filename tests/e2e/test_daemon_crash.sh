#!/bin/sh
# kill -9 of the daemon, of its worker, and of the worker's children at 200 seeded
# moments, over a queue that goes on being filled: whatever was acknowledged is run to
# its end, once, with the outcome of an undisturbed run; nothing lives on, and the
# database stays whole. CRASH_KILLS, CRASH_SEED.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/daemon.sh disable=SC1091
. "$(dirname "$0")/daemon.sh"
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

sql() {
	sqlite3 "$STATE/sluice.db" "$1"
}

# random N MAX: a number below MAX, the same for the same seed.
random() {
	awk -v s="$seed" -v n="$1" -v m="$2" \
		'BEGIN { srand(s * 10000 + n); rand(); printf "%d", rand() * m }'
}

# moment N: seconds to the next kill, from 0.03 to 2; most are short.
moment() {
	awk -v s="$seed" -v n="$1" \
		'BEGIN { srand(s * 10000 + n); rand(); printf "%.3f", 0.03 + rand() ^ 3 * 1.97 }'
}

# The worker of the daemon, the roles of the worker: by their command lines.
worker_of() {
	pgrep -P "$DAEMON" -f 'sluice worker'
}

role_of() {
	worker=$(worker_of) && pgrep -P "$worker" | head -n 1
}

gone() {
	! pgrep -f "$STATE" >/dev/null
}

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

start_quietly() {
	"$SLUICE" daemon --config-file "$T/config.ini" >>"$T/daemon.log" 2>&1 &
	DAEMON=$!
}

# The base is built in peace.
daemon_start
test_range job0
is "without accident: exit 0" "$RC" 0

killed=0
daemons=0
workers=0
roles=0
left=0
unsound=""
n=0
while [ "$killed" -lt "$kills" ]; do
	n=$((n + 1))
	[ -n "$DAEMON" ] || start_quietly
	[ $((n % 3)) != 0 ] || feed
	sleep "$(moment $((3 * n)))"
	victim=""
	case $(random $((3 * n + 1)) 10) in
	0 | 1)
		victim=$(worker_of)
		# Three crashes set a job apart; that is not what is tried here.
		[ -z "$victim" ] || [ "$(sql "SELECT count(*) FROM job
			WHERE state = 'running' AND crashes < 2")" = 1 ] || victim=""
		[ -z "$victim" ] || workers=$((workers + 1))
		;;
	2 | 3)
		victim=$(role_of)
		[ -z "$victim" ] || roles=$((roles + 1))
		;;
	esac
	if [ -n "$victim" ]; then
		kill -9 "$victim" 2>/dev/null && killed=$((killed + 1))
		continue
	fi
	kill -9 "$DAEMON"
	wait "$DAEMON" 2>/dev/null
	DAEMON=
	killed=$((killed + 1))
	daemons=$((daemons + 1))
	until_ok gone || left=$((left + 1))
	[ "$(sql "PRAGMA integrity_check; PRAGMA foreign_key_check")" = ok ] ||
		unsound="$unsound $killed"
done
echo "# killed $daemons daemons, $workers workers, $roles of their children; $(sql "SELECT
	count(*) FROM job WHERE state = 'done'") jobs were done meanwhile"
is "killed $killed times: nothing was left running" "$left" 0
is "the database was whole after each" "$unsound" ""

# Now in peace, to the end.
[ -n "$DAEMON" ] || start_quietly
all_over() {
	[ "$(sql "SELECT count(*) FROM job WHERE finished IS NULL")" = 0 ]
}
while [ "$submitted" -lt "$jobs" ]; do
	feed
	sleep 0.2
done
check "the queue comes to its end" until_ok all_over
wrong=""
for job in $acknowledged; do
	got=$(sql "SELECT state || ' ' || exit FROM job WHERE id = ${job%:*}")
	[ "$got" = "done ${job#*:}" ] || wrong="$wrong $job:$got"
done
# shellcheck disable=SC2086
echo "# $(echo $acknowledged | wc -w) jobs were acknowledged, $(sql "SELECT count(*)
	FROM job") were queued, $(sql "SELECT sum(interrupted) FROM job") times interrupted"
is "whatever was acknowledged is done, with its outcome" "$wrong" ""
# Each time that a job was taken but the last is accounted for by why it came back.
is "none was run to its end twice" "$(sql "SELECT count(*) FROM job
	WHERE epoch <> 1 + interrupted + crashes + retries")" 0
is "none is as if it ran" "$(sql "SELECT count(*) FROM job
	WHERE owner IS NOT NULL OR lease_until IS NOT NULL")" 0
daemon_stop
check "and nothing runs" until_ok gone
is "no job folder is left" "$(find "$STATE/jobs" -mindepth 2 | wc -l)" 0

finish
