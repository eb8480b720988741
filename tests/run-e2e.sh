#!/bin/sh
# run-e2e.sh [TEST...]: runs tests/e2e/test_*.sh one after another, each with a
# deadline of its own. Exit status 77 means skipped, which is no pass: the last
# line counts them apart. Output is kept in build/e2e/ and shown on failure.
cd "$(dirname "$0")/.." || exit 2
[ $# -gt 0 ] || set -- tests/e2e/test_*.sh
mkdir -p build/e2e || exit 2
ok=0
skipped=""
bad=""
for t in "$@"; do
	[ -f "$t" ] || continue
	name=$(basename "$t" .sh)
	log=build/e2e/$name.log
	timeout -k 10 "${E2E_SECONDS:-300}" "$t" >"$log" 2>&1
	rc=$?
	case $rc in
	0)
		ok=$((ok + 1))
		;;
	77)
		skipped="$skipped $name"
		;;
	*)
		bad="$bad $name"
		echo "--- $t: exit status $rc"
		tail -n 60 "$log"
		;;
	esac
done
echo "e2e: $ok passed${skipped:+, skipped:$skipped}${bad:+, failed:$bad}"
[ -z "$bad" ]
