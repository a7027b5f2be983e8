# What every target of ours is compiled with; dependencies are not.
add_library(kronborg_flags INTERFACE)
target_compile_options(kronborg_flags INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
  -Wimplicit-fallthrough -Wthread-safety -Wunused -Wno-gnu-zero-variadic-macro-arguments
  -fstack-protector-strong -fno-omit-frame-pointer)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  target_compile_options(kronborg_flags INTERFACE -fcf-protection)
endif()
if(KRONBORG_FUZZ)
  target_compile_options(kronborg_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
target_include_directories(kronborg_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
# Boost.Asio: one way to do each thing, nothing deprecated.
target_compile_definitions(kronborg_flags INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_VISIBILITY
  _GLIBCXX_ASSERTIONS
  $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
include(precompiled)

# kronborg_test_executable(NAME FILES… LINKS…): a GoogleTest program, and a ctest of the same name
# less its "_test".
function(kronborg_test_executable name)
  cmake_parse_arguments(ARG "" "" "FILES;LINKS" ${ARGN})
  add_executable(${name} ${ARG_FILES})
  target_link_libraries(${name} PRIVATE ${ARG_LINKS} GTest::gtest_main Threads::Threads)
  target_compile_definitions(${name} PRIVATE KRONBORG_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_compile_options(${name} PRIVATE ${KRONBORG_TEST_FLAGS})
  kronborg_precompiled(${name})
  string(REGEX REPLACE "_test$" "" test_name ${name})
  add_test(NAME ${test_name} COMMAND ${name})
  set_tests_properties(${test_name} PROPERTIES LABELS unit TIMEOUT 1800)
endfunction()

# kronborg_library(NAME FOLDERS… LINKS…): one library per folder of src/, made of every .cc in it
# that is not a test (and not main.cc, which belongs to the executable); a folder of headers alone
# becomes an INTERFACE library. FOLDERS are the lower-ranked folders it may include (tools/tidy.py
# checks the same list), LINKS are outside libraries. Every *_test.cc becomes part of <NAME>_test,
# which links TEST_LINKS too.
function(kronborg_library name)
  cmake_parse_arguments(ARG "" "" "FOLDERS;LINKS;TEST_LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(TRANSFORM ARG_FOLDERS PREPEND kronborg_)
  if(sources)
    add_library(kronborg_${name} STATIC ${sources})
    target_link_libraries(kronborg_${name} PUBLIC kronborg_flags ${ARG_FOLDERS} ${ARG_LINKS})
    kronborg_precompiled(kronborg_${name})
  else()
    add_library(kronborg_${name} INTERFACE)
    target_link_libraries(kronborg_${name} INTERFACE kronborg_flags ${ARG_FOLDERS} ${ARG_LINKS})
  endif()
  if(KRONBORG_TESTS AND tests)
    kronborg_test_executable(${name}_test FILES ${tests} LINKS kronborg_${name} ${ARG_TEST_LINKS})
  endif()
endfunction()
