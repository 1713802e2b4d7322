# Latency as a band from the median to the 99th percentile, with the 95th as a line.

data = 'ribbon.dat'
height = strip + panel + foot(1)

do for [kind in "svg png"] {
	eval start(kind)
	set output 'ribbon.'.kind
	set multiplot
	eval draw_faults
	eval legend
	set tmargin at screen up(foot(1) + panel)
	set bmargin at screen up(foot(1))
	set yrange [y_min:y_max]
	eval ticks('y', y_ticks)
	eval below('invocation time (s)', 1)
	eval beside('latency (ms)')
	plot @shaded, \
		'' index 'band' using (($1+$2)/2):3:1:2:3:4 with boxxyerror fillcolor rgb sky \
			fillstyle transparent solid 0.55 title 'p50 to p99', \
		'' index 'ribbon' using 1:2 with lines linewidth 1.6 linecolor rgb blue \
			title 'p50', \
		'' index 'ribbon' using 1:3 with lines linewidth 1.3 \
			linecolor rgb vermillion title 'p95', \
		@healed, @violated
	unset logscale
	set ytics autofreq
	unset multiplot
	unset output
}
