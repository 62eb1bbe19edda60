"""Reading, judging and storing what respondents answered."""
