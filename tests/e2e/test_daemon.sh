#!/bin/sh
# The daemon: sluice test as its client, the queue and its commands, signals, a bad
# configuration, and workers that die.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/daemon.sh disable=SC1091
. "$(dirname "$0")/daemon.sh"
begin daemon
[ -n "${KEEP:-}" ] || trap daemon_kill EXIT
toy_tree

# toy_series NAME ORDER: one patch that says ORDER to the guest.
toy_series() {
	series "$1"
	say mm/rmap.c "$2"
	patch "mm/rmap: $1"
	git -C "$T/toy" checkout -q base
}

toy_series broken "test toy/beta fail"
toy_series quick "test-sleep-ms 1"
toy_series slow "test-sleep-ms 2500"

sl submit base..quick
is "without a daemon: submit exits with 3" "$RC" 3
check "and says what to do" grep -q 'no daemon runs on .*sluice daemon' "$OUT"
sl status
is "without a daemon: status exits with 3" "$RC" 3

check "the daemon starts" daemon_start
sl daemon
is "a second daemon is refused: exit 3" "$RC" 3
check "and hears who is there" grep -q 'in use by sluice daemon' "$OUT"

sl quiet -n 0
is "who needs the state for itself is refused: exit 3" "$RC" 3
check "and hears what to do" grep -q 'in use by sluice daemon .*stop it' "$OUT"

# Trees come and are fetched while it runs, one at a time.
git clone -q --bare "$T/toy" "$T/other.git"
sl tree add other "$T/other.git"
is "tree add beside the daemon: exit 0" "$RC" 0
sl tree update other
is "tree update beside the daemon: exit 0" "$RC" 0
(
	flock -n 9 || exit 1
	sl tree update other
	echo "$RC" >"$T/rc"
) 9<>"$STATE/trees.lock"
is "while another adds a tree: exit 3" "$(cat "$T/rc")" 3
check "and hears who" grep -q 'state/git is in use by' "$OUT"
git -C "$T/toy" format-patch -q --stdout base..broken >"$T/other.mbox"
sl test --tree other --json "$T/json" "$T/other.mbox"
is "the daemon knows the new tree" "$RC $(jget .base.tree)" "1 other"
range_has_a_base base..broken

# sluice test is a client.
test_range broken
is "test by the daemon: exit 1" "$RC" 1
is "with the verdict" "$(verdict toy/beta smp4)" "introduced 1 null"
check "with the progress of the boots" grep -q 'boot *1 *numa2 *2 ok, 1 failed' "$OUT"
check "with the report" grep -q 'broken by patch 1  mm/rmap: broken' "$OUT"
is "its job is done" "$(job 1 '"\(.class) \(.state) \(.exit) \(.sender)"')" \
	"interactive done 1 $(id -un)"
test_range quick
is "a series that breaks nothing: exit 0" "$RC" 0
sl test --repo "$T/toy" base..nowhere
is "a range that is none: exit 2" "$RC" 2
sl test --tree nowhere x@example.org
is "a tree that is none: exit 2" "$RC" 2
check "and why" grep -q 'there is no tree "nowhere"' "$OUT"

for option in "--topology nowhere" "--config nowhere" "--suite nowhere" "--topology smp4,smp4"; do
	# shellcheck disable=SC2086
	sl submit $option --repo "$T/toy" base..quick
	is "submit $option: exit 2, at once" "$RC $(status .counts.queued)" "2 0"
done
check "and why" grep -q 'topology "smp4" is named twice' "$OUT"

# Mails are copied when they are submitted.
git -C "$T/toy" format-patch -q --stdout base..broken >"$T/series.mbox"
git -C "$T/toy" format-patch -q -o "$T/patches" base..quick
sl pause all
submit "$T/series.mbox"
mbox_job=$JOB
submit "$T/patches"
rm -r "$T/series.mbox" "$T/patches"
is "paused: nothing begins" "$(status '"\(.daemon.paused) \(.counts.queued) \(.counts.running)"')" \
	"all 2 0"
sl queue
check "queue shows both" grep -q "^ *$mbox_job *queued .*series.mbox" "$OUT"
check "and when, as jobs before took" grep -q 'in about [0-9]' "$OUT"
daemon_stop
daemon_start
is "still paused after a restart" "$(status .daemon.paused)" all
sl resume
check "an mbox that is gone by now is tested" until_ok job_is "$mbox_job" "done"
is "to its verdict" "$(job "$mbox_job" .exit)" 1
check "and so is a folder of patches" until_ok job_is "$JOB" "done"
is "to its verdict, too" "$(job "$JOB" .exit)" 0
sl rerun "$mbox_job"
JOB=$(sed -n 's/^job //p' "$OUT")
check "rerun: a new job with the same mails" until_ok job_is "$JOB" "done"
is "which somebody waits for" "$(job "$JOB" '"\(.class) \(.exit)"')" "interactive 1"
sl rerun s1
JOB=$(sed -n 's/^job //p' "$OUT")
check "rerun of a series by its number" until_ok job_is "$JOB" "done"

# Cancelling.
submit base..slow
slow_job=$JOB
submit base..broken
check "the slow job runs" until_ok job_is "$slow_job" running
sl cancel "$JOB"
is "cancel of a queued job" "$(job "$JOB" '"\(.state) \(.reason)"')" \
	"cancelled by $(id -un)"
sl cancel "$JOB"
is "which can be cancelled once: exit 2" "$RC" 2
sl cancel "$slow_job"
is "cancel of the running job" "$(job "$slow_job" .state)" cancelled
check "its worker ends" until_ok nothing_runs
"$SLUICE" test --config-file "$T/config.ini" --repo "$T/toy" base..slow >"$OUT" 2>&1 &
client=$!
check "a client's job runs" until_ok grep -q 'building and booting' "$OUT"
kill -INT $client
wait $client
is "Ctrl-C of a client: exit 3" "$?" 3
check "it says that its job is cancelled" grep -q 'was cancelled by' "$OUT"
is "and so it is" "$(status '.over[0].state')" cancelled
sl show "s$(status '.over[0].series')"
check "its series says by whom" grep -q "^  state  *cancelled by $(id -un)" "$OUT"
sl show
check "as the list of series does" grep -q ' cancelled  ' "$OUT"

# A bad configuration is refused with all complaints.
cp "$T/config.ini" "$T/good.ini"
sed -i 's/^timeout = .*/timeout = soon\nparalel = 3/' "$T/config.ini"
kill -HUP "$DAEMON"
check "a bad configuration is refused" \
	until_ok grep -q 'the configuration stays as it was: .*2 mistakes' "$T/daemon.log"
check "with file and line" grep -q 'config.ini:[0-9]*: timeout: "soon" is not a time' \
	"$T/daemon.log"
cat "$T/good.ini" >"$T/config.ini"
toy_series after "test-sleep-ms 2"
test_range after
is "work goes on with the old one" "$RC" 0
printf '[daemon]\nretry = 1s\nweb = no\n' >>"$T/config.ini"
kill -HUP "$DAEMON"
check "a good one is loaded" until_ok grep -q 'configuration of .* loaded' "$T/daemon.log"

# SIGTERM requeues; a client waits for the next daemon.
"$SLUICE" test --config-file "$T/config.ini" --repo "$T/toy" base..slow >"$OUT" 2>&1 &
client=$!
check "a client's job runs" until_ok grep -q 'building and booting' "$OUT"
daemon_stop
is "SIGTERM: exit 0" "$RC" 0
check "within 10 s ($TOOK s)" test "$TOOK" -lt 10
check "nothing is left running but the client" \
	sh -c "! pgrep -f 'sluice (worker|role).*$STATE'"
daemon_start
wait $client
is "the client's job came to its end under the next daemon" "$?" 0
check "the client said that it waited" grep -q 'waiting for it to come back' "$OUT"
is "the job was interrupted once" "$(status '.over[0] | "\(.interrupted) \(.crashes)"')" \
	"1 0"

# A worker that dies by itself, three times.
toy_series crashing "test-sleep-ms 2600"
submit base..crashing
for n in 1 2 3; do
	until_ok job_is "$JOB" running
	pid=$(worker_pid)
	kill -SEGV "$pid"
	until_ok sh -c "! kill -0 $pid"
	until_ok sh -c "[ $n = 3 ] || '$SLUICE' status --config-file '$T/config.ini'"
done
check "three crashes: set apart" until_ok job_is "$JOB" apart
check "with the reason" test "$(job "$JOB" '"\(.crashes) \(.reason)"')" = \
	"3 its worker died of signal 11 (Segmentation fault)"
check "and nothing of it runs" until_ok nothing_runs
test_range quick
is "others go on" "$RC" 0
sl rerun "$JOB"
JOB=$(sed -n 's/^job //p' "$OUT")
check "rerun gives it another chance" until_ok job_is "$JOB" "done"
is "which it used" "$(job "$JOB" '"\(.crashes) \(.exit)"')" "0 0"

# Trouble of our own: a job that nobody waits for is tried again.
mv "$T/bin/bwrap" "$T/bin/bwrap.away"
toy_series lost "test-sleep-ms 3"
submit base..lost
check "trouble of our own: queued again" until_ok grep -q "job $JOB is queued: .*bwrap" \
	"$T/daemon.log"
sl test --repo "$T/toy" base..lost
# A program that is missing can be mended by who asks.
is "who waits hears it at once: exit 2" "$RC" 2
check "and why" grep -q "bwrap" "$OUT"
mv "$T/bin/bwrap.away" "$T/bin/bwrap"
check "and it comes to its end" until_ok job_is "$JOB" "done"

# Three such in a row, and all that nobody waits for is held, until somebody resumes.
sed -i 's/^retry = .*/retry = 1h/' "$T/config.ini"
kill -HUP "$DAEMON"
mv "$T/bin/bwrap" "$T/bin/bwrap.away"
first=
for n in 1 2 3; do
	toy_series "lost$n" "test-sleep-ms 1$n"
	submit "base..lost$n"
	first=${first:-$JOB}
done
held() {
	status .daemon.held | grep -q "$1"
}
check "three in a row: jobs from lists are held" until_ok held '^3 jobs in a row ended'
mv "$T/bin/bwrap.away" "$T/bin/bwrap"
submit base..quick
is "held: nothing begins" "$(job "$JOB" .state)" queued
test_range broken
is "but what somebody waits for does" "$RC" 1
sl resume
check "resume: they are done, and those of before" until_ok job_is "$JOB" "done"
check "without waiting for their time" until_ok job_is "$first" "done"
is "after one more try" "$(job "$first" '"\(.retries) \(.exit)"')" "1 0"

# No new job on a disk that is nearly full.
printf 'min_free = 99%%\n' >>"$T/config.ini"
kill -HUP "$DAEMON"
until_ok sh -c "[ \$(grep -c 'configuration of' '$T/daemon.log') -ge 3 ]"
submit base..quick
check "little disk free: no new job, and status says why" until_ok held 'min_free'
is "it stays queued" "$(job "$JOB" .state)" queued
sed -i 's/^min_free = .*/min_free = 0%/' "$T/config.ini"
kill -HUP "$DAEMON"
check "enough again: it is done" until_ok job_is "$JOB" "done"

# The pages, served by a child that dies with the daemon.
daemon_stop
sed -i 's/^web = no/web = yes/' "$T/config.ini"
printf '[web]\nlisten = 127.0.0.1:0\n' >>"$T/config.ini"
daemon_start
check "the daemon serves the pages" until_ok sh -c \
	"curl -fsS \$('$SLUICE' status --json --config-file '$T/config.ini' | jq -r .daemon.web)"
kill -9 "$DAEMON"
wait "$DAEMON" 2>/dev/null
DAEMON=
check "kill -9: its children die with it" until_ok nothing_runs
check "the state is free again" sl test --repo "$T/toy" base..quick

finish
