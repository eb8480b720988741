#!/bin/sh
# verdicts.sh: verdicts on real kernels whose truth is known. Builds, boots, and tells how
# often the verdict was right. What was done is kept below STATE/verdicts, so that the same
# command goes on where it was stopped. The environment says what:
#   FLAKY=10      times that the example series "flaky" is judged anew and its bug, which
#                 shows in one boot of five, is seen; 0: not at all
#   AA=100        series of three patches that change the image and nothing that is tested
#   TREE=debian-6.12  TOPOLOGIES=smp4,numa2 (of AA; FLAKY has the first of them)
#   SUITE=mlock-migrate (of AA; FLAKY has the one case that tells its bug)
#   STATE=        state folder; empty: one below the tests' cache
# Exits with 1 when a verdict was wrong.
set -u
cd "$(dirname "$0")/.." || exit 2
FLAKY=${FLAKY:-10}
AA=${AA:-100}
TREE=${TREE:-debian-6.12}
TOPOLOGIES=${TOPOLOGIES:-smp4,numa2}
SUITE=${SUITE:-mlock-migrate}
STATE=${STATE:-${SLUICE_TEST_CACHE:-/var/tmp/sluice-test-$(id -u)}/verdicts}
# shellcheck disable=SC2034 # hist_begin wants it
version=${TREE#debian-}
sluice=$PWD/build/sluice
T=$STATE/verdicts
mkdir -p "$T/suites" && chmod 755 "$STATE" "$T" || exit 2
make --no-print-directory -j"$(nproc)" all >/dev/null || exit 2
# shellcheck source=tests/tree.sh disable=SC1091
. tests/tree.sh
# shellcheck source=tests/e2e/plumbing.sh disable=SC1091
. tests/e2e/plumbing.sh

cat >"$T/suites/brief.ini" <<'END'
[suite]
description = the case that tells the bug of the series "flaky"

[test compaction]
program = mlock-migrate
args = compaction
deadline = 60s
END

# sl CMDLINE COMMAND...: another kernel command line makes boots that were never done.
sl() {
	printf '[sluice]\ntree = %s\nstate_dir = %s\nsuites_dir = %s\n[boot]\ncmdline = %s\n[verdict]\nrepeats = sure\n' \
		"$TREE" "$STATE" "$T/suites" "$1" >"$T/config.ini"
	command=$2
	shift 2
	"$sluice" "$command" --config-file "$T/config.ini" "$@" >"$T/out" 2>&1
}

debian_tree "$TREE" --state-dir "$STATE" || exit 2

# ---- a bug in one boot of five ----

# A line of $T/flaky: TRY VERDICT PATCH BOOTS SECONDS TEXT
flaky_one() {
	rm -f "$T/json"
	flaky_began=$(date +%s)
	sl "sluice.try=$1" test --topology "${TOPOLOGIES%%,*}" --suite brief \
		--json "$T/json" "$T/flaky.mbox"
	rc=$?
	if [ "$rc" -gt 1 ]; then
		tail -n 5 "$T/out" >&2
		return 1
	fi
	jq -r --arg n "$1" --arg took $(($(date +%s) - flaky_began)) '
		([.steps[].boots[] | .run] | unique | length) as $boots |
		.verdicts[] | select(.kind == "test") |
		[$n, .verdict, .from // "-", $boots, $took,
		 "\(.failures)/\(.runs) failed, P \(.probability)"] | @tsv' "$T/json" >>"$T/flaky"
}

flaky_count() { # of lines whose verdict matches
	awk -v what="$1" '$2 " " $3 ~ what { n++ } END { print n + 0 }' "$T/flaky"
}

flaky() {
	touch "$T/flaky"
	sl "" example -o "$T/flaky.mbox" flaky || return 1
	try=$(awk 'END { print NR }' "$T/flaky")
	while [ $(($(flaky_count .) - $(flaky_count ^pass))) -lt "$FLAKY" ]; do
		try=$((try + 1))
		flaky_one "$try" || return 1
		tail -n 1 "$T/flaky"
	done
	printf '\nflaky: %d times seen: %d right, %d inconclusive, %d wrong; besides, %d times not seen\n' \
		$(($(flaky_count .) - $(flaky_count ^pass))) \
		"$(flaky_count '^(introduced|flaky) 3$')" "$(flaky_count ^inconclusive)" \
		$(($(flaky_count .) - $(flaky_count '^(introduced|flaky) 3$') - \
			$(flaky_count '^(inconclusive|pass)'))) "$(flaky_count ^pass)"
}

# ---- A/A ----

# Three patches: data, code, both, of names that no kernel has.
aa_series() {
	hist_at "$aa_base"
	for k in 1 2 3; do
		case $k in
		1 | 3) hist_append mm/madvise.c "const char sluice_aa_${1}_${k}[] = \"$1 $k\";" ;;
		esac
		case $k in
		2 | 3) hist_append mm/mprotect.c \
			"static int __used sluice_aa_${1}_${k}(int n) { return n * $1 + $k; }" ;;
		esac
		hist_commit "mm: nothing that matters, $1 $k"
	done
}

# A line of $T/aa: SERIES BOOTS "VERDICT..." of those that are no pass; what is wrong in
# the kernel by known-issues.ini is as it should be
aa_one() {
	rm -f "$T/json"
	aa_series "$1"
	# shellcheck disable=SC2154 # hist_commit sets it
	git --git-dir="$T/hist" update-ref "refs/heads/aa$1" "$hist_head"
	sl "" test --repo "$T/hist" --topology "$TOPOLOGIES" --suite "$SUITE" \
		--json "$T/json" "$aa_base..$hist_head"
	rc=$?
	if [ "$rc" -gt 1 ]; then
		tail -n 5 "$T/out" >&2
		return 1
	fi
	jq -r --arg n "$1" '
		([.steps[1:][].boots[] | .run] | unique | length) as $boots |
		[$n, $boots, ([.verdicts[] | select(.verdict != "pass" and .verdict != "not-tested" and
			((.reason // "") | startswith("known issue of the kernel ") | not)) |
			"\(.verdict) \(.kind) \(.test // "-") \(.topology // "-")"] | join("; "))] | @tsv' \
		"$T/json" >>"$T/aa"
}

aa() {
	touch "$T/aa"
	rm -rf "$T/hist"
	hist_begin
	aa_base=$hist_head
	n=$(awk 'END { print NR }' "$T/aa")
	while [ "$n" -lt "$AA" ]; do
		n=$((n + 1))
		aa_one "$n" || return 1
		tail -n 1 "$T/aa"
	done
	awk -F '\t' '{ boots += $2; bad += $3 != "" } END {
		printf "\nA/A: %d series, %d boots: %d series with a verdict other than pass\n",
			NR, boots, bad
		if (NR && !bad)
			printf "at most %.2f %% of series (95 %%, Clopper-Pearson)\n",
				100 * (1 - 0.05 ^ (1 / NR)) }' "$T/aa"
	! awk -F '\t' '$3 != ""' "$T/aa" | grep .
}

status=0
[ "$FLAKY" = 0 ] || flaky || status=1
awk '$2 !~ /^(pass|inconclusive)$/ && !($2 ~ /^(introduced|flaky)$/ && $3 == 3)' "$T/flaky" 2>/dev/null |
	grep . && status=1
[ "$AA" = 0 ] || aa || status=1
exit $status
