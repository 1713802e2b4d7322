# How latency is distributed: cumulative on the left, the tail on two logarithmic axes on the right.

data = 'cdf.dat'
panel = 5.6
height = panel + foot(0) + 0.25
between = 1.7
half = (width - left - right - between) / 2

curves = "\
	data index 'all' using 1:(column(c)) with steps linewidth 1.8 linecolor rgb black \
		title 'all', \
	'' index 'calm' using 1:(column(c)) with steps linewidth 1.5 dashtype 2 linecolor rgb blue \
		title has_faulty && has_calm ? 'begun in calm' : '', \
	'' index 'faulty' using 1:(column(c)) with steps linewidth 1.5 dashtype 3 \
		linecolor rgb vermillion title has_faulty && has_calm ? 'begun under a fault' : ''"

do for [kind in "svg png"] {
	eval start(kind)
	set output 'cdf.'.kind
	set multiplot
	eval axes
	set tmargin at screen up(foot(0) + panel)
	set bmargin at screen up(foot(0))
	set xrange [x_least:x_most]
	set logscale x 10
	set mxtics 10

	set lmargin at screen left / width
	set rmargin at screen (left + half) / width
	set key at graph 0.98, graph 0.06 right bottom vertical reverse Left samplen 2
	set yrange [0:100]
	set format '%g'
	eval below('latency (ms)', 0)
	eval beside('took at most so long (%)')
	c = 2
	plot @curves
	unset key

	set lmargin at screen (left + half + between) / width
	set rmargin at screen 1 - right / width
	set yrange [y_least:1]
	set logscale y 10
	set mytics 10
	set label 2 'took at least so long (share)' \
		at screen (left + half + 0.3) / width, graph 0.5 center rotate by 90
	c = 3
	plot @curves
	unset logscale
	unset mxtics
	unset mytics
	unset multiplot
	unset output
}
