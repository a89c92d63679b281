# Writes python.safetensors beside itself: python3 python.py (needs numpy and safetensors; made with 0.8.0).
import os

import numpy as np
from safetensors.numpy import save_file

save_file(
    {
        "f32": np.array([[1.5, -2, 3], [4, 5e-3, 6]], dtype=np.float32),
        "f64": np.array([0.1, -1e300], dtype=np.float64),
        "u64": np.array([0, 2**64 - 1, 12345], dtype=np.uint64),
        "i64": np.array([[-(2**63)], [2**63 - 1]], dtype=np.int64),
        "u8": np.arange(5, dtype=np.uint8),
        "scalar": np.array(7, dtype=np.float32),
        "empty": np.zeros((0, 3), dtype=np.float32),
    },
    os.path.join(os.path.dirname(os.path.abspath(__file__)), "python.safetensors"),
    {"who": "Python", "überschrift": "naïve \"quotes\" \\ \u2713"},
)
