"""What becomes of a run's tables in other programs: frames and variables in, files out.

Knows SPSS, Stata, Excel and LaTeX, and what their files cannot hold. Knows no run folder, no configuration
and no score.
"""
