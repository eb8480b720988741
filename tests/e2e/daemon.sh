# daemon.sh: what the end-to-end tests of the daemon share, after lib.sh. The daemon
# of a test is $DAEMON, and says what it does in $T/daemon.log.
# shellcheck shell=sh disable=SC2034

# until_ok COMMAND...: tries for at most 30 s.
until_ok() {
	until_n=0
	until "$@" >/dev/null 2>&1; do
		until_n=$((until_n + 1))
		[ "$until_n" -lt 600 ] || return 1
		sleep 0.05
	done
}

# daemon_start [OPTION...]: comes back when it answers.
daemon_start() {
	"$SLUICE" daemon --config-file "$T/config.ini" "$@" >>"$T/daemon.log" 2>&1 &
	DAEMON=$!
	until_ok daemon_answers
}

daemon_answers() {
	"$SLUICE" status --config-file "$T/config.ini"
}

# daemon_stop: TERM, and how long it took in $TOOK (s); its exit status in RC.
daemon_stop() {
	stop_from=$(date +%s)
	kill -TERM "$DAEMON"
	RC=0
	wait "$DAEMON" || RC=$?
	TOOK=$(($(date +%s) - stop_from))
	DAEMON=
}

# Never leave one behind, whatever ends the test.
daemon_kill() {
	[ -z "${DAEMON:-}" ] || kill -9 "$DAEMON" 2>/dev/null
	[ -n "${KEEP:-}" ] || rm -rf "$T"
}

# status FILTER: of the JSON of "sluice status".
status() {
	"$SLUICE" status --json --config-file "$T/config.ini" | jq -r -c "$1"
}

# job N FILTER: of one job, wherever it is.
job() {
	status "[.running[], .queued[], .over[]] | map(select(.job == $1)) | .[0] | $2"
}

# job_is N STATE
job_is() {
	[ "$(job "$1" .state)" = "$2" ]
}

# submit SERIES...: like sl; the number of the (last) job in $JOB.
submit() {
	sl submit --repo "$T/toy" "$@"
	JOB=$(sed -n 's/^job //p' "$OUT" | tail -n 1)
}

worker_pid() {
	status '.daemon.workers[0].pid // empty'
}

# Nothing of this test's state runs any more, but for the daemon itself.
nothing_runs() {
	left=$(pgrep -f "$STATE" | grep -vx "${DAEMON:-none}")
	[ -z "$left" ] || ps -o pid,ppid,args -p "$(echo "$left" | tr '\n' ',' | sed 's/,$//')" >&2
	[ -z "$left" ]
}
