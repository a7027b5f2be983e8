# kronborg_fuzz(NAME FOLDERS…): fuzz/NAME.cc, which defines LLVMFuzzerTestOneInput, becomes the
# program fuzz_NAME. With KRONBORG_FUZZ it is a libFuzzer program; otherwise fuzz/replay_main.cc
# feeds it each file of the corpus once. Either way the test fuzz_NAME_corpus runs fuzz/corpus/NAME.
function(kronborg_fuzz name)
  cmake_parse_arguments(ARG "" "" "FOLDERS" ${ARGN})
  set(target fuzz_${name})
  set(corpus ${CMAKE_SOURCE_DIR}/fuzz/corpus/${name})
  list(TRANSFORM ARG_FOLDERS PREPEND kronborg_)
  add_executable(${target} ${CMAKE_SOURCE_DIR}/fuzz/${name}.cc)
  target_link_libraries(${target} PRIVATE kronborg_flags ${ARG_FOLDERS})
  if(KRONBORG_FUZZ)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
    add_test(NAME ${target}_corpus COMMAND ${target} -runs=0 ${corpus})
  else()
    target_sources(${target} PRIVATE ${CMAKE_SOURCE_DIR}/fuzz/replay_main.cc)
    add_test(NAME ${target}_corpus COMMAND ${target} ${corpus})
  endif()
  set_tests_properties(${target}_corpus PROPERTIES LABELS fuzz TIMEOUT 300)
endfunction()
