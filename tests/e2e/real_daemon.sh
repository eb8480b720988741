#!/bin/sh
# The daemon at real work, without a hand: two example series and a thread that was
# really posted arrive on a list (a real public-inbox on loopback), are pulled by the
# real b4 and come out tested on real kernels, Debian's linux 6.12.
# shellcheck source=tests/e2e/lib.sh disable=SC1091,SC2317
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/daemon.sh disable=SC1091
. "$(dirname "$0")/daemon.sh"
real_world real_daemon
# shellcheck source=tests/e2e/archive.sh disable=SC1091
. "$(dirname "$0")/archive.sh"
archive_skips real_daemon b4
trap 'archive_end; daemon_kill' EXIT

# A few cases of mlock-migrate, those that tell the example's bug among them.
mkdir -p "$T/suites" "$T/mails"
cat >"$T/suites/brief.ini" <<'END'
[suite]
description = what a list's series are looked at with

[test compaction]
program = mlock-migrate
args = compaction
deadline = 60s

[test residue]
program = mlock-migrate
args = residue
deadline = 60s

[test move-pages]
program = mlock-migrate
args = move-pages
deadline = 60s
END

# list_mails FOLDER MBOX: its mails as of a list, sent now one second after another,
# and with message-ids that the state of an earlier run does not know.
list_mails() {
	mkdir -p "$T/mails/$1"
	git mailsplit --mboxrd -o"$T/mails/$1" "$2" >/dev/null
	sent=$now
	for mail in "$T/mails/$1"/*; do
		awk -v run="$now" -v date="$(date -R -d "@$sent")" '
			NR == 1 { print "List-Id: <mm.example.org>\nDate: " date }
			NR == 1 && /^From / { next }
			body { print; next }
			/^$/ { body = 1 }
			/^[^ \t]/ { name = tolower($1) }
			name ~ /^(date|list-id|received|x-received|x-original-to):$/ { next }
			name ~ /^(message-id|in-reply-to|references):$/ { gsub(/<[^<>@ ]*/, "&." run) }
			{ print }' "$mail" >"$T/mail"
		mv "$T/mail" "$mail"
		sent=$((sent + 1))
	done
}

# cover FOLDER N: the message-id of its Nth mail
cover() {
	sed -n '1,/^$/s/^Message-I[dD]: *<\(.*\)>/\1/p' "$(printf '%s/mails/%s/%04d' "$T" "$1" "$2")"
}

posting_is() {
	[ "$(sqlite3 -readonly "$STATE/sluice.db" \
		"SELECT state FROM posting WHERE message_id = '$1'")" = "$2" ]
}

# A base may have to be built first: minutes.
until_tested() {
	until_left=2400
	until posting_is "$1" "done"; do
		until_left=$((until_left - 1))
		[ "$until_left" -gt 0 ] && kill -0 "$DAEMON" || return 1
		sleep 1
	done
}

tested="1 1 "
archive_make
for name in mlock clean; do
	sl example -o "$T/mbox" $name
	# A comment line that a patch adds.
	sed -i "0,/^+.*\/\* .* \*\/\$/s|^\(+.*/\* .*\) \*/\$|\1 ($now) */|" "$T/mbox"
	list_mails $name "$T/mbox"
done
thread=${SLUICE_MAIL_DIR:-$SLUICE_ROOT/../shared/mail}/20250312002117.2556240-1-jeffxu@google.com.v1.mbox
if [ -e "$thread" ]; then
	list_mails thread "$thread"
	tested="$tested""1 "
fi

# What an aborted run of this test left in the cache's queue.
sqlite3 "$STATE/sluice.db" "UPDATE job SET state = 'cancelled'
	WHERE state IN ('queued', 'running')" 2>/dev/null
check "the archive is served" archive_serve
archive_post "$T"/mails/mlock/*
sed -i "s|^\[sluice\]\$|&\nsuites_dir = $T/suites|" "$T/config.ini"
cat >>"$T/config.ini" <<END
[fetch]
archive = http://127.0.0.1:9/none
[source mm$now]
kind = archive
url = http://127.0.0.1:$port/toy
interval = 2s
since = 0
lists = mm.*
paths = mm/
suite = brief
topology = numa2
END
check "the daemon starts" daemon_start
archive_post "$T"/mails/clean/*
[ ! -d "$T/mails/thread" ] || archive_post "$T"/mails/thread/*

mlock=$(cover mlock 1)
check "the mlock series is tested" until_tested "$mlock"
sl show --json "$mlock"
cp "$OUT" "$T/json"
is "as posted: all patches applied" "$(jget '[.steps[].apply] | join(" ")')" \
	"base exact exact exact exact exact"
is "compaction: broken by 3, repaired by 5" "$(verdict brief/compaction numa2)" "transient 3 5"
is "move-pages passes, it always drains" "$(verdict brief/move-pages numa2)" "pass null null"

clean=$(cover clean 1)
check "the clean series is tested" until_tested "$clean"
sl show --json "$clean"
cp "$OUT" "$T/json"
is "all its verdicts pass" "$(jget '[.verdicts[].verdict] | unique | join(" ")')" "pass"

if [ -d "$T/mails/thread" ]; then
	real=$(cover thread 1)
	check "the real thread is tested" until_tested "$real"
	sl show --json "$real"
	cp "$OUT" "$T/json"
	is "both of its patches" "$(jget '[.steps[] | .apply] | join(" ")')" "base exact exact"
	is "were built and booted" "$(jget '[.steps[] | [.builds[0].status, .boots[0].status] |
		join(" ")] | unique | join("; ")')" "ok ok"
	is "and are good; the first, a selftest, is in no kernel, and that is told" \
		"$(jget '[.verdicts[] | if .verdict == "pass" then .verdict else
			"\(.kind) of \(.from): \(.verdict)" end] | unique | join("; ")')" \
		"build of 1: not-tested; pass"
else
	skip "a real thread" "no $thread"
fi
is "each was tested once" "$(sqlite3 -readonly "$STATE/sluice.db" "SELECT group_concat(n, ' ')
	FROM (SELECT count(*) AS n FROM job WHERE state = 'done' AND
		json_extract(request, '$.source') LIKE '%.$now@%'
		GROUP BY json_extract(request, '$.source'))")" "$(echo "$tested" | sed 's/ $//')"
daemon_stop
is "SIGTERM: exit 0" "$RC" 0
check "nothing is left running" nothing_runs

finish
