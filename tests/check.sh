#!/bin/sh
# check.sh: installs what tests need, builds, runs all tests, counts them one by
# one and ends in the line "N passed, N failed, N skipped". Exits with 1 when any
# failed. CHECK_DEPS=0: installs nothing. CHECK_ONLY="unit e2e": only these parts
# (unit, e2e, real). Output of each program: build/check/NAME.log.
#
# Each program reports in TAP: cmocka by CMOCKA_MESSAGE_OUTPUT, ours by
# tests/e2e/lib.sh. One that dies, hangs, has no plan or another is a failure.
cd "$(dirname "$0")/.." || exit 2
# shellcheck source=tests/count.sh disable=SC1091
. tests/count.sh
logs=build/check
parts=${CHECK_ONLY:-unit e2e real}
passed=0
failed=0
skipped=0

# run_one SECONDS NAME COMMAND...: runs it with a deadline, counts, says one line.
run_one() {
	seconds=$1
	name=$2
	shift 2
	begin=$(date +%s)
	timeout -k 10 "$seconds" "$@" >"$logs/$name.log" 2>&1
	tell "$name" $? "$begin"
}

# tell NAME RC BEGIN: counts what NAME.log says.
tell() {
	name=$1
	rc=$2
	begin=$3
	count "$logs/$name.log" "$rc"
	passed=$((passed + p))
	failed=$((failed + f))
	skipped=$((skipped + s))
	took=$(($(date +%s) - begin))
	if [ "$f" = 0 ]; then
		printf '%-32s %3d passed%s, %d s\n' "$name" "$p" \
			"$([ "$s" = 0 ] || echo ", $s skipped")" "$took"
		return
	fi
	printf '%-32s %3d passed, %d FAILED (exit status %d), %d s\n' "$name" "$p" "$f" \
		"$rc" "$took"
	[ -z "$why" ] || echo "    $why"
	grep -A 12 '^not ok ' "$logs/$name.log" | head -n 60 | sed 's/^/    /'
	[ "$rc" = 0 ] || tail -n 15 "$logs/$name.log" | sed 's/^/    | /'
}

wanted() {
	case " $parts " in
	*" $1 "*) return 0 ;;
	esac
	return 1
}

finish() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" = 0 ]
	exit
}

if [ "${CHECK_DEPS:-1}" != 0 ]; then
	tests/deps.sh build tree test || { failed=1; finish; }
fi
echo "building"
mkdir -p "$logs"
if ! make -j"$(nproc)" all tests >"$logs/build.log" 2>&1; then
	tail -n 40 "$logs/build.log"
	failed=1
	finish
fi
# The real kernel takes as long as all the rest, and that mostly waits: side by side.
# Among themselves one after the other: real_kernel builds what all of them boot, and
# they share its state.
reals=$(cd tests/e2e && echo real_kernel && ls real_*.sh | sed 's/\.sh$//' | grep -vx real_kernel)
run_reals() {
	trap 'kill $one 2>/dev/null; exit 130' INT TERM
	for real_name in $reals; do
		real_begin=$(date +%s)
		timeout -k 10 3000 "tests/e2e/$real_name.sh" >"$logs/$real_name.log" 2>&1 &
		one=$!
		wait $one
		echo "$? $(($(date +%s) - real_begin))" >"$logs/$real_name.end"
	done
}
if wanted real; then
	for t in $reals; do rm -f "$logs/$t.end"; done
	run_reals &
	real=$!
	trap 'kill $real 2>/dev/null; exit 130' INT TERM
fi
if wanted unit; then
	# By their sources: a program whose source is gone may still lie in the build folder.
	for t in tests/unit/test_*.c; do
		name=$(basename "$t" .c)
		run_one 180 "$name" env CMOCKA_MESSAGE_OUTPUT=TAP "build/tests/$name"
	done
fi
if wanted e2e; then
	for t in tests/e2e/test_*.sh; do
		run_one 600 "$(basename "$t" .sh)" "$t"
	done
fi
if wanted real; then
	echo "real kernel: waiting for the rest of it"
	wait "$real"
	for t in $reals; do
		rc=1 took=0
		[ ! -e "$logs/$t.end" ] || read -r rc took <"$logs/$t.end"
		tell "$t" "$rc" $(($(date +%s) - took))
	done
fi
finish
