#!/bin/sh
# sluice bisect beside a daemon: as a job of its queue, whose client may go away, cancel it
# or see the daemon die.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/daemon.sh disable=SC1091
. "$(dirname "$0")/daemon.sh"
begin daemon_bisect
trap daemon_kill EXIT
toy_tree

# c1 .. c8, beta fails since c5.
for n in 1 2 3 4 5 6 7 8; do
	[ $n != 5 ] || say mm/rmap.c "test toy/beta fail nodes 2"
	tagged c$n
done
c5=$(git -C "$T/toy" rev-parse --short=12 c5)

bisect() {
	sl bisect --test toy/beta --topology numa2 --good c1 --bad c8 "$@"
}

booted() { # booted N: at least so many guests so far
	[ "$(calls boot)" -ge "$1" ]
}

daemon_start

# ---- bad input ----

sl bisect --test toy/nothing --topology numa2 --good c1 --bad c8 --json "$T/json"
is "no such test: exit 2" "$RC" 2
is "no such test: the document" "$(jq -r '"\(.schema) \(.error | contains("no test toy/nothing")) \(keys | length)"' \
	"$T/json")" "sluice/bisection/1 true 2"
check "no such test: said" grep -q "no test toy/nothing" "$OUT"
sl bisect --test toy/beta --topology numa2 --good c8 --bad c1
is "the wrong way round: exit 2" "$RC" 2
check "the wrong way round: said" grep -q "wrong way round" "$OUT"
sl bisect --test toy/beta --topology nowhere --good c1 --bad c8
is "no such topology: exit 2" "$RC" 2
sl bisect --test toy/beta --topology numa2 --config nowhere --good c1 --bad c8
is "no such config: exit 2" "$RC" 2
sl bisect --test toy/beta --topology numa2 --tree nowhere --good c1 --bad c8
is "no such tree: exit 2" "$RC" 2
sl bisect --test toy/beta --topology numa2 --good c1 --bad nowhere
is "no such commit: exit 2" "$RC" 2
bisect --mark good c3
is "a mark before anything ran: exit 2" "$RC" 2
sl bisect --test nothing --topology numa2 --good c1 --bad c8
is "no name of a test: exit 2" "$RC" 2
is "nothing was built for it" "$(calls build)" 0
is "what there is not was refused at once; the wrong way round was a job" \
	"$(status '[.over[] | "\(.kind) \(.exit)"] | join(", ")')" "bisect 2"

# ---- cancelled, and gone on ----

"$SLUICE" bisect --config-file "$T/config.ini" --test toy/beta --topology numa2 \
	--good c1 --bad c8 >"$OUT" 2>&1 &
pid=$!
check "the daemon runs it" until_ok booted 2
is "as a job of its own kind" "$(status '.running[0].kind')" bisect
kill -INT $pid
RC=0
wait $pid || RC=$?
is "Ctrl-C: exit 3" "$RC" 3
check "Ctrl-C cancels the job" until_ok sh -c "[ \$('$SLUICE' status --json \
	--config-file '$T/config.ini' | jq -r '.over[0].state') = cancelled ]"
check "Ctrl-C: nothing runs any more" until_ok nothing_runs

# ---- the daemon dies ----

before=$(calls boot)
"$SLUICE" bisect --config-file "$T/config.ini" --test toy/beta --topology numa2 \
	--good c1 --bad c8 >"$OUT" 2>&1 &
pid=$!
check "it goes on" until_ok booted $((before + 1))
kill -9 "$DAEMON"
wait "$DAEMON" 2>/dev/null
daemon_start
RC=0
wait $pid || RC=$?
is "after kill -9 of the daemon: exit 0" "$RC" 0
check "found: the commit" grep -q "^  $c5 \"c5\"" "$OUT"
check "found: runs before and after, and how sure" \
	grep -Eq "^toy/beta on numa2: 0/[0-9]+ before, ([0-9]+)/\1 after, P (> )?0.99" "$OUT"
check "the ends are told, below the question" grep -q '^  good [0-9a-f]* "c1"' "$OUT"
check "and no series, no base, nothing that was known" \
	sh -c "! grep -e ' series ' -e '--base says' -e 'taken over' '$OUT'"
check "each decision is told with its reason" grep -q "^next .*tells most for its cost" "$OUT"
after=$(calls boot)

bisect --json "$T/json"
is "again: exit 0" "$RC" 0
is "again: the document" "$(jq -r '"\(.bisection.state) \(.bisection.job > 0) \(.likely[0].subject) \(.error)"' \
	"$T/json")" "found true c5 null"
is "again: nothing is booted" "$(calls boot)" "$after"
sl bisect
is "list: exit 0" "$RC" 0
check "list: it was found" grep -Eq "^ +1  found +toy/beta on numa2 .*, job [0-9]+$" "$OUT"
check "list: the commit" grep -q "$c5 \"c5\"" "$OUT"
bisect --log
is "log: exit 0" "$RC" 0
check "log: decisions of all runs" grep -q "^# 1\. .*to verify an end" "$OUT"

# ---- the user's word ----

sl bisect --id 1 --mark good c5
is "mark: exit 0" "$RC" 0
sl bisect --id 1
is "mark: exit 0 again" "$RC" 0
check "mark: the next one is named" grep -q '^  [0-9a-f]* "c6"' "$OUT"
sl bisect --id 1 --mark good 0000
is "mark of no commit: exit 2" "$RC" 2
sl bisect --id 99
is "no such bisection: exit 2" "$RC" 2

# What the runs say of the question.
sl bisect --test toy/beta --topology numa2 --good c6 --bad c8
is "fails at both ends: exit 2" "$RC" 2
check "fails at both ends: said" grep -q "^the test fails at the good end as well" "$OUT"
is "and in the queue" "$(status '.over[0] | "\(.kind) \(.state) \(.exit)"')" "bisect failed 2"

daemon_stop
is "the daemon ends" "$RC" 0
# The same without it.
sl bisect --id 1
is "without a daemon: exit 0" "$RC" 0
check "without a daemon: the same is named" grep -q '^  [0-9a-f]* "c6"' "$OUT"
finish
