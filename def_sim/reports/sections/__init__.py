"""The sections of a report, each drawn from a record of `def_sim/evaluation`."""
