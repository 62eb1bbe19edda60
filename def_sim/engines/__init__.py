"""Text in, text out: the models that answer.

An engine takes a `Request` and gives back a `Completion`. It never sees a survey, an option
or an answer, and a call that failed raises `EngineError`: it never becomes text.
"""
