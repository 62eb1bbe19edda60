"""The files of a checkpoint: found, fetched, whole, and what they say of themselves without being loaded."""
