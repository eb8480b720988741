#!/bin/sh
# bench-poll.sh [MAILS]: how fast a public-inbox epoch is read, and with how much
# memory. The epoch (30,000 mails) is made of the mails of $SLUICE_MAIL_DIR (default
# ../shared/mail, else tests/data/mail), each copy with a message-id of its own. The
# wall clock counts what else runs on the machine; the CPU time beside it does not.
set -eu
cd "$(dirname "$0")/.."
sluice=$PWD/build/sluice
mails=${1:-30000}
data=${SLUICE_MAIL_DIR:-../shared/mail}
[ -d "$data" ] || data=tests/data/mail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
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
	for i in range(count):
	    mail = re.sub(rb"(?im)^Message-ID: *<", b"Message-ID: <copy-%d-" % i,
	                  mails[i % len(mails)], count=1)
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
