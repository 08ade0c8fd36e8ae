/*
 * Matrix products: C [m, n] = start + A [m, k] B [k, n].
 *
 * Panels of B that serve many products (recurrent weights) are packed once by their owner, others on the way, block by
 * block, into the thread's scratch. Blocks of k keep a panel near the first-level cache, blocks of rows keep A in the
 * second.
 * Each element of C is summed in an order that depends on sizes alone.
 */
#ifndef RONDO_GEMM_H
#define RONDO_GEMM_H

#include "blas.h"
#include "few_rows.h"
#include "packing.h"
#include "threads.h"

namespace rondo::RONDO_TIER {

/* Block sizes along k, along the rows of A, and along the columns of B when it is packed on the way. */
constexpr int64_t block_depth = 256;
constexpr int64_t block_rows = 120;
template <class Real>
constexpr int64_t block_columns = 2048 / sizeof(Real);

// ------------------------------------------------------------------------------------------------------------ tiles

template <class Real>
struct TileOperands {
  int64_t k;
  Matrix<Real> a;
  const Real* panel; /* [k][vectors * lanes] */
  Start<Real> start;
  Real* c;
  int64_t c_row;
  int64_t columns; /* of c: the last vector may be a part */
};

template <class Real, int Rows, int Vectors>
void multiply_tile(const TileOperands<Real>& x) {
  // Few sums would wait for one another, so they are kept twice and joined at the end.
  constexpr int chains = Rows * Vectors <= 8 ? 2 : 1;
  Vector<Real> sum[chains][Rows][Vectors] = {};
  const Real* panel = x.panel;
  int64_t p = 0;
  auto add_products = [&](int chain) __attribute__((always_inline)) {
    Vector<Real> a[Rows];
    RONDO_UNROLL
    for (int r = 0; r < Rows; r++) a[r] = broadcast(x.a.data[r * x.a.row + p * x.a.column]);
    RONDO_UNROLL
    for (int v = 0; v < Vectors; v++) {
      const Vector<Real> b = load(panel + v * lanes<Real>, Whole{});
      RONDO_UNROLL
      for (int r = 0; r < Rows; r++) sum[chain][r][v] += a[r] * b;
    }
    panel += Vectors * lanes<Real>;
    p++;
  };
  while (p + chains <= x.k) {
    add_products(0);
    if constexpr (chains == 2) add_products(1);
  }
  if (p < x.k) add_products(0);

  const Part last{x.columns - (Vectors - 1) * lanes<Real>};
  auto finish = [&](int r, int v, auto extent) __attribute__((always_inline)) {
    Vector<Real> total = sum[0][r][v];
    if constexpr (chains == 2) total += sum[1][r][v];
    if (x.start.data) total += load(x.start.data + r * x.start.row + v * lanes<Real>, extent);
    store(x.c + r * x.c_row + v * lanes<Real>, total, extent);
  };
  RONDO_UNROLL
  for (int r = 0; r < Rows; r++) {
    RONDO_UNROLL
    for (int v = 0; v < Vectors - 1; v++) finish(r, v, Whole{});
    last.count == lanes<Real> ? finish(r, Vectors - 1, Whole{}) : finish(r, Vectors - 1, last);
  }
}

template <class Real, int Rows = tile_rows, int Vectors = tile_vectors>
void multiply_tile(int64_t rows, int64_t vectors, const TileOperands<Real>& x) {
  if constexpr (Rows > 1) {
    if (rows < Rows) return multiply_tile<Real, Rows - 1, Vectors>(rows, vectors, x);
  }
  if constexpr (Vectors > 1) {
    if (vectors < Vectors) return multiply_tile<Real, Rows, Vectors - 1>(rows, vectors, x);
  }
  multiply_tile<Real, Rows, Vectors>(x);
}

// --------------------------------------------------------------------------------------------------------- products

/* Packed B: panel 0 begins at `data`, all are `depth` deep, and a block uses k of them from `first` on. */
template <class Real>
struct Panels {
  const Real* data;
  int64_t depth;
  int64_t first = 0;
};

/* One block of a product whose B is packed, and whose A may be packed by tiles. */
template <class Real>
void multiply_block(const Product<Real>& x, const Panels<Real>& panels, bool a_is_packed) {
  const Split columns = panels_of<Real>(x.n);
  const Split tiles(x.m, tile_rows);
  for (int64_t panel = 0; panel < columns.pieces; panel++) {
    const int64_t vectors = columns.begin(panel + 1) - columns.begin(panel);
    const int64_t j = columns.begin(panel) * lanes<Real>, width = vectors * lanes<Real>;
    TileOperands<Real> operands;
    operands.k = x.k;
    operands.panel = panels.data + j * panels.depth + panels.first * width;
    operands.columns = x.n - j < width ? x.n - j : width;
    operands.c_row = x.c_row;
    for (int64_t tile = 0; tile < tiles.pieces; tile++) {
      const int64_t i = tiles.begin(tile), rows = tiles.begin(tile + 1) - i;
      operands.a = a_is_packed ? Matrix<Real>{x.a.data + i * x.k, 1, rows}
                               : Matrix<Real>{x.a.data + i * x.a.row, x.a.row, x.a.column};
      operands.start = {x.start.data ? x.start.data + i * x.start.row + j : nullptr, x.start.row};
      operands.c = x.c + i * x.c_row + j;
      multiply_tile(rows, vectors, operands);
    }
  }
}

/* What a block of C is added to: the product's start in the first block of k, what that left in C in the next ones. */
template <class Real>
Start<Real> start_of_block(const Product<Real>& x, int64_t i, int64_t j, int64_t p) {
  if (p > 0) return {x.c + i * x.c_row + j, x.c_row};
  return {x.start.data ? x.start.data + i * x.start.row + j : nullptr, x.start.row};
}

/* A product whose B was packed before; x.b is not read. */
template <class Real>
void multiply_packed(const Product<Real>& x, const Real* packed) {
  const Split depths(x.k, block_depth), rows(x.m, block_rows);
  for (int64_t d = 0; d < depths.pieces; d++) {
    for (int64_t r = 0; r < rows.pieces; r++) {
      const int64_t p = depths.begin(d), i = rows.begin(r);
      Product<Real> block = x;
      block.k = depths.begin(d + 1) - p;
      block.m = rows.begin(r + 1) - i;
      block.a.data = x.a.data + i * x.a.row + p * x.a.column;
      block.c = x.c + i * x.c_row;
      block.start = start_of_block(x, i, 0, p);
      multiply_block<Real>(block, {packed, x.k, p}, false);
    }
  }
}

/* Any product; operands are packed on the way, and rows are summed over all depths or those in a list. */
template <class Real>
void multiply(const Product<Real>& x, const int32_t* list = nullptr) {
  static_assert((block_columns<Real> + block_rows) * block_depth * sizeof(Real) <= thread_scratch_bytes);
  Real* const panels = (Real*)thread_scratch();
  Real* const tiles = panels + block_depth * block_columns<Real>;
  const bool pack_a = x.a.column != 1 || list;
  if (x.m <= few_rows && !pack_a) return multiply_few_rows(x);
  if (!list && multiply_by_blas(x)) return;

  const Split across(x.n, block_columns<Real>), down(x.k, block_depth), rows(x.m, block_rows);
  for (int64_t c = 0; c < across.pieces; c++) {
    for (int64_t d = 0; d < down.pieces; d++) {
      const int64_t j = across.begin(c), p = down.begin(d);
      const Depths depths = {list, p};
      Product<Real> block = x;
      block.n = across.begin(c + 1) - j;
      block.k = down.begin(d + 1) - p;
      const Matrix<Real> b = {x.b.data + j * x.b.column, x.b.row, x.b.column};
      pack_panels<Real>({b, block.k, block.n, depths}, panels, 0, panels_of<Real>(block.n).pieces);
      for (int64_t r = 0; r < rows.pieces; r++) {
        const int64_t i = rows.begin(r);
        block.m = rows.begin(r + 1) - i;
        block.a.data = x.a.data + i * x.a.row + p * x.a.column;
        if (pack_a) {
          pack_tiles<Real>({x.a.data + i * x.a.row, x.a.row, x.a.column}, block.m, block.k, depths, tiles);
          block.a.data = tiles;
        }
        block.c = x.c + i * x.c_row + j;
        block.start = start_of_block(x, i, j, p);
        multiply_block<Real>(block, {panels, block.k}, pack_a);
      }
    }
  }
}

}  // namespace rondo::RONDO_TIER

#endif
