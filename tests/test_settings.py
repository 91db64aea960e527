"""Every member of every family: names, configs and errors."""

import pytest

from tests import contracts


@pytest.mark.parametrize(("family", "alias", "other"), contracts.SETTINGS, ids=contracts.case_id)
def test_setting_contract(family, alias, other):
    contracts.run_setting_contract(family, alias, other)


def test_every_alias_of_every_family_has_a_row():
    named = {type(family.get(alias)) for family, alias, _ in contracts.SETTINGS}
    families = {family for family, _, _ in contracts.SETTINGS}
    members = {cls for family in families for cls in family.registry.members.values()}
    assert members == named
