#!/bin/sh
# "sluice role poll" on a real public-inbox server on loopback: an archive over HTTP
# gives each mail once, whatever its date and message-id are, in pieces and by one
# mail after the other, with a search index and without; its epoch gives the same.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
for program in public-inbox-init public-inbox-index public-inbox-httpd curl jq git; do
	command -v $program >/dev/null || {
		echo "ok 1 - poll_archive # SKIP $program is not installed"
		echo "1..1"
		exit 0
	}
done
begin poll_archive
no_proxy=127.0.0.1
PI_CONFIG=$T/pi/config
export no_proxy PI_CONFIG
mkdir -p "$T/pi" "$T/job"
port=""

# add INBOX ID DATE [BODY]: one more mail in the inbox' epoch.
add() {
	printf 'From: A <a@example.org>\nDate: %s\nSubject: [PATCH] mm: %s\nMessage-ID: <%s>\nList-Id: <%s.example.org>\n\n%s\n' \
		"$3" "$2" "$2" "$1" "${4:-Text.}" >"$T/mail"
	{
		printf 'commit refs/heads/master\ncommitter t <t@x> %s +0000\ndata 1\nm\n' "$(date +%s)"
		git -C "$T/pi/$1/git/0.git" rev-parse -q --verify master | sed 's/^/from /'
		printf 'M 100644 inline m\ndata %s\n' "$(wc -c <"$T/mail")"
		cat "$T/mail"
		echo
	} | git -C "$T/pi/$1/git/0.git" fast-import --quiet
}

# inbox NAME LEVEL: an empty one.
inbox() {
	mkdir -p "$T/pi/$1/git"
	git init -q --bare -b master "$T/pi/$1/git/0.git"
	public-inbox-init -V2 -j1 -L "$2" "$1" "$T/pi/$1" "http://127.0.0.1/$1/" "$1@localhost" \
		>>"$T/pi/log" 2>&1
	index "$1"
}

index() {
	public-inbox-index -j0 --no-fsync "$T/pi/$1" >>"$T/pi/log" 2>&1
}

start_server() {
	for try in 1 2 3 4 5 6; do
		[ "$try" = 1 ] && [ -n "$port" ] || port=$((20000 + ($$ * 7 + try * 131) % 20000))
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

# source KIND WHERE [LIMITS]: the job, without a cursor.
source_is() {
	case $1 in
	archive) where=url ;;
	*) where=path ;;
	esac
	jq -n --arg kind "$1" --arg where "$where" --arg at "$2" --argjson limits "${3:-{\}}" \
		'{schema: 1, role: "poll", kind: $kind, ($where): $at, cursor: null, since: 0,
		  limits: $limits}' >"$T/job/job.json"
}

# poll: one poll; the next goes on from its cursor. Ids of the mails in $T/ids.
poll() {
	"$SLUICE" role poll "$T/job" 3>"$T/result" >"$OUT" 2>&1
	jq --slurpfile r "$T/result" '.cursor = $r[0].cursor' "$T/job/job.json" >"$T/job/next" &&
		mv "$T/job/next" "$T/job/job.json"
	jq -r .message_id "$T/job/mails.jsonl" | sort >"$T/ids"
}

ids() {
	paste -s -d ' ' "$T/ids"
}

result() {
	jq -r ".$1" "$T/result"
}

# all: polls until no more is there; all ids, and how many polls it took.
all() {
	: >"$T/all"
	polls=0
	while [ $polls -lt 40 ]; do
		poll
		polls=$((polls + 1))
		cat "$T/ids" >>"$T/all"
		[ "$(result more)" = true ] || break
	done
}

# A server that saw an empty index keeps on finding nothing in it for a while.
inbox empty full
for level in full basic; do
	inbox $level $level
	add $level first@x "Tue, 2 Jan 2024 13:00:00 +0000"
	index $level
done
if ! start_server; then
	not_ok "the archive is served"
	sed 's/^/# /' "$T/pi/log"
	finish
fi
trap 'kill "$server" 2>/dev/null; rm -rf "$T"' EXIT
url=http://127.0.0.1:$port

source_is archive "$url/empty"
poll
is "an empty archive: no error, no mail" "$(result error) $(ids)" "null "
add empty 1@x "Tue, 2 Jan 2024 13:00:00 +0000"
index empty
poll
is "an empty archive gets a mail" "$(result error) $(ids)" "null 1@x"
add empty 2@x "Tue, 2 Jan 2024 13:00:01 +0000"
index empty
poll
is "and another one" "$(result error) $(ids)" "null 2@x"

# wait_for ID...: polls until they have all come. A server looks at an old state of
# its search index for up to half a minute.
wait_for() {
	: >"$T/all"
	end=$(($(date +%s) + 90))
	while [ "$(date +%s)" -lt $end ]; do
		poll
		cat "$T/ids" >>"$T/all"
		[ "$(sort -u "$T/all" | paste -s -d ' ')" != "$*" ] || break
		sleep 0.2
	done
	sort -u "$T/all" | paste -s -d ' '
}

for level in full basic; do
	source_is archive "$url/$level"
	poll
	is "$level: the first mail" "$(result error) $(ids)" "null first@x"
	cp "$T/job/job.json" "$T/$level.json"
	n=0
	: >"$T/want"
	while [ $n -lt 70 ]; do
		n=$((n + 1))
		# Ten of one second, as a series is sent.
		add $level "m$n@x" "Tue, 2 Jan 2024 14:00:$(printf %02d $((n / 10))) +0000"
		echo "m$n@x" >>"$T/want"
	done
	index $level
	poll
	sort "$T/want" | cmp -s - "$T/ids"
	is "$level: seventy mails at once, each one" "$? $(result error)" "0 null"
	is "$level: the list-id" "$(jq -r '.lists[0]' "$T/job/mails.jsonl" | sort -u)" \
		"$level.example.org"
	poll
	is "$level: nothing new" "$(result error) $(result mails)" "null 0"
	# In pieces, from the cursor of before.
	jq '.limits = {mails: 20}' "$T/$level.json" >"$T/job/job.json"
	all
	sort "$T/all" | uniq >"$T/got"
	sort "$T/want" | cmp -s - "$T/got"
	is "$level: in pieces, each one" "$?" 0
	is "$level: in pieces, each once" "$(wc -l <"$T/all")" 70
	check "$level: in pieces, it took some polls" test $polls -ge 4
	# From the beginning, as a new source.
	source_is archive "$url/$level/" '{"mails": 30}'
	all
	is "$level: a new source gets all of it" "$(sort -u "$T/all" | wc -l)" 71
	add $level "odd/id%2B+x=y!&#?\$@x" "Tue, 2 Jan 2024 15:00:00 +0000"
	index $level
	all
	is "$level: an odd message-id" "$(ids)" "odd/id%2B+x=y!&#?\$@x"
done

# What came with an old date is found by its number only.
source_is archive "$url/full"
all
add full old@x "Sat, 1 Jan 2022 00:00:00 +0000"
add full nodate@x "some day"
add full future@x "Fri, 1 Jan 2100 00:00:00 +0000"
index full
# A new server looks at the index as it is.
kill "$server"
wait "$server" 2>/dev/null
check "the server starts again" start_server
is "mails of years ago, of no day, and of a day to come" \
	"$(wait_for future@x nodate@x old@x)" "future@x nodate@x old@x"
add full today@x "$(date -R)"
index full
poll
is "a mail after one of the future" "$(ids)" "today@x"

# The paths of a patch, and what the first poll goes back to.
now=$(date +%s)
jq ".cursor = null | .since = $((now - 86400))" "$T/job/job.json" >"$T/job/next" &&
	mv "$T/job/next" "$T/job/job.json"
all
is "a first poll goes back only so far" \
	"$(grep -v '^nodate@x$\|^future@x$' "$T/all" | paste -s -d ' ')" "today@x"

source_is epoch "$T/pi/full"
all
is "the epoch has the same" "$(sort -u "$T/all" | wc -l)" 76

source_is archive "$url/nothing-here"
poll
check "no such inbox: an error that says so" sh -c "jq -r .error '$T/result' | grep -q 'no public-inbox here'"
is "no such inbox: no cursor" "$(result cursor)" null
kill "$server"
wait "$server" 2>/dev/null
source_is archive "$url/full"
poll
check "no server: an error with the URL" sh -c "jq -r .error '$T/result' | grep -q '^$url/full/manifest'"
finish
