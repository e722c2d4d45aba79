import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidc.planning.capacity import PoolSize, capacity
from aidc.planning.catalog import all_instance_types
from aidc.problems import InvalidInput


def test_four_nodes_of_eight_h100_beside_a_cpu_pool():
    found = capacity(
        [
            PoolSize(name="training", instance_type="p5.48xlarge", minimum_nodes=0, maximum_nodes=4),
            PoolSize(name="system", instance_type="m7i.2xlarge", minimum_nodes=2, maximum_nodes=3),
        ]
    )
    assert found.maximum.nodes == 7
    assert found.maximum.vcpus == 4 * 192 + 3 * 8
    assert found.maximum.memory_gib == 4 * 2048 + 3 * 32
    assert found.maximum.accelerators == {"h100": 32}
    assert found.maximum.dense_pflops == pytest.approx(32 * 0.989)
    assert found.maximum.accelerator_power_kw == pytest.approx(32 * 0.7)
    assert found.maximum.price_per_hour == pytest.approx(4 * 55.04 + 3 * 0.4032)
    assert found.minimum.accelerators == {}
    assert found.minimum.price_per_hour == pytest.approx(2 * 0.4032)
    assert found.maximum.unpriced == found.maximum.without_flops == found.maximum.without_power == ()


def test_what_a_sum_leaves_out_is_listed():
    names = ["p5e.48xlarge", "trn1.32xlarge", "g7e.2xlarge", "g6f.large", "trn1.32xlarge"]
    pools = [PoolSize(name=f"p{i}", instance_type=n, minimum_nodes=1, maximum_nodes=1) for i, n in enumerate(names)]
    found = capacity(pools).maximum
    assert found.unpriced == ("p5e.48xlarge",)
    assert found.without_flops == ("g6f.large", "g7e.2xlarge")
    assert found.without_power == ("g6f.large", "trn1.32xlarge")
    assert found.accelerators == {"h200": 8, "trainium": 32, "rtx-pro-6000": 1}
    assert found.price_per_hour == pytest.approx(2 * 21.5 + 3.36312 + 0.202)


def test_prices_are_those_of_the_region():
    pool = PoolSize(name="a", instance_type="p5.48xlarge", minimum_nodes=1, maximum_nodes=2)
    assert capacity([pool], "ap-northeast-1").maximum.price_per_hour == pytest.approx(137.6)
    assert capacity([pool], "eu-central-1").maximum.unpriced == ("p5.48xlarge",)


def test_an_absent_pool_leaves_nothing_out():
    pool = PoolSize(name="a", instance_type="p5e.48xlarge", minimum_nodes=0, maximum_nodes=1)
    assert capacity([pool]).minimum.unpriced == ()


@given(
    st.lists(st.tuples(st.sampled_from(sorted(all_instance_types())), st.integers(0, 9), st.integers(0, 9)), max_size=5)
)
def test_the_minimum_never_exceeds_the_maximum(drawn):
    found = capacity(
        PoolSize(name=str(index), instance_type=name, minimum_nodes=least, maximum_nodes=least + more)
        for index, (name, least, more) in enumerate(drawn)
    )
    for figure in ("nodes", "vcpus", "memory_gib", "dense_pflops", "accelerator_power_kw", "price_per_hour"):
        assert getattr(found.minimum, figure) <= getattr(found.maximum, figure)


def test_bad_pools_are_refused_by_path():
    with pytest.raises(InvalidInput) as caught:
        capacity(
            [
                PoolSize(name="a", instance_type="p5.48xlarg", minimum_nodes=-1, maximum_nodes=-2),
                PoolSize(name="b", instance_type="p5.48xlarge", minimum_nodes=3, maximum_nodes=2),
            ],
            region="moon-1",
        )
    paths = [problem.path for problem in caught.value.problems]
    assert paths == [
        "region",
        "pools.a.instanceType",
        "pools.a.minimumNodes",
        "pools.a.maximumNodes",
        "pools.b.maximumNodes",
    ]
