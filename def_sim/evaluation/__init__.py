"""The numbers of a run, of a comparison of runs and of everything that a report shows.

Takes a survey, its respondents, people's figures, answers, a seed and a number of draws as plain arguments.
Knows no page, no configuration and no run folder; `def_sim/reports` draws what is computed here.
"""
