#!/bin/sh
# The pages of a daemon that reads a maildir: its source, a series in part, what runs and
# waits, what became of it, what changed between versions.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/daemon.sh disable=SC1091
. "$(dirname "$0")/daemon.sh"
command -v curl >/dev/null || {
	echo "ok 1 - daemon_web # SKIP no curl"
	echo "1..1"
	exit 0
}
begin daemon_web
trap daemon_kill EXIT

# page PATH: the body in $OUT, the status in CODE.
page() {
	CODE=$(curl -s -m 10 --noproxy '*' -o "$OUT" -w '%{http_code}' "$url$1")
}

# mails BRANCH VERSION SUBJECT: base..BRANCH into the maildir, with a cover letter.
mails() {
	git -C "$T/toy" format-patch -q -v"$2" --cover-letter --thread -o "$T/$1-v$2" "base..$1"
	git -C "$T/toy" checkout -q base
	sed -i -e "1,/^Date: /s/^Date: .*/Date: $(date -R)/" -e "s/<cover\./<$1-$2-cover./g" \
		-e "s/\*\*\* SUBJECT HERE \*\*\*/$3/" \
		-e '1,/^Subject: /s/^Subject: /List-Id: <toy.example.org>\n&/' "$T/$1-v$2"/*
}

deliver() { # deliver FILE...
	for mail; do
		cp "$mail" "$T/maildir/tmp/mail"
		mv "$T/maildir/tmp/mail" "$T/maildir/new/$(basename "$(dirname "$mail")")-$(basename "$mail")"
	done
}

# api PATH FILTER
api() {
	page "/api/v1$1"
	jq -r -c "$2" "$OUT"
}

# api_is PATH FILTER WANT
api_is() {
	[ "$(api "$1" "$2")" = "$3" ]
}

has_url() {
	url=$(status '.daemon.web' | sed 's|/$||')
	[ "$url" != null ]
}

toy_tree
mkdir -p "$T/maildir/cur" "$T/maildir/new" "$T/maildir/tmp"
printf '[web]\nlisten = 127.0.0.1:0\nrerun = yes\n[daemon]\nweb = yes\nretry = 1s\n' >>"$T/config.ini"
printf '[source local]\nkind = maildir\npath = %s/maildir\ninterval = 1s\nsince = 0\n' "$T" \
	>>"$T/config.ini"
printf 'complete_after = 1h\ntopology = smp4\n' >>"$T/config.ini"
check "the daemon starts" daemon_start
check "and serves pages" until_ok has_url
has_url

page /queue
is "/queue is there" "$CODE" 200
check "with nothing in it" grep -q 'Waiting: 0' "$OUT"
check "/sources: the maildir was asked" until_ok api_is /sources \
	'.sources[0] | "\(.name) \(.kind) \(.polled != null) \(.error)"' "local maildir true null"
page /sources
check "and is shown" grep -q "$T/maildir" "$OUT"

# ---- a series in part ----

series first
say mm/swap.c "test-sleep-ms 1"
patch "mm/swap: stays as it is"
say mm/rmap.c "test toy/beta fail"
patch "mm/rmap: <script>alert(1)</script> changes"
mails first 1 "mm: first"
id=$(sed -n 's/^Message-I[dD]: <\(.*\)>/\1/p' "$T"/first-v1/*-0000-*)
deliver "$T"/first-v1/*-0000-* "$T"/first-v1/*-0002-*
check "a part is missing: /postings says which" until_ok api_is '/postings?state=waiting' \
	'.postings[0] | "\(.have) of \(.total), \(.missing)"' "1 of 2, 1"
page '/postings?list=toy.example.org'
check "on the page, too" grep -q '1 of 2 patches have come; missing: 1, waited for' "$OUT"
page "/posting?id=$id"
is "/posting by message-id" "$CODE" 200
check "what a stranger wrote is escaped" sh -c "! grep -q '<script>' '$OUT' && grep -q '&lt;script&gt;' '$OUT'"

# ---- tested ----

sl pause
deliver "$T"/first-v1/*-0001-*
check "all have come: it waits in the queue" until_ok api_is /queue \
	'[.paused, .counts.queued, .queued[0].sender] | join(" ")' "background 1 author@example.org"
page /queue
check "which says that it is paused" grep -q 'Jobs of lists are paused' "$OUT"
sl resume
check "it is tested" until_ok api_is "/posting?id=$id" '.posting.state' "done"
check "and is in the queue's history" api_is /queue '.over[0] | "\(.job) \(.state) \(.exit)"' \
	"1 done 1"
page "/posting?id=$id"
check "the posting leads to the results" grep -q 'href="/series/1">results' "$OUT"
check "and to how it is tested again" grep -q 'title="sluice rerun 1">Run again' "$OUT"
token=$(sed -n 's/.*name="token" value="\([0-9a-f]*\)".*/\1/p' "$OUT" | head -n 1)
post() { # post TOKEN [HEADER]: a press of the button
	curl -s -m 10 --noproxy '*' -o "$OUT" -w '%{http_code}' -H "${2:-X: y}" \
		-d "job=1&token=$1" "$url/rerun"
}
is "another page cannot press the button" "$(post "$token" 'Sec-Fetch-Site: cross-site')" 403
is "nor one that does not know the token" "$(post 0123456789abcdef0123456789abcdef)" 403
is "nothing was queued" "$(api /queue '.counts | .queued + .running + .done')" 1
is "ours can" "$(post "$token" 'Sec-Fetch-Site: same-origin')" 303
check "somebody waits for it: it is tested again" until_ok api_is /queue \
	'.over[0] | "\(.job) \(.class) \(.state) \(.exit)"' "2 interactive done 1"
page /series/1
check "the results lead to the posting" grep -q 'href="/posting/1"' "$OUT"

# ---- the next version ----

git -C "$T/toy" checkout -q first
git -C "$T/toy" reset -q --hard HEAD~1
say mm/rmap.c "test-sleep-ms 2"
patch "mm/rmap: <script>alert(1)</script> changes"
say mm/swap.c "test-sleep-ms 3"
patch "mm/swap: a third one"
mails first 2 "mm: first"
deliver "$T"/first-v2/*
v2=$(sed -n 's/^Message-I[dD]: <\(.*\)>/\1/p' "$T"/first-v2/*-0000-*)
check "version 2 is tested" until_ok api_is "/posting?id=$v2" '.posting.state' "done"
number=$(api "/posting?id=$v2" '.posting.posting')
is "what changed, patch by patch" "$(api "/posting/$number/changes" \
	'[.patches[] | "\(.old) \(.new) \(.change)"] | join(", ")')" \
	"1 1 same, 2 2 changed, null 3 added"
page "/posting/$number/changes"
check "with the lines that differ" grep -q 'class="del">-+.*toy/beta fail' "$OUT"
check "escaped" sh -c "! grep -q '<script>' '$OUT'"
page /series/2
check "the results of version 2 lead there" grep -q "/posting/$number/changes" "$OUT"

daemon_stop
is "SIGTERM: exit 0" "$RC" 0
check "nothing is left running" nothing_runs
finish
