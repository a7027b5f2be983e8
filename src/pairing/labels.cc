#include "pairing/labels.h"

#include "base/text.h"
#include "identity/label.h"

namespace kronborg::pairing {
namespace {

/// Without control and text-direction characters, white space as one space; `otherwise` when
/// nothing is left.
std::string plain(std::string_view text, std::string_view otherwise) {
  std::string out;
  bool space_owed = false;
  for (std::size_t i = 0; i < text.size();) {
    const char32_t scalar = base::next_scalar(text, i);
    if (base::is_white_space(scalar)) {
      space_owed = !out.empty();
    } else if (!base::is_control_or_bidi(scalar)) {
      if (space_owed) out += ' ';
      space_owed = false;
      base::append_scalar(out, scalar);
    }
  }
  return out.empty() ? std::string(otherwise) : out;
}

std::string cut(std::string text) {
  return std::string(base::first_scalars(text, identity::max_label_scalars));
}

}  // namespace

std::string connector_label(const identity::Address& connector) {
  const std::string text = connector.text();
  return "Paired – " + text.substr(0, 6) + "…" + text.substr(text.size() - 4);
}

std::string invite_label(std::string_view invite_name, std::string_view nonce) {
  return cut("Invite – " + plain(invite_name, "Agent") + " (" + std::string(nonce.substr(0, 8)) +
             ")");
}

std::string owner_device_label(std::string_view device_name) {
  return cut("Owner device – " + plain(device_name, "Device"));
}

std::string phone_label(std::string_view device_name) { return cut(plain(device_name, "Mobile")); }

}  // namespace kronborg::pairing
