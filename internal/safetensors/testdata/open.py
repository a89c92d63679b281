# Prints what the file named on the command line holds, one fact a line: the other reader of TestPythonReadsOurs.
import sys

from safetensors import safe_open

with safe_open(sys.argv[1], framework="numpy") as f:
    for key, value in sorted(f.metadata().items()):
        print(key, "=", value)
    for name in sorted(f.keys()):
        x = f.get_tensor(name)
        print(name, x.dtype, list(x.shape), x.ravel().tolist())
