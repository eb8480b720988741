#!/bin/sh
# Seeded bugs on a real kernel: three of tests/mutants go through "make mutants"'s script
# on Debian's linux 6.12. Of the suite's cases compaction and residue run, and what they
# need: one bug must be caught by compaction alone, one by residue alone, and one that
# is equivalent by neither.
# shellcheck source=tests/e2e/lib.sh disable=SC1091
. "$(dirname "$0")/lib.sh"
real_world mutants

mkdir -p "$T/suites"
awk '/^\[suite\]/ { print "[suite]\ndescription = two cases of mlock-migrate"; next }
	/^\[/ { here = $0 == "[test compaction]" || $0 == "[test residue]" }
	here { print }' "$SLUICE_ROOT/runners/suites/mlock-migrate.ini" >"$T/suites/two.ini"
sed -i 's/^description = .*/& by name/' "$T/suites/two.ini"
cat "$T/suites/two.ini"
finish
