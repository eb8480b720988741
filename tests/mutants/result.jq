# From the document of "sluice show --json" of a mutant's series to its result. Only a
# verdict that names patch 1, and nothing else, counts.
def names_it: (.verdict == "introduced" or .verdict == "transient") and .from == 1 and .candidates == [1];

[.verdicts[] | select(.kind == "test" or .kind == "boot")] as $v
| [.verdicts[] | select(.kind == "build") | select(names_it)] as $unbuilt
| [.steps[].builds[]] as $builds
| [$v[] | select(names_it)
   | { test: (.test // "boot"), topology, config, verdict, reason }] as $by
| { mutant: $mutant, tree: $tree, version: $version, base: $base, stage: $stage,
    topology: $topology, key: $key, date: $date, seconds: ($seconds | tonumber),
    series: .series.id,
    result: (if (.steps | length) == 0 then "no-fit"
             elif ($by | length) > 0 then "caught"
             elif ($unbuilt | length) > 0 then "not-built"
             else "survived" end),
    said: (if (.steps | length) == 0 then $said | rtrimstr("\n") | sub("^.*/1-"; "")
           elif ($unbuilt | length) > 0 then $unbuilt[0].reason else null end),
    same_image: (($builds | length) > 0 and
        ([.steps[] | [.builds[] | [.config, .image]]] | unique | length) == 1),
    by: $by,
    unsure: [$v[] | select(.verdict == "flaky" or .verdict == "inconclusive")
             | { test: (.test // "boot"), topology, config, verdict, reason }],
    passed: [$v[] | select(.kind == "test" and .verdict == "pass")] | length }
