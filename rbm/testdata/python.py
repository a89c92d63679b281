# Writes python.safetensors beside itself, a model of 3 spins and 2 hidden bits: python3 python.py (needs numpy and safetensors).
import os

import numpy as np
from safetensors.numpy import save_file

save_file(
    {
        "W": np.array([[1, -2], [0.5, 3], [0.25, -0.125]], dtype=np.float32),
        "b": np.array([-1, 0.5, 2], dtype=np.float32),
        "c": np.array([0.25, -1.5], dtype=np.float32),
    },
    os.path.join(os.path.dirname(os.path.abspath(__file__)), "python.safetensors"),
    {"format": "harmonium-rbm", "version": "1", "visible": "spin", "hidden": "bernoulli"},
)
