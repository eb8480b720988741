#!/bin/sh
# coverage.sh FOLDER: percent of lines that ran, for each of our .c files that was
# built with --coverage below FOLDER, and in all.
cd "$(dirname "$0")/.." || exit 2
find "$1" -name '*.gcda' ! -path '*/tests/*' | sort | while read -r data; do
	gcov -n -o "$(dirname "$data")" "$data" 2>/dev/null
done | awk '
/^File / {
	file = $2
	gsub("\047", "", file)
}
/^Lines executed:/ && file ~ /\.c$/ && file !~ /^\// {
	split($0, part, /[:% ]+/)
	percent = part[3]
	n = $NF
	printf "%6.1f%% of %4d  %s\n", percent, n, file
	ran += percent * n / 100
	all += n
	file = ""
}
END { if (all) printf "%6.1f%% of %4d  in all\n", 100 * ran / all, all }'
