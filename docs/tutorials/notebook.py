# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # def_sim in a notebook
#
# A few respondents are interviewed, their answers read as data frames, two arms compared, and a figure is
# drawn. The model is the demo respondent: it comes with the package, needs no GPU, and was trained on an
# invented population, so that its scores say nothing about any language model.
#
# In the environment of def_sim: `pip install notebook`, then `jupyter notebook`, a new notebook, and these
# cells one by one; or all at once: `pip install notebook jupytext`, `jupytext --to ipynb notebook.py` (a file
# of `docs/tutorials/`), and open `notebook.ipynb`. They also run in a plain Python prompt, where pictures are
# not shown.

# %%
import def_sim as d

# %% [markdown]
# ## Plan
#
# `plan` takes the arguments of `interview` and says what they would ask and cost. It loads no model.

# %%
items = ["wvs7.Q1", "wvs7.Q46", "wvs7.Q57", "wvs7.Q152", "wvs7.Q164", "wvs7.Q7_17"]
d.plan(respondents=4, items=items)

# %% [markdown]
# ## Interview
#
# Each answer is on the disk within a second. Jupyter's stop button ends the cell, which says where the run
# stands; the same cell goes on there and asks nothing twice. `settings` takes any parameter of the command
# line by its name.

# %%
settings = {"decoding.max_new_tokens": 48, "scoring.draws": 50}
run = d.interview(respondents=4, items=items, settings=settings)
run

# %% [markdown]
# ## Read
#
# The tables of the run's folder are data frames: `answers`, `respondents`, `items`, `distributions`,
# `scores`, `measures` and `statuses`. Any run is opened by its folder, `d.read_run("outputs/...")`. What a
# respondent read stands in `items`, and who answered how often in `respondents`.

# %%
shares = run.distributions[["item_id", "label", "simulated_share", "human_share"]]
shares[shares["item_id"] == "wvs7.Q57"].round(2)

# %%
options = run.items[["item_id", "question", "code", "label", "human_share"]]
options[options["item_id"] == "wvs7.Q57"]

# %%
run.respondents[["respondent_id", "place", "region", "num_asked", "num_answered"]]

# %%
texts = run.answers[["respondent_id", "item_id", "status", "text"]]
texts.head(3)

# %% [markdown]
# ## Compare two arms
#
# The same respondents, who now all write their answers by the same settings of decoding: an arm that differs
# in one setting.

# %%
uniform = d.interview(
    respondents=4, items=items, settings={**settings, "modifications.configuration": False}, progress=False
)
compared = d.compare([run, uniform])
compared

# %%
compared.arms.loc[compared.arms["scope"] == "macro", ["arm", "metric", "value", "difference"]].round(3)

# %% [markdown]
# ## Draw a figure
#
# For a column of a journal, 84 mm wide; the ending of the name says what it is: svg, pdf, png, or csv for the
# numbers behind it.

# %%
figure = run.figure("topics")
figure.save("topic_groups.pdf", width="single")
figure.save("topic_groups.csv")
figure

# %%
run.figure.names
