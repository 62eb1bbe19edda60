"""Checkpoints in one GGUF file, as llama.cpp keeps them: read, unpacked once, then loaded like others."""
