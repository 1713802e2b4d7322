# Shared by all pictures: sizes, fonts, colours, and the strip that names the faults.
#
# A picture is drawn twice, as SVG and as PNG (192 dots an inch), with text of 8 pt. All numbers
# come from the run: those above this line, and the .dat file beside the script; gnuplot only draws.
# The colours are those of B. Wong, "Points of view: Color blindness", Nature Methods 8 (2011) 441;
# shape or height always says the same.

black = '#000000'; orange = '#E69F00'; sky = '#56B4E9'; green = '#009E73'
blue = '#0072B2'; vermillion = '#D55E00'; purple = '#CC79A7'; grey = '#999999'

# In centimetres: a line of text, the faults above everything else, time axis and legend below it.
row = 0.36
lane_of_faults = 0.48
strip = lane_of_faults * lanes + 0.15
foot(rows) = 1.1 + row * rows

# From centimetres above the bottom to parts of the picture; its height is known to each script.
up(cm) = cm / height

terminal_svg = "set terminal svg noenhanced size %.0f,%.0f background 'white' \
	font 'Helvetica,Arial,sans-serif,10.67' linewidth 0.8"
terminal_png = "set terminal pngcairo noenhanced size %.0f,%.0f background 'white' \
	font 'Helvetica,8' fontscale 2 linewidth 1.6 pointscale 1.6"
start(kind) = kind eq 'svg' ? \
	sprintf(terminal_svg, width / 2.54 * 96, height / 2.54 * 96) : \
	sprintf(terminal_png, width / 2.54 * 192, height / 2.54 * 192)

set encoding utf8
set format '%g'
set style fill solid noborder
set lmargin at screen left / width
set rmargin at screen 1 - right / width
set xrange [0:x_max]

# The two terminals measure letters, lines and marks differently.
axes = "\
	set border 3 linewidth 0.8; \
	set xtics out nomirror scale 0.6 offset 0,(kind eq 'svg' ? 0.5 : 0); \
	set ytics out nomirror scale 0.6 offset (kind eq 'svg' ? 0.6 : 0),0; \
	mark = kind eq 'svg' ? 0.7 : 1; \
	small = kind eq 'svg' ? ',9.3' : ',7'"
legend = "\
	set key at screen 0.5, screen up(0.08) center bottom horizontal \
	reverse Left samplen 1.4 \
	width (kind eq 'svg' ? -4 : 0.5) spacing (kind eq 'svg' ? 0.75 : 1)"
below(text, rows) = sprintf( \
	"set label 1 '%s' at graph 0.5, screen up(%g) center", text, row * rows + 0.45)
beside(text) = sprintf( \
	"set label 2 '%s' at screen 0.4 / width, graph 0.5 center rotate by 90", text)

# Ticks of a logarithmic axis: those that have a number, and between them small ones.
ticks(axis, list) = sprintf("set logscale %s 10; set %stics (%s)", axis, axis, list)

# In a panel from y_min to y_max: behind the curves the time under any fault; the heal; the moment
# of the first violation.
shaded = "\
	data index 'shade' using (($1+$2)/2):(y_min):1:2:(y_min):(y_max) \
		with boxxyerror fillcolor rgb '#E9E9E9' title has_fault ? 'fault' : ''"
healed = "\
	'' index 'heal' using 1:(y_min):(0):(y_max-y_min) with vectors nohead \
		dashtype 2 linecolor rgb black title has_heal ? 'heal' : ''"

violated = "\
	'' index 'violation' using 1:(y_min):(0):(y_max-y_min) with vectors nohead \
		linewidth 1.4 linecolor rgb black notitle"

# Each fault is a bar, as long as it lasted, with its name above it, beside the tick at its
# beginning; in a lane of its own where several overlap; so is a violation, below them.
draw_faults = "\
	set tmargin at screen up(height - 0.05); set bmargin at screen up(height - strip + 0.1); \
	unset border; unset tics; unset key; unset label; set yrange [lanes:0]; \
	plot data index 'faults' using (($1+$2)/2):($3+0.88):1:2:($3+0.78):($3+0.98) \
			with boxxyerror fillcolor rgb '#707070' notitle, \
		'' index 'faults' using 1:($3+0.06):(0):(0.92) \
			with vectors nohead linewidth 0.8 linecolor rgb '#707070' notitle, \
		'' index 'right-of' using 1:($2+0.4):3 \
			with labels left offset char 0.4,0 notitle, \
		'' index 'left-of' using 1:($2+0.4):3 \
			with labels right offset char -0.4,0 notitle, \
		'' index 'violation' using 1:($3+0.06):(0):(1.05) \
			with vectors nohead linewidth 1.4 linecolor rgb black notitle; \
	".axes
