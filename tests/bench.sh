#!/bin/sh
# bench.sh: sluice against a plain loop of "git checkout; make bzImage; qemu" over the
# same commits, config, topologies and tests, side by side in one run, on a warm
# base. Prints the table of docs/BENCHMARKS.md. Takes about half an hour the first
# time; the state is kept in the cache folder of tests/e2e/real_kernel.sh.
# BENCH_ROUNDS (1): how often each is measured; the least is printed.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
sluice=$root/build/sluice
cache=${SLUICE_TEST_CACHE:-/var/tmp/sluice-test-$(id -u)}
state=$cache/real/state
work=$cache/bench
rounds=${BENCH_ROUNDS:-1}
jobs=2
tarball=/usr/src/linux-source-6.12.tar.xz
unset SLUICE_DATADIR SLUICE_GUESTDIR
GIT_AUTHOR_NAME=bench GIT_AUTHOR_EMAIL=bench@localhost
GIT_COMMITTER_NAME=bench GIT_COMMITTER_EMAIL=bench@localhost
export GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
mkdir -p "$work" && chmod 755 "$cache" "$work"
printf '[sluice]\ntree = debian-6.12\nsuite = mlock-migrate\nstate_dir = %s\n[build]\njobs = %s\n' "$state" $jobs \
	>"$work/config.ini"

note() {
	printf '%s\n' "$*" >&2
}

sl() {
	"$sluice" "$@" --config-file "$work/config.ini"
}

seconds() {
	date +%s.%N
}

# The five files that the patches change, one each.
files="mm/mlock.c mm/migrate.c mm/compaction.c mm/rmap.c mm/swap.c"

# branch NAME COMMENT ROUND: five commits on the base; patch number COMMENT changes
# only the text of a comment.
branch() {
	git -C "$work/src" checkout -q -f -B "$1" base
	n=0
	for file in $files; do
		n=$((n + 1))
		if [ "$n" = "$2" ]; then
			# The same number of lines, or line numbers in the image change.
			sed -i "1,40s|^ \* .*|& (bench $3)|;t" "$work/src/$file"
		else
			printf '\nstatic noinline __used unsigned long bench_%d(unsigned long x)\n{\n\treturn x * %d;\n}\n' \
				$n $((n + 100 * $3)) >>"$work/src/$file"
		fi
		git -C "$work/src" commit -q -a -m "mm: bench $1 $n"
	done
	git -C "$work/src" format-patch -q --stdout base.."$1" >"$work/$1.mbox"
	git -C "$work/src" checkout -q -f base
}

prepare() {
	if ! sl tree list 2>/dev/null | grep -q '^debian-6.12 '; then
		note "importing $tarball"
		sl tree add debian-6.12 "$tarball" >&2
	fi
	if [ ! -d "$work/src/.git" ]; then
		note "checking the base out for the loop"
		git clone -q --shared --no-checkout "$state/git" "$work/src" 2>/dev/null
		git -C "$work/src" fetch -q "$state/git" 'refs/trees/debian-6.12/main'
		git -C "$work/src" checkout -q -B base FETCH_HEAD
	fi
	git -C "$work/src" checkout -q -f base
	note "warming the base of sluice"
	branch warm 0 99
	sl test "$work/warm.mbox" >"$work/warm.log" 2>&1 || note "exit $?: see $work/warm.log"
	run=$(sl show --json "$(sl show | sed -n 's/^ *\(s[0-9]*\) .*/\1/p' |
		head -n 1)" | jq -r '[.steps[0].boots[] | {t: .topology, r: .run}] |
		unique_by(.t) | map("\(.t) \(.r)") | .[]')
	echo "$run" | while read -r topology id; do
		sl repro "$id" >"$work/repro-$topology.sh"
	done
	# Configured and built as sluice does it: the lines of the reproducer.
	sed -n '/^mkdir -p out$/,/^VMLINUX=/p' "$work/repro-smp4.sh" |
		sed "\$d; s| vmlinux\$| bzImage|; s|-j[^ ]*|-j$jobs|" >"$work/build.sh"
	awk '/^make / { command = "" } { command = command $0 "\n" } END { printf "%s", command }' \
		"$work/build.sh" >"$work/make.sh"
	if [ ! -e "$work/out-base/arch/x86/boot/bzImage" ]; then
		note "building the base for the loop"
		rm -rf "$work/out" "$work/out-base"
		(cd "$work" && sh -e build.sh >build.log 2>&1)
		cp -a "$work/out" "$work/out-base"
	fi
}

# The plain loop over a branch: seconds on stdout.
loop() {
	rm -rf "$work/out"
	cp -a "$work/out-base" "$work/out"
	begin=$(seconds)
	for commit in $(git -C "$work/src" rev-list --reverse "base..$1"); do
		git -C "$work/src" checkout -q -f "$commit"
		(cd "$work" && sh -e make.sh >>loop.log 2>&1)
		for topology in smp4 numa2; do
			sed -n '/^qemu/,$p; /^\/.*qemu/,$p' "$work/repro-$topology.sh" >"$work/qemu.sh"
			VMLINUX=$work/out/arch/x86/boot/bzImage sh -e "$work/qemu.sh" >>"$work/loop.log" 2>&1 </dev/null
		done
	done
	end=$(seconds)
	git -C "$work/src" checkout -q -f base
	echo "$end $begin" | awk '{ printf "%.1f\n", $1 - $2 }'
}

# sluice over the mails of a branch: "wall own-cpu all-cpu supervisor-MiB role-MiB".
measured() {
	python3 - "$sluice" "$work/config.ini" "$work/$1.mbox" "$work/sluice.log" <<-'PY'
		import os, subprocess, sys, time
		sluice, config, mbox, log = sys.argv[1:5]
		tick = os.sysconf("SC_CLK_TCK")
		cpu, peak = {}, {}
		# The whole machine's: what runs in the sandbox is waited for by nobody of ours.
		def busy():
		    f = open("/proc/stat").readline().split()[1:]
		    return (sum(map(int, f)) - int(f[3]) - int(f[4])) / tick
		before = busy()
		begin = time.time()
		with open(log, "w") as out:
		    child = subprocess.Popen([sluice, "test", "--config-file", config, mbox],
		                             stdout=out, stderr=out)
		# Ours are told by their name; what lives under a twentieth of a second is missed.
		while child.poll() is None:
		    for pid in filter(str.isdigit, os.listdir("/proc")):
		        try:
		            stat = open(f"/proc/{pid}/stat").read()
		            if not stat.split("(", 1)[1].startswith("sluice)"):
		                continue
		            f = stat.rsplit(")", 1)[1].split()
		            cpu[pid + f[19]] = (int(f[11]) + int(f[12])) / tick
		            for line in open(f"/proc/{pid}/status"):
		                if line.startswith("VmHWM"):
		                    peak[int(pid)] = max(peak.get(int(pid), 0), int(line.split()[1]))
		        except (OSError, IndexError):
		            pass
		    time.sleep(0.05)
		wall = time.time() - begin
		after = busy()
		roles = max([v for p, v in peak.items() if p != child.pid], default=0)
		print("%.1f %.2f %.1f %.0f %.0f" % (wall, sum(cpu.values()), after - before,
		      peak.get(child.pid, 0) / 1024, roles / 1024))
	PY
}

least() {
	sort -n | head -n 1
}

prepare
note "measuring"
machine=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
cat <<-END
	Machine: $(nproc) x $machine, $(awk '/MemTotal/ { printf "%.0f", $2 / 1048576 }' /proc/meminfo) GiB,
	$(# shellcheck source=/dev/null
	. /etc/os-release && echo "$PRETTY_NAME"), Linux $(uname -r), $(qemu-system-x86_64 --version |
	sed -n '1s/.*version \([^ ]*\).*/QEMU \1/p'), accelerator $(sl check-config | sed -n 's/^ok *accel *//p').
	Load before: $(cut -d ' ' -f 1-3 /proc/loadavg). Command: \`tests/bench.sh\`, $rounds round(s), make -j$jobs.

	| five patches to mm/*.c on smp4,numa2 | loop s | sluice s | ratio | own CPU % | supervisor MiB | roles MiB | again s |
	|---|---|---|---|---|---|---|---|
END
for kind in code comment; do
	: >"$work/loops"
	: >"$work/sluices"
	round=0
	while [ "$round" -lt "$rounds" ]; do
		round=$((round + 1))
		# Never seen before: nothing may be taken over from an earlier bench.
		serial=$(($(date +%s) % 100000))
		if [ $kind = code ]; then comment=0; else comment=3; fi
		branch "$kind" $comment $serial
		loop "$kind" >>"$work/loops"
		measured "$kind" >>"$work/sluices"
	done
	again=$(measured "$kind" | cut -d ' ' -f 1)
	least <"$work/sluices" | {
		read -r wall own all supervisor roles
		least <"$work/loops" | awk -v wall="$wall" -v own="$own" -v all="$all" -v s="$supervisor" \
			-v r="$roles" -v again="$again" -v kind="$kind" '{
			printf "| %s | %.1f | %.1f | %.2f | %.1f | %d | %d | %.1f |\n",
				kind == "code" ? "all change code" : "one changes a comment",
				$1, wall, wall / $1, 100 * own / all, s, r, again }'
	}
done
