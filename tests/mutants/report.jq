def rank: {"caught":0,"not-built":1,"survived":2,"no-fit":3};
def final:
	. as $m
	| ([$m.runs[] | select(.result == "caught")] | first) as $c
	| ([$m.runs[] | select(.result == "no-fit" or .result == "not-built")] | first) as $n
	| $c // $n // ($m.runs | last);
def where: [.by[] | "\(.test | ltrimstr("mlock-migrate/"))@\(.topology)"] | unique | join(" ");
def table:
	.[] | final as $f
	| "\(.mutant) \(.tree): \($f.result // "not run") \($f | if . then "\(.stage) \(where)" else "" end)";
def page: table;
