option(KRONBORG_TESTS "build the tests" ON)
option(KRONBORG_BENCH "build the benches" OFF)
option(KRONBORG_FUZZ "build the fuzz targets" OFF)

# What every target of ours is compiled with; dependencies are not.
add_library(kronborg_flags INTERFACE)
target_compile_options(kronborg_flags INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
  -Wimplicit-fallthrough -Wthread-safety -Wunused -Wno-gnu-zero-variadic-macro-arguments
  -fstack-protector-strong -fno-omit-frame-pointer)
target_include_directories(kronborg_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
# Boost.Asio: one way to do each thing, nothing deprecated.
target_compile_definitions(kronborg_flags INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_VISIBILITY $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)

# kronborg_library(NAME FOLDERS… LINKS…): one library per folder of src/, made of every .cc in it
# that is not a test; FOLDERS are the lower-ranked folders it may include (tools/tidy.py checks
# the same list), LINKS are outside libraries. Every *_test.cc becomes part of <NAME>_test.
function(kronborg_library name)
  cmake_parse_arguments(ARG "" "" "FOLDERS;LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc *.h)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  add_library(kronborg_${name} STATIC ${sources})
  set_target_properties(kronborg_${name} PROPERTIES LINKER_LANGUAGE CXX)
  list(TRANSFORM ARG_FOLDERS PREPEND kronborg_)
  target_link_libraries(kronborg_${name} PUBLIC kronborg_flags ${ARG_FOLDERS} ${ARG_LINKS})
  if(KRONBORG_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE kronborg_${name} GTest::gtest_main Threads::Threads)
    target_compile_definitions(${name}_test PRIVATE KRONBORG_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    add_test(NAME ${name} COMMAND ${name}_test)
  endif()
endfunction()
