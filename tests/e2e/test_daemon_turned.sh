#!/bin/sh
# A published tree turns bad: the daemon, which tests its heads, searches by itself for the
# commit that broke a test, once, and says so wherever that base is shown.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/daemon.sh disable=SC1091
. "$(dirname "$0")/daemon.sh"
begin daemon_turned
trap daemon_kill EXIT

sql() {
	sqlite3 -readonly "$STATE/sluice.db" "$1"
}

# commit SUBJECT: an image of its own for each.
commit() {
	say mm/swap.c "boot ok"
	git -C "$T/toy" add -A -f
	git -C "$T/toy" commit -q -m "$1"
	git -C "$T/toy" tag -f "$1" >/dev/null
}

# publish REV: the published tree's main is there now.
publish() {
	git -C "$T/toy" push -q -f "$T/pub.git" "$1:refs/heads/main"
}

commit_of() {
	git -C "$T/toy" rev-parse "$1"
}

tested() { # tested REV: as a head
	[ "$(sql "SELECT state FROM series WHERE message_id = 'head-$(commit_of "$1")'")" = "done" ]
}

jobs() { # jobs [STATE]: bisections in the queue
	sql "SELECT count(*) FROM job WHERE kind = 'bisect' AND state LIKE '${1:-%}'"
}

searched() { # searched N: so many bisections came to their end
	[ "$(jobs "done")" = "$1" ]
}

# patient COMMAND...: until_ok for what takes many builds and boots.
patient() {
	until_ok "$@" || until_ok "$@" || until_ok "$@"
}

# idle: no job is queued or runs, and the newest head was looked at.
idle() {
	tested "$1" && [ "$(sql "SELECT count(*) FROM job WHERE finished IS NULL")" = 0 ]
}

toy_tree
git init -q --bare -b main "$T/pub.git"
sed -i -e 's/^tree = toy/tree = pub/' -e 's/^topology = .*/topology = numa2/' "$T/config.ini"
printf '[web]\nlisten = 127.0.0.1:0\n[daemon]\nweb = yes\n' >>"$T/config.ini"
printf '[tree pub]\nurl = file://%s/pub.git\nfetch = 1s\n' "$T" >>"$T/config.ini"

commit c1
publish c1
daemon_start
check "the first head is tested" until_ok tested c1
is "it passes: nothing is searched" "$(jobs)" 0

commit c2
commit c3
say mm/rmap.c "test toy/beta fail"
commit c4
commit c5
publish c5
check "the bad head is tested" until_ok tested c5
check "and what broke it is searched for" patient searched 1
is "by one job, which nobody waits for" "$(sql "SELECT count(*) || ' ' || class || ' ' ||
	sender FROM job WHERE kind = 'bisect'")" "1 background sluice"
is "from the last good base to that head" "$(sql "SELECT good || ' ' || bad FROM bisection")" \
	"$(commit_of c1) $(commit_of c5)"
is "and found" "$(sql "SELECT outcome ->> '\$.word' || ' ' ||
	(outcome ->> '\$.commits[0].commit') FROM bisection")" "found $(commit_of c4)"
sl bisect
check "sluice bisect lists it" grep -q "found  *toy/beta on numa2 .*, job" "$OUT"

page() { # page PATH: its text in $OUT
	url=$(status '.daemon.web' | sed 's|/$||')
	curl -s -f -m 10 -o "$OUT" "$url$1"
}
c4=$(commit_of c4)
bad=$(sql "SELECT id FROM series WHERE message_id = 'head-$(commit_of c5)'")
check "the page of that head is there" page "/series/$bad"
check "it links to the bisection and says since when" grep -q "since <a href=\"/bisection/1\">c4</a>" "$OUT"
page "/api/v1/series/$bad"
is "so does the API" "$(jq -r '.verdicts[] | select(.since) | "\(.test) \(.since.commits[0].commit)"' \
	"$OUT")" "toy/beta $c4"
page /bisections
check "it is on the page of bisections" grep -q "first bad commit" "$OUT"
page /bisection/1
check "with its decisions on a page of its own" grep -q "to verify an end" "$OUT"
page /api/v1/bisection/1
is "and in the API" "$(jq -r '"\(.bisection.state) \(.bisection.automatic) \(.steps | length > 3)"' \
	"$OUT")" "found true true"
jq -S . "$OUT" >"$T/api.json"
sl bisect --id 1 --log --json "$T/command.json"
is "whose document is that of the command" "$(jq -S . "$T/command.json" | cmp - "$T/api.json" 2>&1)" ""
is "which names the commit as the likeliest" "$(jq -r '.likely[0].commit' "$T/api.json")" "$c4"
page /queue
check "the queue has its job" grep -q '<a href="/bisection/1">bisection</a>' "$OUT"

commit c6
publish c6
check "the next head, as bad" patient idle c6
is "no search begins again" "$(jobs)" 1

unsay mm/rmap.c
commit c7
publish c7
check "mended" patient idle c7
is "nothing is to be searched" "$(jobs)" 1
say mm/rmap.c "test toy/beta fail"
commit c8
publish c8
check "broken again" until_ok tested c8
check "that is another search" patient searched 2
is "from the head that was mended" "$(sql "SELECT good FROM bisection ORDER BY id DESC LIMIT 1")" \
	"$(commit_of c7)"

# Switched off.
unsay mm/rmap.c
commit c9
publish c9
check "mended again" patient idle c9
printf 'bisect = no\n' >>"$T/config.ini"
kill -HUP "$DAEMON"
say mm/rmap.c "test toy/beta fail"
commit c10
publish c10
check "broken with bisect = no" patient idle c10
is "no search" "$(jobs)" 2

# What the list of known issues explains.
sed -i 's/^bisect = no/bisect = yes/' "$T/config.ini"
unsay mm/rmap.c
commit c11
publish c11
check "mended a third time" patient idle c11
cat >"$T/data/runners/known-issues.ini" <<-END
	[toy/gamma]
	kernel = 0.0
	topology = numa2
	match = expected 100
	reason = the toy counts wrong
	expires = 2199-01-01
END
kill -HUP "$DAEMON"
say mm/rmap.c "test toy/gamma fail"
commit c12
publish c12
check "a known issue" patient idle c12
is "is nothing to search for" "$(jobs)" 2
daemon_stop
is "the daemon ends" "$RC" 0
finish
