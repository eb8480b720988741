#!/bin/sh
# The daemon on a disk without a byte left: what is asked for is refused as our own
# trouble, nothing is half there, what ran is queued again, and all goes on by itself
# when there is room.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/daemon.sh disable=SC1091
. "$(dirname "$0")/daemon.sh"
begin daemon_full
mkdir -p "$STATE"
if [ "$(id -u)" != 0 ] || ! mount -t tmpfs -o size=64m,mode=755 tmpfs "$STATE" 2>/dev/null; then
	skip "a full disk" "no file system of its own can be mounted"
	finish
fi
unmount() {
	[ -z "${DAEMON:-}" ] || kill -9 "$DAEMON" 2>/dev/null
	[ -z "${DAEMON:-}" ] || wait "$DAEMON" 2>/dev/null
	until_ok umount "$STATE"
	[ -n "${KEEP:-}" ] || rm -rf "$T"
}
trap unmount EXIT
toy_tree
printf '[daemon]\nretry = 1s\nmin_free = 0%%\n' >>"$T/config.ini"

sql() {
	sqlite3 "$STATE/sluice.db" "$1"
}
fill() {
	cat /dev/zero >"$STATE/filler" 2>/dev/null || :
}

series slow
say mm/rmap.c "test-sleep-ms 900"
patch "mm/rmap: slow"
git -C "$T/toy" format-patch -q --stdout base..slow >"$T/slow.mbox"
series quick
say mm/rmap.c "test-sleep-ms 1"
patch "mm/rmap: quick"
git -C "$T/toy" checkout -q base

check "the daemon starts" daemon_start
sl pause all
submit base..quick
fill
sl submit "$T/slow.mbox"
is "full: mails are refused as our own trouble: exit 3" "$RC" 3
n=0
while sl submit --repo "$T/toy" base..quick && [ "$RC" = 0 ] && [ $n -lt 200 ]; do
	n=$((n + 1))
done
is "so is a job that does not fit: exit 3" "$RC" 3
is "the database is whole" "$(sql 'PRAGMA integrity_check; PRAGMA foreign_key_check')" ok
is "no job is half there" "$(sql "SELECT count(*) FROM job WHERE mbox IS NOT NULL")" 0
is "all that was acknowledged is" "$(status .counts.queued)" "$((n + 1))"
sl cancel 1
is "cancelling cannot be written down: exit 3" "$RC" 3
rm "$STATE/filler"
sl resume
is "room again: resume: exit 0" "$RC" 0
check "and the queue is worked through" until_ok job_is "$((n + 1))" "done"
submit "$T/slow.mbox"
check "a job runs" until_ok job_is "$JOB" running
until_ok grep -q "job $JOB begins" "$T/daemon.log"
fill
check "full while a job runs: its worker ends, and says why" \
	until_ok grep -q "job $JOB: .*disk is full" "$T/daemon.log"
rm "$STATE/filler"
check "it comes to its end when there is room" \
	until_ok job_is "$JOB" "done"
is "with its outcome" "$(job "$JOB" .exit)" 0
is "the database is whole" "$(sql 'PRAGMA integrity_check; PRAGMA foreign_key_check')" ok
daemon_stop
is "SIGTERM: exit 0" "$RC" 0

# Its beginning, too: it says what is in the way, and leaves all as it was.
fill
RC=0
timeout 20 "$SLUICE" daemon --config-file "$T/config.ini" >"$OUT" 2>&1 || RC=$?
is "full: a daemon does not begin: exit 3" "$RC" 3
check "and says why" grep -Eq 'disk is full|No space left' "$OUT"
rm "$STATE/filler"
check "it begins when there is room" daemon_start
is "with all that was" "$(sql 'SELECT count(*) FROM job')" "$((n + 2))"
daemon_stop

finish
