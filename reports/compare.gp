# Several results: tails of their latency, and of each seed its 99th percentile and availability.

data = 'compare.dat'
legend_high = row * legend_rows
height = panel + 1.2 + legend_high + 0.35
between = 1.75
third = (width - left - right - wide) / 2 - between

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
	eval ticks('x', x_ticks)
	eval ticks('y', y_ticks)
	set label 1 'latency (ms)' at graph 0.5, screen up(legend_high + 0.55) center
	eval beside('took at least so long (share of successes)')
	unset key
	plot for [i = 1:results] data index 'tail-'.letter(i) using 1:3 with steps \
			linewidth 1.6 linecolor rgb colour[i], \
		for [i = 1:results] '' index 'letters-'.letter(i) using 1:2:(letter(i)) \
			with labels left offset char 0.3,0.3 textcolor rgb colour[i]
	unset logscale
	set ytics autofreq
	unset label 1

	set xrange [-0.5:results-0.5]
	set xtics autofreq scale 0 format ''
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
	unset label

	set lmargin at screen left / width
	set rmargin at screen 1 - right / width
	set tmargin at screen up(legend_high + 0.1)
	set bmargin at screen up(0.1)
	set xrange [0:width-left-right]
	set yrange [legend_rows:0]
	unset border
	unset tics
	plot for [i = 1:results] data index 'legend-'.letter(i) using 1:($2+0.5):(0.7):(0) \
			with vectors nohead linewidth 1.8 linecolor rgb colour[i], \
		for [i = 1:results] '' index 'legend-'.letter(i) using ($1+0.85):($2+0.5):3 \
			with labels left
	unset multiplot
	unset output
}
