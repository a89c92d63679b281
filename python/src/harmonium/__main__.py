"""``python -m harmonium convert IN OUT``: a model of one program as that of another."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from .io import Model, load, rbms_updates, save


def parser() -> argparse.ArgumentParser:
    """Flags of the command."""
    top = argparse.ArgumentParser(prog="python -m harmonium", description="Models of other programs.")
    verbs = top.add_subparsers(dest="verb", required=True)
    convert = verbs.add_parser(
        "convert",
        help="write a model of one program as that of another",
        description="Writes a model of one program as that of another. The contents of IN tell its program: "
        "Harmonium, scikit-learn, rbms, QuCumber, learnergy, PGM or RestrictedBoltzmannMachines.jl. The name "
        "of OUT tells the other: .safetensors is Harmonium, .h5 is rbms, .joblib or .pkl is scikit-learn.",
        epilog="example: python -m harmonium convert state.pt model.safetensors",
    )
    convert.add_argument("input", metavar="IN", help="model file, or folder of one of Harmonium's runs")
    convert.add_argument("output", metavar="OUT", nargs="?", help="file to write")
    convert.add_argument(
        "--update", type=int, metavar="N", help="of rbms' files: the saved update (default the last)"
    )
    convert.add_argument(
        "--updates", action="store_true", help="of rbms' files: list the saved updates, and write nothing"
    )
    convert.add_argument(
        "--machine", choices=["am", "ph"], help="of QuCumber's files: amplitude (default) or phase"
    )
    convert.add_argument(
        "--visible",
        choices=["bernoulli", "gaussian"],
        help="of state_dicts of learnergy's: the visible units",
    )
    convert.add_argument("--bits", action="store_true", help="turn spins −1, 1 into bits 0, 1")
    return top


def main(args: Sequence[str] | None = None) -> int:
    """Run the command; its exit status is 0 or, after bad input, 2."""
    top = parser()
    given = top.parse_args(args)
    try:
        if given.updates:
            print("\n".join(map(str, rbms_updates(given.input))))
            return 0
        if given.output is None:
            top.error("convert needs OUT, a file to write")
        model = load(given.input, update=given.update, machine=given.machine, visible=given.visible)
        if given.bits:
            model = bits_of(model)
        save(model, given.output)
    except (ValueError, OSError, ModuleNotFoundError) as err:
        print(f"harmonium convert: {err}", file=sys.stderr)
        return 2
    shift = f"; free energies of {given.input} are {model.offset:g} larger" if model.offset else ""
    print(f"{given.output}: {model.m} {model.visible} and {model.n} {model.hidden} units{shift}")
    return 0


def bits_of(model: Model) -> Model:
    """Model of bits; the error names the flag."""
    try:
        return model.to_bits()
    except ValueError as err:
        raise ValueError(f"--bits: {err}") from None


if __name__ == "__main__":
    sys.exit(main())
