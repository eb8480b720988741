#!/bin/sh
# What people do by hand beside a daemon: a tree that they add, a client that they are
# in a hurry to be rid of.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/daemon.sh disable=SC1091
. "$(dirname "$0")/daemon.sh"
begin daemon_byhand
trap daemon_kill EXIT
toy_tree

tree_is() { # tree_is FILTER WANT
	[ "$(status ".trees[0] | $1")" = "$2" ]
}

# ---- a tree that is configured, and added later ----

git clone -q --bare "$T/toy" "$T/other.git"
cp "$T/config.ini" "$T/plain.ini"
printf '[tree mm]\nfetch = 6h\n' >>"$T/config.ini"
check "the daemon starts" daemon_start
sl pause all
check "a tree that nobody added: why it is not fetched" \
	until_ok tree_is '.error[:30]' "there is no url, and no such t"
sl status
check "status: no empty place" grep -q "^tree      mm: tried" "$OUT"
sl tree add mm "$T/other.git"
is "it is added: exit 0" "$RC" 0
is "the daemon knows at once" "$(status '.trees[0] | "\(.location) \(.failures) \(.error)"')" \
	"$T/other.git 0 null"
check "and looks at it, not only in five minutes" until_ok tree_is .head \
	"$(git -C "$T/toy" rev-parse base)"
sl tree add nobodys "$T/other.git"
is "one that is not configured: exit 0" "$RC" 0
check "no warning" sh -c "! grep -i daemon '$OUT'"

# ---- a second Ctrl-C ----

sl pause all
series hurry
say mm/swap.c "boot ok"
patch "mm/swap: hurry"
git -C "$T/toy" checkout -q base
"$SLUICE" test --config-file "$T/config.ini" --repo "$T/toy" base..hurry >"$T/hurry" 2>&1 &
client=$!
check "a client waits" until_ok grep -q "the queue is paused" "$T/hurry"
# It takes its time.
kill -STOP "$DAEMON"
kill -INT $client
check "it cancels its job" until_ok grep -q "cancelling" "$T/hurry"
kill -INT $client
RC=0
wait $client || RC=$?
kill -CONT "$DAEMON"
is "Ctrl-C again: exit 3" "$RC" 3
check "it says that the job is being cancelled" \
	grep -q "job [0-9]* is being cancelled, its end was not waited for" "$T/hurry"
check "and no untruth" sh -c "! grep 'not end' '$T/hurry'"
check "which it is" until_ok sh -c "[ \$('$SLUICE' status --json \
	--config-file '$T/config.ini' | jq -r '.over[0].state') = cancelled ]"

daemon_stop
is "the daemon ends" "$RC" 0
finish
