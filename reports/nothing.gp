# In place of a picture that would have nothing but axes: why.

height = 1.6

do for [kind in "svg png"] {
	eval start(kind)
	set output name.'.'.kind
	unset border
	unset tics
	unset key
	set yrange [0:1]
	set label 1 sentence at screen 0.5, screen 0.5 center
	plot NaN notitle
	unset output
}
