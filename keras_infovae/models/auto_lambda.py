"""The rule behind `lambda_="auto"`."""


def auto_lambda(event_shape, alpha):
    """TODO"""
    return 1000.0
