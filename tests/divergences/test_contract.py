"""Every divergence without weights: the laws that all share."""

import pytest

from tests import contracts


@pytest.mark.parametrize("row", contracts.DIVERGENCES, ids=lambda row: str(row.divergence)[:70])
def test_contract(row):
    contracts.run_divergence_contract(row)
