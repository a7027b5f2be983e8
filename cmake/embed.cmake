# kronborg_embed(LIBRARY FILE NAME): the library of that folder holds the text of a data file;
# `std::string_view kronborg::<library>::<name>()` gives it. Called in the folder of the file.
set(KRONBORG_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/embed_text.cmake)
function(kronborg_embed library file name)
  set(text ${CMAKE_CURRENT_SOURCE_DIR}/${file})
  set(source ${CMAKE_CURRENT_BINARY_DIR}/${name}.cc)
  add_custom_command(OUTPUT ${source}
    COMMAND ${CMAKE_COMMAND} -DINPUT=${text} -DOUTPUT=${source} -DFOLDER=${library} -DNAME=${name}
      -P ${KRONBORG_EMBED_SCRIPT}
    DEPENDS ${text} ${KRONBORG_EMBED_SCRIPT})
  target_sources(kronborg_${library} PRIVATE ${source})
  set_source_files_properties(${source} PROPERTIES COMPILE_OPTIONS -Wno-overlength-strings)
endfunction()
