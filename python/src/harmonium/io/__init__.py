"""Models in files: Harmonium's own, and those of other programs.

`load` tells the program from the contents of a file, and `save` from the name:

============================ ====================================== ==========================
program                      read                                   written
============================ ====================================== ==========================
Harmonium                    ``model.safetensors``, a run's folder  ``.safetensors``
scikit-learn                 ``BernoulliRBM``, by joblib or pickle  ``.joblib``, ``.pkl``
rbms                         ``.h5``, any saved update              ``.h5``
QuCumber                     ``.pt`` of its three states
learnergy                    ``torch.save`` of a model or its state
PGM                          ``saveRBM``
RestrictedBoltzmannMachines  ``save_rbm``, HDF5 (Julia)
============================ ====================================== ==========================

Nothing in a file is ever run: pickles are read by `harmonium.io.pickles`, which makes no object and imports
nothing. HDF5 needs h5py, and writing scikit-learn's objects needs scikit-learn. The conventions of each
program, and how its parameters become ours, are in docs/formats.md, "Models of other programs".
"""

from .files import load, save
from .layers import Part
from .model import Model
from .rbms import updates as rbms_updates
from .scikit import from_sklearn, to_sklearn

__all__ = ["Model", "Part", "from_sklearn", "load", "rbms_updates", "save", "to_sklearn"]
