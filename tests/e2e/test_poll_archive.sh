#!/bin/sh
# "sluice role poll" on a real public-inbox server on loopback: an archive over HTTP
# gives each mail once, whatever its date and message-id are, in pieces and by one
# mail after the other, with a search index and without; its epoch gives the same.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
begin poll_archive
# shellcheck source=tests/e2e/archive.sh disable=SC1091
. "$(dirname "$0")/archive.sh"
archive_skips poll_archive jq git
mkdir -p "$T/pi" "$T/job"

# add INBOX ID DATE [BODY]: one more mail in the inbox' epoch.
add() {
	printf 'From: A <a@example.org>\nDate: %s\nSubject: [PATCH] mm: %s\nMessage-ID: <%s>\nList-Id: <%s.example.org>\n\n%s\n' \
		"$3" "$2" "$2" "$1" "${4:-Text.}" >"$T/mail"
	archive_add "$1" "$T/mail"
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
archive_make empty full
archive_index empty
for level in full basic; do
	archive_make $level $level
	add $level first@x "Tue, 2 Jan 2024 13:00:00 +0000"
	archive_index $level
done
archive_must_serve full
trap 'archive_end; rm -rf "$T"' EXIT
url=http://127.0.0.1:$port

source_is archive "$url/empty"
poll
is "an empty archive: no error, no mail" "$(result error) $(ids)" "null "
add empty 1@x "Tue, 2 Jan 2024 13:00:00 +0000"
archive_index empty
poll
is "an empty archive gets a mail" "$(result error) $(ids)" "null 1@x"
add empty 2@x "Tue, 2 Jan 2024 13:00:01 +0000"
archive_index empty
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
	archive_index $level
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
	archive_index $level
	all
	is "$level: an odd message-id" "$(ids)" "odd/id%2B+x=y!&#?\$@x"
done

# What came with an old date is found by its number only.
source_is archive "$url/full"
all
add full old@x "Sat, 1 Jan 2022 00:00:00 +0000"
add full nodate@x "some day"
add full future@x "Fri, 1 Jan 2100 00:00:00 +0000"
archive_index full
# A new server looks at the index as it is.
archive_end
check "the server starts again" archive_serve full
is "mails of years ago, of no day, and of a day to come" \
	"$(wait_for future@x nodate@x old@x)" "future@x nodate@x old@x"
add full today@x "$(date -R)"
archive_index full
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
archive_end
source_is archive "$url/full"
poll
check "no server: an error with the URL" sh -c "jq -r .error '$T/result' | grep -q '^$url/full/manifest'"
finish
