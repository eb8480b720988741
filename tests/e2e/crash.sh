# crash.sh: what the tests share that kill the daemon, its worker, the worker's roles and
# the daemon's other children, after lib.sh and daemon.sh. The caller sets kills, seed, and
# the functions feed (one thing more to do, between two kills) and after_kill (of the daemon).
# shellcheck shell=sh disable=SC2034,SC2154

sql() {
	sqlite3 -cmd '.timeout 5000' "$STATE/sluice.db" "$1"
}

# random N MAX: a number below MAX, the same for the same seed.
random() {
	awk -v s="$seed" -v n="$1" -v m="$2" \
		'BEGIN { srand(s * 10000 + n); rand(); printf "%d", rand() * m }'
}

# moment N: seconds to the next kill, from 0.03 to $longest (2, or CRASH_LONGEST on a
# machine that is busy); most are short.
moment() {
	awk -v s="$seed" -v n="$1" -v most="${CRASH_LONGEST:-${longest:-2}}" 'BEGIN {
		srand(s * 10000 + n); rand(); printf "%.3f", 0.03 + rand() ^ 3 * (most - 0.03) }'
}

# The worker of the daemon, the roles of the worker, what else the daemon has: by their
# command lines.
worker_of() {
	pgrep -P "$DAEMON" -f 'sluice worker'
}

role_of() {
	worker=$(worker_of) && pgrep -P "$worker" | head -n 1
}

# They are short: where there are any ($sources), one is waited for.
other_of() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		pgrep -P "$DAEMON" -f 'sluice (sweep|role)' && return
		[ -n "${sources:-}" ] || return
		sleep 0.05
	done | head -n 1
}

gone() {
	! pgrep -f "$STATE" >/dev/null
}

all_over() {
	[ "$(sql "SELECT count(*) FROM job WHERE finished IS NULL")" = 0 ]
}

start_quietly() {
	"$SLUICE" daemon --config-file "$T/config.ini" >>"$T/daemon.log" 2>&1 &
	DAEMON=$!
}

# choose N: a process that is not the daemon in $victim, or none.
choose() {
	victim=""
	case $(random $((3 * $1 + 1)) 10) in
	0 | 1)
		victim=$(worker_of)
		# Three crashes set a job apart; that is not what is tried here.
		[ -z "$victim" ] || [ "$(sql "SELECT count(*) FROM job
			WHERE state = 'running' AND crashes < 2")" = 1 ] || victim=""
		[ -z "$victim" ] || workers=$((workers + 1))
		;;
	2 | 3)
		victim=$(role_of)
		# Nor do four tries: on a machine with much else to do it is one and the same
		# job that runs between all kills.
		[ -z "$victim" ] || [ "$(sql "SELECT count(*) FROM job
			WHERE state = 'running' AND retries < 4")" = 1 ] || victim=""
		[ -z "$victim" ] || roles=$((roles + 1))
		;;
	4 | 5)
		victim=$(other_of)
		[ -z "$victim" ] || others=$((others + 1))
		;;
	esac
}

kill_daemon() {
	kill -9 "$DAEMON"
	wait "$DAEMON" 2>/dev/null
	DAEMON=
	killed=$((killed + 1))
	daemons=$((daemons + 1))
	until_ok gone || left=$((left + 1))
	[ "$(sql "PRAGMA integrity_check; PRAGMA foreign_key_check")" = ok ] ||
		unsound="$unsound $killed"
	after_kill
}

# crash_loop: until $kills processes were killed.
crash_loop() {
	killed=0
	daemons=0
	workers=0
	roles=0
	others=0
	left=0
	unsound=""
	n=0
	while [ "$killed" -lt "$kills" ]; do
		n=$((n + 1))
		[ -n "$DAEMON" ] || start_quietly
		[ $((n % 3)) != 0 ] || feed
		sleep "$(moment $((3 * n)))"
		choose $n
		if [ -n "$victim" ]; then
			kill -9 "$victim" 2>/dev/null && killed=$((killed + 1))
			continue
		fi
		kill_daemon
	done
	echo "# killed $daemons daemons, $workers workers, $roles of their children, $others" \
		"others; $(sql "SELECT count(*) FROM job WHERE state = 'done'") jobs were done meanwhile"
	is "killed $killed times: nothing was left running" "$left" 0
	is "the database was whole after each" "$unsound" ""
	[ -n "$DAEMON" ] || start_quietly
}

# Each time that a job was taken but the last is accounted for by why it came back.
none_twice() {
	is "none was run to its end twice" "$(sql "SELECT count(*) FROM job
		WHERE epoch <> 1 + interrupted + crashes + retries")" 0
	is "none is as if it ran" "$(sql "SELECT count(*) FROM job
		WHERE owner IS NOT NULL OR lease_until IS NOT NULL")" 0
}

crash_end() {
	daemon_stop
	check "and nothing runs" until_ok gone
	is "no job folder is left" "$(find "$STATE/jobs" -mindepth 2 | wc -l)" 0
}
