"""Answers on disk: journals, leases, manifest and marks that lose nothing. Knows no text of an answer."""
