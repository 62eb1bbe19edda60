"""What a reader sees of a run or of several: pages, their sections, and the drawings on them.

Draws what `def_sim/evaluation` computed; reads no model.
"""
