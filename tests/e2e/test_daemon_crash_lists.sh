#!/bin/sh
# kill -9 of the daemon and of whatever it has running, at seeded moments, while mails
# come into a maildir and into an epoch of a public-inbox, some of them into both, and
# while retention drops all that it may: each series that was posted is tested once, with
# its outcome; no mail is lost, no cursor is ahead of what was taken, no row is without
# its file. CRASH_KILLS (200 for the long run), CRASH_SEED.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/daemon.sh disable=SC1091
. "$(dirname "$0")/daemon.sh"
# shellcheck source=tests/e2e/crash.sh disable=SC1091
. "$(dirname "$0")/crash.sh"
# shellcheck source=tests/e2e/keep.sh disable=SC1091
. "$(dirname "$0")/keep.sh"
command -v b4 >/dev/null || {
	echo "ok 1 - daemon_crash_lists # SKIP b4 is not installed"
	echo "1..1"
	exit 0
}
begin daemon_crash_lists
[ -n "${KEEP:-}" ] || trap daemon_kill EXIT
toy_tree
kills=${CRASH_KILLS:-24}
seed=${CRASH_SEED:-1}
# A job takes longer than in test_daemon_crash.sh: b4 alone needs half a second.
longest=4
sources=yes
# As many as are done between so many kills.
series=$((3 + kills / 8))
mkdir -p "$T/maildir/cur" "$T/maildir/new" "$T/maildir/tmp" "$T/waiting"
git init -q --bare -b master "$T/0.git"
sed -i 's/^topology = .*/topology = smp4/' "$T/config.ini"
cat >>"$T/config.ini" <<-END
	[daemon]
	retry = 1s
	[keep]
	newest = 3s
	images = 4s
	logs = 4s
	mails = 1h
	series = 4s
	folders = 15s
	interval = 2s
	[source maildir]
	kind = maildir
	path = $T/maildir
	interval = 1s
	since = 0
	[source epoch]
	kind = epoch
	path = $T/0.git
	interval = 1s
	since = 0
END

# Series N: a cover letter and a patch; every other breaks a test. Its mails wait in
# $T/waiting/MOMENT.PLACE, to come one by one.
n=1
while [ "$n" -le "$series" ]; do
	series_name=s$n
	git -C "$T/toy" checkout -q -B "$series_name" base
	say mm/swap.c "test-sleep-ms $((20 + n))"
	[ $((n % 2)) = 0 ] || say mm/rmap.c "test toy/beta fail"
	PATCH=0
	patch "mm/swap: series $n"
	git -C "$T/toy" format-patch -q --cover-letter --thread -o "$T/mails" \
		"base..$series_name"
	for mail in "$T"/mails/*; do
		number=$(basename "$mail" | cut -c 4)
		sed -e "1,/^Date: /s/^Date: .*/Date: $(date -R)/" \
			-e "s/\*\*\* SUBJECT HERE \*\*\*/mm: series $n/" -e 's/\*\*\* BLURB HERE \*\*\*/Please apply./' \
			-e "s/<\([^>@]*\)@[^>]*>/<\1-series$n@example.org>/" \
			-e '1,/^Subject: /s/^Subject: /List-Id: <toy.example.org>\n&/' \
			"$mail" >"$T/waiting/$(printf '%03d' $((2 * n + number))).$n-$number"
	done
	rm -r "$T/mails"
	n=$((n + 1))
done
git -C "$T/toy" checkout -q base
cat "$T"/waiting/* | sed -n 's/^Message-I[dD]: <\(.*\)>/\1/p' | sort >"$T/posted"
is "each has a message-id of its own" "$(sort -u "$T/posted" | wc -l)" $((2 * series))

to_maildir() {
	cp "$1" "$T/maildir/tmp/mail" && mv "$T/maildir/tmp/mail" "$T/maildir/new/$(basename "$1").host"
}

to_epoch() {
	{
		printf 'commit refs/heads/master\ncommitter t <t@x> %s +0000\ndata 1\nm\n' "$(date +%s)"
		git -C "$T/0.git" rev-parse -q --verify master | sed 's/^/from /'
		printf 'M 100644 inline m\ndata %s\n' "$(wc -c <"$1")"
		cat "$1"
		echo
	} | git -C "$T/0.git" fast-import --quiet
}

# feed: the next mail comes; those of a series all into the same source, or into both.
feed() {
	feed_mail=$(find "$T/waiting" -type f | sort | head -n 1)
	[ -n "$feed_mail" ] || return 0
	feed_series=${feed_mail##*.}
	case $((${feed_series%-*} % 3)) in
	0) to_maildir "$feed_mail" ;;
	1) to_epoch "$feed_mail" ;;
	2)
		to_epoch "$feed_mail"
		to_maildir "$feed_mail"
		;;
	esac
	rm "$feed_mail"
}

# Mails behind the epoch's cursor that nobody has taken, after each kill.
ahead=""
half=""
after_kill() {
	cursor=$(sql "SELECT json_extract(cursor, '$.epochs') FROM source WHERE name = 'epoch'" |
		grep -o '[0-9a-f]\{40\}' | head -n 1)
	if [ -n "$cursor" ]; then
		for commit in $(git -C "$T/0.git" rev-list "$cursor"); do
			id=$(git -C "$T/0.git" show "$commit:m" |
				sed -n 's/^Message-I[dD]: <\(.*\)>/\1/p' | head -n 1)
			[ "$(sql "SELECT count(*) FROM mail WHERE message_id = '$id'")" = 1 ] ||
				ahead="$ahead $killed:$id"
		done
	fi
	[ -z "$(dangling)" ] || half="$half $killed"
}

daemon_start
test_range s1
is "without accident: exit 1" "$RC" 1

crash_loop
is "no cursor was ahead of the mails that were taken" "$ahead" ""
is "no row was without its file" "$half" ""

# Now in peace, to the end.
while [ -n "$(find "$T/waiting" -type f)" ]; do
	feed
	feed
	sleep 0.2
done
all_tested() {
	[ "$(sql "SELECT count(*) FROM posting WHERE state = 'done'")" = "$series" ]
}
check "all that was posted is tested" eval 'until_ok all_tested || until_ok all_tested'
sql "SELECT message_id FROM mail ORDER BY message_id" | sort >"$T/taken"
check "each mail was taken, once" cmp -s "$T/posted" "$T/taken"
is "each series was queued once" "$(sql "SELECT count(*), count(DISTINCT posting_id),
	(SELECT count(*) FROM posting) FROM job WHERE posting_id IS NOT NULL")" \
	"$series|$series|$series"
is "with its outcome" "$(sql "SELECT p.title || ' ' || j.state || ' ' || j.exit FROM job j
	JOIN posting p ON p.id = j.posting_id WHERE j.state || ' ' || j.exit <>
	iif(CAST(substr(p.title, 12) AS INTEGER) % 2, 'done 1', 'done 0')")" ""
none_twice
echo "# $(sql "SELECT sum(interrupted) || ' times interrupted, ' || sum(crashes) ||
	' crashes, ' || sum(retries) || ' retries' FROM job"), $(grep -c 'retention: ' "$T/daemon.log") lines of retention"
check "retention was at work" grep -q 'retention: [0-9]* images' "$T/daemon.log"
sleep 3
sl clean
quiet_now() {
	[ "$(status .daemon.cleaning)" = false ]
}
check "it comes to its end" until_ok quiet_now
is "sources are well" "$(sql "SELECT count(*) FROM source WHERE error IS NOT NULL")" 0
crash_end
is "rows and files agree" "$(dangling)$(strays)" ""

finish
