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

/* A tile's sums: of 32 registers 6 x 4, of 16 4 x 3, or 3 x 3 where for want of FMA each product needs a register. */
#if RONDO_VECTOR_BYTES == 64 || defined(__aarch64__)
constexpr int tile_rows = 6, tile_vectors = 4;
#elif RONDO_VECTOR_BYTES == 32
constexpr int tile_rows = 4, tile_vectors = 3;
#else
constexpr int tile_rows = 3, tile_vectors = 3;
#endif

/*
 * How the columns of a product are dealt to panels. They are one or more blocks of as many columns each, the gates of a
 * cell, which need not lie side by side: block g is columns from[g] on of B, and to[g] on of C. Panels with the same
 * columns, units, of all blocks follow one another, so that threads can share a product by units.
 */
struct Columns {
  static constexpr int most = 4;
  int64_t blocks = 0, units = 0;
  int64_t from[most] = {}, to[most] = {};

  /* A matrix of n columns as it lies. */
  static Columns plain(int64_t n) { return {1, n}; }
};

/* Vectors of units, dealt to groups of panels, one of each block. */
template <class Real>
Split groups_of(const Columns& columns) {
  return Split((columns.units + lanes<Real> - 1) / lanes<Real>, tile_vectors);
}

/* The units of some groups. */
template <class Real>
Range units_of(const Columns& columns, Range groups) {
  const Split split = groups_of<Real>(columns);
  const int64_t end = split.begin(groups.end) * lanes<Real>;
  return {split.begin(groups.begin) * lanes<Real>, end < columns.units ? end : columns.units};
}

/* Elements of packed B. */
template <class Real>
int64_t packed_size(int64_t k, const Columns& columns) {
  return groups_of<Real>(columns).count * columns.blocks * lanes<Real> * k;
}

/* Which columns of A and rows of B a sum runs over, from the first on: all, or those in a list. */
struct Depths {
  const int32_t* list = nullptr;
  int64_t first = 0;

  int64_t operator[](int64_t p) const { return list ? list[first + p] : first + p; }
  Depths from(int64_t p) const { return {list, first + p}; }
};

/* B, k rows deep, before it is packed; with a list of depths, its rows are contiguous. */
template <class Real>
struct Unpacked {
  Matrix<Real> b;
  int64_t k;
  Depths depths = {};
};

/* Packs the vector of columns that begins at column j, `left` before the last; its panel has rows `width` apart. */
template <class Real>
void pack_vector(const Unpacked<Real>& x, int64_t j, int64_t left, Real* to, int64_t width) {
  const Part columns = {left < lanes<Real> ? left : lanes<Real>};
  if (x.b.column == 1) {
    const auto copy = [&](auto extent) __attribute__((always_inline)) {
      const Real* from = x.b.data + j;
      for (int64_t p = 0; p < x.k; p++) store(to + p * width, load(from + x.depths[p] * x.b.row, extent), Whole{});
    };
    return columns.count == lanes<Real> ? copy(Whole{}) : copy(columns);
  }
  // Columns lie contiguous along k: of each as many elements as there are columns, turned in registers.
  const Real* from = x.b.data + j * x.b.column + x.depths.first;
  for_each_vector<Real>(x.k, [&](int64_t p, auto extent) {
    Vector<Real> block[lanes<Real>] = {};
    for (int64_t c = 0; c < columns.count; c++) block[c] = load(from + c * x.b.column + p, extent);
    transpose<Real>(block);
    const int64_t depth = x.k - p < lanes<Real> ? x.k - p : lanes<Real>;
    for (int64_t q = 0; q < depth; q++) store(to + (p + q) * width, block[q], Whole{});
  });
}

/* Packs the panels of some groups; `packed` is where the first group begins. */
template <class Real>
void pack_panels(const Unpacked<Real>& x, const Columns& columns, Real* packed, Range groups) {
  const Split split = groups_of<Real>(columns);
  for (int64_t group = groups.begin; group < groups.end; group++) {
    const int64_t unit = split.begin(group) * lanes<Real>, width = split.begin(group + 1) * lanes<Real> - unit;
    for (int64_t block = 0; block < columns.blocks; block++) {
      Real* to = packed + (unit * columns.blocks + width * block) * x.k;
      for (int64_t j = 0; j < width; j += lanes<Real>) {
        pack_vector(x, columns.from[block] + unit + j, columns.units - unit - j, to + j, width);
      }
    }
  }
}

template <class Real>
RONDO_INLINE void copy_few(Real* to, const Real* from, int64_t stride, int64_t count) {
  if (RONDO_VECTOR_BYTES == 64 && stride == 1) return store(to, load(from, Part{count}), Part{count});
  if (stride == 1 && count == tile_rows) return (void)memcpy(to, from, tile_rows * sizeof(Real));
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

/* to [rows, columns] += the transpose of from [columns, rows]; their rows are to_row and from_row apart. */
template <class Real>
void add_transposed(Real* to, int64_t to_row, const Real* from, int64_t from_row, int64_t rows, int64_t columns) {
  for_each_vector<Real>(columns, [&](int64_t j, auto width) {
    for_each_vector<Real>(rows, [&](int64_t i, auto height) {
      const int64_t wide = columns - j < lanes<Real> ? columns - j : lanes<Real>;
      const int64_t high = rows - i < lanes<Real> ? rows - i : lanes<Real>;
      Vector<Real> block[lanes<Real>] = {};
      for (int64_t q = 0; q < wide; q++) block[q] = load(from + (j + q) * from_row + i, height);
      transpose<Real>(block);
      for (int64_t q = 0; q < high; q++) {
        Real* row = to + (i + q) * to_row + j;
        store(row, load(row, width) + block[q], width);
      }
    });
  });
}

}  // namespace rondo::RONDO_TIER

#endif
