#!/bin/sh
# lint.sh [PATH...]: every check on all our sources, or on those below PATH. Each
# check that fails shows what it found; the exit status is 1 when any did.
cd "$(dirname "$0")/.." || exit 2
[ $# -gt 0 ] || set -- lib db kernels runners web daemon cli tests
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
failed=""

# Names with spaces are a fault of their own here, so lists can be plain words.
sources=$(find "$@" -name '*.[ch]' ! -path 'tests/data/*' | sort)
headers=$(echo "$sources" | grep '\.h$')
code=$(echo "$sources" | grep -v '^tests/')
scripts=$({ find "$@" -name '*.sh' ! -path 'tests/data/*'
	find "$@" -type f ! -name '*.*' ! -path 'tests/data/*' -perm -u+x \
		-exec sh -c 'head -c 64 "$1" | head -n 1 | grep -q "^#!.*sh$"' _ {} \; -print
	ls .ci/run 2>/dev/null; } | sort -u)

# check NAME COMMAND...: one line for a check, and its output when it has any.
check() {
	name=$1
	shift
	if "$@" >"$tmp/out" 2>&1; then
		printf 'lint: %-12s ok\n' "$name"
	else
		printf 'lint: %-12s FAILED\n' "$name"
		failed="$failed $name"
	fi
	cat "$tmp/out"
}

# check_tool TOOL NAME COMMAND...: the same, unless the tool is not installed.
check_tool() {
	tool=$1
	shift
	if command -v "$tool" >/dev/null; then
		check "$@"
	else
		printf 'lint: %-12s SKIPPED, no %s\n' "$1" "$tool"
	fi
}

packages="libgit2 json-c sqlite3 libmicrohttpd gmime-3.0 inih libzstd libsystemd
	libseccomp libcurl expat zlib cmocka"

headers_alone() {
	bad=0
	for h in $headers; do
		case $h in
		runners/guest/*) include=-Irunners/guest ;;
		*) include=-I. ;;
		esac
		# In a file of its own, or gcc complains of a header as main file.
		echo "#include \"$h\"" >"$tmp/alone.c"
		# shellcheck disable=SC2046
		gcc -std=gnu11 -D_GNU_SOURCE "$include" -iquote . -Wall -Wextra -Werror \
			$(pkg-config --cflags $packages) -fsyntax-only "$tmp/alone.c" || bad=1
	done
	return $bad
}

# One line a file; "make format" is the cure for all of them.
run_format() {
	bad=0
	for f in $sources; do
		if ! clang-format --dry-run -Werror "$f" 2>/dev/null; then
			echo "$f: not as clang-format has it"
			bad=1
		fi
	done
	return $bad
}

# It does not know the cleanup attribute: what AUTO_FILE and its kin close is a leak
# to it. AddressSanitizer looks after leaks.
run_cppcheck() {
	[ -n "$code" ] || return 0
	# shellcheck disable=SC2086
	cppcheck --std=c11 --enable=warning --quiet --inline-suppr --error-exitcode=1 \
		-D_GNU_SOURCE -D__x86_64__ -D__linux__ -I. -Irunners/guest \
		--template='{file}:{line}: {severity}: {message} [{id}]' \
		--suppress=missingInclude --suppress=missingIncludeSystem \
		--suppress=unknownMacro --suppress=internalAstError \
		--suppress=resourceLeak --suppress=memleak $code
}

run_shellcheck() {
	[ -n "$scripts" ] || return 0
	# shellcheck disable=SC2086
	shellcheck -S warning $scripts
}

# shellcheck disable=SC2086
{
	check ranks tests/lint-ranks.sh $code
	check length tests/lint-length.sh $sources
	check headers headers_alone
	check_tool clang-format format run_format
	check_tool cppcheck cppcheck run_cppcheck
	check_tool shellcheck shellcheck run_shellcheck
}

if [ -n "$failed" ]; then
	echo "lint: failed:$failed"
	exit 1
fi
echo "lint: all ok"
