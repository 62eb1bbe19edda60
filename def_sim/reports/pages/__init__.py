"""The report of a run, the comparison of runs and the codebook of a survey, as HTML and as figures."""
