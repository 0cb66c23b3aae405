"""Numbers side by side in a Numba function: the few vector instructions that the kernels need.

Numba leaves vectors to LLVM's guesswork, which keeps neither the sums of several probes in
registers nor apart until the end. These operations say it outright, as LLVM's generic vectors: the
compiler makes of them AVX-512, AVX2, NEON or plain instructions, whatever the processor has.
`ints` are eight int64, `floats` eight float64, `singles` sixteen float32.

Numba's cache of a caller does not notice a change in this file: touch the caller too.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

LANES = 8
SINGLES = 16
_INT, _SHORT, _BYTE = ir.IntType(64), ir.IntType(32), ir.IntType(8)
_INTS, _FLOATS = ir.VectorType(_INT, LANES), ir.VectorType(ir.DoubleType(), LANES)
_SHORTS, _SINGLES = ir.VectorType(_SHORT, LANES), ir.VectorType(ir.FloatType(), SINGLES)
_MINUS_INFINITY = ir.Constant(_FLOATS, [float("-inf")] * LANES)

Build = Callable[[Any, Any, Any, Any], Any]
_instruction: Callable[[Callable[..., tuple[Any, Build]]], Any] = intrinsic


def compiled(function: Callable[..., Any], **options: Any) -> Any:
    """Machine code for a function, without the GIL, kept where there is a folder to keep it in."""
    try:
        return njit(nogil=True, cache=True, **options)(function)
    except RuntimeError:  # no such folder
        return njit(nogil=True, **options)(function)


def reordered(function: Callable[..., Any]) -> Any:
    """Compiled, with sums in whatever order is fast; the same order for every vector."""
    return compiled(function, fastmath={"reassoc", "contract", "nsz"})


class LanesType(types.Type):  # type: ignore[misc]
    """Numba's type of a vector."""

    def __init__(self, name: str, vector: Any) -> None:
        self.vector = vector
        super().__init__(name=name)


ints = LanesType("lanes(int64)", _INTS)
floats = LanesType("lanes(float64)", _FLOATS)
singles = LanesType("lanes(float32)", _SINGLES)
_KINDS = {types.uint64: ints, types.int64: ints, types.float64: floats, types.float32: singles}


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, kind.vector)


def _call(builder: Any, name: str, *values: Any) -> Any:
    """Call an LLVM intrinsic that maps vectors to a vector of the same type."""
    kind = ir.FunctionType(values[0].type, [value.type for value in values])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), values)


def _spread(builder: Any, value: Any, vector: Any) -> Any:
    """The vector that has `value` in every lane."""
    nothing = ir.Constant(vector, ir.Undefined)
    single = builder.insert_element(nothing, value, ir.Constant(_SHORT, 0))
    everywhere = ir.Constant(ir.VectorType(_SHORT, vector.count), [0] * vector.count)
    return builder.shuffle_vector(single, nothing, everywhere)


def _place(context: Any, builder: Any, signature: Any, arguments: Any, vector: Any) -> Any:
    """Address of the elements of an array (first argument) from a place (second) on."""
    array = cgutils.create_struct_proxy(signature.args[0])(context, builder, arguments[0])
    return builder.bitcast(builder.gep(array.data, [arguments[1]]), vector.as_pointer())


@_instruction
def load(_: Any, array: Any, place: Any) -> tuple[Any, Build]:
    """Lanes from a contiguous array of their kind, its elements counted as if flat."""
    kind = _KINDS[array.dtype]

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _place(context, builder, signature, arguments, kind.vector)
        return builder.load(address, align=array.dtype.bitwidth // 8)

    return kind(array, types.intp), build


@_instruction
def store(_: Any, array: Any, place: Any, lanes: Any) -> tuple[Any, Build]:
    """Put lanes into a contiguous array of their kind, its elements counted as if flat."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _place(context, builder, signature, arguments, lanes.vector)
        builder.store(arguments[2], address, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, lanes), build


@_instruction
def fetch(_: Any, array: Any, place: Any) -> tuple[Any, Build]:
    """Ask for the cache line of a contiguous array's element, counted as if flat, ahead of use."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        address = _place(context, builder, signature, arguments, _BYTE)
        kind = ir.FunctionType(ir.VoidType(), [address.type, _SHORT, _SHORT, _SHORT])
        function = builder.module.declare_intrinsic("llvm.prefetch", [address.type], kind)
        options = [ir.Constant(_SHORT, number) for number in (0, 2, 1)]  # to read, often, data
        builder.call(function, [address, *options])
        return context.get_dummy_value()

    return types.void(array, types.intp), build


def _zeros(kind: LanesType) -> Any:
    @_instruction
    def zeros(_: Any) -> tuple[Any, Build]:
        return kind(), lambda context, builder, signature, arguments: ir.Constant(
            kind.vector, [0] * kind.vector.count
        )

    return zeros


zeros = _zeros(ints)
"""Eight whole zeros."""
zero_singles = _zeros(singles)
"""Sixteen zeros."""


def _spreader(kind: LanesType, element: Any) -> Any:
    @_instruction
    def spread(_: Any, value: Any) -> tuple[Any, Build]:
        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return _spread(builder, arguments[0], kind.vector)

        return kind(element), build

    return spread


spread = _spreader(ints, types.uint64)
"""A uint64 in every lane."""
spread_single = _spreader(singles, types.float32)
"""A float32 in every lane."""


def _binary(instruction: str) -> Any:
    @_instruction
    def operation(_: Any, left: Any, right: Any) -> tuple[Any, Build]:
        def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return getattr(builder, instruction)(*arguments)

        return ints(left, right), build

    return operation


both = _binary("and_")
"""Bitwise and."""
unlike = _binary("xor")
"""Bitwise exclusive or."""
plus = _binary("add")
"""Sum lane by lane."""


@_instruction
def popcount(_: Any, lanes: Any) -> tuple[Any, Build]:
    """Number of set bits in each lane."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _call(builder, f"llvm.ctpop.v{LANES}i64", arguments[0])

    return ints(lanes), build


@_instruction
def as_floats(_: Any, lanes: Any) -> tuple[Any, Build]:
    """Whole numbers below 2 ** 31 as floats."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.sitofp(builder.trunc(arguments[0], _SHORTS), _FLOATS)

    return floats(lanes), build


@_instruction
def advantage(_: Any, differing: Any, compared: Any, minimum: Any) -> tuple[Any, Build]:
    """(b - 2d) |b - 2d| / b of floats d and b; minus infinity where b < minimum."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        d, b, least = arguments
        margin = builder.fsub(b, builder.fadd(d, d))
        size = _call(builder, f"llvm.fabs.v{LANES}f64", margin)
        ratio = builder.fdiv(builder.fmul(margin, size), b)
        enough = builder.fcmp_ordered(">=", b, _spread(builder, least, _FLOATS))
        return builder.select(enough, ratio, _MINUS_INFINITY)

    return floats(differing, compared, types.float64), build


@_instruction
def larger(_: Any, left: Any, right: Any) -> tuple[Any, Build]:
    """The larger float of each lane."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", *arguments), *arguments)

    return floats(left, right), build


@_instruction
def largest(_: Any, lanes: Any) -> tuple[Any, Build]:
    """The largest of eight floats."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        rest, half = arguments[0], LANES
        while half > 1:
            half //= 2
            nothing, kind = ir.Constant(rest.type, ir.Undefined), ir.VectorType(_SHORT, half)
            low, high = (
                builder.shuffle_vector(
                    rest, nothing, ir.Constant(kind, list(range(start, start + half)))
                )
                for start in (0, half)
            )
            rest = builder.select(builder.fcmp_ordered(">", low, high), low, high)
        return builder.extract_element(rest, ir.Constant(_SHORT, 0))

    return types.float64(lanes), build


@_instruction
def first_equal(_: Any, lanes: Any, value: Any) -> tuple[Any, Build]:
    """The first lane that equals a float; LANES where none does."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        equal = builder.fcmp_ordered("==", arguments[0], _spread(builder, arguments[1], _FLOATS))
        mask = builder.zext(builder.bitcast(equal, ir.IntType(LANES)), _INT)
        guard = builder.or_(mask, ir.Constant(_INT, 1 << LANES))
        return builder.cttz(guard, ir.Constant(ir.IntType(1), 1))

    return types.int64(lanes, types.float64), build


@_instruction
def multiply_add(_: Any, left: Any, right: Any, total: Any) -> tuple[Any, Build]:
    """left * right + total of float32, rounded once."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _call(builder, f"llvm.fma.v{SINGLES}f32", *arguments)

    return singles(left, right, total), build


@_instruction
def above(_: Any, left: Any, right: Any) -> tuple[Any, Build]:
    """Bit n is set where lane n of `left` is above that of `right`, both float32."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        mask = builder.bitcast(builder.fcmp_ordered(">", *arguments), ir.IntType(SINGLES))
        return builder.zext(mask, _INT)

    return types.int64(left, right), build


@_instruction
def exceeds(_: Any, differing: Any, compared: Any, limit: Any) -> tuple[Any, Build]:
    """Bit n is set where (b - 2d) |b - 2d| > limit * b in lane n, of floats d and b."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        d, b, least = arguments
        margin = builder.fsub(b, builder.fadd(d, d))
        size = _call(builder, f"llvm.fabs.v{LANES}f64", margin)
        needed = builder.fmul(b, _spread(builder, least, _FLOATS))
        enough = builder.fcmp_ordered(">", builder.fmul(margin, size), needed)
        return builder.zext(builder.bitcast(enough, ir.IntType(LANES)), _INT)

    return types.int64(differing, compared, types.float64), build
