"""One way of PyTorch to train, in a process of its own: `python torch_ways.py WAY SETTINGS.json`.

    pythae           pythae's INFOVAE_MMD by its own BaseTrainer
    torch            a plain loop: shuffled batches, autograd, fused Adam
    torch_compiled   the same, the loss through `torch.compile`
    limit_torch      a product of matrices, and a sum of long vectors

It runs in the peers' environment, which `environment.py` makes.
"""

import json
import sys

import losses
import numpy as np
import turns


def networks(settings):
    """Returns (encoder without its last layer, its width, decoder to logits [n, 784])."""
    encoder, width, decoder = untrained(settings)
    like_keras(encoder)
    like_keras(decoder)
    return encoder, width, decoder


def like_keras(network):
    """Gives the layers of `network` weights as Keras draws them, so that losses can be compared."""
    from torch import nn

    for layer in network.modules():
        if hasattr(layer, "bias"):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)


def untrained(settings):
    """Returns what `networks` does, with the weights that PyTorch draws."""
    from torch import nn

    latent_dim = settings["latent_dim"]
    if settings["network"] == "mlp":
        encoder = [nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU()]
        decoder = [nn.Linear(latent_dim, 256), nn.ReLU(), nn.Linear(256, 512), nn.ReLU()]
        decoder += [nn.Linear(512, 784)]
        return nn.Sequential(*encoder), 256, nn.Sequential(*decoder)
    halving = {"kernel_size": 4, "stride": 2, "padding": 1}
    encoder = [nn.Unflatten(1, (1, 28)), nn.Conv2d(1, 32, **halving), nn.ReLU()]
    encoder += [nn.Conv2d(32, 64, **halving), nn.ReLU(), nn.Flatten()]
    encoder += [nn.Linear(7 * 7 * 64, 256), nn.ReLU()]
    decoder = [nn.Linear(latent_dim, 256), nn.ReLU(), nn.Linear(256, 7 * 7 * 64), nn.ReLU()]
    decoder += [nn.Unflatten(1, (64, 7, 7)), nn.ConvTranspose2d(64, 32, **halving), nn.ReLU()]
    decoder += [nn.ConvTranspose2d(32, 1, **halving), nn.Flatten()]
    return nn.Sequential(*encoder), 256, nn.Sequential(*decoder)


def images(settings):
    """Returns the images [n, 28, 28] as a tensor."""
    import torch

    return torch.from_numpy(np.load(settings["images"])[..., 0])


def losses_of(encode, decode, x):
    """Returns what functions of tensors, to (mean, log_variance) and to logits, have come to."""
    import torch

    with torch.no_grad():
        mean, log_variance = (part.numpy() for part in encode(x))
        return losses.losses(
            x.numpy(), mean, log_variance, lambda z: decode(torch.from_numpy(z)).numpy()
        )


def kernel(a, b):
    """Returns the mean of the inverse multiquadratic kernels of a [n, d] and b [m, d]."""
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2.0 * a @ b.T
    widths = [2.0 * a.shape[1] * scale for scale in losses.SCALES]
    return sum(width / (width + squares) for width in widths) / len(widths)


def plain(settings, compiled):
    """Trains by a loop."""
    import torch
    from torch import nn
    from torch.nn import functional

    torch.manual_seed(settings["seed"])
    x, size = images(settings), settings["batch"]
    hidden, width, decoder = networks(settings)
    last = nn.Linear(width, 2 * settings["latent_dim"])
    like_keras(last)
    encoder = nn.Sequential(hidden, last)
    weights = [*encoder.parameters(), *decoder.parameters()]
    optimizer = torch.optim.Adam(weights, lr=settings["learning_rate"], fused=True)

    def encode(batch):
        return encoder(batch).chunk(2, dim=1)

    def loss_of(batch):
        mean, log_variance = encode(batch)
        z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        errors = functional.binary_cross_entropy_with_logits(
            decoder(z), batch.flatten(1), reduction="sum"
        )
        kl = 0.5 * (mean**2 + log_variance.exp() - 1.0 - log_variance).sum()
        prior, n = torch.randn_like(z), len(z)
        own = kernel(z, z).sum() + kernel(prior, prior).sum() - 2.0 * n
        mmd = own / (n * (n - 1)) - 2.0 * kernel(z, prior).mean()
        return (errors + kl) / n + (settings["lambda"] - 1.0) * mmd

    # Two sizes of batches, each with code of its own: for any size it is slower.
    step_loss = torch.compile(loss_of, dynamic=False) if compiled else loss_of
    line = turns.Turns(lambda: losses_of(encode, decoder, x[: settings["examined"]]))
    goes_on = True
    while goes_on:
        order = torch.randperm(len(x))
        total = 0.0
        for i in range(0, len(x), size):
            loss = step_loss(x[order[i : i + size]])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(order[i : i + size])
        goes_on = line.next(loss=float(total) / len(x))


def pythae(settings):
    """Trains by pythae's trainer."""
    import logging
    import tempfile

    import torch
    from pythae.data.datasets import BaseDataset
    from pythae.models import INFOVAE_MMD, INFOVAE_MMD_Config
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig
    from pythae.trainers.training_callbacks import TrainingCallback
    from torch import nn

    logging.disable(logging.WARNING)
    torch.manual_seed(settings["seed"])
    hidden, width, logits = networks(settings)
    latent_dim = settings["latent_dim"]

    class Encoder(BaseEncoder):
        def __init__(self):
            BaseEncoder.__init__(self)
            self.hidden, self.mean = hidden, nn.Linear(width, latent_dim)
            self.log_variance = nn.Linear(width, latent_dim)

        def forward(self, x):
            h = self.hidden(x)
            return ModelOutput(embedding=self.mean(h), log_covariance=self.log_variance(h))

    class Decoder(BaseDecoder):
        def __init__(self):
            BaseDecoder.__init__(self)
            self.logits = logits

        def forward(self, z):
            return ModelOutput(reconstruction=torch.sigmoid(self.logits(z)))

    # Its kernels are summed, ours are averaged; the weight is alpha + lbd - 1 in both.
    scale = len(losses.SCALES)
    config = INFOVAE_MMD_Config(
        input_dim=(28, 28),
        latent_dim=latent_dim,
        reconstruction_loss="bce",
        alpha=0.0,
        lbd=1.0 + (settings["lambda"] - 1.0) / scale,
    )
    model = INFOVAE_MMD(config, encoder=Encoder(), decoder=Decoder())
    like_keras(model)
    x = images(settings)

    def encode(batch):
        output = model.encoder(batch)
        return output.embedding, output.log_covariance

    line = turns.Turns(lambda: losses_of(encode, logits, x[: settings["examined"]]))

    class TakingTurns(TrainingCallback):
        def on_epoch_begin(self, training_config, epoch=1, **_):
            if epoch > 1 and not line.next():
                raise SystemExit

    with tempfile.TemporaryDirectory() as folder:
        training = BaseTrainerConfig(
            output_dir=folder,
            per_device_train_batch_size=settings["batch"],
            num_epochs=settings["epochs"],
            learning_rate=settings["learning_rate"],
        )
        dataset = BaseDataset(x, torch.zeros(len(x)))
        BaseTrainer(model, dataset, training_config=training, callbacks=[TakingTurns()]).train()


def limit(settings):
    """Measures what the machine can do, as PyTorch gets it."""
    import torch

    side, length = settings["side"], settings["length"]
    a, b = torch.randn(side, side), torch.randn(side, side)
    v, w = torch.zeros(length), torch.randn(length)
    line, goes_on = turns.Turns(dict), True
    while goes_on:
        goes_on = line.next(
            operations=2 * side**3 / turns.least_seconds(lambda: torch.mm(a, b)),
            bytes=12 * length / turns.least_seconds(lambda: v.add_(w)),
        )


WAYS = {
    "pythae": pythae,
    "torch": lambda s: plain(s, False),
    "torch_compiled": lambda s: plain(s, True),
    "limit_torch": limit,
}

if __name__ == "__main__":
    import torch

    with open(sys.argv[2], encoding="utf-8") as file:
        SETTINGS = json.load(file)
    torch.set_num_threads(SETTINGS["threads"])
    WAYS[sys.argv[1]](SETTINGS)
