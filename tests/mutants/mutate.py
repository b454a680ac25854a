"""Mutants of a module: one small change each, as a slip of the pen would make it.

Changed are comparisons (boundary and direction), and/or, arithmetic, numbers (one more, one less), truth values,
conditions (negated), min/max and any/all (swapped), results (None instead), and statements (left out). Left alone are
words for people, annotations, defaults of parameters and fields, and assertions. A name that nothing else in its
function sets is not left unset: any call would find that, and the figures would look better than they are.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.BitXor: ast.BitAnd,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
SWAPPED = {"min": "max", "max": "min", "any": "all", "all": "any"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
ENOUGH_WORDS, MOST_WORDS = 16, 80


@dataclass(frozen=True)
class Mutant:
    """One change: `function` is the outermost one it stands in ("" for the module's own level), lines of its statement.

    place: parent, field and index of the node in the tree it was found in; new: what stands there instead.
    """

    path: str
    function: str
    kind: str
    words: str
    lines: range
    tree: ast.Module = field(repr=False, compare=False)
    place: tuple[ast.AST, str, int | None] = field(repr=False, compare=False)
    new: ast.AST = field(repr=False, compare=False)

    @property
    def key(self) -> str:
        """What it is called, whatever line it stands on."""
        return f"{self.path} {self.function or '-'}: {self.words}"

    def apply(self) -> ast.Module:
        """Change the tree it was found in and give that."""
        parent, name, index = self.place
        if index is None:
            setattr(parent, name, self.new)
        else:
            getattr(parent, name)[index] = self.new
        return ast.fix_missing_locations(self.tree)


def mutants_of(path: Path, root: Path, only: tuple[str, ...] = ()) -> list[Mutant]:
    """Give every mutant of a file, or of some of its functions, in the order in which they stand in it."""
    tree = ast.parse(path.read_text())
    found, times = [], Counter[str]()
    for each in _Finder(tree, str(path.relative_to(root))).module():
        if only and each.function not in only:
            continue
        times[each.key] += 1
        number = times[each.key]
        words = each.words if number == 1 else f"{each.words} ({number})"
        found.append(replace(each, words=words))
    return found


class _Finder:
    def __init__(self, tree: ast.Module, path: str) -> None:
        self.tree, self.path = tree, path
        self.function, self.lines = "", range(0)
        self.above: list[ast.AST] = []

    def module(self) -> Iterator[Mutant]:
        for statement in self.tree.body:
            yield from self._outer(statement, "")

    def _outer(self, statement: ast.stmt, prefix: str) -> Iterator[Mutant]:
        match statement:
            case ast.ClassDef(name=name, body=body):
                for each in body:
                    if isinstance(each, (ast.ClassDef, *FUNCTIONS)):
                        yield from self._outer(each, f"{prefix}{name}.")
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                self.function = prefix + name
                self.set_names = Counter(
                    each.id for each in ast.walk(statement) if isinstance(each, ast.Name) and _is_set(each)
                )
                self.set_names.update(each.arg for each in ast.walk(statement) if isinstance(each, ast.arg))
                yield from self._block(statement, "body")
                self.function = ""
            case ast.Assign(targets=[ast.Name()]) | ast.AnnAssign(target=ast.Name()) if statement.value is not None:
                self.lines = range(statement.lineno, statement.end_lineno + 1)
                target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
                for each in self._inside(statement, "value", None):
                    yield replace(each, words=f"{target.id} = {each.words}")
            case _:
                pass

    def _block(self, parent: ast.AST, name: str) -> Iterator[Mutant]:
        for index, statement in enumerate(getattr(parent, name)):
            yield from self._statement(parent, name, index, statement)

    def _statement(self, parent: ast.AST, name: str, index: int, statement: ast.stmt) -> Iterator[Mutant]:
        if isinstance(statement, ast.Assert) or _is_text(statement):
            return
        blocks = [each for each in ("body", "orelse", "finalbody") if isinstance(getattr(statement, each, None), list)]
        self.lines = _own_lines(statement)
        place = (parent, name, index)
        if self._may_go(statement):
            yield self._mutant("statement", f"{_told(statement)} => left out", place, ast.Pass())
        if isinstance(statement, FUNCTIONS):
            yield from self._block(statement, "body")
            return
        if isinstance(statement, ast.Return) and not _is_none(statement.value):
            words = f"{_told(statement)} => return None"
            yield self._mutant("result", words, place, ast.Return(ast.Constant(None)))
        own = self.lines
        for each, value in ast.iter_fields(statement):
            if each in blocks or each in ("annotation", "handlers", "cases"):
                continue
            yield from self._field(statement, each, value)
        for case in getattr(statement, "cases", ()):
            if case.guard is not None:
                self.lines = own
                yield from self._inside(case, "guard", None)
            yield from self._block(case, "body")
        for block in blocks:
            yield from self._block(statement, block)
        for handler in getattr(statement, "handlers", ()):
            yield from self._block(handler, "body")

    def _may_go(self, statement: ast.stmt) -> bool:
        match statement:
            case ast.Expr(value=ast.Constant()):
                return False
            case ast.Expr() | ast.AugAssign() | ast.Raise() | ast.Continue() | ast.Break() | ast.Delete():
                return True
            case ast.Assign(targets=targets):
                names = [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
                stores = [each for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
                alone = any(_is_set(each) and self.set_names[each.id] < 2 for each in stores)
                return bool(names) and not alone
            case _:
                return False

    def _field(self, parent: ast.AST, name: str, value: object) -> Iterator[Mutant]:
        if isinstance(value, ast.AST):
            yield from self._inside(parent, name, None)
        elif isinstance(value, list):
            for index, each in enumerate(value):
                if isinstance(each, ast.AST):
                    yield from self._inside(parent, name, index)

    def _inside(self, parent: ast.AST, name: str, index: int | None) -> Iterator[Mutant]:
        """Give the mutants of an expression and of all within."""
        node = getattr(parent, name) if index is None else getattr(parent, name)[index]
        if isinstance(node, ast.arguments) or (isinstance(node, ast.keyword) and node.arg == "strict"):
            return
        self.above.append(parent)
        for kind, new in _changes(parent, name, node):
            yield self._mutant(kind, self._words(parent, name, index, node, new), (parent, name, index), new)
        if not (isinstance(node, ast.Constant) or (isinstance(parent, ast.FormattedValue) and name == "format_spec")):
            for each, value in ast.iter_fields(node):
                yield from self._field(node, each, value)
        self.above.pop()

    def _words(self, parent: ast.AST, name: str, index: int | None, old: ast.AST, new: ast.AST) -> str:
        """Say the change with enough around it to be known again."""
        shown: ast.AST = old
        for above in reversed(self.above):
            if len(ast.unparse(shown)) >= ENOUGH_WORDS or not isinstance(
                above, ast.expr | ast.keyword | ast.comprehension
            ):
                break
            shown = above
        before = ast.unparse(shown)
        if shown is old:
            return f"{before} => {ast.unparse(ast.fix_missing_locations(new))}"
        holder = getattr(parent, name) if index is not None else None
        if index is None:
            setattr(parent, name, new)
        else:
            holder[index] = new
        after = ast.unparse(ast.fix_missing_locations(shown))
        if index is None:
            setattr(parent, name, old)
        else:
            holder[index] = old
        return f"{before} => {after}"

    def _mutant(self, kind: str, words: str, place: tuple[ast.AST, str, int | None], new: ast.AST) -> Mutant:
        words = " ".join(words.split())
        return Mutant(self.path, self.function, kind, words, self.lines, self.tree, place, new)


def _changes(parent: ast.AST, name: str, node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Give what may stand in a node's place, and the kind of change."""
    match node:
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            for at, op in enumerate(ops):
                for other in COMPARISONS[type(op)]:
                    yield "comparison", ast.Compare(left, [*ops[:at], other(), *ops[at + 1 :]], comparators)
        case ast.BoolOp(op=op, values=values):
            yield "and/or", ast.BoolOp(ast.Or() if isinstance(op, ast.And) else ast.And(), values)
        case ast.BinOp(left=left, op=op, right=right) if not (_is_words(left) or _is_words(right)):
            yield "arithmetic", ast.BinOp(left, ARITHMETIC[type(op)](), right)
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
            yield "condition" if isinstance(node.op, ast.Not) else "arithmetic", operand
        case ast.Constant(value=bool() as value):
            yield "constant", ast.Constant(not value)
        case ast.Constant(value=int() | float() as value):
            yield "constant", ast.Constant(value + 1)
            yield "constant", ast.Constant(value - 1)
        case ast.Call(func=ast.Name(id=called)) if called in SWAPPED:
            yield "call", ast.Call(ast.Name(SWAPPED[called], ast.Load()), node.args, node.keywords)
    plain = isinstance(node, ast.Compare) and len(node.ops) == 1
    condition = name in ("test", "guard") or (name == "ifs" and isinstance(parent, ast.comprehension))
    if condition and not plain and not (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)):
        yield "condition", ast.UnaryOp(ast.Not(), node)


def _own_lines(statement: ast.stmt) -> range:
    """Give the lines a statement stands on, its blocks aside."""
    match statement:
        case ast.If() | ast.While():
            return range(statement.lineno, statement.test.end_lineno + 1)
        case ast.For():
            return range(statement.lineno, statement.iter.end_lineno + 1)
        case ast.Match():
            return range(statement.lineno, statement.end_lineno + 1)
        case ast.With():
            return range(statement.lineno, statement.items[-1].context_expr.end_lineno + 1)
        case ast.Try():
            return range(statement.lineno, statement.lineno + 1)
        case _:
            return range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)


def _told(statement: ast.stmt) -> str:
    words = " ".join(ast.unparse(statement).split())
    return words if len(words) <= MOST_WORDS else f"{words[:MOST_WORDS]} ..."


def _is_set(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _is_none(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def _is_words(value: ast.expr) -> bool:
    return isinstance(value, ast.JoinedStr) or (isinstance(value, ast.Constant) and isinstance(value.value, str))
