#!/bin/sh
# Seeded bugs on a real kernel: three of tests/mutants go the way of "make mutants" on
# Debian's linux 6.12. Of mlock-migrate, four cases run: one bug must be caught by
# compaction alone, one by residue alone, and one that is equivalent by none.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
real_world real_mutants

mkdir -p "$T/suites"
awk -v wanted=" compaction residue lockers vma " '
	/^\[suite\]/ { print "[suite]\ndescription = a part of mlock-migrate"; here = 0; next }
	/^\[test / { name = $2; sub(/\]$/, "", name); here = index(wanted, " " name " ") }
	here && !/^;/' "$SLUICE_ROOT/runners/suites/mlock-migrate.ini" >"$T/suites/part.ini"
sed -i "s|^suite = .*|suite = part\nsuites_dir = $T/suites|" "$T/config.ini"

by_compaction=auto-negate-isolate-migratepages-block-15
by_residue=swap-all-no-mlock
equivalent=mlock-drain-empty
RC=0
STATE="$STATE" CONFIG_FILE="$T/config.ini" RESULTS="$T/results" BUILT=1 TREES=debian-6.12 \
	STAGES=quick TOPOLOGIES=numa2 QUICK_SUITES=part SUITES_DIR="$T/suites" \
	ONLY="$by_compaction $by_residue $equivalent" "$SLUICE_ROOT/tests/mutants.sh" >"$OUT" 2>&1 || RC=$?
sed 's/^/# /' "$OUT"
is "exit 0: all have a result" "$RC" 0

# result NAME: "caught compaction", by which cases.
result() {
	jq -r '"\(.result) \([.by[].test | ltrimstr("part/")] | unique | join(" "))"' \
		"$T/results/debian-6.12/$1/quick-numa2.json"
}
is "$by_compaction: caught by compaction alone" "$(result $by_compaction)" "caught compaction"
is "$by_residue: caught by residue alone" "$(result $by_residue)" "caught residue"
is "$equivalent: caught by none" "$(result $equivalent)" "survived "
is "its cases passed" \
	"$(jq .passed "$T/results/debian-6.12/$equivalent/quick-numa2.json")" 4
check "the table tells it apart" grep -q "^$equivalent .* equivalent" "$OUT"
check "the score is of two" grep -q "the quick tier catches 2 of 2, 100 %; equivalent: 1" "$OUT"
finish
