"""Restricted Boltzmann machines: trained, judged and sampled by the engine of the command harmonium."""
