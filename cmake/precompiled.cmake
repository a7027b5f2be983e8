# What most files include, compiled once: it takes about a third off a cold build. The preset dev does
# without, so that a file which forgot an include of its own is found there (and by clang-tidy).
option(KRONBORG_PCH "precompile the headers that most files include" ON)

set(KRONBORG_PCH_HEADERS
  <algorithm> <array> <atomic> <charconv> <chrono> <condition_variable> <cstdint> <expected>
  <filesystem> <functional> <map> <memory> <mutex> <optional> <set> <span> <string> <string_view>
  <thread> <unordered_map> <utility> <variant> <vector> <boost/json.hpp> <fmt/format.h>)

# ccache needs to be told that it may look at what a precompiled header was made from.
if(CCACHE AND KRONBORG_PCH)
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

# The test programs' own code is not optimised, which halves the time to compile it; what it tests is.
set(KRONBORG_TEST_FLAGS $<$<CONFIG:Release>:-O0> $<$<CONFIG:Release>:-U_FORTIFY_SOURCE>)

function(kronborg_precompiled_target name)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/${name}.cc CONTENT "int ${name} = 0;\n")
  add_library(${name} OBJECT ${CMAKE_BINARY_DIR}/${name}.cc)
  target_link_libraries(${name} PRIVATE kronborg_flags fmt::fmt Boost::json ${ARGN})
  target_compile_options(${name} PRIVATE -Xclang -fno-pch-timestamp)
endfunction()

if(KRONBORG_PCH)
  kronborg_precompiled_target(kronborg_pch)
  target_precompile_headers(kronborg_pch PRIVATE ${KRONBORG_PCH_HEADERS})
  if(KRONBORG_TESTS)
    kronborg_precompiled_target(kronborg_test_pch GTest::gtest)
    # Programs are compiled with -fPIE, libraries with -fPIC; a precompiled header is for one of them.
    target_compile_options(kronborg_test_pch PRIVATE -fPIE ${KRONBORG_TEST_FLAGS})
    set_target_properties(kronborg_test_pch PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_precompile_headers(kronborg_test_pch PRIVATE ${KRONBORG_PCH_HEADERS} <gtest/gtest.h>)
  endif()
endif()

# kronborg_precompiled(TARGET): TARGET, a library or a test program, includes them first.
function(kronborg_precompiled target)
  if(NOT KRONBORG_PCH)
    return()
  endif()
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "EXECUTABLE")
    target_precompile_headers(${target} REUSE_FROM kronborg_test_pch)
  else()
    target_precompile_headers(${target} REUSE_FROM kronborg_pch)
  endif()
  target_compile_options(${target} PRIVATE -Xclang -fno-pch-timestamp)
endfunction()
