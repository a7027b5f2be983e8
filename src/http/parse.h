#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/message.h"

namespace kronborg::http {

enum class ParseState : std::uint8_t { complete, incomplete };

/// Reads one request head from the start of `data`. On complete, `consumed` bytes belong to it.
/// Strict: docs/protocol/http.md sections 2 and 3. Errors: malformed_request, duplicate_header
/// (with `header`), uri_too_long, headers_too_large. After an error the connection closes. What
/// `head` holds is complete only with ParseState::complete; its vector is reused. Content-Encoding
/// is not judged here: on forwarded requests the body belongs to the gate.
base::Result<ParseState> parse_request_head(std::string_view data, RequestHead& head,
                                            std::size_t& consumed);

/// The head of an upstream's answer. Views into `data`.
struct ResponseHead {
  int status = 0;
  int minor_version = 1;
  bool keep_alive = true;
  BodyKind body = BodyKind::none;  ///< `none` also when `until_close`
  bool until_close = false;        ///< the body runs to the end of the connection
  std::uint64_t content_length = 0;
  bool has_content_length = false;  ///< also on answers without a body, to HEAD or 304
  std::vector<Field> fields;        ///< all of them; the gate drops what it must
};

/// `request_method` decides whether there is a body (HEAD, and 1xx, 204, 304 have none).
/// Error: upstream_invalid.
base::Result<ParseState> parse_response_head(std::string_view data, std::string_view request_method,
                                             ResponseHead& head, std::size_t& consumed);

/// Decodes `chunked` (RFC 9112 section 7.1) strictly and incrementally: sizes of 1 to 15
/// hexadecimal digits, CRLF only, no bare CR or LF, no control bytes in extensions, no white space
/// before them; trailers are checked, read and dropped.
class ChunkedReader {
 public:
  struct Step {
    std::string_view data;     ///< decoded bytes, a view into the input
    std::size_t consumed = 0;  ///< input bytes used up by this step
    bool finished = false;     ///< the last chunk and its trailers were read
  };
  /// One step; call again with the rest until it consumes nothing or is finished.
  /// Error: malformed_request; the reader is of no use after it.
  base::Result<Step> next(std::string_view input);

 private:
  enum class State : std::uint8_t {
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer_name,
    trailer_value,
    trailer_lf,
    final_lf,
    done
  };

  bool framing_byte(char byte);  ///< false: not allowed here
  bool after_size(char byte);
  bool trailer_byte(char byte);
  bool count_overhead();

  State state_ = State::size;
  std::uint64_t left_ = 0;  ///< bytes of the chunk still to come
  int digits_ = 0;
  std::size_t overhead_ = 0;  ///< bytes of extensions and trailers not paid for by data
};

/// The path with percent escapes decoded; what routing and authorization both use. The head parser
/// already refused everything that could make it ambiguous.
std::string decoded_path(std::string_view path);

}  // namespace kronborg::http
