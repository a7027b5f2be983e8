#include "cli/qr.h"

#include <qrencode.h>

#include <memory>
#include <utility>

#include "base/secret.h"

namespace kronborg::cli {
namespace {

constexpr int quiet = 2;  // modules around the symbol
constexpr std::string_view black_on_white = "\x1b[30;107m";
constexpr std::string_view plain = "\x1b[0m";

struct Free {
  void operator()(QRcode* code) const {
    base::wipe(code->data,
               static_cast<std::size_t>(code->width) * static_cast<std::size_t>(code->width));
    QRcode_free(code);
  }
};

bool is_dark(const QRcode& code, int x, int y) {
  if (x < 0 || y < 0 || x >= code.width || y >= code.width) return false;
  return (code.data[y * code.width + x] & 1U) != 0;
}

}  // namespace

QrCode qr_code(std::string_view text) {
  // Bytes as they are, the version as small as it can be, the lowest level of correction: a screen
  // has no scratches, and a link is long.
  const std::unique_ptr<QRcode, Free> code(
      QRcode_encodeData(static_cast<int>(text.size()),
                        reinterpret_cast<const unsigned char*>(text.data()), 0, QR_ECLEVEL_L));
  if (code == nullptr) return {};
  std::string lines;
  const int columns = code->width + 2 * quiet;
  for (int y = -quiet; y < code->width + quiet; y += 2) {
    lines += black_on_white;
    for (int x = -quiet; x < code->width + quiet; ++x) {
      const bool upper = is_dark(*code, x, y);
      const bool lower = is_dark(*code, x, y + 1);
      lines += upper && lower ? "█" : upper ? "▀" : lower ? "▄" : " ";
    }
    lines += plain;
    lines += '\n';
  }
  return {.lines = std::move(lines), .columns = columns};
}

}  // namespace kronborg::cli
