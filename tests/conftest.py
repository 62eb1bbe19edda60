"""What all tests share: one thread an operation, set before anything imports torch."""

import os

# Two OpenMP threads on two busy cores stall each other for seconds.
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
