"""What reading for Neuroscope costs: what is timed, and of which shapes."""

import pytest

from superposition import runs
from superposition.stories import costs


def test_works_take_turns_and_the_first_of_each_which_may_compile_is_not_timed(monkeypatch):
    clock, called, takes = [0.0], [], {"a": [100.0, 2, 4, 3], "b": [50.0, 7, 9, 8]}
    monkeypatch.setattr(costs, "process_time", lambda: clock[0])

    def work(name):
        def done():
            called.append(name)
            clock[0] += takes[name][called.count(name) - 1]

        return done

    assert costs._medians(3, work("a"), work("b")) == [3, 8]
    assert called == ["a", "b"] * 4


def test_every_shape_has_the_parameters_and_neurons_of_a_gpt_neo_and_two_speeds():
    config = costs.Config(
        names=("small", "deep"), n_layers=(1, 2), d_models=(8, 16), n_heads=(2, 2), n_entries=(300, 400), context=16, read=2,
        before=1, ordered=20, dim=4, repeats=1, stories=10,
    )  # fmt: skip
    arrays, metrics = costs.run(config, runs.Job())
    for k, (layers, d, entries) in enumerate(zip(config.n_layers, config.d_models, config.n_entries, strict=True)):
        attention, mlp, norms = 4 * d * d + d, 8 * d * d + 5 * d, 4 * d
        assert arrays["parameters"][k] == (entries + 16) * d + layers * (attention + mlp + norms) + 2 * d
        assert arrays["neurons"][k] == layers * 4 * d
    speeds = [f"{name}: {what}, tokens a second" for name in config.names for what in ("pass", "forward pass")]
    assert set(metrics) == {*speeds, "order, seconds", "surrogate, seconds"}
    assert min(metrics.values()) > 0


def test_a_list_of_another_length_is_refused():
    config = costs.Config(
        names=("one", "two"), n_layers=(1,), d_models=(8,), n_heads=(2,), n_entries=(300,), context=16, read=2, before=1,
        ordered=20, dim=4, repeats=1, stories=10,
    )  # fmt: skip
    with pytest.raises(ValueError):
        costs.run(config, runs.Job())
