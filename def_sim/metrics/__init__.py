"""How far simulated answers are from people's: pure functions on arrays.

Nothing here knows a survey, a file, a model or a configuration; numbers come in, numbers go out.
An undefined score is NaN, never 0. One idea a file:

    sample         answers to one item as counts: the panel's, or people's
    divergence     KL, Jensen-Shannon, total variation, Wasserstein, mention rates
    entropy        how spread the answers are
    kl_paper       the published score, with its failure column and its replacement rule
    item_metrics   the table of scores that every report shows
    noise_floor    what perfect, human, uniform and one-answer panels of this size would score
    aggregation    from items to dimensions to one number

Letters for shapes: K options, Q items, N respondents, B Monte Carlo draws. The option axis is the
last one; leading axes broadcast, so that B draws are scored in one call.
"""
