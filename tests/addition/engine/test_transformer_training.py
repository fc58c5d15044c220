"""The compiled training step against autograd and PyTorch's AdamW, and a training run that is killed and goes on."""

import numpy as np
import pytest
import torch

from superposition import runs
from superposition.addition.engine import data, transformer_training
from superposition.addition.engine.transformer import Transformer
from superposition.training import AdamW

READINGS = ["at once", "one by one"]
PRECISION = [(torch.float32, 1e-5), (torch.float64, 1e-10)]


def examples(reading="at once", count=120, models=1):
    return transformer_training.Examples.of(np.stack([data.draw(seed, count) for seed in range(models)]), reading)


def autograd_loss(model, one):
    logits = model(torch.from_numpy(one.seen[0]))[:, data.N_INPUTS :]
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), torch.from_numpy(one.answers[0]).long().flatten())


@pytest.mark.parametrize("shape", [(32, 2), (64, 1), (16, 4), (8, 8)])
def test_parameters_survive_the_kernels_order(random_model, shape):
    parameters = transformer_training.arrays(random_model(torch.float32, 0, *shape))
    vector = transformer_training.flat(parameters)
    assert vector.size == sum(array.size for array in parameters.values())
    back = transformer_training.named(vector, *shape)
    assert all((back[name] == array).all() for name, array in parameters.items()) and list(back) == list(parameters)


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize(("dtype", "tolerance"), PRECISION)
@pytest.mark.parametrize("shape", [(32, 2), (64, 1), (8, 8)])
def test_loss_and_gradient_are_autograds(random_model, reading, dtype, tolerance, shape):
    model, one = random_model(dtype, 1, *shape), examples(reading)
    loss, gradient = transformer_training.gradient(model, one, reading)
    truth = autograd_loss(model, one)
    truth.backward()
    assert loss == pytest.approx(truth.item(), rel=1e-6 if dtype == torch.float32 else 1e-12)
    for name, parameter in model.named_parameters():
        np.testing.assert_allclose(gradient[name], parameter.grad.numpy(), atol=tolerance, rtol=0, err_msg=name)


@pytest.mark.parametrize("reading", READINGS)
def test_logits_are_the_transformers(reading):
    models = transformer_training.Trainees.start([0, 1], 32, 2, reading)
    seen = examples(reading, models=2).seen
    for found, one, seed in zip(models.logits(seen), seen, (0, 1), strict=True):
        truth = Transformer(seed=seed)(torch.from_numpy(one))[:, data.N_INPUTS :]
        np.testing.assert_allclose(found, truth.detach().numpy(), atol=1e-5)


@pytest.mark.parametrize("reading", READINGS)
def test_two_epochs_are_those_of_torch_adamw_with_its_cosine(reading):
    """In float64, so that rounding stays small. b_K is left out: no logit depends on it, and only rounding moves it."""
    epochs, batch, seed, one = 2, 32, 5, examples(reading)
    model = Transformer(seed=seed).double()
    models = transformer_training.Trainees.start([seed], 32, 2, reading)
    theta, first, second = (array.astype(float) for array in (models.theta, models.first, models.second))
    models = transformer_training.Trainees(32, 2, reading, theta, first, second)
    seeds = [seed]
    adamw, job = AdamW(schedule="cosine"), runs.Job()
    transformer_training.train(models, one, seeds, epochs, batch, adamw, [epochs], lambda _: {}, job)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
    for epoch in range(1, epochs + 1):
        for order in transformer_training.orders(seeds, epoch, 120, batch)[0]:
            optimiser.zero_grad()
            autograd_loss(model, transformer_training.Examples(*(array[:, order] for array in vars(one).values()))).backward()
            optimiser.step()
        scheduler.step()
    truth = transformer_training.arrays(model)
    for name, found in models.parameters().items():
        if name == "b_K":
            assert (found == 0).all()
        else:
            np.testing.assert_allclose(found[0], truth[name], atol=1e-8, rtol=0, err_msg=name)


def test_an_epoch_takes_whole_batches_of_distinct_sums_in_an_order_of_its_own():
    found = transformer_training.orders([0, 1], 3, 1000, 256)
    assert found.shape == (2, 3, 256)
    assert all(len(np.unique(one)) == 768 for one in found)
    assert (transformer_training.orders([1], 3, 1000, 256)[0] == found[1]).all()
    assert (found[0] != found[1]).any() and (transformer_training.orders([0], 4, 1000, 256)[0] != found[0]).any()


def test_models_train_together_as_they_would_alone():
    def trained(seeds):
        models = transformer_training.Trainees.start(seeds, 32, 2, "at once")
        pairs = np.stack([data.draw(seed, 300) for seed in seeds])
        sums = transformer_training.Examples.of(pairs, "at once")
        transformer_training.train(models, sums, seeds, 3, 64, AdamW(schedule="cosine"), [3], lambda _: {}, runs.Job())
        return models.theta

    together = trained([4, 7])
    assert (together[1] == trained([7])[0]).all()


class Killed(Exception):
    pass


def test_a_killed_run_goes_on_to_the_same_bits(tmp_path):
    def trained(job, stop_at=None):
        models = transformer_training.Trainees.start([0, 1], 32, 2, "at once")

        def watch(models):
            if stop_at is not None and len(seen) == stop_at:
                raise Killed
            seen.append(1)
            return {"norm": np.square(models.theta).sum(1)}

        seen = []
        loss, watched = transformer_training.train(
            models, examples(models=2), [0, 1], 6, 32, AdamW(schedule="cosine"), [0, 2, 4, 6], watch, job
        )
        return models.theta, loss, watched["norm"], len(seen)

    whole = trained(runs.Job())
    job = runs.Job(folder=tmp_path)
    job.checkpoint_seconds = 0.0
    with pytest.raises(Killed):
        trained(job, stop_at=2)
    resumed = trained(runs.Job(folder=tmp_path))
    assert resumed[3] == 3 and whole[3] == 4, "the two stops that are missing, and a look at the start that gives the shapes"
    assert all((one == two).all() for one, two in zip(whole[:3], resumed[:3], strict=True))
