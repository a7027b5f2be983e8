#include "http/answer_head.h"

#include <array>
#include <charconv>

#include "http/characters.h"

namespace kronborg::http {

namespace {

void append_number(std::string& out, std::uint64_t value, int base) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr;
  out.append(digits.data(), end);
}

}  // namespace

void append_status_line(std::string& out, int status) {
  if (status == 200) {
    out.append("HTTP/1.1 200 OK\r\n");
    return;
  }
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::uint64_t>(status), 10);
  out.append(" ").append(reason_phrase(status)).append("\r\n");
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  if (is_field_text(value)) {
    out.append(value);
  } else {
    for (const char c : value) out.push_back(is_field_text({&c, 1}) ? c : ' ');
  }
  out.append("\r\n");
}

void append_number_field(std::string& out, std::string_view name, std::uint64_t value) {
  out.append(name).append(": ");
  append_number(out, value, 10);
  out.append("\r\n");
}

void append_chunk_size(std::string& out, std::size_t size) {
  append_number(out, size, 16);
  out.append("\r\n");
}

}  // namespace kronborg::http
