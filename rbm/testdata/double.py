# Prints the model file named first, and writes it again with all parameters doubled to the name given second.
import sys

from safetensors import safe_open
from safetensors.numpy import save_file

with safe_open(sys.argv[1], framework="numpy") as f:
    metadata = f.metadata()
    digest = metadata.pop("sha256")  # of the contents as they were
    print(len(digest), *(f"{key}={value}" for key, value in sorted(metadata.items())))
    tensors = {name: f.get_tensor(name) for name in "Wbc"}
    for name, x in tensors.items():
        print(name, x.dtype, x.tolist())
    save_file({name: 2 * x for name, x in tensors.items()}, sys.argv[2], metadata)
