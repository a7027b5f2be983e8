#include "keyholder/passphrase.h"

#include <uninorm.h>

#include <cstdlib>

#include "base/text.h"

namespace kronborg::keyholder {

base::SecretText normalised_passphrase(std::string_view typed) {
  if (typed.empty() || !base::is_utf8(typed)) return base::SecretText(typed);
  std::size_t size = 0;
  std::uint8_t* const normal =
      u8_normalize(UNINORM_NFC, reinterpret_cast<const std::uint8_t*>(typed.data()), typed.size(),
                   nullptr, &size);
  if (normal == nullptr) std::abort();  // memory only: the text is valid
  base::SecretText result(std::string_view(reinterpret_cast<const char*>(normal), size));
  base::wipe(normal, size);
  std::free(normal);
  return result;
}

base::Result<base::SecretText> new_passphrase(std::string_view typed) {
  if (!base::is_utf8(typed)) {
    return base::Error(base::Code::passphrase_too_short,
                       "A passphrase is UTF-8 text of at least 8 characters.");
  }
  base::SecretText passphrase = normalised_passphrase(typed);
  if (base::scalar_count(passphrase.reveal()) < min_passphrase_scalars) {
    return base::Code::passphrase_too_short;
  }
  return passphrase;
}

}  // namespace kronborg::keyholder
