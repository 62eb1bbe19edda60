"""How far simulated answers are from people's: pure functions on arrays.

Nothing here knows a survey, a file, a model or a configuration; numbers come in, numbers go out.
An undefined score is NaN, never 0. One idea a file:

    sample         answers to one item as counts: the panel's, or people's
    divergence     KL, Jensen-Shannon, total variation, Wasserstein, mention rates; how spread answers are
    kl_paper       the published score, with its failure column and its replacement rule
    item_metrics   the table of scores that every report shows
    noise_floor    what perfect, human, uniform and one-answer panels of this size would score
    aggregation    from items to dimensions to one number
    normalised     a chance-corrected skill score: 0 as random answers, 1 as people
    nonresponse    failed answers left out, as an option of their own, at worst and at best
    panel_answers  who answered what, so that whole respondents can be resampled
    panel_scores   all items under one metric at once
    bootstrap      scores of resampled panels
    deviations     how a mean varies with items and respondents
    score_scale    the range of each score, intervals within it, how many items they need
    intervals      intervals of means, and which number they are about
    fieller        the interval of the normalised score, a ratio of means
    limit          the debiased score, of an endless panel
    paired         differences of two models on the same items; many of them at once
    entropy_control  whether an advantage is one of variety alone
    choice_array   who chose what on items with one choice, and how to take structure out of it
    diversity      how many different texts and choices, beside people's
    position_bias  whether the place of an option decides
    answer_tendencies  ends and middle of scales
    repeated_choice  second choices that name the first again
    design_effect  how much more varies because one respondent's answers hang together
    structure      whether one respondent's answers hang together as people's do
    pair_sums      correlations between all pairs of items at once
    people_panels  panels with people's shares and correlations
    spread         variance between respondents, and duplicates
    jackknife      an interval from leaving out one respondent at a time
    cultural_map   people and panels in a plane, as published and sound
    principal_components  the plane
    preference_bias  whether first answers are people's, and whose they are
    subgroup_tilt  first answers and divergences beside those of groups, free of their size
    group_lean     leaning of all answers towards groups, and whether by more than chance
    insensitivity  how often a defect was found among judged answers
    agreement      of coders, beyond chance
    similarity     1 - W1/(K-1) with its published interval, at worst and at best
    frame_differences  whether frames of a question differ by more than chance
    misclassification  rates corrected by what people found in an audit

Letters for shapes: K options, Q items, N respondents, B Monte Carlo draws. The option axis is the
last one; leading axes broadcast, so that B draws are scored in one call.
"""
