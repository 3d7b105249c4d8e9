"""Specs and recipes: what they take, what they refuse, and JSON."""

import enum
import json
from pathlib import Path

import pytest

import litewright
from litewright.compiler.diagnostics import UserError
from litewright.compiler.quantize.recipe import Reading, Recipe, Rule, recipe
from litewright.compiler.quantize.recipes import (
    READY,
    Dtype,
    Granularity,
    full_dynamic_recipe,
    full_fp16_recipe,
    full_weight_only_recipe,
    int4_block,
    int4_block32,
    mixed,
    recipe_of,
)
from litewright.compiler.quantize.specs import FLOAT16, QuantSpec

PROJECTION = "model.layers.3.mlp.up_proj.weight"


def test_a_spec_prints_what_it_says() -> None:
    assert str(QuantSpec()) == "int8 channel, min_max"
    assert str(QuantSpec("int4", "block", 32, algorithm="mse")) == "int4 block 32, mse"
    assert str(QuantSpec("int8", compute="float")) == "int8 channel, unpacked, min_max"
    assert str(FLOAT16) == "float16"


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"element": "int5"}, r"no element 'int5'; .*int2, int4, int8, float16"),
        ({"element": "int16"}, "did you mean"),
        ({"granularity": "row"}, "no granularity 'row'"),
        ({"algorithm": "minmax"}, "did you mean min_max"),
        ({"compute": "int"}, "no compute 'int'"),
        ({"granularity": "block"}, "blocks want a positive size"),
        ({"block_size": 32}, "anything else wants 0"),
        ({"granularity": "block", "block_size": -32}, "whole number"),
        ({"granularity": "block", "block_size": True}, "whole number"),
        ({"symmetric": False}, "zero point"),
        ({"element": "float16"}, "no scales"),
    ],
)
def test_a_wrong_spec_is_refused(fields: dict[str, object], complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        QuantSpec.from_dict(fields)


def test_the_first_rule_that_matches_decides() -> None:
    eight, four = QuantSpec(), QuantSpec("int4")
    own = recipe(
        Rule(None, r"\.3\."),
        Rule(eight, kinds=("embedding_lookup",)),
        Rule(four, at_least=4096, at_most=10_000),
        Rule(eight),
    )
    assert own.rule_for(Reading((PROJECTION,), "fully_connected", 4096)) is own.rules[0]
    assert own.rule_for(Reading(("model.embed.weight",), "embedding_lookup", 4096)) is own.rules[1]
    assert own.rule_for(Reading(("model.head.weight",), "fully_connected", 4096)) is own.rules[2]
    assert own.rule_for(Reading(("model.head.weight",), "fully_connected", 10_001)) is own.rules[3]
    assert own.rule_for(Reading(("model.head.weight",), "fully_connected", 1000)) is None


@pytest.mark.parametrize("name", READY)
def test_json_gives_the_same_recipe_back(name: str, tmp_path: Path) -> None:
    made = recipe_of(name)
    assert Recipe.from_json(made.to_json()) == made
    path = tmp_path / "recipe.json"
    path.write_text(made.to_json())
    assert recipe_of(str(path)) == made


def test_json_of_every_field() -> None:
    rule = Rule(QuantSpec("int4", "block", 64, algorithm="gptq"), "a|b", ("conv_2d",), 5, 9, True)
    assert Recipe.from_json(recipe(rule, Rule(None), name="own").to_json()) == recipe(
        rule, Rule(None), name="own"
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "no JSON"),
        ("[]", "object with fields"),
        ('{"rules": 3}', "list"),
        ('{"rules": []}', "one rule at least"),
        ('{"rule": []}', "did you mean rules"),
        ('{"rules": [{}]}', '"spec"'),
        ('{"rules": [{"spec": {"element": "int3"}}]}', "no element 'int3'"),
        ('{"rules": [{"spec": {"bits": 4}}]}', "no field of a spec 'bits'"),
        ('{"rules": [{"spec": null, "module": "x"}]}', "did you mean modules"),
        ('{"rules": [{"spec": null, "modules": "("}]}', "no regular expression"),
        ('{"rules": [{"spec": null, "modules": 5}]}', "no regular expression"),
        ('{"rules": [{"spec": null, "kinds": ["linear"]}]}', "no kind 'linear'"),
        ('{"rules": [{"spec": null, "at_least": "1k"}]}', "number of elements"),
        ('{"rules": [4]}', "object with fields"),
    ],
)
def test_a_wrong_recipe_is_refused_and_named(text: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    path.write_text(text)
    with pytest.raises(UserError, match=complaint) as caught:
        Recipe.load(path)
    assert "own.json" in str(caught.value)


def test_names_that_are_not_there() -> None:
    with pytest.raises(UserError, match="did you mean int4_block32"):
        recipe_of("int4_block_32")
    with pytest.raises(UserError, match="cannot read the recipe"):
        recipe_of("nowhere.json")
    with pytest.raises(UserError, match="neither a Rule nor a QuantSpec"):
        recipe("int8")  # pyright: ignore[reportArgumentType]
    with pytest.raises(UserError, match="no blocks of 48"):
        int4_block(48)


def test_an_expression_that_finds_nothing_is_told() -> None:
    weights = [Reading((PROJECTION, "up_proj.linear"), "fully_connected", 4096)]
    mixed({"up_proj": QuantSpec()}).check_used(weights)
    with pytest.raises(UserError, match=r"matches no weight; there are model\.layers\.3"):
        mixed({"upproj": QuantSpec()}).check_used(weights)
    wrong_kind = recipe(Rule(QuantSpec(), "up_proj", kinds=("conv_2d",)))
    with pytest.raises(UserError, match="is read by fully_connected and has 4096 elements"):
        wrong_kind.check_used(weights)
    int4_block32().check_used(weights)


def test_the_default_at_four_bits_keeps_tables_and_heads_at_eight() -> None:
    made = int4_block32()

    def scheme(path: str, kind: str) -> str:
        rule = made.rule_for(Reading((path,), kind, 1 << 20))
        assert rule is not None
        assert rule.spec is not None
        return rule.spec.scheme

    assert scheme(PROJECTION, "fully_connected") == "int4 block 32"
    assert scheme("model.embed_tokens.weight", "embedding_lookup") == "int8 channel"
    assert scheme("lm_head.weight", "fully_connected") == "int8 channel"
    assert scheme("model.lm_header.weight", "fully_connected") == "int4 block 32"
    assert scheme("conv.weight", "conv_2d") == "int8 channel"


def test_names_of_litert_torch() -> None:
    class Theirs(enum.Enum):
        INT4 = 7
        BLOCKWISE_64 = 8

    assert full_dynamic_recipe().rules[0].spec == QuantSpec("int8", "channel")
    blocks = full_dynamic_recipe(None, Dtype.INT4, Granularity.BLOCKWISE_32)
    assert blocks.rules[0].spec == QuantSpec("int4", "block", 32)
    foreign = full_dynamic_recipe(
        mcfg=object(),
        weight_dtype=Theirs.INT4,  # pyright: ignore[reportArgumentType]
        granularity=Theirs.BLOCKWISE_64,  # pyright: ignore[reportArgumentType]
    )
    assert foreign.rules[0].spec == QuantSpec("int4", "block", 64)
    weight_only = full_weight_only_recipe(weight_dtype=Dtype.INT8).rules[0].spec
    assert weight_only == QuantSpec("int8", "channel", compute="float")
    assert full_fp16_recipe().rules[0].spec == FLOAT16
    with pytest.raises(UserError, match="no weights of INT8, BLOCKWISE_32"):
        full_dynamic_recipe(granularity=Granularity.BLOCKWISE_32)
    with pytest.raises(UserError, match="have 8 bits"):
        full_weight_only_recipe(weight_dtype=Dtype.INT4)
    with pytest.raises(UserError, match="no Dtype 'int7'"):
        full_dynamic_recipe(weight_dtype="int7")  # pyright: ignore[reportArgumentType]


def test_the_public_door() -> None:
    assert litewright.quantize.int4_block32() == int4_block32()
    assert json.loads(litewright.quantize.fp16().to_json())["name"] == "fp16"
