#!/bin/sh
# run-e2e.sh [TEST...]: runs tests/e2e/test_*.sh one after another, each with a
# deadline of its own. What is skipped is no pass: the last line counts a test of
# which all is skipped apart, and says which others skipped something. A test that
# is not there is a failure. Output is kept in build/e2e/ and shown on failure.
cd "$(dirname "$0")/.." || exit 2
# shellcheck source=tests/count.sh disable=SC1091
. tests/count.sh
[ $# -gt 0 ] || set -- tests/e2e/test_*.sh
mkdir -p build/e2e || exit 2
ok=0
skipped=""
partly=""
bad=""
for t in "$@"; do
	name=$(basename "$t" .sh)
	if [ ! -f "$t" ]; then
		bad="$bad $name"
		echo "--- $t: there is no such test"
		continue
	fi
	log=build/e2e/$name.log
	timeout -k 10 "${E2E_SECONDS:-300}" "$t" >"$log" 2>&1
	rc=$?
	count "$log" "$rc"
	if [ "$f" != 0 ]; then
		bad="$bad $name"
		echo "--- $t: exit status $rc${why:+, $why}"
		tail -n 60 "$log"
	elif [ "$p" = 0 ]; then
		skipped="$skipped $name"
	else
		ok=$((ok + 1))
		[ "$s" = 0 ] || partly="$partly $name"
	fi
done
echo "e2e: $ok passed${partly:+, skipped in part:$partly}${skipped:+, skipped:$skipped}${bad:+, failed:$bad}"
[ -z "$bad" ]
