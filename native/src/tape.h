/*
 * What the passes over a sequence stand on: the order of time and who takes part in it, and where the steps are kept.
 *
 * State lies in T + 1 slots in time order: forward in time, step t reads slot t and writes slot t + 1; reversed, it
 * reads slot t + 1 and writes slot t. So no step is special, and the operands of the recurrent weights' gradient are
 * one matrix.
 */
#ifndef RONDO_TAPE_H
#define RONDO_TAPE_H

#include <stdint.h>

#include "rondo/rondo.h"

namespace rondo::RONDO_TIER {

/* Hands out 64-byte aligned pieces of a block of memory; without a block it counts how much they need. */
class Pieces {
 public:
  explicit Pieces(void* memory) : memory_((char*)memory) {}

  template <class Element>
  Element* take(int64_t rows, int64_t columns = 1) {
    int64_t bytes;
    overflow_ |= __builtin_mul_overflow(rows, columns, &bytes);
    overflow_ |= __builtin_mul_overflow(bytes, (int64_t)sizeof(Element), &bytes);
    overflow_ |= __builtin_add_overflow(bytes, 63, &bytes);
    char* piece = memory_ ? memory_ + used_ : nullptr;
    overflow_ |= __builtin_add_overflow(used_, bytes & ~(int64_t)63, &used_);
    return (Element*)piece;
  }

  /* Bytes handed out; -1 when they cannot be counted. */
  int64_t used() const { return overflow_ ? -1 : used_; }

 private:
  char* memory_;
  int64_t used_ = 0;
  bool overflow_ = false;
};

/* What happens to a batch row at a time step. */
enum class Row { absent, held, steps };

/* The order of time, and who takes part in it. */
struct Timeline {
  int64_t T, B;
  bool reversed;
  const int32_t* lengths;
  const uint8_t* hold;
  int64_t hold_width;

  /* The i-th step to be computed. */
  int64_t step(int64_t i) const { return reversed ? T - 1 - i : i; }
  int64_t old_slot(int64_t t) const { return reversed ? t + 1 : t; }
  int64_t new_slot(int64_t t) const { return reversed ? t : t + 1; }
  int64_t initial_slot() const { return reversed ? T : 0; }
  int64_t last_slot() const { return reversed ? 0 : T; }

  Row row(int64_t t, int64_t b) const {
    if (lengths && t >= lengths[b]) return Row::absent;
    return hold && hold_width == 1 && hold[t * B + b] ? Row::held : Row::steps;
  }
  /* Whether every row takes every step, at least in part. */
  bool complete() const { return !lengths && !(hold && hold_width == 1); }
  const uint8_t* held_units(int64_t t, int64_t b) const {
    return hold && hold_width > 1 ? hold + (t * B + b) * hold_width : nullptr;
  }
};

/* Where the steps of a pass are kept. */
template <class Real>
struct Tape {
  int64_t B;
  Real* pre; /* [steps, B, R], rows `pre_row` apart, from step `first_step` on; or [B, R] where all steps share it */
  int64_t pre_row, first_step, pre_steps_apart; /* the last is B, or 0 */
  Real* slots[RONDO_MAX_PLANES]; /* [slots, B, P_p] */
  int64_t width[RONDO_MAX_PLANES];
  int64_t slot_mask; /* all slots, or two that take turns */
  Real* between; /* [T, B, W] cache plane, or [B, W] where all steps share it; of cells that have one */
  int64_t between_width;
  Real* operand; /* [T, B, K], or [B, K]: what a cell gathers from its old planes, if it does */
  int64_t operand_width;
  int64_t steps_apart; /* B, or 0 */
  Real* unprojected; /* [T, B, H], or [B, H]: what the projection takes; of cells that have one */
  int64_t unprojected_width;
  Real* d_projected; /* [T, B, P_0]: backward, gradients of what it made */

  Real* pre_at(int64_t t, int64_t b) const { return pre + ((t - first_step) * pre_steps_apart + b) * pre_row; }
  Real* between_at(int64_t t, int64_t b) const { return between + (t * steps_apart + b) * between_width; }
  Real* operand_at(int64_t t, int64_t b) const { return operand + (t * steps_apart + b) * operand_width; }
  Real* unprojected_at(int64_t t, int64_t b) const {
    return unprojected + (t * steps_apart + b) * unprojected_width;
  }
  Real* d_projected_at(int64_t t, int64_t b) const { return d_projected + (t * B + b) * width[0]; }
  Real* state(int p, int64_t slot, int64_t b) const { return slots[p] + ((slot & slot_mask) * B + b) * width[p]; }
};

}  // namespace rondo::RONDO_TIER

#endif
