#!/bin/sh
# The daemon and mailing lists: a real public-inbox server on loopback and a maildir
# are its sources. Series come mail by mail, in any order; it finds them, pulls them
# with the real b4, and tests them, each version once, whatever it is restarted for.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/daemon.sh disable=SC1091
. "$(dirname "$0")/daemon.sh"
begin daemon_lists
# shellcheck source=tests/e2e/archive.sh disable=SC1091
. "$(dirname "$0")/archive.sh"
archive_skips daemon_lists b4
trap 'archive_end; daemon_kill' EXIT

# ---- mails ----

# mails BRANCH VERSION SUBJECT [TEXT]: base..BRANCH as $T/BRANCH/v<VERSION>-000<N>-*,
# sent to the list, with a cover letter.
mails() {
	git -C "$T/toy" format-patch -q -v"$2" --cover-letter --thread -o "$T/$1" "base..$1"
	git -C "$T/toy" checkout -q base
	# git numbers them by the second: keep series apart. They are sent now, whenever
	# the patches were made.
	sed -i -e "1,/^Date: /s/^Date: .*/Date: $(date -R)/" -e "s/<cover\./<$1-cover./g" -e "s/\*\*\* SUBJECT HERE \*\*\*/$3/" \
		-e "s/\*\*\* BLURB HERE \*\*\*/${4:-Please apply.}/" \
		-e '1,/^Subject: /s/^Subject: /List-Id: <toy.example.org>\n&/' "$T/$1"/*
}

# msgid BRANCH FILE
msgid() {
	sed -n 's/^Message-I[dD]: <\(.*\)>/\1/p' "$T/$1"/$2-*
}

# ---- what the daemon knows ----

sources_ini() { # sources_ini SOURCES: the configuration with those
	cat "$T/plain.ini" - >"$T/config.ini"
}

archive_ini() { # archive_ini URL
	printf '[source toy]\nkind = archive\nurl = %s\ninterval = 1s\nsince = 0\n' "$1"
	printf 'lists = toy.*\npaths = mm/\n'
}

maildir_ini() {
	printf '[source local]\nkind = maildir\npath = %s/maildir\ninterval = 1s\n' "$T"
	printf 'since = 0\ncomplete_after = %s\ntopology = smp4\n' "$1"
}

# status_is FILTER WANT
status_is() {
	[ "$(status "$1")" = "$2" ]
}

counts() {
	status '.counts | "\(.queued) queued \(.running) running \(.done) done \(.cancelled) cancelled \(.failed) failed"'
}

# reload: SIGHUP, and it is loaded.
reload() {
	loads=$(grep -c 'configuration of .* loaded' "$T/daemon.log")
	kill -HUP "$DAEMON"
	until_ok sh -c "[ \$(grep -c 'configuration of .* loaded' '$T/daemon.log') -gt $loads ]"
}

# tested_on: topologies that the verdicts of "sluice show --json" are about.
tested_on() {
	jq -r '[.verdicts[] | .topology | select(. != null)] | unique | join(" ")' "$OUT"
}

# jobs_of MESSAGE-ID: the numbers of its jobs
jobs_of() {
	sqlite3 -readonly "$STATE/sluice.db" "SELECT group_concat(id, ' ') FROM (SELECT id FROM job
		WHERE json_extract(request, '$.source') = '$1' ORDER BY id)"
}

posting() { # posting MESSAGE-ID COLUMN
	sqlite3 -readonly "$STATE/sluice.db" "SELECT $2 FROM posting WHERE message_id = '$1'"
}

posting_is() {
	[ "$(posting "$1" state)" = "$2" ]
}

# ---- a series on a list ----

toy_tree
mkdir -p "$T/maildir/cur" "$T/maildir/new" "$T/maildir/tmp"
archive_make
printf 'From: A <a@example.org>\nDate: %s\nSubject: Hello\nMessage-ID: <hello@x>\nList-Id: <toy.example.org>\n\nWelcome.\n' \
	"$(date -R)" >"$T/hello"
archive_post "$T/hello"
archive_must_serve
# The archive that b4 asks is the source's: this one answers nobody.
printf '[daemon]\nretry = 1s\n[fetch]\narchive = http://127.0.0.1:9/none\n' >>"$T/config.ini"
cp "$T/config.ini" "$T/plain.ini"
archive_ini "http://127.0.0.1:$port/toy" | sources_ini
check "the daemon starts" daemon_start
check "it polls its source" until_ok status_is '.sources[0] | "\(.name) \(.mails) \(.error)"' \
	"toy 1 null"

series first
say mm/swap.c "boot ok"
patch "mm/swap: one"
say mm/rmap.c "test toy/beta fail"
patch "mm/rmap: two"
mails first 1 "mm: first"
first=$(msgid first v1-0000)
archive_post "$T"/first/v1-0002-*
check "a patch alone waits for the others" until_ok \
	status_is '.postings.list[0] | "\(.state) \(.have) of \(.total), \(.missing)"' \
	"waiting 1 of 2, 1"
sl status
check "status says what it lacks" grep -q 'waiting .*lacks 1 of 2: .PATCH v1 2/2. mm/rmap' "$OUT"
is "nothing is queued" "$(counts)" "0 queued 0 running 0 done 0 cancelled 0 failed"
archive_post "$T"/first/v1-0000-*
archive_post "$T"/first/v1-0001-*
check "when all have come it is tested" until_ok posting_is "$first" "done"
job=$(jobs_of "$first")
is "to its verdict" "$(job "$job" '"\(.state) \(.exit) \(.class) \(.sender) on \(.list)"')" \
	"done 1 background author@example.org on toy.example.org"
sl show --json "$first"
is "which is stored" "$(jq -r '.verdicts[] | select(.test == "toy/beta" and .topology == "smp4") |
	"\(.verdict) \(.from)"' "$OUT")" "introduced 2"

# ---- versions ----

sl pause
series second
say mm/swap.c "test-sleep-ms 1"
patch "mm/swap: other"
mails second 1 "mm: second"
v1=$(msgid second v1-0000)
archive_post "$T"/second/v1-*
check "version 1 is queued" until_ok posting_is "$v1" queued
series second
say mm/swap.c "test-sleep-ms 2"
patch "mm/swap: other"
mails second 2 "mm: second" "sluice: topology=numa2"
sed -i "s/<second-cover\./<second-v2-cover./g
	1,/^Subject: /s/^Subject: /In-Reply-To: <$v1>\nReferences: <$v1>\n&/" "$T"/second/v2-0000-*
sed -i "s/<second-cover\./<second-v2-cover./g" "$T"/second/v2-0001-*
v2=$(msgid second v2-0000)
archive_post "$T"/second/v2-*
check "version 2 supersedes it" until_ok posting_is "$v1" superseded
is "which is why its job is cancelled" \
	"$(job "$(jobs_of "$v1")" '"\(.state) \(.reason)"')" "cancelled v2 is newer"
sl resume
check "version 2 is tested" until_ok posting_is "$v2" "done"
is "as posted" "$(job "$(jobs_of "$v2")" '"\(.exit) v\(.version)"')" "0 v2"
sl show --json "$v2"
is "where its author asked for it" \
	"$(tested_on)" "numa2"
is "version 1 never ran" "$(sqlite3 -readonly "$STATE/sluice.db" \
	"SELECT count(*) FROM series WHERE message_id = '$v1'")" 0

sl rerun "$(jobs_of "$v1")"
JOB=$(sed -n 's/^job //p' "$OUT")
check "rerun of the old version" until_ok job_is "$JOB" "done"
is "tests that one, not the newest of its thread" "$(sqlite3 -readonly "$STATE/sluice.db" \
	"SELECT version FROM series WHERE message_id = '$v1'")" 1

# A reply that came while nobody listened; and all of it once more.
before=$(counts)
mails_before=$(status '.sources[0].mails')
daemon_stop
printf 'From: R <r@example.org>\nDate: %s\nSubject: Re: [PATCH v2 0/1] mm: second\nMessage-ID: <reply@x>\nIn-Reply-To: <%s>\nReferences: <%s>\nList-Id: <toy.example.org>\n\nNice.\n' \
	"$(date -R)" "$v2" "$v2" >"$T/reply"
archive_post "$T/reply"
# As after kill -9 between the end that a worker wrote and what the daemon makes of it.
sqlite3 "$STATE/sluice.db" "UPDATE posting SET state = 'queued' WHERE message_id = '$v2'"
archive_ini "http://127.0.0.1:$port/toy/" | sources_ini
daemon_start
check "under another URL all mails come again" until_ok status_is '.sources[0].mails' \
	$((mails_before + 1))
is "and nothing is tested twice" "$(counts)" "$before"
check "an end that no daemon saw is found" posting_is "$v2" "done"

# ---- a maildir ----

{
	archive_ini "http://127.0.0.1:$port/toy/"
	maildir_ini 1h
} | sources_ini
reload
check "SIGHUP: a second source" until_ok status_is '[.sources[].name] | join(" ")' "local toy"
series third
say mm/swap.c "test-sleep-ms 3"
patch "mm/swap: third"
say mm/rmap.c "test toy/gamma fail"
patch "mm/rmap: third"
mails third 1 "mm: third"
third=$(msgid third v1-0000)
for mail in $(printf '%s\n' "$T"/third/* | shuf --random-source="$T/toy/mm/swap.c"); do
	cp "$mail" "$T/maildir/tmp/mail"
	mv "$T/maildir/tmp/mail" "$T/maildir/new/$(basename "$mail").host"
done
check "a series in a maildir is tested" until_ok posting_is "$third" "done"
is "from its own mails" "$(job "$(jobs_of "$third")" '"\(.state) \(.exit)"')" "done 1"
sl show --json "$third"
is "as its source says" "$(tested_on)" "smp4"
sl rerun "$(jobs_of "$third")"
JOB=$(sed -n 's/^job //p' "$OUT")
check "it can be tested again, its mails are kept" until_ok job_is "$JOB" "done"
is "but not in the index" "$(sqlite3 -readonly "$STATE/sluice.db" \
	"SELECT count(*) FROM mail_raw")" 0

# ---- a part is missing ----

maildir_ini 2s | sources_ini
reload
series fourth
for n in 1 2 3; do
	say mm/swap.c "test-sleep-ms 4$n"
	patch "mm/swap: fourth $n"
done
mails fourth 1 "mm: fourth"
fourth=$(msgid fourth v1-0000)
cp "$T"/fourth/v1-000[013]-* "$T/maildir/new/"
check "a part is missing: incomplete" until_ok posting_is "$fourth" incomplete
sl queue --postings
check "with what it lacks" grep -q 'incomplete .*author@example.org .*lacks 2 of 3: .*mm: fourth' \
	"$OUT"
is "it is not queued" "$(jobs_of "$fourth")" ""
cp "$T"/fourth/v1-0002-* "$T/maildir/new/"
check "the part comes late: tested" until_ok posting_is "$fourth" "done"
is "once" "$(job "$(jobs_of "$fourth")" '"\(.state) \(.exit)"')" "done 0"
is "a source that is not configured any more is not shown" \
	"$(status '[.sources[].name] | join(" ")')" "local"

# ---- the other end is gone ----

archive_end
{
	archive_ini "http://127.0.0.1:$port/toy/"
	maildir_ini 1h
} | sources_ini
reload
has_error() {
	status '.sources[] | select(.name == "toy") | .error' | grep -q "127.0.0.1:$port"
}
check "an archive is away: status says so" until_ok has_error
sl status
check "in words" grep -q 'source  *toy .*failure.*127.0.0.1' "$OUT"
series fifth
say mm/swap.c "test-sleep-ms 5"
patch "mm/swap: fifth"
mails fifth 1 "mm: fifth"
cp "$T"/fifth/* "$T/maildir/new/"
check "the other source goes on" until_ok posting_is "$(msgid fifth v1-0000)" "done"
daemon_stop
is "SIGTERM: exit 0" "$RC" 0
check "within 10 s ($TOOK s)" test "$TOOK" -lt 10
check "nothing is left running" nothing_runs
is "the database is sound" "$(sqlite3 -readonly "$STATE/sluice.db" 'PRAGMA integrity_check')" ok

finish
