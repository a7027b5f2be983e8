# cmake -DINPUT=… -DOUTPUT=… -P embed.cmake: a source that holds the text of INPUT.
file(READ ${INPUT} text)
string(LENGTH "${text}" length)
set(literals "")
set(at 0)
while(at LESS length)
  string(SUBSTRING "${text}" ${at} 8000 part)
  string(APPEND literals "R\"embedded(${part})embedded\"\n")
  math(EXPR at "${at} + 8000")
endwhile()
file(WRITE ${OUTPUT} "#include <string_view>\n
namespace kronborg::api {
std::string_view openapi_source();
std::string_view openapi_source() {
  using namespace std::string_view_literals;
  return\n${literals}R\"embedded()embedded\"sv;
}
}  // namespace kronborg::api\n")
