"""Files and functions that can be seen whole."""

from __future__ import annotations

import ast
import statistics

from house.source import length, modules

NESTED = ast.If | ast.For | ast.While | ast.With | ast.Try | ast.Match


def test_no_module_is_longer_than_400_lines() -> None:
    long = [module.place(1) for module in modules() if len(module.text.splitlines()) > 400]
    assert not long


def test_the_median_module_has_at_most_180_lines() -> None:
    assert statistics.median(len(module.text.splitlines()) for module in modules()) <= 180


def test_no_function_is_longer_than_60_lines() -> None:
    long = [
        f"{module.place(function.lineno)} {function.name}: {length(function)}"
        for module in modules()
        for function in module.functions()
        if length(function) > 60
    ]
    assert not long


def test_the_median_function_has_at_most_8_lines_and_nine_in_ten_at_most_27() -> None:
    lengths = [length(function) for module in modules() for function in module.functions()]
    assert statistics.median(lengths) <= 8
    assert statistics.quantiles(lengths, n=10)[-1] <= 27


def test_no_function_nests_deeper_than_three() -> None:
    deep = [
        f"{module.place(function.lineno)} {function.name}"
        for module in modules()
        for function in module.functions()
        if depth(function) > 3
    ]
    assert not deep


def test_no_function_takes_more_than_eight_arguments_unless_they_are_named() -> None:
    greedy = [
        f"{module.place(function.lineno)} {function.name}"
        for module in modules()
        for function in module.functions()
        if len(function.args.posonlyargs) + len(function.args.args) > 8
    ]
    assert not greedy


def depth(node: ast.AST) -> int:
    """How many blocks stand inside one another; an `elif` stands beside its `if`."""
    inner = (depth(child) - is_elif(node, child) for child in ast.iter_child_nodes(node))
    return isinstance(node, NESTED) + max(inner, default=0)


def is_elif(node: ast.AST, child: ast.AST) -> bool:
    """Whether `child` is the `elif` of `node`."""
    return isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
