#include "identity/label.h"

#include "base/text.h"

namespace kronborg::identity {

base::Result<std::string> normalise_label(std::string_view text) {
  if (!base::is_utf8(text)) {
    return base::Error(base::Code::label_invalid, "The label is not valid UTF-8.");
  }
  std::string label;
  std::size_t scalars = 0;
  bool space_owed = false;
  for (std::size_t i = 0; i < text.size();) {
    const char32_t scalar = base::next_scalar(text, i);
    if (base::is_white_space(scalar)) {
      space_owed = !label.empty();
      continue;
    }
    if (base::is_control_or_bidi(scalar)) {
      return base::Error(base::Code::label_invalid,
                         "The label holds a control or text-direction character.");
    }
    if (space_owed) {
      label += ' ';
      ++scalars;
      space_owed = false;
    }
    base::append_scalar(label, scalar);
    if (++scalars > max_label_scalars) {
      return base::Error(base::Code::label_invalid, "The label is longer than 80 characters.");
    }
  }
  if (label.empty()) return base::Error(base::Code::label_invalid, "The label is empty.");
  return label;
}

}  // namespace kronborg::identity
