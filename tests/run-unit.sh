#!/bin/sh
# run-unit.sh PROGRAM...: runs each test program with a deadline of its own and
# prints the output of those that fail, then one line for all.
ok=0
bad=""
for t in "$@"; do
	log="$t.log"
	if timeout -k 5 "${UNIT_SECONDS:-120}" "$t" >"$log" 2>&1; then
		ok=$((ok + 1))
	else
		rc=$?
		bad="$bad $(basename "$t")"
		echo "--- $t: exit status $rc"
		cat "$log"
	fi
done
if [ -n "$bad" ]; then
	echo "unit: $ok passed, failed:$bad"
	exit 1
fi
echo "unit: all $ok programs passed"
