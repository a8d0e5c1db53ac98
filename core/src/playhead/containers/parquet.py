"""Tables of Apache Parquet, read within bounds and written. The only file that knows pyarrow.

Source:  parquet.apache.org. What a file says of its size is compared with bounds before anything is unpacked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from playhead.containers.files import open_plain, reason, saying_not_written
from playhead.errors import Damaged, Mismatch, PluginError, listed

# What Python raises of damaged files, beside pyarrow's own errors.
_ERRORS = (OSError, ValueError, KeyError, IndexError, TypeError, OverflowError, MemoryError)
MOST_ROWS = 20_000_000
MOST_BYTES = 2**30  # of the columns that are read, unpacked
_VALUE_BYTES = 8  # of a number


def read_parquet(file: Path, columns: Sequence[str], lists: Sequence[str] = ()) -> dict[str, npt.NDArray[Any]]:
    """Return columns of a table: numbers (N,), or of those that may be lists also rows of as many each (N, A).

    Raises:  Damaged for a file that is none, cut short or larger than bounds, Mismatch for a column that is
             missing, holds no numbers, none in some rows, or rows of differing length.
    """
    arrow, parquet = _arrow()
    with open_plain(file) as opened:
        try:
            found = parquet.ParquetFile(opened)
            _check_size(file, found, columns)
            table = found.read(columns=list(columns), use_threads=False)
            told = {name: _numbers(file, name, table.column(name).combine_chunks()) for name in columns}
            if odd := [name for name in columns if told[name].ndim > (2 if name in lists else 1)]:
                raise Mismatch(f"{file} has rows of several numbers in {odd[0]}, where one is wanted.")
            return told
        except (Damaged, Mismatch):
            raise
        except (arrow.ArrowException, *_ERRORS) as error:
            raise Damaged(f"{file} cannot be read as Parquet: {reason(error)}.") from error


def _check_size(file: Path, found: Any, columns: Sequence[str]) -> None:
    missing = [name for name in columns if name not in found.schema_arrow.names]
    if missing:
        known = listed(found.schema_arrow.names)
        raise Mismatch(f"{file} has no column {missing[0]}; it has {ascii(known)[1:-1]}.")
    about = found.metadata
    wanted = 0
    for group in range(min(about.num_row_groups, 100_000)):
        for place in range(about.num_columns):
            column = about.row_group(group).column(place)
            if column.path_in_schema.split(".list")[0] in columns:  # a run of one value takes hardly a byte
                wanted += max(column.total_uncompressed_size, _VALUE_BYTES * column.num_values)
    if about.num_rows > MOST_ROWS or wanted > MOST_BYTES:
        raise Damaged(f"{file} has {about.num_rows:,} rows of {wanted:,} bytes, more than are read. Part it.")


def _numbers(file: Path, name: str, column: Any) -> npt.NDArray[Any]:
    arrow, _ = _arrow()
    if column.null_count:
        raise Mismatch(f"{file} says nothing in {column.null_count:,} rows of {name}.")
    kind, rows = column.type, len(column)
    if arrow.types.is_fixed_size_list(kind) or arrow.types.is_list(kind) or arrow.types.is_large_list(kind):
        flat = column.flatten()
        if (rows and len(flat) % rows) or (
            rows and set(np.diff(_offsets(column, rows)).tolist()) - {len(flat) // rows}
        ):
            raise Mismatch(f"{file} has rows of differing length in {name}.")
        numbers = _numbers(file, name, flat)
        return numbers.reshape(rows, numbers.size // max(1, rows))
    if not (arrow.types.is_integer(kind) or arrow.types.is_floating(kind) or arrow.types.is_boolean(kind)):
        raise Mismatch(f"{file} holds {str(kind)[:60]} in {name}, no numbers.")
    return np.asarray(column.to_numpy(zero_copy_only=False))


def _offsets(column: Any, rows: int) -> npt.NDArray[Any]:
    has_them = hasattr(column, "offsets")
    return np.asarray(column.offsets) if has_them else np.arange(rows + 1) * column.type.list_size


def write_parquet(file: Path, columns: Mapping[str, Any], index: str = "") -> None:
    """Write a table; `index` is the column that pandas takes for the names of the rows.

    Raises:  StorageFull or DeviceFailed from the disk.
    """
    arrow, parquet = _arrow()
    table = arrow.table({name: _column(values) for name, values in columns.items()})
    if index:
        kinds = [_of_pandas(name, is_text=name == index) for name in columns]
        about = {"index_columns": [index], "column_indexes": [], "columns": kinds, "pandas_version": "2.2.0"}
        table = table.replace_schema_metadata({"pandas": json.dumps(about)})
    with saying_not_written(file, file.name):
        file.parent.mkdir(parents=True, exist_ok=True)
        parquet.write_table(table, str(file))


def _of_pandas(name: str, *, is_text: bool) -> dict[str, Any]:
    numpy_type, pandas_type = ("object", "unicode") if is_text else ("int64", "int64")
    return {
        "name": name,
        "field_name": name,
        "pandas_type": pandas_type,
        "numpy_type": numpy_type,
        "metadata": None,
    }


def _column(values: Any) -> Any:
    arrow, _ = _arrow()
    if isinstance(values, np.ndarray) and values.ndim == 2:
        return arrow.FixedSizeListArray.from_arrays(arrow.array(values.reshape(-1)), values.shape[1])
    return arrow.array(values)


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise PluginError(
            "A LeRobot set needs the package pyarrow, which is not installed. Type: "
            'pip install "playhead[lerobot]"'
        ) from error
    return pyarrow, pyarrow.parquet
