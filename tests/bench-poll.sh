#!/bin/sh
# bench-poll.sh [MAILS]: how fast a public-inbox epoch is read, and how fast a daemon
# makes series of it, and with how much memory. The epoch (30,000 mails) is made of the
# mails of $SLUICE_MAIL_DIR (default ../shared/mail, else tests/data/mail, which are of one
# sender: that is slower), in as many rounds as it takes: each has threads, titles and
# change-ids of its own, as a list has. The wall clock counts what else runs on the machine;
# the CPU time beside it does not.
set -eu
cd "$(dirname "$0")/.."
sluice=$PWD/build/sluice
mails=${1:-30000}
data=${SLUICE_MAIL_DIR:-../shared/mail}
[ -d "$data" ] || data=tests/data/mail
work=$(mktemp -d)
daemon=
trap '[ -z "$daemon" ] || kill "$daemon"; rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir "$work/job"
git init -q --bare -b master "$work/e.git"
python3 - "$mails" "$data" <<-'PY' | git -C "$work/e.git" fast-import --quiet
	import glob, re, sys
	count, data = int(sys.argv[1]), sys.argv[2]
	mails = []
	for name in sorted(glob.glob(data + "/*.mbox")):
	    text = open(name, "rb").read()
	    mails += re.split(rb"(?m)^From \S+ +[A-Z][a-z][a-z] [^\n]*\n", text)[1:]
	if not mails:
	    sys.exit("no mails in " + data)
	out = sys.stdout.buffer.write
	def of_round(mail, n):
	    head, sep, body = mail.partition(b"\n\n")
	    def ids(m):
	        return m[0].replace(b"<", b"<round-%d-" % n)
	    field = rb"(?im)^(?:%s):.*(?:\n[ \t].*)*"
	    head = re.sub(field % b"Message-ID|In-Reply-To|References", ids, head)
	    head = re.sub(field % b"Subject", lambda m: m[0] + b" %d" % n, head, count=1)
	    body = re.sub(rb"(?im)^change-id: \S+", lambda m: m[0] + b"-%d" % n, body)
	    return head + sep + body
	for i in range(count):
	    mail = of_round(mails[i % len(mails)], i // len(mails))
	    out(b"commit refs/heads/master\ncommitter c <c@x> %d +0000\ndata 2\nm\n"
	        b"M 100644 inline m\ndata %d\n" % (1700000000 + i, len(mail)) + mail + b"\n\n")
PY
printf '{"schema": 1, "role": "poll", "kind": "epoch", "path": "%s", "limits": {"mails": %d, "bytes": 100000000000, "ms": 600000}}\n' \
	"$work/e.git" "$mails" >"$work/job/job.json"
python3 - "$sluice" "$work/job" "$mails" <<-'PY'
	import json, os, resource, subprocess, sys, time
	sluice, job, mails = sys.argv[1], sys.argv[2], int(sys.argv[3])
	# The role writes its result to descriptor 3.
	begin = time.time()
	subprocess.run(["sh", "-c", 'exec "$0" role poll "$1" 3>"$1/result"', sluice, job], check=True)
	wall = time.time() - begin
	use = resource.getrusage(resource.RUSAGE_CHILDREN)
	result = json.load(open(job + "/result"))
	if result["error"] or result["mails"] + result["skipped"] != mails:
	    sys.exit("bench: %s" % result)
	cpu = use.ru_utime + use.ru_stime
	print("Reading an epoch: %d mails, %.1f s, %.0f a second (%.1f s CPU, %.0f a CPU second), "
	      "peak %.0f MiB; load %.1f on %d CPUs." % (mails, wall, mails / wall, cpu, mails / cpu,
	      use.ru_maxrss / 1024, os.getloadavg()[0], os.cpu_count()))
PY

# By a daemon, poll by poll, into postings and jobs; their tree is not there, so none
# begins. Its children are the polls: their time is in its own when they have ended.
cat >"$work/config.ini" <<-END
	[sluice]
	tree = nowhere
	state_dir = $work/state
	[source epoch]
	kind = epoch
	path = $work/e.git
	interval = 1s
	since = 0
END
sql() {
	sqlite3 -readonly -cmd '.timeout 5000' "$work/state/sluice.db" "$1" 2>/dev/null
}
begin=$(date +%s.%N)
"$sluice" daemon --config-file "$work/config.ini" 2>"$work/log" &
daemon=$!
until [ "$(sql "SELECT mails FROM source")" = "$mails" ]; do
	kill -0 "$daemon" || {
		cat "$work/log"
		exit 1
	}
	sleep 0.1
done
end=$(date +%s.%N)
awk -v mails="$mails" -v begin="$begin" -v end="$end" -v hz="$(getconf CLK_TCK)" \
	-v ticks="$(awk '{ print $14 + $15 + $16 + $17 }' "/proc/$daemon/stat")" \
	-v peak="$(awk '/^VmHWM/ { print $2 }' "/proc/$daemon/status")" \
	-v postings="$(sql "SELECT count(*) FROM posting")" -v load="$(cut -d ' ' -f 1 /proc/loadavg)" 'BEGIN {
		cpu = ticks / hz
		printf "A daemon makes %d postings of %d mails: %.1f s, %.0f a second", postings, mails,
			end - begin, mails / (end - begin)
		printf " (%.1f s CPU, %.0f a CPU second), its own peak %.0f MiB; load %.1f.\n", cpu,
			mails / cpu, peak / 1024, load
	}'
