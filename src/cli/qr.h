#pragma once

#include <string>
#include <string_view>

namespace kronborg::cli {

struct QrCode {
  std::string lines;  ///< empty when the text is too long for one
  int columns = 0;    ///< that a terminal needs
};

/// A QR code as lines of half-block characters, dark on light whatever the terminal's colours are,
/// with a quiet zone of two. It is wiped from the memory of the library.
QrCode qr_code(std::string_view text);

}  // namespace kronborg::cli
