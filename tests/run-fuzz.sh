#!/bin/sh
# run-fuzz.sh FOLDER: runs each fuzzer in it for $FUZZ_SECONDS, starting from
# tests/fuzz/corpus/<name>/ where there is one. What it finds is kept in
# build/fuzz/found/; new inputs that reach new code in build/fuzz/corpus/.
cd "$(dirname "$0")/.." || exit 2
found=build/fuzz/found
mkdir -p "$found" || exit 2
bad=""
n=0
for f in "$1"/fuzz_*; do
	case $f in *.log | *'*') continue ;; esac
	name=$(basename "$f")
	name=${name#fuzz_}
	corpus=build/fuzz/corpus/$name
	mkdir -p "$corpus"
	seeds=tests/fuzz/corpus/$name
	[ -d "$seeds" ] || seeds=""
	# shellcheck disable=SC2086
	if "$f" -max_total_time="${FUZZ_SECONDS:-30}" -timeout=10 -rss_limit_mb=2048 \
		-print_final_stats=1 -artifact_prefix="$found/$name-" "$corpus" $seeds \
		>"$f.log" 2>&1; then
		n=$((n + 1))
		printf 'fuzz: %-20s ok, %s runs\n' "$name" \
			"$(sed -n 's/^stat::number_of_executed_units: *//p' "$f.log")"
	else
		bad="$bad $name"
		echo "--- $f"
		tail -n 40 "$f.log"
	fi
done
echo "fuzz: $n ok${bad:+, failed:$bad}"
[ -z "$bad" ]
