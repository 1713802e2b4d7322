# Turns gnuplot scripts into C, so that the binary reads no file of its own: reports/latency.gp
# becomes script_latency[], a list of lines ended by NULL.
BEGIN { print "#include \"sim/results/scripts.h\"\n\n#include <stddef.h>" }
FNR == 1 {
	if (NR > 1)
		print "\tNULL,\n};"
	name = FILENAME
	sub(/.*\//, "", name)
	sub(/\.gp$/, "", name)
	print "\nconst char *const script_" name "[] = {"
}
{
	gsub(/\\/, "&&")
	gsub(/"/, "\\\\&")
	print "\t\"" $0 "\\n\","
}
END { print "\tNULL,\n};" }
