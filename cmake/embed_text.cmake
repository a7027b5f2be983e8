# cmake -DINPUT=… -DOUTPUT=… -DFOLDER=… -DNAME=… -P embed_text.cmake: a source whose function NAME,
# in the namespace of FOLDER, gives the text of INPUT.
file(READ ${INPUT} text)
string(LENGTH "${text}" length)
set(literals "")
set(at 0)
while(at LESS length)
  string(SUBSTRING "${text}" ${at} 8000 part)
  string(APPEND literals "R\"embedded(${part})embedded\"\n")
  math(EXPR at "${at} + 8000")
endwhile()
file(WRITE ${OUTPUT} "#include <string_view>

namespace kronborg::${FOLDER} {
std::string_view ${NAME}();
std::string_view ${NAME}() {
  using namespace std::string_view_literals;
  return
${literals}R\"embedded()embedded\"sv;
}
}  // namespace kronborg::${FOLDER}
")
