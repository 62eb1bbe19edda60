"""The command line: the only room that knows Hydra. Nobody imports from here."""
