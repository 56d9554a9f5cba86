"""What a process holds: how much is in the containers of our own objects, and how many of which objects live."""

import ctypes
import gc
import sys
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import is_dataclass
from types import FunctionType, MethodType
from typing import Any, Final

_OURS: Final = "aggregator"
_MEAN_BYTES: Final = 80  # of an object of ours: tuples, slots, short texts
_MALLINFO: Final = (
    *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
    *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
)
_FEW: Final = 64  # elements of a container that are looked into: a book for each topic, a session for each permission


def held(*roots: object) -> Counter[str]:
    """Count what is in each container that an object of ours holds, "Class.attribute" by "Class.attribute".

    What many of them hold alike is added up. Starts at some objects and follows attributes, the variables of
    functions, and the elements of small containers; values that never change (frozen dataclasses) are not looked into.
    """
    counted, seen, ahead = Counter[str](), set[int](), deque[object](roots)
    while ahead:
        each = ahead.popleft()
        if id(each) in seen:
            continue
        seen.add(id(each))
        for name, value in _parts(each):
            if isinstance(value, Collection) and not isinstance(value, str | bytes | tuple | range):
                counted[f"{type(each).__name__}.{name}"] += len(value)
            ahead.extend(_inside(value))
    return counted


def living() -> Counter[str]:
    """Count the objects that the garbage collector knows, by their types."""
    return Counter(f"{type(each).__module__}.{type(each).__qualname__}" for each in gc.get_objects())


def bytes_in_use() -> int:
    """Tell what is in use of the memory that was got from glibc, and of Python's own; what they keep free is not.

    Python's own is for objects up to 512 bytes, of which only the number is known.
    """
    mallinfo = ctypes.CDLL(None).mallinfo2
    mallinfo.restype = _Told
    told = mallinfo()
    return int(told.uordblks) + int(told.hblkhd) + _MEAN_BYTES * sys.getallocatedblocks()


class _Told(ctypes.Structure):
    """What mallinfo2(3) gives."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in _MALLINFO)


def _parts(each: object) -> Iterator[tuple[str, object]]:
    """Give the attributes of an object of ours."""
    if not type(each).__module__.startswith(_OURS) or (is_dataclass(each) and _is_frozen(each)):
        return
    names = dict.fromkeys([*getattr(each, "__dict__", {}), *_slots(type(each))])
    for name in names:
        value = getattr(each, name, None)
        if value is not None:
            yield name, value


def _is_frozen(each: object) -> bool:
    parameters: Any = getattr(type(each), "__dataclass_params__", None)
    return bool(parameters.frozen)


def _slots(kind: type) -> Iterator[str]:
    for each in kind.__mro__:
        slots: Iterable[str] = each.__dict__.get("__slots__", ())
        yield from (slots,) if isinstance(slots, str) else slots


def _inside(value: object) -> Iterator[object]:
    yield value
    if isinstance(value, MethodType):
        yield value.__self__
    elif isinstance(value, FunctionType):
        yield from (cell.cell_contents for cell in value.__closure__ or () if _is_filled(cell))
    elif isinstance(value, dict) and len(value) <= _FEW:
        yield from value.values()
    elif isinstance(value, list | tuple | set | deque) and len(value) <= _FEW:
        yield from value


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False
