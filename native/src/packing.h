/*
 * Operands of a product in the order in which tiles read them.
 *
 * A tile is a few rows of C by one panel of its columns, and is summed in registers. B is packed by panels,
 * [k][columns] each, zero-padded to whole vectors; A, where it has no contiguous rows, by tiles, [k][rows] each.
 */
#ifndef RONDO_PACKING_H
#define RONDO_PACKING_H

#include "product.h"

namespace rondo::RONDO_TIER {

/* A tile's sums: of 32 registers 6 x 4, of 16 3 x 4, or 3 x 3 where for want of FMA each product needs a register. */
#if RONDO_VECTOR_BYTES == 64 || defined(__aarch64__)
constexpr int tile_rows = 6, tile_vectors = 4;
#elif RONDO_VECTOR_BYTES == 32
constexpr int tile_rows = 3, tile_vectors = 4;
#else
constexpr int tile_rows = 3, tile_vectors = 3;
#endif

template <class Real>
Split panels_of(int64_t columns) {
  return Split((columns + lanes<Real> - 1) / lanes<Real>, tile_vectors);
}

/* Elements of packed B. */
template <class Real>
int64_t packed_size(int64_t k, int64_t columns) {
  return panels_of<Real>(columns).count * lanes<Real> * k;
}

/* Which columns of A and rows of B a sum runs over, from the first on: all, or those in a list. */
struct Depths {
  const int32_t* list = nullptr;
  int64_t first = 0;

  int64_t operator[](int64_t p) const { return list ? list[first + p] : first + p; }
  Depths from(int64_t p) const { return {list, first + p}; }
};

/* B [k, columns] before it is packed; with a list of depths, its rows are contiguous. */
template <class Real>
struct Unpacked {
  Matrix<Real> b;
  int64_t k, columns;
  Depths depths = {};
};

/* Packs the vector of columns that begins at column j; rows of its panel are `width` apart. */
template <class Real>
void pack_vector(const Unpacked<Real>& x, int64_t j, Real* to, int64_t width) {
  const Part columns = {x.columns - j < lanes<Real> ? x.columns - j : lanes<Real>};
  if (x.b.column == 1) {
    const Real* from = x.b.data + j;
    for (int64_t p = 0; p < x.k; p++) store(to + p * width, load(from + x.depths[p] * x.b.row, columns), Whole{});
    return;
  }
  // Columns lie contiguous along k: of each as many elements as there are columns, turned in registers.
  const Real* from = x.b.data + j * x.b.column + x.depths.first;
  for_each_vector<Real>(x.k, [&](int64_t p, auto extent) {
    Vector<Real> block[lanes<Real>] = {};
    for (int64_t c = 0; c < columns.count; c++) block[c] = load(from + c * x.b.column + p, extent);
    transpose<Real>(block);
    const int64_t count = x.k - p < lanes<Real> ? x.k - p : lanes<Real>;
    for (int64_t q = 0; q < count; q++) store(to + (p + q) * width, block[q], Whole{});
  });
}

/* Packs the panels [first, last); `packed` is where panel 0 begins. */
template <class Real>
void pack_panels(const Unpacked<Real>& x, Real* packed, int64_t first, int64_t last) {
  const Split panels = panels_of<Real>(x.columns);
  for (int64_t panel = first; panel < last; panel++) {
    const int64_t begin = panels.begin(panel) * lanes<Real>, end = panels.begin(panel + 1) * lanes<Real>;
    for (int64_t j = begin; j < end; j += lanes<Real>) pack_vector(x, j, packed + begin * x.k + j - begin, end - begin);
  }
}

template <class Real>
RONDO_INLINE void copy_few(Real* to, const Real* from, int64_t stride, int64_t count) {
  if (RONDO_VECTOR_BYTES == 64 && stride == 1) return store(to, load(from, Part{count}), Part{count});
  for (int64_t i = 0; i < count; i++) to[i] = from[i * stride];
}

/* Packs A [m, k]; a few depths at a time, whose cache lines then serve several tiles. */
template <class Real>
void pack_tiles(const Matrix<Real>& a, int64_t m, int64_t k, Depths depths, Real* packed) {
  constexpr int64_t few = 8;
  const Split tiles(m, tile_rows);
  for (int64_t begin = 0; begin < k; begin += few) {
    const int64_t end = begin + few < k ? begin + few : k;
    for (int64_t tile = 0; tile < tiles.pieces; tile++) {
      const int64_t i = tiles.begin(tile), rows = tiles.begin(tile + 1) - i;
      for (int64_t p = begin; p < end; p++) {
        copy_few(packed + i * k + p * rows, a.data + i * a.row + depths[p] * a.column, a.row, rows);
      }
    }
  }
}

}  // namespace rondo::RONDO_TIER

#endif
