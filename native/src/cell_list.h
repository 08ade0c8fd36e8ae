/* Every cell of the library, one line each; kernels/<name>.cpp defines its CellFactory `name` for each tier. */
#define RONDO_CELLS(CELL) \
  CELL(elman)             \
  CELL(lstm)              \
  CELL(gru)               \
  CELL(clockwork)         \
  CELL(mingru)            \
  CELL(minlstm)           \
  CELL(indrnn)            \
  CELL(reservoir)         \
  CELL(jordan)
