# A lane for each process: what it was, and which term the leaders led. Colour and height both tell.

data = 'leaders.dat'
space = nodes < 4 ? 0.5 : 0.2 # above the first lane and below the last: shading is seen there
panel = (nodes + 2 * space) * lane
y_min = -0.5 - space; y_max = nodes - 0.5 + space
rows = named > 7 ? 3 : 2 # of the legend
height = strip + 0.12 + panel + foot(rows)

# A bar of so much of a lane's height.
bar(share) = sprintf("using (($2+$3)/2):1:2:3:($1-%g):($1+%g) with boxxyerror", \
	share / 2, share / 2)
follower = bar(0.3); candidate = bar(0.55); leader = bar(0.8)
paused = bar(0.5); cut = bar(0.8)

do for [kind in "svg png"] {
	eval start(kind)
	set output 'leaders.'.kind
	set multiplot
	eval draw_faults

	eval legend
	set tmargin at screen up(foot(rows) + panel)
	set bmargin at screen up(foot(rows))
	set yrange [y_max:y_min]
	set ytics scale 0 format ''
	eval below('time (s)', rows)
	plot @shaded, \
		'' index 'names' using (0):1:ytic(2) with points pointtype -1 notitle, \
		'' index 'follower' @follower fillcolor rgb grey title has_follower ? 'follower' : '', \
		'' index 'candidate' @candidate fillcolor rgb orange \
			title has_candidate ? 'candidate' : '', \
		'' index 'even' @leader fillcolor rgb blue \
			title has_even ? 'leader, even term' : '', \
		'' index 'odd' @leader fillcolor rgb sky \
			title has_odd ? 'leader, odd term' : '', \
		'' index 'down' using 2:1:($3-$2):(0) with vectors nohead linewidth 1.6 \
			linecolor rgb black title has_down ? 'down' : '', \
		'' index 'paused' @paused fillcolor rgb purple linewidth 1.4 \
			fillstyle solid 0.25 border title has_paused ? 'paused' : '', \
		'' index 'cut' @cut fillcolor rgb vermillion \
			fillstyle transparent pattern 5 title has_cut ? 'cut' : '', \
		@healed, @violated, \
		'' index 'violation' using 1:2 with points pointtype 13 pointsize 1.4*mark \
			linecolor rgb black notitle, \
		'' index 'terms' using 2:1:3:4 with labels left offset char 0.2,0 \
			textcolor rgb variable font small notitle
	set ytics scale 0.6
	unset multiplot
	unset output
}
