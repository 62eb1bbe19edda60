"""What every kernel is compiled with, whatever Triton's defaults are.

A product and the sum behind it are one operation, rounded once, as the kernels were measured and tested.
Left unsaid, it would depend on Triton's version: 3.9 warns that its default is about to change.
"""

from typing import Any, Final

OPTIONS: Final[dict[str, Any]] = {"enable_fp_fusion": True}
