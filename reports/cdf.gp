# How latency is distributed: cumulative on the left, the tail on two logarithmic axes on the right.

data = 'cdf.dat'
height = panel + foot(curves_shown) + 0.25

wide = curves_shown > 1 ? 5 : 1.8
behind = curves_shown > 1 ? '#C4C4C4' : black

# All of them as a broad band, for the others lie close to it; these have marks as well as a colour.
curves = "\
	data index 'all' using 1:(column(c)) with steps linewidth wide linecolor rgb behind \
		title title_all, \
	'' index 'calm' using 1:(column(c)) with steps linewidth 1.4 linecolor rgb blue notitle, \
	'' index 'calm-marks' using 1:(column(c)) with points pointtype 7 pointsize 0.6*mark \
		linecolor rgb blue notitle, \
	'' index 'faulty' using 1:(column(c)) with steps linewidth 1.4 \
		linecolor rgb vermillion notitle, \
	'' index 'faulty-marks' using 1:(column(c)) with points pointtype 9 pointsize 0.9*mark \
		linecolor rgb vermillion notitle, \
	NaN with linespoints linewidth 1.4 pointtype 7 pointsize 0.6*mark linecolor rgb blue \
		title title_calm, \
	NaN with linespoints linewidth 1.4 pointtype 9 pointsize 0.9*mark \
		linecolor rgb vermillion title title_faulty"

do for [kind in "svg png"] {
	eval start(kind)
	set output 'cdf.'.kind
	set multiplot
	eval axes
	set tmargin at screen up(foot(curves_shown) + panel)
	set bmargin at screen up(foot(curves_shown))
	set xrange [x_least:x_most]
	eval ticks('x', x_ticks)

	set lmargin at screen left / width
	set rmargin at screen (left + half) / width
	set key at screen left / width, screen up(row * curves_shown + 0.1) left top vertical \
		reverse Left samplen 2.5 spacing (kind eq 'svg' ? 0.95 : 1.27)
	set yrange [0:100]
	set ytics autofreq
	eval below('latency (ms)', curves_shown)
	eval beside('took at most so long (% of successes)')
	c = 2
	plot @curves
	unset key

	set lmargin at screen (left + half + between) / width
	set rmargin at screen 1 - right / width
	set yrange [y_least:1]
	eval ticks('y', y_ticks)
	set label 2 'took at least so long (share of successes)' \
		at screen (left + half + 0.3) / width, graph 0.5 center rotate by 90
	c = 3
	plot @curves
	unset logscale
	set xtics autofreq
	unset multiplot
	unset output
}
