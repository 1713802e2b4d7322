# The share of successes in each bucket of time, above the throughput.

data = 'availability.dat'
share = 1.15                    # heights of the panels
gap = 0.3
panel = 3.6
y_min = 0
height = strip + 0.12 + share + gap + panel + foot(2)

do for [kind in "svg png"] {
	eval start(kind)
	set output 'availability.'.kind
	set multiplot
	eval draw_faults

	unset key
	set tmargin at screen up(foot(2) + panel + gap + share)
	set bmargin at screen up(foot(2) + panel + gap)
	set yrange [0:100]
	set ytics 0,50,100
	set xtics format ''
	eval beside('ok (%)')
	plot data index 'buckets' using 1:3 with fillsteps fillcolor rgb vermillion notitle, \
		'' index 'buckets' using 1:2 with fillsteps fillcolor rgb green notitle, \
		'' index 'avoidable' using (($1+$2)/2):(50):1:2:(0):(100) \
			with boxxyerror fillcolor rgb purple notitle, \
		'' index 'heal' using 1:(0):(0):(100) with vectors nohead \
			dashtype 2 linecolor rgb black notitle, \
		'' index 'violation' using 1:(0):(0):(100) with vectors nohead \
			linewidth 1.4 linecolor rgb black notitle

	eval legend
	set tmargin at screen up(foot(2) + panel)
	set bmargin at screen up(foot(2))
	set yrange [y_min:y_max]
	set ytics autofreq
	set xtics format '%g'
	eval below('invocation time (s)', 2)
	eval beside('operations / s')
	plot @shaded, \
		'' index 'avoidable' using (($1+$2)/2):(0):1:2:(0):(y_max) \
			with boxxyerror fillcolor rgb purple fillstyle transparent solid 0.45 \
			title has_avoidable ? 'avoidable' : '', \
		@healed, @violated, \
		'' index 'rates' using 1:2 with steps linewidth 4.5 linecolor rgb '#F2B88C' \
			title 'invoked', \
		'' index 'rates' using 1:3 with steps linewidth 1.5 linecolor rgb green \
			title 'successful', \
		NaN with boxes fillcolor rgb vermillion title has_failures ? 'not successful' : ''
	unset multiplot
	unset output
}
