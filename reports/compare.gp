# Several results: the tails of their latency, and of each seed its 99th percentile and availability.

data = 'compare.dat'
panel = 5.4
height = panel + 1.15 + row * results + 0.3
third = 3.0
between = 1.75
wide = width - left - right - 2 * (third + between)

array colour[7] = [blue, vermillion, green, purple, orange, sky, grey]
letter(i) = substr('ABCDEFG', i, i)

# The place of a panel: from so many centimetres on, so wide.
place(from, wide) = sprintf("set lmargin at screen %g; set rmargin at screen %g", \
	from / width, (from + wide) / width)
beside_at(text, from) = sprintf( \
	"set label 2 '%s' at screen %g, graph 0.5 center rotate by 90", text, from / width)
seeds = "\
	data index 'pairs' using 1:(column(c)) with lines linewidth 0.5 linecolor rgb '#BBBBBB' \
		notitle, \
	for [i = 1:results] '' index 'seeds-'.letter(i) using 1:(column(c)) with points \
		pointtype 7 pointsize 0.35*mark linecolor rgb colour[i] notitle, \
	'' index 'median-'.name using ($1+0.22):2:3:4 with yerrorbars pointtype 9 \
		pointsize 0.7*mark linewidth 1.4 linecolor rgb black notitle"

do for [kind in "svg png"] {
	eval start(kind)
	set output 'compare.'.kind
	set multiplot
	eval axes
	set tmargin at screen up(height - 0.3)
	set bmargin at screen up(height - 0.3 - panel)

	eval place(left, wide)
	set xrange [x_least:x_most]
	set yrange [y_least:1]
	set logscale xy 10
	set mxtics 10
	set mytics 10
	set label 1 'latency (ms)' at graph 0.5, screen up(row * results + 0.4) center
	eval beside('took at least so long (share)')
	set key at screen left / width, screen up(row * results + 0.15) left top vertical \
		reverse Left samplen 2 maxcols 1 spacing (kind eq 'svg' ? 0.75 : 1)
	plot for [i = 1:results] data index 'tail-'.letter(i) using 1:3 with steps \
		linewidth 1.6 dashtype i linecolor rgb colour[i] title label[i]
	unset logscale
	unset mxtics
	unset mytics
	unset key
	unset label 1

	set xrange [-0.5:results-0.5]
	set xtics scale 0 format ''
	do for [i = 1:results] { set xtics add (letter(i) i - 1) }

	eval place(left + wide + between, third)
	set yrange [p99_min:p99_max]
	eval beside_at('99th percentile (ms)', left + wide + 0.35)
	c = 2; name = 'p99'
	plot @seeds

	eval place(left + wide + third + 2 * between, third)
	set yrange [ok_min:ok_max]
	eval beside_at('availability (%)', left + wide + third + between + 0.35)
	c = 3; name = 'availability'
	plot @seeds
	set xtics autofreq format '%g'
	unset multiplot
	unset output
}
