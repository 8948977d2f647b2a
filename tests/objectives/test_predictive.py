"""Losses of predicted tokens against their definitions, written with loops."""

import math

import torch

from cardiolex.objectives.predictive import forecast_contrast, forecast_cosine, step_contrast

B, N, K, D = 4, 6, 2, 5


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def some_real() -> torch.Tensor:
    real = torch.ones(B, K, dtype=torch.bool)
    real[1], real[2, 1] = False, False
    return real


def test_forecasts_find_their_recording():
    said, there, real = draw(B, K, D), draw(B, K, D, seed=1), some_real()
    losses = []
    for i in range(B):
        for k in range(K):
            if real[i, k]:
                scores = {j: float(said[i, k] @ there[j, k]) for j in range(B) if real[j, k]}
                losses.append(math.log(sum(math.exp(s) for s in scores.values())) - scores[i])
    wanted = sum(losses) / len(losses)
    assert math.isclose(float(forecast_contrast(said, there, real)), wanted, rel_tol=1e-5)


def test_who_says_nothing_guesses():
    nothing, everything = torch.zeros(B, K, D), torch.ones(B, K, dtype=torch.bool)
    loss = forecast_contrast(nothing, draw(B, K, D), everything)
    assert torch.allclose(loss, torch.tensor(math.log(B)))


def test_cosine_of_forecasts_has_no_negatives_and_stops_at_targets():
    said, real = draw(B, K, D).requires_grad_(True), some_real()
    there = (3 * said.detach()).requires_grad_(True)
    loss = forecast_cosine(said, there, real)
    assert torch.allclose(loss.detach(), torch.tensor(-1.0))
    forecast_cosine(said, draw(B, K, D, seed=2), real).backward()
    assert there.grad is None and said.grad[1].abs().max() == 0 and said.grad[0].abs().max() > 0


def test_nothing_real_is_no_loss():
    never = torch.zeros(B, K, dtype=torch.bool)
    for loss in (forecast_contrast, forecast_cosine):
        assert float(loss(draw(B, K, D), draw(B, K, D, seed=1), never)) == 0


def by_definition(predictions, tokens, real, drawn) -> float:
    steps = []
    for k, said in enumerate(predictions, start=1):
        losses = []
        for i in range(B):
            for t in range(N - k):
                if not (real[i, t] and real[i, t + k]):
                    continue
                own = float(said[i, t] @ tokens[i, t + k])
                total = math.exp(own)
                for m in drawn.tolist():
                    j, at = divmod(m, N)
                    if real[j, at] and (j, at) != (i, t + k):
                        total += math.exp(float(said[i, t] @ tokens[j, at]))
                losses.append(math.log(total) - own)
        steps.append(sum(losses) / len(losses))
    return sum(steps) / len(steps)


def test_steps_find_their_token_among_those_drawn():
    tokens = draw(B, N, D)
    real = torch.ones(B, N, dtype=torch.bool)
    real[1, 4:] = False
    predictions = [draw(B, N - k, D, seed=k) for k in (1, 2, 3)]
    for drawn in (torch.arange(B * N), torch.tensor([3, 3, 10, 11, 17])):
        loss = step_contrast(predictions, tokens, real, drawn)
        wanted = by_definition(predictions, tokens, real, drawn)
        assert math.isclose(float(loss), wanted, rel_tol=1e-5)


def test_what_is_not_real_has_no_part_in_it():
    tokens = draw(B, N, D).requires_grad_(True)
    real = torch.ones(B, N, dtype=torch.bool)
    real[1, 4:] = False
    step_contrast([draw(B, N - 1, D, seed=1)], tokens, real, torch.arange(B * N)).backward()
    assert tokens.grad[1, 4:].abs().max() == 0 and tokens.grad[1, :4].abs().min() > 0
