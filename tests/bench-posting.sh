#!/bin/sh
# bench-posting.sh: how long a patch takes from being posted to being in the queue, for
# each kind of source at once: public-inbox archives over HTTP (a real server, with a
# search index and without), an epoch, a maildir. INTERVAL: of the sources, seconds
# (10); ROUNDS (6). Prints lines of a Markdown table and fails above the limit, which is
# one interval and 5 s. A posting counts from when its archive has indexed it.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
cd "$(dirname "$0")/e2e" || exit 2
. ./lib.sh
SLUICE_ROOT=$(cd ../.. && pwd)
SLUICE=$SLUICE_ROOT/build/sluice
# shellcheck source=tests/e2e/daemon.sh disable=SC1091
. ./daemon.sh
interval=${INTERVAL:-10}
rounds=${ROUNDS:-6}
for program in public-inbox-init public-inbox-index public-inbox-httpd curl; do
	command -v $program >/dev/null || {
		echo "bench: posting to queue: $program is not installed" >&2
		exit 0
	}
done
begin bench_posting
no_proxy=127.0.0.1
PI_CONFIG=$T/pi/config
export no_proxy PI_CONFIG
server=""
end_all() {
	[ -z "$server" ] || kill "$server" 2>/dev/null
	daemon_kill
}
trap end_all EXIT

# mail ID: a patch, as $T/mail.
mail() {
	{
		printf 'From: %s <%s@example.org>\nDate: %s\nSubject: [PATCH] mm: %s\n' \
			"$1" "$1" "$(date -R)" "$1"
		printf 'Message-ID: <%s@x>\nList-Id: <bench.example.org>\n\n' "$1"
		sed '1,/^$/d' "$T"/patch/0001-*
	} >"$T/mail"
}

# commit REPOSITORY: $T/mail as the next mail of an epoch.
commit() {
	{
		printf 'commit refs/heads/master\ncommitter t <t@x> %s +0000\ndata 1\nm\n' \
			"$(date +%s)"
		git -C "$1" rev-parse -q --verify master | sed 's/^/from /'
		printf 'M 100644 inline m\ndata %s\n' "$(wc -c <"$T/mail")"
		cat "$T/mail"
		echo
	} | git -C "$1" fast-import --quiet
}

index() {
	public-inbox-index -j0 --no-fsync "$T/pi/$1" >>"$T/pi/log" 2>&1
}

post() { # post KIND ID
	mail "$2"
	case $1 in
	basic | full)
		commit "$T/pi/$1/git/0.git"
		index "$1"
		;;
	epoch) commit "$T/epoch/0.git" ;;
	maildir) mv "$T/mail" "$T/maildir/new/$2" ;;
	esac
	date +%s.%N >"$T/when.$1"
}

start_server() {
	for try in 1 2 3 4 5 6; do
		port=$((20000 + ($$ * 7 + try * 131) % 20000))
		public-inbox-httpd -l "127.0.0.1:$port" -W 0 >>"$T/pi/log" 2>&1 &
		server=$!
		i=0
		while [ $i -lt 50 ] && kill -0 $server 2>/dev/null; do
			curl -s -o /dev/null "http://127.0.0.1:$port/full/" && return 0
			i=$((i + 1))
			sleep 0.1
		done
		kill $server 2>/dev/null
	done
	return 1
}

source_ini() { # source_ini NAME KIND KEY VALUE
	printf '[source %s]\nkind = %s\n%s = %s\ninterval = %ss\nsince = 0\n' \
		"$1" "$2" "$3" "$4" "$interval"
}

queued() { # queued ID
	[ "$(sqlite3 -readonly "$STATE/sluice.db" "SELECT count(*) FROM job
		WHERE subject LIKE '%mm: $1'")" -gt 0 ]
}

kinds="basic full epoch maildir"

# wait_for ID...: the seconds that each kind's posting took, into $T/took.KIND.
wait_for() {
	left=$kinds
	until=$(($(date +%s) + interval * 2 + 60))
	while [ -n "$left" ] && [ "$(date +%s)" -lt $until ]; do
		again=""
		for kind in $left; do
			if queued "$kind$1"; then
				awk -v a="$(cat "$T/when.$kind")" -v b="$(date +%s.%N)" \
					'BEGIN { printf "%.1f\n", b - a }' >>"$T/took.$kind"
			else
				again="$again $kind"
			fi
		done
		left=$again
		sleep 0.1
	done
	for kind in $left; do
		echo "bench: a posting of kind $kind did not come" >&2
		exit 1
	done
}

toy_tree
series one
say mm/swap.c "boot ok"
patch "mm: one"
git -C "$T/toy" format-patch -q -o "$T/patch" base..one
git -C "$T/toy" checkout -q base
mkdir -p "$T/pi" "$T/maildir/cur" "$T/maildir/new" "$T/maildir/tmp" "$T/epoch"
git init -q --bare -b master "$T/epoch/0.git"
for level in basic full; do
	mkdir -p "$T/pi/$level/git"
	git init -q --bare -b master "$T/pi/$level/git/0.git"
	public-inbox-init -V2 -j1 -L $level $level "$T/pi/$level" "http://127.0.0.1/$level/" \
		"$level@localhost" >>"$T/pi/log" 2>&1
done
for kind in $kinds; do
	post "$kind" "${kind}0"
done
start_server || {
	echo "bench: the archive is not served" >&2
	exit 1
}
{
	source_ini basic archive url "http://127.0.0.1:$port/basic"
	source_ini full archive url "http://127.0.0.1:$port/full"
	source_ini epoch epoch path "$T/epoch"
	source_ini maildir maildir path "$T/maildir"
} >>"$T/config.ini"
daemon_start
sl pause all
wait_for 0
for kind in $kinds; do
	rm -f "$T/took.$kind"
done

round=0
while [ $round -lt "$rounds" ]; do
	round=$((round + 1))
	# Not in step with the polls.
	sleep "$(awk -v i="$interval" -v n=$round -v r="$rounds" 'BEGIN { print i * n / r }')"
	for kind in $kinds; do
		post "$kind" "$kind$round"
	done
	wait_for $round
done

echo "| from posting to the queue, interval $interval s | wanted | median | most |"
echo "|---|---|---|---|"
bad=0
for kind in $kinds; do
	case $kind in
	basic) name="archive without a search index" ;;
	full) name="archive with one" ;;
	*) name=$kind ;;
	esac
	sort -n "$T/took.$kind" | awk -v name="$name" -v want=$((interval + 5)) '
		{ v[NR] = $1 }
		END {
			printf "| %s, %d postings | < %d s | %.1f s | %.1f s |\n", name, NR, want,
				v[int((NR + 1) / 2)], v[NR]
			exit v[NR] >= want
		}' || bad=1
done
exit $bad
