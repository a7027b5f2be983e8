# cmake -DTEXTS="NAME=FILE|NAME=FILE|…" -DOUTPUT=… -P embed_texts.cmake: the source of embedded(), see
# embedded.h.
string(REPLACE "|" ";" texts "${TEXTS}")
set(cases "")
foreach(entry IN LISTS texts)
  string(REGEX MATCH "^([^=]+)=(.+)$" _ "${entry}")
  set(name ${CMAKE_MATCH_1})
  file(READ ${CMAKE_MATCH_2} text)
  string(APPEND cases "  if (name == \"${name}\") {\n    return R\"embedded(${text})embedded\"sv;\n  }\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"api/embedded.h\"

namespace kronborg::api {

std::string_view embedded(std::string_view name) {
  using namespace std::string_view_literals;
${cases}  return {};
}

}  // namespace kronborg::api
")
