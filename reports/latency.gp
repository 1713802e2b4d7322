# Latency of each operation at the time of its invocation, its outcome by colour and shape.

data = 'latency.dat'
height = strip + panel + foot(1)

do for [kind in "svg png"] {
	eval start(kind)
	set output 'latency.'.kind
	set multiplot
	eval draw_faults
	eval legend
	set tmargin at screen up(foot(1) + panel)
	set bmargin at screen up(foot(1))
	set yrange [y_min:y_max]
	eval ticks('y', y_ticks)
	eval below('invocation time (s)', 1)
	eval beside('latency (ms)')
	plot @shaded, @healed, @violated, \
		'' index 'ok' using 1:2 with points pointtype 7 pointsize dot \
			linecolor rgb blue notitle, \
		'' index 'fail' using 1:2 with points pointtype 9 pointsize 0.5*mark \
			linecolor rgb orange notitle, \
		'' index 'unknown' using 1:2 with points pointtype 2 pointsize 0.45*mark \
			linecolor rgb vermillion notitle, \
		NaN with points pointtype 7 pointsize 0.45*mark linecolor rgb blue \
			title has_ok ? 'ok' : '', \
		NaN with points pointtype 9 pointsize 0.7*mark linecolor rgb orange \
			title has_fail ? 'fail' : '', \
		NaN with points pointtype 2 pointsize 0.6*mark linecolor rgb vermillion \
			title has_unknown ? 'unknown' : ''
	unset logscale
	set ytics autofreq
	unset multiplot
	unset output
}
