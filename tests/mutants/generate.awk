# generate.awk: seeds bugs by mechanical operators at random sites.
#
#   awk -v seed=1 -v n=30 -v kernel=6.12 -v out=DIR -f generate.awk functions FILES...
#
# FILES are those of a kernel tree that "functions" names, given relative to its root,
# which is the current folder. Writes n edits into DIR: the same arguments and files
# give the same ones. Operators: drop a call, negate a condition, off by one, swap two
# arguments of one type. An operator is drawn first, then one of its sites, so that the
# commonest kind of line does not crowd out the rest.

# Park and Miller's minimal standard: its products fit a double, so any awk agrees.
function draw(below) {
	state = (state * 16807) % 2147483647
	return state % below
}

BEGIN {
	state = seed + 12345
	for (i = 0; i < 10; i++)
		draw(2)
	# Their absence is no bug, or the line says nothing by itself.
	dull = "^(VM_BUG_ON|VM_WARN_ON|BUG_ON|WARN_ON|trace_|lockdep_|cond_resched|might_|pr_|" \
		"smp_|return|if|while|for|switch|sizeof|dump_page|flush_cache|flush_dcache)"
}

FNR == NR {
	if ($0 !~ /^#/)
		for (i = 2; i <= NF; i++)
			wanted[$1 " " $i] = 1
	next
}

FNR == 1 {
	read_all(FILENAME)
	scan_file(FILENAME)
	nextfile
}

function read_all(path,   text) {
	split("", line)
	lines = 0
	while ((getline text < path) > 0)
		line[++lines] = text
	close(path)
}

# The name of the function whose head this line is, or "". Statics that are declared
# first end in ";" some lines on: their body is asked for.
function head_name(at,   name, i) {
	if (line[at] !~ /^[a-z_].*\(/ || line[at] ~ /^(struct|enum|union|typedef)[^(]*\{/)
		return ""
	name = line[at]
	sub(/\(.*/, "", name)
	sub(/.*[ *]/, "", name)
	for (i = at; i < at + 8 && i <= lines; i++) {
		if (line[i] ~ /^\{/)
			return name
		if (line[i] ~ /;/)
			return ""
	}
	return ""
}

function scan_file(path,   at, name, end) {
	for (at = 1; at <= lines; at++) {
		name = head_name(at)
		if (name == "")
			continue
		for (end = at; end < lines && line[end] !~ /^\}/; end++)
			;
		if ((path " " name) in wanted)
			scan_function(path, name, at, end)
		at = end
	}
}

# Types of parameters and locals, as far as they are told by one line.
function learn_types(at, end,   i, j, text, n, part, type, stars, word) {
	split("", type_of)
	for (i = at; i < end; i++) {
		text = line[i]
		gsub(/^.*\(|\)$/, "", text)
		gsub(/^[ \t]+/, "", text)
		type = ""
		n = split(text, part, /[,;]/)
		for (j = 1; j <= n; j++) {
			word = part[j]
			sub(/=.*/, "", word)
			gsub(/^[ \t]+|[ \t]+$/, "", word)
			if (match(word, /^(const )?((struct|enum) [a-z_0-9]+|unsigned long|unsigned int|int|long|bool|pte_t|pmd_t)[ ]+/)) {
				type = substr(word, 1, RLENGTH)
				word = substr(word, RLENGTH + 1)
				sub(/^const /, "", type)
			}
			stars = word
			gsub(/[^*]/, "", stars)
			gsub(/\*/, "", word)
			if (type != "" && word ~ /^[a-z_0-9]+$/ && !(word in type_of))
				type_of[word] = type stars
		}
	}
}

function balanced(text,   i, depth, c) {
	for (i = 1; i <= length(text); i++) {
		c = substr(text, i, 1)
		if (c == "(")
			depth++
		if (c == ")" && --depth < 0)
			return 0
	}
	return depth == 0
}

function scan_function(path, name, at, end,   i, comment, body) {
	learn_types(at, end)
	for (i = at; line[i] !~ /^\{/; i++)
		;
	for (i++; i < end; i++) {
		if (line[i] ~ /\/\*/ && line[i] !~ /\*\//)
			comment = 1
		if (!comment && line[i] !~ /^#/ && line[i] !~ /\/\*/)
			scan_line(path, name, at, end, i)
		if (line[i] ~ /\*\//)
			comment = 0
	}
}

function scan_line(path, name, at, end, i,   text, tabs) {
	text = line[i]
	match(text, /^\t*/)
	tabs = substr(text, 1, RLENGTH)
	text = substr(text, RLENGTH + 1)
	if (text ~ /^[a-z_0-9]+\(.*\);$/ && text !~ dull)
		site("drop", path, name, at, end, i, tabs ";")
	if (text ~ /^(\} else )?if \(.*\)( \{)?$/)
		try_negate(path, name, at, end, i, tabs, text)
	if (text ~ /^(if|while|for) \(/)
		try_off(path, name, at, end, i, tabs, text)
	try_swap(path, name, at, end, i)
}

function try_negate(path, name, at, end, i, tabs, text,   before, condition, after) {
	before = text
	sub(/\(.*/, "", before)
	after = text ~ / \{$/ ? " {" : ""
	condition = substr(text, length(before) + 2, length(text) - length(before) - 2 - length(after))
	if (balanced(condition))
		site("negate", path, name, at, end, i, tabs before "(!(" condition "))" after)
}

function try_off(path, name, at, end, i, tabs, text,   from, to, where) {
	if (!match(text, / (<|<=|>|>=) /))
		return
	from = substr(text, RSTART, RLENGTH)
	where = RSTART
	to = from ~ /=/ ? (from ~ /</ ? " < " : " > ") : (from ~ /</ ? " <= " : " >= ")
	site("off", path, name, at, end, i, tabs substr(text, 1, where - 1) to \
		substr(text, where + length(from)))
}

# The first two neighbours in an argument list that are plain names of one type.
function try_swap(path, name, at, end, i,   text, done, pair, pos) {
	text = line[i]
	if (text ~ /trace_|flush_|_WARN|_BUG|list_for_each/)
		return
	done = ""
	while (match(text, /[(,][ ]?[a-z_0-9]+, [a-z_0-9]+[,)]/)) {
		pos = RSTART + 1
		if (substr(text, pos, 1) == " ")
			pos++
		split(substr(text, pos, RSTART + RLENGTH - 1 - pos), pair, ", ")
		if (pair[1] != pair[2] && pair[1] in type_of && pair[2] in type_of && type_of[pair[1]] == type_of[pair[2]]) {
			site("swap", path, name, at, end, i, done substr(text, 1, pos - 1) pair[2] ", " pair[1] \
				substr(text, pos + length(pair[1]) + 2 + length(pair[2])))
			return
		}
		done = done substr(text, 1, pos + length(pair[1]) - 1)
		text = substr(text, pos + length(pair[1]))
	}
}

function site(op, path, name, at, end, i, changed,   k, first) {
	first = anchor_from(at, end, i)
	if (!first)
		return
	k = ++sites[op]
	site_name[op, k] = name
	site_head[op, k] = "@@ " path " in " head_text(at)
	site_text[op, k] = ""
	for (; first < i; first++)
		site_text[op, k] = site_text[op, k] " " line[first] "\n"
	site_text[op, k] = site_text[op, k] "-" line[i] "\n+" changed "\n"
	site_was[op, k] = line[i]
	gsub(/^[ \t]+/, "", site_was[op, k])
	# A file that declares the function first cannot be searched by its head alone.
	if (heads(at) != 1)
		sites[op]--
}

function head_text(at,   text) {
	text = line[at]
	sub(/\(.*/, "(", text)
	return text
}

function heads(at,   j, n) {
	for (j = 1; j <= lines; j++)
		n += index(line[j], head_text(at)) == 1
	return n
}

# The first of the lines that make line i unique in its function, or 0.
function anchor_from(at, end, i,   from, j, k, n) {
	for (from = i; from > at && from > i - 6; from--) {
		n = 0
		for (j = at; j <= end - (i - from); j++) {
			for (k = 0; k <= i - from && line[j + k] == line[from + k]; k++)
				;
			n += k > i - from
		}
		if (n == 1)
			return from
	}
	return 0
}

END {
	split("drop negate off swap", ops, " ")
	for (made = 0; made < n && tries++ < 100 * n;) {
		op = ops[1 + draw(4)]
		if (!sites[op])
			continue
		k = 1 + draw(sites[op])
		if ((op, k) in taken)
			continue
		taken[op, k] = 1
		write_edit(op, k, ++made)
	}
}

function write_edit(op, k, number,   file, short, words) {
	short = site_name[op, k]
	gsub(/_+/, "-", short)
	sub(/^-/, "", short)
	file = out "/auto-" op "-" short "-" number ".edit"
	words = op == "drop" ? "drop a call" : op == "negate" ? "negate a condition" : \
		op == "off" ? "off by one" : "swap two arguments"
	gsub(/[^ -~]/, " ", site_was[op, k])
	printf "# kernels: %s\n# made: by generate.awk, seed %d: %s\n# property: %s() as it is but for: %s, %s\n", \
		kernel, seed, words, site_name[op, k], words, site_was[op, k] > file
	printf "# expect: caught\nSubject: %s: %s\n\n%s\n%s", \
		site_name[op, k], words, site_head[op, k], site_text[op, k] > file
	close(file)
}
