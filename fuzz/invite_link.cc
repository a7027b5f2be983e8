// folders: pairing identity base
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "pairing/invite.h"

namespace {

using kronborg::base::Code;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

/// What somebody was sent and pasted: a link, with anything in it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace pairing = kronborg::pairing;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto invite = pairing::parse_invite_link(text);
  if (!invite) {
    const Code code = invite.error().code;
    require(code == Code::invite_link_malformed || code == Code::invite_version);
    return 0;
  }
  for (const std::string& member : {invite->addr, invite->name, invite->nonce, invite->url}) {
    require(kronborg::base::is_utf8(member));
  }
  // Written again it is one link, whatever the spelling that was read.
  const std::string link = pairing::invite_link(*invite);
  const auto again = pairing::parse_invite_link(link);
  require(again.has_value());
  require(pairing::invite_link(*again) == link);
  require(pairing::signer_of(*again) == pairing::signer_of(*invite));
  return 0;
}
