"""The rule behind `lambda_="auto"`."""


def auto_lambda(alpha):
    """Returns the weight lambda_ that "auto" stands for, with the maximum mean discrepancy:

        lambda_ = 300 + 700 * max(alpha, 0)

    300 where the whole KL term stays in the loss: the largest weight tried that cost no likelihood
    on digits, MNIST (500 and 5,000 images) and Fashion-MNIST, helped on a table, and brought
    log det Cov[q(z)] of the training set close to 0 on all of them. 1,000 where alpha = 1 drops the
    KL term and nothing but the divergence holds the codes to the prior. The size of x does not
    enter: 30 columns, 64 pixels and 784 were best served alike. `docs/auto_lambda.md` has the
    figures and the command that makes them.

    All this is for the divergence in closed form over z. With one sampled z per example the same
    weights collapse the latents.

    Args:
        alpha: at most 1.
    """
    return 300.0 + 700.0 * max(alpha, 0.0)
