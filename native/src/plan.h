/*
 * What rondo.cpp knows of a cell: a plan to call, and where each tier's version of it comes from.
 *
 * Nothing is defined in this header, since both the tiers' units and the common ones include it.
 */
#ifndef RONDO_PLAN_H
#define RONDO_PLAN_H

#include <stddef.h>

#include "rondo/rondo.h"

/* A cell at one precision and tier. rondo.cpp has checked every argument before it calls one of these. */
struct rondo_plan {
  explicit rondo_plan(const rondo_plan_options& options);
  virtual ~rondo_plan();
  rondo_plan(const rondo_plan&) = delete;
  rondo_plan& operator=(const rondo_plan&) = delete;

  /* Memory of the library is 64-byte aligned, and null when there is none. */
  static void* operator new(size_t bytes) noexcept;
  static void operator delete(void* memory) noexcept;

  /* Takes what the plan needs besides itself; false when out of memory. */
  virtual bool allocate() = 0;
  /* -1 when the size cannot be expressed. */
  virtual int64_t cache_bytes(int64_t time_steps, int64_t batch_size) const = 0;
  virtual int32_t forward(const rondo_pass& pass) = 0;
  virtual int32_t backward(const rondo_pass& pass, const rondo_gradients& gradients) = 0;

  const rondo_plan_options options;
  int planes;                            /* state planes of the cell, ... */
  int64_t plane_width[RONDO_MAX_PLANES]; /* ... the width of each, ... */
  int64_t rows;                          /* ... and its pre-activation rows, R */
  bool holds_units;                      /* whether units can be held one by one */
};

namespace rondo {

void* allocate_memory(size_t bytes) noexcept;
void free_memory(void* memory) noexcept;

/* cblas_sgemm (32) or cblas_dgemm (64), as rondo_set_blas gave them; null when there is none. */
void* blas_product(int precision) noexcept;

/* Makes a plan without its memory; null when out of memory. */
struct CellFactory {
  rondo_plan* (*float32)(const rondo_plan_options& options);
  rondo_plan* (*float64)(const rondo_plan_options& options);
  bool (*accepts)(const rondo_plan_options& options); /* whether the cell has this variant with these settings */
  bool has_groups;  /* of units with a clock each */
  bool can_be_sparse; /* whether weight_hh may be */
};

/* What one tier makes of a description, in both precisions. */
template <class Result, class Description>
struct TierFunction {
  Result (*float32)(const Description& description);
  Result (*float64)(const Description& description);
};

using Activation = TierFunction<void, rondo_activation>;
using Multiplication = TierFunction<void, rondo_product>;
using SoftmaxLoss = TierFunction<void, rondo_loss>;
using Squares = TierFunction<double, rondo_squares>;
using Symmetric = TierFunction<void, rondo_symmetric>;
using Update = TierFunction<void, rondo_rule>;

}  // namespace rondo

#endif
