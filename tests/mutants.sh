#!/bin/sh
# mutants.sh [--fit | --table | --page [FILE]]: what share of known bugs the suites catch.
# Each file tests/mutants/*/NAME.edit is a seeded bug. It becomes a series of one
# patch, as somebody would mail it, and goes through "sluice test". It is caught when
# a verdict of a boot or of a test says that its patch introduced the failure.
#   (nothing)  runs what has no result yet, and prints the table
#   --fit      only says which of them fit the trees
#   --table    only prints the table of what is kept
#   --page [FILE]  writes the table and the commands, as docs/MUTANTS.md
# The environment says what:
#   ONLY=              names or patterns, as in "drain-* ksm-*"; empty: all
#   TREES="debian-6.12 debian-6.1"   debian-X comes from /usr/src/linux-source-X.tar.xz
#   STAGES="quick deep"  quick: the quick suite on one topology after the other, until it
#                      is caught; deep: for what that did not catch, both suites on
#                      the configs mlock and mlock-debug
#   TOPOLOGIES=        list, in place of those that each names
#   STATE=             state folder; empty: one below the tests' cache
#   CONFIG_FILE=       configuration; empty: none
#   RESULTS=           where results are kept; empty: STATE/mutants
# and for tests of this script: MUTANTS (folder), BUILT=1 (do not build), QUICK_SUITES,
# QUICK_CONFIGS, SUITES_DIR.
# A result is a file; its key is made of the edit, the base, the topology and the tests, so that Ctrl-C and the same command go on, and what has changed runs again.
# Exits with 0 when all have a result, 3 when something was lost.
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=tests/tree.sh disable=SC1091
. tests/tree.sh
# shellcheck source=tests/mutants/lib.sh disable=SC1091
. tests/mutants/lib.sh

mutants_begin
mode=${1:-run}
case $mode in
run)
	mutants_build
	for tree in $TREES; do
		mutants_tree "$tree"
	done
	lost=0
	for stage in $STAGES; do
		for tree in $TREES; do
			mutants_run "$tree" "$stage" || lost=3
		done
	done
	mutants_table
	exit $lost
	;;
--fit)
	mutants_build
	for tree in $TREES; do
		mutants_tree "$tree"
		mutants_fit "$tree"
	done
	;;
--table) mutants_table ;;
--page)
	page=${2:-docs/MUTANTS.md}
	mutants_page >"$page.new"
	mv "$page.new" "$page"
	;;
*)
	sed -n '2,/^set /s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
