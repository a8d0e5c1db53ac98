"""Memory of a batch is used again once nobody holds the batch, and never before."""

from __future__ import annotations

import numpy as np
import torch

from playhead.data.buffer_pool import BufferPool

SHAPE = (4, 5, 3)


def test_memory_that_somebody_holds_is_not_given_out_again() -> None:
    pool = BufferPool()
    held = [pool.take(2, SHAPE) for _ in range(3)]
    for number, frames in enumerate(held):
        frames[...] = number
    assert [np.unique(frames).tolist() for frames in held] == [[0], [1], [2]]
    tensor = torch.from_numpy(pool.take(2, SHAPE)).view(1, 2, *SHAPE)[0, 1]  # as a loader hands it out, and a part
    tensor.fill_(9)
    others = [pool.take(2, SHAPE) for _ in range(3)]
    for frames in others:
        frames[...] = 7
    assert tensor.unique().tolist() == [9]
    rows = pool.take(2, SHAPE)[1:, 0].reshape(-1)[3:]  # a view of a view of a view
    rows[...] = 5
    pool.take(2, SHAPE)[...] = 6
    assert np.unique(rows).tolist() == [5]


def test_memory_comes_back_when_its_batch_is_gone() -> None:
    pool = BufferPool()
    address = pool.take(2, SHAPE).ctypes.data
    tensor = torch.from_numpy(pool.take(1, SHAPE))  # a shorter batch in the same memory
    assert tensor.data_ptr() == address
    other = pool.take(2, SHAPE)
    assert other.ctypes.data != address
    del tensor
    assert pool.take(2, SHAPE).ctypes.data == address


def test_a_longer_batch_or_one_of_another_shape_gets_memory_of_its_own() -> None:
    pool = BufferPool()
    pool.take(2, SHAPE)
    assert pool.take(3, SHAPE).shape == (3, *SHAPE)
    assert pool.take(2, (6, 5, 3)).shape == (2, 6, 5, 3)
