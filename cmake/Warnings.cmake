add_compile_options(-Wall -Wextra -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Vectors are passed by value in inlined functions only, where no calling convention applies.
  add_compile_options(-Wno-psabi)
endif()
