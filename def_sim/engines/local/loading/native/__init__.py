"""Two models of the study that transformers has no class for, without running their own code.

`chatglm2` and `baichuan2` say what a published tensor becomes; `conversion` does it once and keeps
the result; `sentencepiece_tokenizer` reads the vocabularies of 2023.
"""
