#!/bin/sh
# run-unit.sh PROGRAM...: runs each test program with a deadline of its own and
# prints the output of those that fail, then one line for all. What a program skips
# is no pass: the last line says how much and where.
# shellcheck source=tests/count.sh disable=SC1091
. "$(dirname "$0")/count.sh"
CMOCKA_MESSAGE_OUTPUT=TAP
export CMOCKA_MESSAGE_OUTPUT
ok=0
skips=0
skipped=""
bad=""
if [ $# = 0 ]; then
	echo "unit: there is no such program"
	exit 1
fi
for t in "$@"; do
	log="$t.log"
	timeout -k 5 "${UNIT_SECONDS:-120}" "$t" >"$log" 2>&1
	rc=$?
	count "$log" "$rc"
	if [ "$f" != 0 ]; then
		bad="$bad $(basename "$t")"
		echo "--- $t: exit status $rc${why:+, $why}"
		cat "$log"
		continue
	fi
	[ "$p" = 0 ] || ok=$((ok + 1))
	if [ "$s" != 0 ]; then
		skips=$((skips + s))
		skipped="$skipped $(basename "$t")"
	fi
done
skipped=${skipped:+, $skips tests skipped:$skipped}
if [ -n "$bad" ]; then
	echo "unit: $ok passed$skipped, failed:$bad"
	exit 1
fi
echo "unit: all $ok programs passed$skipped"
