#!/bin/sh
# lint-length.sh FILE...: functions over 80 lines are a failure, headers over 100
# lines a warning.
[ $# -gt 0 ] || exit 0
exec awk '
FNR == 1 {
	warn_header()
	file = FILENAME
	start = 0
	name = "?"
}
{ lines = FNR }
/^[a-zA-Z_].*\(/ {
	name = $0
	sub(/\(.*/, "", name)
	sub(/.*[ *]/, "", name)
}
/^\{/ { start = FNR }
/^\}/ && start {
	if (FNR - start - 1 > 80) {
		printf "%s:%d: %s has %d lines (80 at most)\n", FILENAME, start, name, FNR - start - 1
		bad = 1
	}
	start = 0
}
function warn_header() {
	if (file ~ /\.h$/ && lines > 100)
		printf "%s: warning: a header of %d lines (100)\n", file, lines
}
END { warn_header(); exit bad }
' "$@"
