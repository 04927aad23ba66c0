from __future__ import annotations

from pytest_django import DjangoAssertNumQueries

from appeals.models import Appeal
from reports.sizes import CellSize
from reports.tallies import tallies
from tests.grid import IN_EAST, IN_WEST
from tests.reports.planting import Plant


def test_the_appeals_are_read_once_for_all_sizes(
    plant: Plant, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    plant([IN_EAST] * 3 + [IN_WEST])
    sizes = [CellSize(cell_m, 0.0, True) for cell_m in (50, 100, 500)]
    with django_assert_num_queries(1):
        counted = [*tallies(Appeal.objects.public(), sizes, "district")]
    assert [(size, grid.cell_m, tally.cell_m) for size, grid, tally in counted] == [
        (size, size.cell_m, size.cell_m) for size in sizes
    ]
    assert all(sorted(tally.counts.values()) == [1, 3] for _size, _grid, tally in counted)
    # 100 does not make up 250.
    with django_assert_num_queries(2):
        assert len([*tallies(Appeal.objects.public(), [CellSize(m, 0.0, True) for m in (100, 250)])]) == 2
