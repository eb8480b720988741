#!/bin/sh
# bench-daemon.sh: what the daemon costs, on the toy tree: idle, and started again on a
# database of 100,000 results with 100,000 jobs in the queue. Prints lines of a
# Markdown table; the limits are those of the project. IDLE: seconds (60).
# shellcheck source=tests/e2e/lib.sh disable=SC1091
cd "$(dirname "$0")/e2e" || exit 2
. ./lib.sh
SLUICE_ROOT=$(cd ../.. && pwd)
SLUICE=$SLUICE_ROOT/build/sluice
# shellcheck source=tests/e2e/daemon.sh disable=SC1091
. ./daemon.sh
idle=${IDLE:-60}
begin bench_daemon
trap daemon_kill EXIT
toy_tree
series one
patch "mm: one"
git -C "$T/toy" checkout -q base
daemon_start
test_range one
daemon_stop

sqlite3 "$STATE/sluice.db" "
	BEGIN;
	WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
	INSERT INTO boot SELECT NULL, printf('%064x', i + 100), image, initramfs, config, arch,
		topology, topology_text, cmdline, accel, qemu_version, argv, plan, status, phase,
		reason, seconds, boot_seconds, console, splats, console_tail, alone, infra,
		started, finished FROM n, (SELECT * FROM boot LIMIT 1);
	WITH RECURSIVE k (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM k WHERE i < 10)
	INSERT INTO result SELECT b.id, 100 + k.i, 'many/' || k.i, r.result, r.reason,
		r.seconds, r.output, r.subtests, r.data, r.splats, NULL, NULL
		FROM boot b, (SELECT * FROM result LIMIT 1) r, k;
	WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
	INSERT INTO job (kind, class, list, sender, subject, tree, request, version, posted,
		state, epoch, crashes, interrupted, retries, not_before, created)
		SELECT 'series', 'background', 'list', 'sender ' || (i % 1000), 'many', 'toy',
		'{\"source\":\"' || i || '@example.org\",\"tree\":\"nowhere\"}', 1, i, 'queued',
		0, 0, 0, 0, 0, 1 FROM n;
	COMMIT;"

works() {
	[ "$(sqlite3 -readonly "$STATE/sluice.db" "SELECT count(*) FROM job
		WHERE id > 1 AND epoch > 0")" -gt 0 ]
}
seconds() { # seconds FROM: since then
	awk -v a="$1" -v b="$(date +%s.%N)" 'BEGIN { printf "%.2f", b - a }'
}

from=$(date +%s.%N)
"$SLUICE" daemon --config-file "$T/config.ini" >>"$T/daemon.log" 2>&1 &
DAEMON=$!
until_ok works || exit 1
restart=$(seconds "$from")
from=$(date +%s.%N)
sl queue
queue=$(seconds "$from")
sl pause all
until_ok nothing_runs

# Jiffies of user and system time, of the daemon alone: it has no child now.
jiffies() {
	awk '{ print $14 + $15 }' "/proc/$DAEMON/stat"
}
before=$(jiffies)
sleep "$idle"
cpu=$(awk -v n=$(($(jiffies) - before)) -v hz="$(getconf CLK_TCK)" -v s="$idle" \
	'BEGIN { printf "%.3f", 100 * n / hz / s }')
rss=$(awk '/^VmHWM/ { printf "%.1f", $2 / 1024 }' "/proc/$DAEMON/status")

echo "| figure | wanted | measured |"
echo "|---|---|---|"
echo "| restart with $(sqlite3 "$STATE/sluice.db" "SELECT count(*) FROM result") results" \
	"and 100,000 queued jobs, to working | < 5 s | $restart s |"
echo "| \`sluice queue\` then | | $queue s |"
echo "| idle daemon: CPU over $idle s | < 0.1 % | $cpu % |"
echo "| idle daemon: most memory | < 32 MiB | $rss MiB |"
awk -v r="$restart" -v c="$cpu" -v m="$rss" 'BEGIN { exit !(r < 5 && c < 0.1 && m < 32) }'
