"""Importers: from a file of an institute to the items, references and surveys of a home folder."""
