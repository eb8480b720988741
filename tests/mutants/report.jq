# report.jq: from the list of mutants with their runs to a table for the terminal, and to
# docs/MUTANTS.md. The list is what mutants_json in lib.sh makes.

def kernel: .tree | ltrimstr("debian-");

# What is to be told of a mutant: the first run that caught it, else the first that could
# not tell, else the last.
def told:
	. as $m
	| ([$m.runs[] | select(.result == "caught")] | sort_by(.stage == "deep") | first)
	  // ([$m.runs[] | select(.result == "no-fit" or .result == "not-built")] | first)
	  // ($m.runs | last);

# equivalent, caught, survived, not-built, no-fit, not-run
def state:
	. as $m | told as $t
	| if $t == null then "not-run"
	  elif $t.result == "survived" and $m.expect == "equivalent" then "equivalent"
	  else $t.result end;

def short: ltrimstr("mlock-migrate/");
def some($n): if length > $n + 1 then "\(.[:$n] | join(", ")) and \(length - $n) more" else join(", ") end;
def by_words:
	[.by | group_by([.topology, .config])[]
	 | "\(map(.test | short) | unique | some(6)) on \(.[0].topology) with \(.[0].config)"]
	| join("; ");
def tier: if .stage == "quick" then "quick" else "deep" end;

def percent($a; $b): if $b == 0 then "-" else "\($a * 1000 / $b | round / 10) %" end;

# One object for each kernel: what the score is made of.
def score:
	group_by(.tree)
	| map(([.[] | select(any(.runs[]; .stale))] | length) as $stale
	| { kernel: (.[0] | kernel), version: ([.[].runs[].version] | last),
		list: length,
		real: [.[] | select(state == "caught" or state == "survived")],
		equivalent: [.[] | select(state == "equivalent")],
		other: [.[] | select(state == "not-built" or state == "no-fit" or state == "not-run")] }
	| .quick = ([.real[] | select(any(.runs[]; .stage == "quick" and .result == "caught"))] | length)
	| .deep = ([.real[] | select(state == "caught")] | length)
	| .deep_run = ([.real[] | select(state == "survived") | select(any(.runs[]; .stage == "deep"))] | length)
	| .real = (.real | length)
	| .open = (.real - .deep - .deep_run)
	| .equivalent = (.equivalent | length)
	| .unbuilt = ([.other[] | select(state == "not-built")] | length)
	| .unfit = ([.other[] | select(state == "no-fit")] | length)
	| .stale = $stale
	| .unrun = ([.other[] | select(state == "not-run")] | length)
	| del(.other));

def pad($n): . + (" " * ([$n - length, 1] | max));

def table:
	([.[].mutant | length] | max // 0) as $w
	| (.[] | . as $m | told as $t
	   | "\(.mutant | pad($w + 1))\(kernel | pad(5))\(state | pad(11))\(
		if state == "caught" then "\($t | tier | pad(6))\($t | by_words)"
		elif $t.said then $t.said
		elif state == "survived" and $t.same_image then "the image is that of the base"
		else "" end)\(
		if state == "caught" and $m.expect == "equivalent" then " (held for equivalent!)" else "" end)"),
	"",
	(score[] | "linux \(.kernel): the quick tier catches \(.quick) of \(.real), \(percent(.quick; .real))\(
		if .deep_run > 0 or .deep > .quick then "; with the deep one \(.deep), \(percent(.deep; .real))\(
			if .open > 0 then " (\(.open) were not run there)" else "" end)" else "" end); equivalent: \(.equivalent)\(
		if .unbuilt > 0 then ", do not compile: \(.unbuilt)" else "" end)\(
		if .unfit > 0 then ", do not fit: \(.unfit)" else "" end)\(
		if .unrun > 0 then ", without a result: \(.unrun)" else "" end)\(
		if .stale > 0 then ", of older tests or another base: \(.stale)" else "" end)");

def cell: gsub("\\|"; "\\|");
def code: "`\(.)`";

def page_table:
	"| bug | what it breaks | caught by |",
	"|---|---|---|",
	(.[] | told as $t | "| \(.mutant | code) | \(.property | cell) | \($t | tier): \($t | by_words) |");

def page_list: .[] | "- \(.mutant | code) (\(kernel)), \(.at | code): \(.property). \(
	if .why == "" then "Not looked into yet." else .why end)";

def section($title; $text; f): if length == 0 then empty else "", "## \($title)", "", $text, "", f end;

# commands: what made the results; sharpen: Markdown, what cases do not look at yet.
def page($commands; $sharpen):
	. as $all
	| "# What the suite catches",
	"",
	"Seeded bugs in `tests/mutants/`, each put through `sluice test` as a series of one patch.",
	"A bug is caught when a verdict of a boot or of a test says that its patch introduced the",
	"failure. Written by `make mutants-page`, from results of \([.[].runs[].date] | unique | if length == 0 then "no date" else "\(first) to \(last)" end):",
	"",
	"```sh", $commands, "```",
	"",
	"| kernel | bugs | equivalent | quick tier | both tiers | not run in the deep tier | do not compile | do not fit | without a result | from older tests |",
	"|---|---|---|---|---|---|---|---|---|---|",
	(score[] | "| \(.version // .kernel) | \(.list) | \(.equivalent) | \(.quick) of \(.real), \(percent(.quick; .real)) | \(.deep) of \(.real), \(percent(.deep; .real)) | \(.open) | \(.unbuilt) | \(.unfit) | \(.unrun) | \(.stale) |"),
	"",
	"The quick tier is the suite `mlock-migrate` on the config `mlock`, first on one topology, on",
	"the next only where that did not catch it. Both tiers are that and `mlock-migrate-deep`, on",
	"`mlock` and `mlock-debug`, for what the quick tier did not catch. A bug that was not run in",
	"the deep tier counts as not caught. Results *from older tests* are of a version of the cases,",
	"or of a base, that has changed since: they run again by themselves.",
	(group_by(.tree)[] | (.[0] | kernel) as $k
	 | [.[] | select(state == "caught")]
	 | section("Caught on \($k)"; "Cases that failed where it was caught first:"; page_table)),
	([.[] | select(state == "survived")]
	 | section("Survivors"; "Why no case sees it, and what would."; page_list)),
	([.[] | select(state == "equivalent" or .expect == "equivalent")]
	 | section("Equivalent"; "What no test can see, and why. They are run like the others; one that is caught is no equivalent, and counts."; page_list)),
	([.[] | select(state == "not-built" or state == "no-fit")]
	 | section("Not counted"; "What the compiler refuses, or has no place in this version."; (.[] | "- \(.mutant | code) (\(kernel)): \(told.said // "")"))),
	"", "## To be sharpened", "", ($sharpen | rtrimstr("\n"));
