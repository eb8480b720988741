#!/bin/bash
# test_fetch_lore.sh: "sluice role fetch" with the real b4 against a real public-inbox
# server on loopback, filled with the mails of tests/data/mail. Prints TAP lines
# without a plan; exit status 1 when one is "not ok".
# $SLUICE: the binary to try (build/sluice).
cd "$(dirname "$0")/../.." || exit 2
sluice=${SLUICE:-$PWD/build/sluice}
data=$PWD/tests/data/mail
failed=0
tests=0

skip_all() {
	echo "ok - fetch # SKIP $1"
	echo "1..1"
	exit 0
}

[ -x "$sluice" ] || skip_all "no $sluice"
for program in b4 git perl python3 public-inbox-httpd public-inbox-init public-inbox-index; do
	command -v "$program" >/dev/null || skip_all "$program is not installed"
done

work=$(mktemp -d) || exit 2
children=()
# shellcheck disable=SC2317 # called by the trap
clean_up() {
	[ ${#children[@]} -eq 0 ] || kill "${children[@]}" 2>/dev/null
	wait 2>/dev/null
	rm -rf "$work"
}
trap clean_up EXIT

# check NAME COMMAND...: one TAP line by the command's exit status.
check() {
	local name=$1
	shift
	tests=$((tests + 1))
	if "$@"; then
		echo "ok - $name"
	else
		echo "not ok - $name"
		failed=1
		sed 's/^/# /' "$work/job/result.json" "$work/job/log" 2>/dev/null | cut -c1-2000
	fi
}

# ---- the archive ----

odd_id='odd/id%2B+x=y!@localhost'

# All mails of the archive, one file each, in $work/mails.
gather_mails() {
	local name
	for name in versions hole odd-tags pull; do
		mkdir -p "$work/mails/$name"
		git mailsplit --mboxrd -o"$work/mails/$name" "$data/$name.mbox" >/dev/null || return
	done
	mkdir "$work/mails/single"
	cp "$data/folded.eml" "$data/base64.eml" "$work/mails/single/" || return
	sed "s|^Message-ID: .*|Message-ID: <$odd_id>|; s|^Subject: .*|Subject: [PATCH] mm: odd|" \
		"$data/plain.eml" >"$work/mails/single/odd"
}

# A public-inbox v2 epoch: one commit a mail, each with the mail as the file "m".
fill_epoch() {
	local repo=$1 mail
	git init -q --bare "$repo" || return
	for mail in "$work"/mails/*/*; do
		echo "commit refs/heads/master"
		echo "author sluice example <example@localhost> 1793613600 +0000"
		echo "committer sluice example <example@localhost> 1793613600 +0000"
		echo "data 4"
		echo "mail"
		echo "M 100644 inline m"
		echo "data $(wc -c <"$mail")"
		cat "$mail"
		echo
	done | git -C "$repo" fast-import --quiet || return
	git -C "$repo" symbolic-ref HEAD refs/heads/master
}

serve_archive() {
	local tries
	export PI_CONFIG=$work/pi/config
	mkdir -p "$work/pi/inbox/git"
	fill_epoch "$work/pi/inbox/git/0.git" || return
	public-inbox-init -V2 -j1 inbox "$work/pi/inbox" "http://127.0.0.1/inbox/" \
		inbox@localhost >"$work/pi/log" 2>&1 || return
	public-inbox-index -j0 --no-fsync "$work/pi/inbox" >>"$work/pi/log" 2>&1 || return
	for tries in 1 2 3 4 5; do
		port=$((20000 + RANDOM % 20000))
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue
		public-inbox-httpd -l "127.0.0.1:$port" -W 0 >>"$work/pi/log" 2>&1 &
		children+=($!)
		wait_for_port "$port" && return 0
	done
	echo "# no port after $tries tries"
	return 1
}

wait_for_port() {
	local end=$((SECONDS + 10))
	until (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

# A server that lets connect and never says a word; prints its port.
serve_silence() {
	perl -MIO::Socket::INET -e '$| = 1;
		my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1:0");
		print $s->sockport, "\n"; sleep 120' >"$work/silent-port" &
	children+=($!)
	local end=$((SECONDS + 10))
	until [ -s "$work/silent-port" ]; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.05
	done
}

# ---- the role ----

# fetch MSGID [KEY=JSON...]: leaves job/result.json; the keys go into the job.
fetch() {
	rm -rf "$work/job"
	mkdir "$work/job"
	python3 - "$work/job/job.json" "http://127.0.0.1:$port/inbox" "$@" <<'PY' || return
import json, sys
path, archive, msgid = sys.argv[1:4]
job = {"schema": 1, "role": "fetch", "version": 0, "archive": archive,
       "source": {"kind": "msgid", "msgid": msgid}, "attestation": "off", "b4": "b4",
       "timeout_ms": 60000, "limits": {"patches": 100}}
for arg in sys.argv[4:]:
    key, value = arg.split("=", 1)
    job[key] = json.loads(value)
json.dump(job, open(path, "w"))
PY
	"$sluice" role fetch "$work/job" 3>"$work/job/result.json" >"$work/job/log" 2>&1
}

# says EXPRESSION: a Python expression about the result r.
# shellcheck disable=SC2317 # called by check
says() {
	python3 - "$work/job/result.json" "$1" <<'PY'
import json, sys
r = json.load(open(sys.argv[1]))
s = r.get("series") or {}
ids = [p["message_id"].split("@")[0] for p in r.get("patches", [])]
sys.exit(0 if eval("(" + sys.argv[2] + ")") else 1)
PY
}

try() {
	local name=$1 msgid=$2 expression=$3
	shift 3
	fetch "$msgid" "$@"
	check "$name" says "$expression"
}

if ! gather_mails || ! serve_archive; then
	echo "not ok - public-inbox serves the test mails"
	echo "1..1"
	sed 's/^/# /' "$work/pi/log" 2>/dev/null
	exit 1
fi

try "a message-id gives the newest version" v1-0@localhost \
	'r["status"] == "ok" and s["version"] == 2 and len(ids) == 3 and r["assembled"] == "b4"'
try "an older version when asked for" v1-0@localhost \
	'ids == ["v1-1", "v1-2", "v1-3"] and s["message_id"] == "v1-0@localhost"' version=1
check "the patch files are there" test -s "$work/job/patches/0003.eml"
check "the cover letter and base-commit are kept" \
	says '"cover letter" in s["cover"] and s["base_commit"].startswith("0123456789")'
check "trailers of replies are shown" says 's["trailers"][0]["patch"] == 1'
check "and do not get into the patches" \
	bash -c "! grep -q Reviewed-by '$work'/job/patches/*"
try "a URL as lore has them" "https://lore.kernel.org/linux-mm/odd-1%40localhost/T/#u" \
	'r["status"] == "ok" and s["version"] == 2 and ids == ["odd-1", "odd-2"]'
try "an id with odd characters" "$odd_id" 'r["status"] == "ok" and len(ids) == 1'
try "an id with odd characters in a URL" \
	"http://127.0.0.1:$port/inbox/odd%2Fid%252B+x=y!@localhost/" \
	'r["status"] == "ok" and len(ids) == 1'
try "a folded From: and Subject:" folded@localhost \
	'r["status"] == "ok" and r["assembled"] == "b4" and
	 r["patches"][0]["subject"] == "mm: a subject that is folded"'
try "a base64 mail" base64@localhost 'r["status"] == "ok" and r["assembled"] == "b4"'
try "a series with a hole names what is missing" hole-0@localhost \
	'r["status"] == "unusable" and r["missing"] == [2, 4] and
	 "patches 2, 4 of 5 are missing" in r["reason"]'
try "a pull request is none" pull@localhost \
	'r["status"] == "unusable" and "pull request" in r["reason"]'
try "an unknown message-id" nobody@localhost \
	'r["status"] == "unusable" and "nobody@localhost is not known" in r["reason"]'
try "no message-id at all" "what is this" \
	'r["status"] == "unusable" and "no message-id" in r["reason"]'

check "a silent server" serve_silence
start=$SECONDS
try "a server that hangs is given up" v1-0@localhost \
	'r["status"] == "error" and "no answer within 2 s" in r["error"]' timeout_ms=2000 \
	"archive=\"http://127.0.0.1:$(cat "$work/silent-port")/inbox\""
check "in time" test $((SECONDS - start)) -lt 15
try "a server that is not there" v1-0@localhost \
	'r["status"] == "error" and "b4:" in r["error"]' 'archive="http://127.0.0.1:1/inbox"'
try "b4 is missing" v1-0@localhost \
	'r["status"] == "error" and "no-such-b4 is not installed" in r["error"]' 'b4="no-such-b4"'

# b4 obeys a .b4-config in the repository it stands in; it must find none.
git init -q "$work/planted" && printf '[b4]\n\tmidmask = http://127.0.0.1:1/%%s\n' \
	>"$work/planted/.b4-config"
( cd "$work/planted" && git add .b4-config )
cd "$work/planted" || exit 2
try "a planted .b4-config is not obeyed" v1-0@localhost 'r["status"] == "ok"'

echo "1..$tests"
exit $failed
