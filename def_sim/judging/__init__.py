"""How free text is judged: rules first, then a strict judge, then people.

    rubric        what a judge is asked, as data
    rules         defects that need no judge
    several_options  whether an answer takes several options where one is asked for
    sample        which answers are judged
    verdicts      what was found of an answer
    verdict_sets  all verdicts of one judge on one run
    exhibits      what a judge is shown, the judged text behind bars
    replies       what a judge said, read strictly
    conversation  one question to a judge: a generator that yields requests and receives completions
    audit         which verdicts people code, and what their codes say
    sheets        the sheets that they code, and how those are read back

Knows texts and verdicts; no engine, no file of a run, no statistics.
"""
