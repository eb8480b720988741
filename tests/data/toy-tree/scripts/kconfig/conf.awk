# Kconfig in small: config, bool, int, default, depends on (with &&), source,
# comment lines, help. mode allno: all off; mode olddef: what ARGV[1] says where
# its dependencies hold, defaults for what it does not name.
function complain(file, line, text)
{
	printf "%s:%d: %s\n", file, line, text > "/dev/stderr"
	failed = 1
}

function read_kconfig(file, path, text, n, word, line, sym, rest, help)
{
	path = srctree "/" file
	while ((getline text < path) > 0) {
		line++
		rest = text
		sub(/^[ \t]+/, "", rest)
		if (help && text ~ /^([ \t]|$)/)
			continue
		help = 0
		n = split(rest, word, /[ \t]+/)
		if (n == 0 || rest == "" || rest ~ /^#/)
			continue
		if (word[1] == "config" || word[1] == "menuconfig") {
			sym = word[2]
			if (!(sym in known))
				order[++count] = sym
			known[sym] = 1
		} else if (word[1] == "source") {
			gsub(/"/, "", word[2])
			sub(/\$\(SRCARCH\)/, SRCARCH, word[2])
			read_kconfig(word[2])
		} else if (word[1] == "bool" || word[1] == "int") {
			type[sym] = word[1]
		} else if (word[1] == "default") {
			def[sym] = word[2]
		} else if (word[1] == "depends") {
			sub(/^depends[ \t]+on[ \t]+/, "", rest)
			needs[sym] = rest
		} else if (word[1] == "help") {
			help = 1
		} else if (word[1] != "mainmenu" && word[1] != "menu" &&
			   word[1] != "endmenu" && word[1] != "comment") {
			complain(file, line, "unknown statement \"" word[1] "\"")
		}
	}
	if (!line)
		complain(file, 1, "can't open file \"" file "\"")
	close(path)
}

function holds(sym, n, i, part)
{
	n = split(needs[sym], part, /[ \t]*&&[ \t]*/)
	for (i = 1; i <= n; i++)
		if (part[i] != "" && value[part[i]] != "y")
			return 0
	return 1
}

BEGIN {
	read_kconfig("Kconfig")
	if (failed)
		exit 1
	while (mode == "olddef" && (getline text < ARGV[1]) > 0) {
		if (text ~ /^CONFIG_[A-Z0-9_]+=/) {
			sym = substr(text, 8, index(text, "=") - 8)
			value[sym] = substr(text, index(text, "=") + 1)
		} else if (text ~ /^# CONFIG_[A-Z0-9_]+ is not set/) {
			split(text, word, " ")
			value[substr(word[2], 8)] = "n"
		}
	}
	print "#"
	print "# Automatically generated file; DO NOT EDIT."
	print "# Toy/" SRCARCH " 6.99.0 Kernel Configuration"
	print "#"
	for (i = 1; i <= count; i++) {
		sym = order[i]
		if (mode == "allno")
			value[sym] = type[sym] == "int" ? def[sym] : "n"
		else if (!(sym in value))
			value[sym] = def[sym] == "" ? "n" : def[sym]
		if (!holds(sym)) {
			value[sym] = "n"
			continue
		}
		if (value[sym] == "n")
			print "# CONFIG_" sym " is not set"
		else
			print "CONFIG_" sym "=" value[sym]
	}
}
