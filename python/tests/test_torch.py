"""harmonium.torch: the free energy as a module."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from test_io_model import models, rows_of

from harmonium.io import Model, save
from harmonium.torch import RBM


@pytest.mark.parametrize("model", list(models()))
def test_forward_is_the_free_energy(model):
    v = rows_of(model).astype(float)
    F = RBM(model).double()(torch.tensor(v))
    np.testing.assert_allclose(F.detach(), model.free_energy(v), rtol=0, atol=1e-6)
    shaped = RBM(model).double()(torch.tensor(v.reshape(10, 10, -1)))
    np.testing.assert_array_equal(shaped.detach().numpy().ravel(), F.detach().numpy())


@pytest.mark.parametrize("model", list(models()))
def test_gradients_of_all_parameters_are_those_of_finite_differences(model):
    rbm, v = RBM(model).double(), torch.tensor(rows_of(model, 4).astype(float))
    names, parameters = zip(*rbm.named_parameters(), strict=True)

    def free_energy(*values):
        return torch.func.functional_call(rbm, dict(zip(names, values, strict=True)), (v,))

    assert torch.autograd.gradcheck(free_energy, [p.detach().clone().requires_grad_() for p in parameters])


def test_gradients_stay_finite_in_the_tails():
    tensors = {"hidden.precisions": np.ones(2)}
    model = Model(np.array([[300.0, -300.0]]), np.zeros(1), np.zeros(2), hidden="relu", tensors=tensors)
    rbm = RBM(model)
    F = rbm(torch.ones(1, 1))
    F.backward()
    assert float(F) == pytest.approx(model.free_energy(np.ones((1, 1)))[0], rel=1e-6)
    assert all(torch.isfinite(p.grad).all() for p in rbm.parameters())


@pytest.mark.parametrize("model", list(models()))
def test_a_trained_module_is_a_model_again(model, tmp_path):
    save(model, tmp_path / "m.safetensors")
    rbm = RBM.load(tmp_path / "m.safetensors")
    assert rbm.model().to_bytes() == model.to_bytes()
    with torch.no_grad():
        rbm.W += 1
    np.testing.assert_array_equal(rbm.model().W, model.W + np.float32(1))
    state = RBM(model)
    state.load_state_dict(rbm.state_dict())
    np.testing.assert_array_equal(state.model().W, model.W + np.float32(1))
