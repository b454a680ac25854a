import pytest

from tests.support.desk import Office


@pytest.fixture
def office():
    office = Office()
    office.furnish()
    yield office
    office.store.close()
