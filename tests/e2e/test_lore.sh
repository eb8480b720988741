#!/bin/sh
# A posted series by its message-id: the real b4 against a real public-inbox server
# on loopback, through "sluice test" to the verdicts. The newest version wins, a
# trailer of a reply is shown and not applied, an archive that is silent or knows
# nothing is told as such.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
begin lore
# shellcheck source=tests/e2e/archive.sh disable=SC1091
. "$(dirname "$0")/archive.sh"
archive_skips lore b4
toy_tree

# post BRANCH VERSION: the branch's patches as mails $T/mails/*.
post() {
	git -C "$T/toy" format-patch -q -v"$2" --cover-letter --thread=deep \
		--cover-from-description=subject -o "$T/mails" "base..$1"
	git -C "$T/toy" checkout -q base
}

series one
say mm/swap.c "boot ok"
patch "mm/swap: one"
say mm/rmap.c "test toy/beta fail"
patch "mm/rmap: two"
post one 1
series two
say mm/swap.c "boot ok"
patch "mm/swap: one"
say mm/rmap.c "test toy/gamma fail"
patch "mm/rmap: two"
post two 2
# git numbers cover letters by the second: keep the two apart.
sed -i 's/<cover\./<second-cover./g' "$T"/mails/v2-*
first=$(sed -n 's/^Message-I[dD]: <\(.*\)>/\1/p' "$T"/mails/v1-0000*)
second=$(sed -n 's/^Message-I[dD]: <\(.*\)>/\1/p' "$T"/mails/v2-0000*)
patch2=$(sed -n 's/^Message-I[dD]: <\(.*\)>/\1/p' "$T"/mails/v2-0001*)
cat >"$T/mails/z-reply" <<END
From: R E Viewer <reviewer@example.org>
To: author@example.org
Date: Tue, 2 Jan 2024 13:00:00 +0000
Subject: Re: [PATCH v2 1/2] mm/swap: one
Message-Id: <reply@example.org>
In-Reply-To: <$patch2>
References: <$second> <$patch2>

Reviewed-by: R E Viewer <reviewer@example.org>
END
# Version 2 is sent in reply to version 1, as people do.
sed -i "0,/^Message-I[dD]: /s//In-Reply-To: <$first>\nReferences: <$first>\nMessage-Id: /" \
	"$T"/mails/v2-0000*
archive_make
archive_post "$T"/mails/*
archive_must_serve
trap 'archive_end; rm -rf "$T"' EXIT
printf '[fetch]\narchive = http://127.0.0.1:%s/toy\ntimeout = 30s\n' "$port" >>"$T/config.ini"

sl test --json "$T/json" "$second"
is "by message-id: exit 1" "$RC" 1
is "by message-id: the series" "$(jget '[.series.message_id, .series.version, .series.patches] | join(" ")')" \
	"$second 2 2"
is "by message-id: patch 2 is charged" "$(verdict toy/gamma smp4)" "introduced 2 null"
is "by message-id: applied as posted" "$(jget '[.steps[].apply] | join(" ")')" "base exact exact"
is "the reply's trailer is shown" \
	"$(jget '[.trailers[]? | .trailer] | join("")')" "Reviewed-by: R E Viewer <reviewer@example.org>"
check "the reply's trailer is not in the commit" sh -c "
	for r in '$STATE'/series/*.git; do
		git -c safe.directory='*' --git-dir=\"\$r\" log --all --format=%B
	done | grep -c Reviewed-by | grep -q '^0'"

sl test --json "$T/json" "$first"
is "an old id: the newest version of the thread" "$(jget .series.version)" 2

sl test --json "$T/json" "http://127.0.0.1:$port/toy/$patch2/"
is "by the URL of one of its mails" "$(jget '[.series.message_id, .series.version] | join(" ")')" \
	"$second 2"

sl test "nobody-knows-this@example.org"
is "an id that is not there: exit 2" "$RC" 2
archive_end
sl test "$second"
is "no server: exit 3" "$RC" 3
check "no server: said which" grep -q "b4: .*127\.0\.0\.1.*$port" "$OUT"

finish
