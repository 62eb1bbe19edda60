"""How many independent answers the answers of a panel are worth, where each respondent gives several.

Who does something once tends to do it again, so N respondents with F answers each know a share less well than
N F people would. Knows counts by respondent only. Letters: N respondents.
"""

from typing import Final

from scipy.stats import t as student

from def_sim.metrics.sample import Array

Z: Final = 1.959963984540054  # of a central interval of 95 %


def independent_answers(hits: Array, answers: Array) -> float:
    """Number of answers of as many people that tell a share as well.

    That of the answers over the design effect of respondents, which is at least 1, and over what Student's
    quantile is wider than the normal one, squared, since the design effect is found from N respondents. Where
    respondents do not differ, as where nobody or everybody does it, each counts as one answer.

    Args:
        hits: Answers of each respondent that count, shape (N,).
        answers: All of each respondent's, at least 1 each, shape (N,).

    Returns:
        In (0, number of answers]; 0 without respondents.

    Source: Korn & Graubard 1998, Survey Methodology 24; Dean & Pagano 2015, Journal of Survey Statistics and
    Methodology 3.
    """
    total, num_respondents = float(answers.sum()), answers.size
    if total == num_respondents:  # one each: independent
        return total
    share = hits.sum() / total
    if num_respondents == 1 or share in (0, 1):
        return float(num_respondents)
    clustered = float(((hits - share * answers) ** 2).sum()) * num_respondents / (num_respondents - 1)
    design_effect = max(clustered / (total * share * (1 - share)), 1.0)
    return float(total / design_effect * (Z / student.ppf(0.975, num_respondents - 1)) ** 2)
