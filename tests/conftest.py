"""What all tests share: one thread an operation, kernels interpreted; set before anything imports torch."""

import os
import shutil

from hypothesis import HealthCheck, settings

# Two OpenMP threads on two busy cores stall each other for seconds.
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.pop("DEF_SIM_HOME", None)  # of whoever runs the tests
# Triton reads it when it is first imported. With it kernels run on a CPU, slowly.
if shutil.which("nvidia-smi") is None:
    os.environ.setdefault("TRITON_INTERPRET", "1")

# An example may take as long as a slow or busy machine needs: what is tested is what comes out.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")
