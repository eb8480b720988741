#!/bin/sh
# sluice serve on a free port: pages and JSON of a real test, what a stranger wrote
# escaped, an end on SIGINT.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
command -v curl >/dev/null || {
	echo "ok 1 - serve # SKIP no curl"
	echo "1..1"
	exit 0
}
begin serve
toy_tree
series web
say mm/rmap.c "test toy/beta fail"
patch "mm/rmap: <script>alert(1)</script> & more"
test_range web

"$SLUICE" serve --config-file "$T/config.ini" --listen 127.0.0.1:0 >"$T/url" 2>"$T/serve.log" &
server=$!
trap 'kill "$server" 2>/dev/null; rm -rf "$T"' EXIT
i=0
while [ ! -s "$T/url" ] && [ $i -lt 100 ]; do
	i=$((i + 1))
	sleep 0.1
done
url=$(sed -n 's/.*\(http:[^ ]*\).*/\1/p' "$T/url" | sed 's|/$||')
check "prints its URL" test -n "$url"

# page PATH: the body in $OUT, the status in CODE.
page() {
	CODE=$(curl -s -m 10 --path-as-is -o "$OUT" -w '%{http_code}' "$url$1")
}

page /
is "/ is there" "$CODE" 200
check "/ lists the series, escaped" grep -q '&lt;script&gt;alert(1)' "$OUT"
check "/ has no script of a stranger" sh -c "! grep -q '<script>' '$OUT'"
page /series/1
is "/series/1 is there" "$CODE" 200
check "/series/1 says what broke" grep -q "toy/beta" "$OUT"
check "/series/1 escapes the subject" sh -c "! grep -q '<script>' '$OUT'"
run=$(jget '[.steps[1].boots[].run][0]')
page "/run/$run"
is "/run/$run is there" "$CODE" 200
check "/run has the reproducer" grep -q "sluice.plan=" "$OUT"
check "/run has QEMU's command line" grep -q "numa\|-kernel" "$OUT"
page "/run/$run/console.txt"
check "the console" grep -q "Linux version 0.0.0-stub" "$OUT"
page /api/v1/series/1
check "the API gives the same verdicts as --json" \
	sh -c "jq -e '.verdicts == input.verdicts' '$OUT' '$T/json'"
page /queue
check "/queue: without a daemon nothing runs" grep -q "Nothing: no daemon runs\." "$OUT"
flock -n "$STATE/lock" sh -c "printf '12\nsluice test\n2026-11-30\n' >'$STATE/lock'
	curl -s -m 10 '$url/queue' >'$OUT'"
check "/queue: nor does what somebody tests meanwhile" \
	grep -q "no daemon runs, sluice test (pid 12) since 2026-11-30 is at work\." "$OUT"
page /series/4711
is "no such series: 404" "$CODE" 404
page /../../etc/passwd
is "no such path: 404" "$CODE" 404
kill -INT $server
wait $server
is "SIGINT: exit 0" "$?" 0

finish
