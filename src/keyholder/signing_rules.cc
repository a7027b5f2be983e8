#include "keyholder/signing_rules.h"

#include <string_view>

namespace kronborg::keyholder {
namespace {

using identity::KeyKind;
using identity::Prefix;

bool may_sign_ethereum(KeyKind key, std::string_view payload) {
  if (payload.starts_with("osaurus-owner:redeem:")) return key == KeyKind::master;
  if (payload.starts_with("kronborg identity proof v1\n") ||
      payload.starts_with("kronborg artifact sign-off v1\n")) {
    return key == KeyKind::master || key == KeyKind::agent;
  }
  return false;
}

}  // namespace

bool may_sign(Prefix prefix, KeyKind key, base::BytesView payload) {
  switch (prefix) {
    case Prefix::access:
    case Prefix::message:
      return key == KeyKind::master || key == KeyKind::agent;
    case Prefix::pairing:
      return key == KeyKind::pairing;
    case Prefix::pairing_server:
    case Prefix::invite:
    case Prefix::kronborg_invite:
      return key == KeyKind::agent;
    case Prefix::secure_channel:
      return key == KeyKind::agent || key == KeyKind::connect;
    case Prefix::ethereum:
      return may_sign_ethereum(key, base::text_of(payload));
  }
  return false;
}

}  // namespace kronborg::keyholder
