"""The loop that runs everywhere: a slot a respondent, attention by a call a sequence."""
