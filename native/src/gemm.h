/*
 * Matrix products: C [m, n] = start + A [m, k] B [k, n].
 *
 * Panels of B that serve many products (recurrent weights) are packed once by their owner, others on the way, block by
 * block, into the thread's scratch. Blocks of k keep a panel near the first-level cache, blocks of rows keep A in the
 * second.
 * Each element of C is summed in an order that depends on the size of the whole product alone: threads change no bit.
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

/*
 * How many of `threads` may share the rows of a product, if each of its elements is to be summed as by one thread
 * alone: a share of few rows would be multiplied in another way, and one of a single row in two sums.
 */
inline int64_t sharers_of_rows(int64_t threads, int64_t rows) {
  const int64_t most = rows / (few_rows + 1);
  return most < 1 ? 1 : most < threads ? most : threads;
}

// ------------------------------------------------------------------------------------------------------------ tiles

/* A product that a tile sums: rows of A by a panel, [k][vectors * lanes]. */
template <class Real>
struct Term {
  int64_t k;
  Matrix<Real> a;
  const Real* panel;
};

/* Up to two products with the same C: the first may be empty. */
template <class Real>
struct TileOperands {
  Term<Real> terms[2];
  Start<Real> start;
  Real* c;
  int64_t c_row;
  int64_t columns; /* of c: the last vector may be a part */
};

/* What the sums are added to is needed at the end, when there is nothing left to do until it comes: asks for it now. */
template <int Rows, int Vectors, class Real>
RONDO_INLINE void prefetch_start(const TileOperands<Real>& x) {
  constexpr int64_t line = 64 / sizeof(Real);
  if (!x.start.data) return;
  RONDO_UNROLL
  for (int r = 0; r < Rows; r++) {
    RONDO_UNROLL
    for (int64_t j = 0; j < Vectors * lanes<Real>; j += line) __builtin_prefetch(x.start.data + r * x.start.row + j);
  }
}

template <class Real, int Rows, int Vectors>
void multiply_tile(const TileOperands<Real>& x) {
  // The sums of one row would wait for one another, so they are kept twice and joined at the end.
  constexpr int chains = Rows == 1 ? 2 : 1;
  Vector<Real> sum[chains][Rows][Vectors] = {};
  prefetch_start<Rows, Vectors>(x);
  RONDO_UNROLL
  for (const Term<Real>& term : x.terms) {
    const Real* panel = term.panel;
    int64_t p = 0;
    const auto number = [&](int r) __attribute__((always_inline)) {
      return broadcast(term.a.data[r * term.a.row + p * term.a.column]);
    };
    const auto vector = [&](int v) __attribute__((always_inline)) { return load(panel + v * lanes<Real>, Whole{}); };
    auto add_products = [&](int chain) __attribute__((always_inline)) {
      // The shorter side is held, and of the other one at a time: 16 registers have room for no more.
      if constexpr (RONDO_VECTOR_BYTES < 64 && Vectors < Rows) {
        Vector<Real> b[Vectors];
        RONDO_UNROLL
        for (int v = 0; v < Vectors; v++) b[v] = vector(v);
        RONDO_UNROLL
        for (int r = 0; r < Rows; r++) {
          const Vector<Real> a = number(r);
          RONDO_UNROLL
          for (int v = 0; v < Vectors; v++) sum[chain][r][v] += a * b[v];
        }
      } else {
        Vector<Real> a[Rows];
        RONDO_UNROLL
        for (int r = 0; r < Rows; r++) a[r] = number(r);
        RONDO_UNROLL
        for (int v = 0; v < Vectors; v++) {
          const Vector<Real> b = vector(v);
          RONDO_UNROLL
          for (int r = 0; r < Rows; r++) sum[chain][r][v] += a[r] * b;
        }
      }
      panel += Vectors * lanes<Real>;
      p++;
    };
    while (p + chains <= term.k) {
      add_products(0);
      if constexpr (chains == 2) add_products(1);
    }
    if (p < term.k) add_products(0);
  }

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

/* Asks for one of some shares of memory, so that it is in the second-level cache soon. */
inline void prefetch_share(const void* from, int64_t bytes, int64_t share, int64_t shares) {
  for (int64_t at = bytes * share / shares & -64; at < bytes * (share + 1) / shares; at += 64) {
    __builtin_prefetch((const char*)from + at, 0, 2);
  }
}

// --------------------------------------------------------------------------------------------------------- products

/* Packed B: panel 0 begins at `data`, all are `depth` deep, and a block uses k of them from `first` on. */
template <class Real>
struct Panels {
  const Real* data;
  int64_t depth;
  int64_t first = 0;
  bool far = false; /* beyond the second-level cache: while one is multiplied the next is asked for */
};

/* A product that is added to the same C on the way, if k > 0: A [m, k] by panels that are k deep, one block of k. */
template <class Real>
struct Addend {
  int64_t k = 0;
  Matrix<Real> a = {};
  const Real* panels = nullptr;
};

/* One block of a product whose B is packed, and whose A may be packed by tiles. */
template <class Real>
void multiply_block(const Product<Real>& x, const Panels<Real>& packed, const Columns& columns, Range groups,
                    bool a_is_packed, const Addend<Real>& addend = {}) {
  const Split split = groups_of<Real>(columns), tiles(x.m, tile_rows);
  const int64_t panels = (groups.end - groups.begin) * columns.blocks;
  for (int64_t done = 0; done < panels; done++) {
    const int64_t panel = groups.begin * columns.blocks + (x.from_last ? panels - 1 - done : done);
    const int64_t group = panel / columns.blocks, block = panel % columns.blocks;
    const int64_t vectors = split.begin(group + 1) - split.begin(group), width = vectors * lanes<Real>;
    const int64_t unit = split.begin(group) * lanes<Real>, j = columns.to[block] + unit;
    const int64_t columns_before = unit * columns.blocks + width * block;
    TileOperands<Real> operands;
    operands.terms[0] = {addend.k, {}, addend.panels + columns_before * addend.k};
    operands.terms[1] = {x.k, {}, packed.data + columns_before * packed.depth + packed.first * width};
    operands.columns = columns.units - unit < width ? columns.units - unit : width;
    operands.c_row = x.c_row;
    for (int64_t tile = 0; tile < tiles.pieces; tile++) {
      const int64_t i = tiles.begin(tile), rows = tiles.begin(tile + 1) - i;
      operands.terms[0].a = addend.a.rows_from(i);
      operands.terms[1].a = a_is_packed ? Matrix<Real>{x.a.data + i * x.k, 1, rows} : x.a.rows_from(i);
      operands.start = {x.start.data ? x.start.data + i * x.start.row + j : nullptr, x.start.row};
      operands.c = x.c + i * x.c_row + j;
      if (packed.far && done + 1 < panels) {
        const int64_t step = x.from_last ? -packed.depth * width : packed.depth * width;
        prefetch_share(operands.terms[1].panel + step, x.k * width * (int64_t)sizeof(Real), tile, tiles.pieces);
      }
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

/* Some groups of columns of a product whose B was packed before, and of an addend; x.b and x.n are not read. */
template <class Real>
void multiply_packed(const Product<Real>& x, const Real* packed, const Columns& columns, Range groups,
                     const Addend<Real>& addend) {
  // One tile uses each panel once, wherever that is. Shares of a product's rows are larger than a tile, or all of them.
  static_assert(few_rows >= tile_rows);
  const Split depths(x.k, x.m > tile_rows ? block_depth : x.k), rows(x.m, block_rows);
  // One tile alone reads as fast as it multiplies: asking earlier would not help it.
  const bool far = x.m > tile_rows && packed_size<Real>(x.k, columns) * (int64_t)sizeof(Real) > 1024 * 1024;
  for (int64_t d = 0; d < depths.pieces; d++) {
    for (int64_t r = 0; r < rows.pieces; r++) {
      const int64_t p = depths.begin(d), i = rows.begin(r);
      Product<Real> block = x;
      block.k = depths.begin(d + 1) - p;
      block.m = rows.begin(r + 1) - i;
      block.a.data = x.a.data + i * x.a.row + p * x.a.column;
      block.c = x.c + i * x.c_row;
      block.start = start_of_block(x, i, 0, p);
      const Addend<Real> rows_of_addend = {p == 0 ? addend.k : 0, addend.a.rows_from(i), addend.panels};
      multiply_block<Real>(block, {packed, x.k, p, far}, columns, groups, false, rows_of_addend);
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
      const Columns columns = Columns::plain(block.n);
      const Range all = {0, groups_of<Real>(columns).pieces};
      pack_panels<Real>({b, block.k, depths}, columns, panels, all);
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
        multiply_block<Real>(block, {panels, block.k}, columns, all, pack_a);
      }
    }
  }
}

}  // namespace rondo::RONDO_TIER

#endif
