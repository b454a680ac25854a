"""Put a mutant in force in this process: whoever imported the function or the value already has the changed one."""

from __future__ import annotations

import ast
import importlib
import sys
from types import CodeType, FunctionType, ModuleType

from tests.mutants.mutate import Mutant


class CannotBeLivedError(Exception):
    """The change is none that a running process can take: the mutant is not counted."""


def put_in_force(mutant: Mutant) -> None:
    """Change the code of the function a mutant stands in, or the value of the module's name."""
    module = importlib.import_module(mutant.path.removesuffix(".py").replace("/", "."))
    tree = mutant.apply()
    if not mutant.function:
        _set_values(module, tree, mutant.lines)
        return
    try:
        code = compile(tree, str(module.__file__), "exec", dont_inherit=True)
    except SyntaxError as error:
        raise CannotBeLivedError(str(error)) from error
    *classes, name = mutant.function.split(".")
    for each in classes:
        code = _code_named(code, each)
    wanted, live = _code_named(code, name), function_named(module, mutant.function)
    if len(wanted.co_freevars) != len(live.__code__.co_freevars):
        raise CannotBeLivedError("another closure")
    live.__code__ = wanted


def function_named(module: ModuleType, dotted: str) -> FunctionType:
    """Find a function or method, out of whatever it is wrapped in."""
    found: object = module
    for each in dotted.split("."):
        found = vars(found)[each]
    for wrapping in ("fget", "func", "__func__", "__wrapped__"):
        found = getattr(found, wrapping, None) or found
    assert isinstance(found, FunctionType), f"{dotted} is no function"
    return found


def _code_named(code: CodeType, name: str) -> CodeType:
    return next(each for each in code.co_consts if isinstance(each, CodeType) and each.co_name == name)


def _set_values(module: ModuleType, tree: ast.Module, lines: range) -> None:
    """Work out a name of the module's own level anew, and give it to every module that has it."""
    statement = next(each for each in tree.body if each.lineno in lines)
    target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
    value = ast.fix_missing_locations(ast.Expression(statement.value))
    old = vars(module)[target.id]
    new = eval(compile(value, str(module.__file__), "eval", dont_inherit=True), vars(module))
    for each in tuple(sys.modules.values()):
        if vars(each).get(target.id) is old if hasattr(each, "__dict__") else False:
            setattr(each, target.id, new)
