/*
 * Runs a problem through the C ABI. Every matrix has gaps between its rows and guards around it: those of inputs
 * are not-a-number, so that reading them shows, and those of outputs must be untouched afterwards.
 */
#ifndef RONDO_CELL_LIBRARY_H
#define RONDO_CELL_LIBRARY_H

#include <cstring>
#include <memory>

#include "check.h"
#include "cell_reference.h"
#include "rondo/rondo.h"

/* [rows, columns], `stride` apart, between guards. */
template <class Real>
class Guarded {
 public:
  Guarded(int64_t rows, int64_t columns, int64_t gap, const double* values = nullptr)
      : rows_(rows), columns_(columns), stride_(columns + gap), memory_(guard + rows * stride_ + guard, NAN) {
    for (int64_t i = 0; i < rows; i++) {
      for (int64_t j = 0; j < columns; j++) at(i, j) = values ? (Real)values[i * columns + j] : (Real)NAN;
    }
  }

  Real* data() { return memory_.data() + guard; }
  int64_t stride() const { return stride_; }

  void fill(double value) {
    for (int64_t i = 0; i < rows_; i++) {
      for (int64_t j = 0; j < columns_; j++) at(i, j) = (Real)value;
    }
  }

  /* Without gaps and guards. */
  std::vector<double> dense() {
    std::vector<double> values;
    for (int64_t i = 0; i < rows_; i++) {
      for (int64_t j = 0; j < columns_; j++) values.push_back(at(i, j));
    }
    return values;
  }

  double error(const Doubles& expected) {
    return relative_error(dense().data(), expected.data(), (int64_t)expected.size());
  }

  bool guards_intact() const {
    for (int64_t k = 0; k < (int64_t)memory_.size(); k++) {
      const int64_t offset = k - guard;
      const bool inside = offset >= 0 && offset < rows_ * stride_ && offset % stride_ < columns_;
      if (!inside && !std::isnan(memory_[k])) return false;
    }
    return true;
  }

 private:
  static constexpr int64_t guard = 32;
  Real& at(int64_t i, int64_t j) { return memory_[guard + i * stride_ + j]; }

  int64_t rows_, columns_, stride_;
  std::vector<Real> memory_;
};

struct PlanDeleter {
  void operator()(rondo_plan* plan) const { rondo_plan_free(plan); }
};
using Plan = std::unique_ptr<rondo_plan, PlanDeleter>;

template <class Real>
Plan make_plan(const CellCase& largest, int isa = -1, int threads = 1) {
  rondo_plan_options options = {};
  options.size = sizeof options;
  options.cell = rondo_find_cell(largest.cell.name);
  options.precision = sizeof(Real) * 8;
  options.threads = threads;
  options.isa = isa;
  options.time_steps = largest.T;
  options.batch_size = largest.B;
  options.input_size = largest.I;
  options.hidden_size = largest.H;
  options.variant = largest.cell.variant;
  options.setting_count = largest.cell.setting_count;
  options.settings = options.setting_count ? largest.cell.settings : nullptr;
  std::vector<int64_t> sizes;
  for (int64_t g = 0; g < largest.groups(); g++) sizes.push_back(largest.first_unit(g + 1) - largest.first_unit(g));
  if (largest.cell.groups() > 0) {
    options.groups = (int64_t)sizes.size();
    options.group_sizes = sizes.data();
    options.group_periods = largest.cell.periods;
  }
  std::vector<int64_t> row_starts;
  std::vector<int32_t> columns;
  if (largest.cell.most_seen > 0) {
    for (int64_t m = 0; m < largest.H; m++) {
      row_starts.push_back((int64_t)columns.size());
      for (int64_t k = largest.first_seen(m); k < largest.end_seen(m); k++) columns.push_back((int32_t)k);
    }
    row_starts.push_back((int64_t)columns.size());
    options.connections = (int64_t)columns.size();
    options.row_starts = row_starts.data();
    options.columns = columns.data();
  }
  rondo_plan* plan = nullptr;
  CHECK(rondo_plan_create(&options, &plan) == RONDO_OK);
  return Plan(plan);
}

/* Memory for a pass's cache with guard bytes behind it. */
class Cache {
 public:
  Cache(const rondo_plan* plan, int64_t T, int64_t B) : bytes_(rondo_cache_bytes(plan, T, B)) {
    CHECK(bytes_ > 0);
    memory_.reset(static_cast<unsigned char*>(::operator new(bytes_ + guard, std::align_val_t{64})));
    std::memset(memory_.get(), 0xA5, bytes_ + guard);
  }
  void* data() { return memory_.get(); }
  bool guards_intact() const {
    for (int64_t k = 0; k < guard; k++) {
      if (memory_.get()[bytes_ + k] != 0xA5) return false;
    }
    return true;
  }

 private:
  struct Deleter {
    void operator()(unsigned char* memory) const { ::operator delete(memory, std::align_val_t{64}); }
  };
  static constexpr int64_t guard = 256;
  int64_t bytes_;
  std::unique_ptr<unsigned char, Deleter> memory_;
};

/* Everything a problem needs on the library's side. */
template <class Real>
struct CellRun {
  explicit CellRun(const CellProblem& problem)
      : p(problem),
        params(1, (int64_t)p.params.size(), 0, p.params.data()),
        input(s.T * s.B, s.I, 3, p.input.data()),
        mask((int64_t)p.mask.size() / s.P(), s.P(), 0, p.mask.data()),
        d_output(s.T * s.B, s.P(), 5, p.d_output.data()),
        output(s.T * s.B, s.P(), 2),
        d_params(1, (int64_t)p.params.size(), 0),
        d_input(s.T * s.B, s.I, 1),
        d_pre(s.T * s.B, s.rows(), 0) {
    pass.size = sizeof pass;
    pass.time_steps = s.T;
    pass.batch_size = s.B;
    pass.flags = s.reversed ? RONDO_REVERSED : 0;
    pass.time_origin = s.time_origin;
    pass.params = params.data();
    pass.dense_input = s.tokens ? nullptr : input.data();
    pass.input_stride = input.stride();
    pass.tokens = s.tokens ? p.tokens.data() : nullptr;
    pass.output = output.data();
    pass.output_stride = output.stride();
    pass.lengths = s.lengths ? p.lengths.data() : nullptr;
    pass.hold = s.hold_width ? p.hold.data() : nullptr;
    pass.hold_width = s.hold_width;
    pass.recurrent_mask = s.mask ? mask.data() : nullptr;
    pass.mask_step = s.mask_per_step ? s.B * s.P() : 0;

    d_params.fill(0);
    gradients.size = sizeof gradients;
    gradients.output = d_output.data();
    gradients.output_stride = d_output.stride();
    gradients.params = d_params.data();
    gradients.input = s.tokens ? nullptr : d_input.data();
    gradients.input_stride = d_input.stride();
    gradients.pre_activations = d_pre.data();
    for (int plane = 0; plane < s.cell.planes; plane++) {
      initial.emplace_back(s.B, s.width(plane), 0, p.initial[plane].data());
      d_last.emplace_back(s.B, s.width(plane), 0, p.d_last[plane].data());
      last.emplace_back(s.B, s.width(plane), 0);
      d_initial.emplace_back(s.B, s.width(plane), 0);
      pass.initial[plane] = s.initial ? initial[plane].data() : nullptr;
      pass.last[plane] = last[plane].data();
      gradients.last[plane] = d_last[plane].data();
      gradients.initial[plane] = d_initial[plane].data();
    }
  }
  CellRun(const CellRun&) = delete;

  double forward_error(const CellResult& expected) {
    return std::fmax(output.error(expected.output), error(last, expected.last));
  }

  double backward_error(const CellResult& expected) {
    const double inner = std::fmax(d_params.error(expected.d_params), s.tokens ? 0 : d_input.error(expected.d_input));
    return std::fmax(std::fmax(inner, error(d_initial, expected.d_initial)), d_pre.error(expected.d_pre));
  }

  /* Of state planes. */
  static double error(std::vector<Guarded<Real>>& got, const std::vector<Doubles>& expected) {
    double worst = 0;
    for (size_t plane = 0; plane < got.size(); plane++) worst = std::fmax(worst, got[plane].error(expected[plane]));
    return worst;
  }

  bool guards_intact() const {
    bool intact = output.guards_intact() && d_pre.guards_intact();
    intact &= d_params.guards_intact() && d_input.guards_intact();
    for (const Guarded<Real>& plane : last) intact &= plane.guards_intact();
    for (const Guarded<Real>& plane : d_initial) intact &= plane.guards_intact();
    return intact;
  }

  const CellProblem& p;
  const CellCase& s = p.shape;
  Guarded<Real> params, input, mask, d_output, output, d_params, d_input, d_pre;
  std::vector<Guarded<Real>> initial, d_last, last, d_initial; /* of each plane */
  rondo_pass pass = {};
  rondo_gradients gradients = {};
};

#endif
