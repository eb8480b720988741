# count.sh: counts the test points of a log in TAP, for the scripts that run tests.
# shellcheck shell=sh disable=SC2034

# count LOG RC: passed, failed and skipped in p, f, s; RC is the program's exit status,
# 77 where it skipped all. A bad end is a failure, said in $why: a status that no point
# accounts for, no plan, or one that promises another number of points.
count() {
	p=$(grep -v -i '# *skip' "$1" | grep -c '^ok ')
	f=$(grep -v -i '# *skip' "$1" | grep -c '^not ok ')
	s=$(grep -c -i '^\(not \)*ok .*# *skip' "$1")
	plan=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' "$1" | tail -n 1)
	why=""
	if [ "$2" = 77 ]; then
		s=$((s + 1))
	elif [ "$2" != 0 ] && [ "$f" = 0 ]; then
		why="exit status $2, and no test failed"
		f=1
	elif [ -z "$plan" ]; then
		why="it ended without a plan"
		f=$((f + 1))
	elif [ "$plan" != $((p + f + s)) ]; then
		why="$((p + f + s)) tests, the plan says $plan"
		f=$((f + 1))
	fi
}
